"""What if: somebody is away, a rock grows or waits, more is explored. It saves nothing until it is kept under a name.

All of it is in the link, people by the number of their row: a name never leaves the grid.
"""

import streamlit as st

from data.entry import LINE, Entry
from data.journal import Journal
from metrics import pencilled
from metrics.plan import SPRINTS, Change, differences, summary, what_if
from metrics.words import day
from pages import login, safe
from pages.form import signature, signed
from pages.pencil import Pencilled

SIZES = {"left out": 0.0, "half as much": 0.5, "half as much again": 1.5, "twice as much": 2.0}
SHARES = [f"{share} %" for share in range(0, 55, 5)]
NUMBERS = [str(nth) for nth in range(1, SPRINTS + 1)]
OURS = ("away-", "scope-", "begins-", "explore")
NOT_KEPT = "what if, not kept"


def drawer(its: Pencilled) -> Change:
    """Draw what can be changed and return what is."""
    reset = st.container()
    left, right = st.columns([2, 3], gap="medium")
    with left:
        away = _people(its)
    with right:
        scope, earliest = _rocks(its)
    share = st.selectbox(
        "Exploration that is kept",
        SHARES,
        index=None,
        placeholder="As agreed",
        key="explore",
        bind="query-params",
        width=240,
    )
    change = Change(away, scope, earliest, None if share is None else float(share.removesuffix(" %")) / 100)
    with reset, st.container(horizontal=True, vertical_alignment="center"):
        safe.text("Drawn over the plan in dashes. Nothing is saved until you keep it under a name.", "note")
        st.button("Reset", key="reset-what-if", on_click=_fill, args=(its, Change()))
    return change


def _people(its: Pencilled) -> frozenset[tuple[int, int]]:
    """Draw a row of sprints for each person, and return the cells that are taken out."""
    found = set()
    if its.grid:
        safe.text("Away in sprint", "strong")
    for row, one in enumerate(its.grid):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width=110):
                safe.text(one.name)
            chosen = st.pills(
                f"Row {row + 1} away in sprints",
                NUMBERS,
                selection_mode="multi",
                key=f"away-{row + 1}",
                bind="query-params",
                label_visibility="collapsed",
            )
        found |= {(row, int(nth) - 1) for nth in chosen or []}
    return frozenset(found)


def _rocks(its: Pencilled) -> tuple[dict[str, float], dict[str, int]]:
    """Draw a row for each rock, and return the sizes and the beginnings that are changed."""
    scope: dict[str, float] = {}
    earliest: dict[str, int] = {}
    if its.rocks:
        safe.text("Big rocks", "strong")
    for nth, (entry, rock) in enumerate(its.rocks, 1):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width=230):
                safe.text(rock.title)
            look = {"index": None, "bind": "query-params", "label_visibility": "collapsed", "width": 180}
            size = st.selectbox(
                f"Size of rock {nth}", list(SIZES), placeholder="As large as planned", key=_key("scope", entry), **look
            )
            begins = st.selectbox(
                f"Rock {nth} begins in sprint",
                [f"Not before sprint {number}" for number in NUMBERS],
                placeholder="Begins as planned",
                key=_key("begins", entry),
                **look,
            )
        if size is not None:
            scope[entry.id] = SIZES[size]
        if begins is not None:
            earliest[entry.id] = int(begins.rpartition(" ")[2])
    return scope, earliest


def keep(kept: Journal, its: Pencilled, change: Change, told: list[str]) -> None:
    """Draw the form that keeps what is changed under a name."""
    if login.reads_only():
        return
    with st.form("keep-scenario", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("What this scenario is called", key="scenario-title", max_chars=LINE, width=320)
        author = signature("scenario-author", 260)
        sent = st.form_submit_button("Save as scenario", type="primary")
    if not sent:
        return
    if not title.strip() or not author:
        safe.text("A scenario needs what it is called, and your name.", "strong")
        return
    body = pencilled.scenario(change, its.grid, [rock for _, rock in its.rocks], its.calendar)
    signed(author)
    kept.write("scenario", {"title": title.strip(), **body, "said": "\n".join(told)}, author)
    st.rerun()


def name(kept: Journal, its: Pencilled, change: Change) -> str:
    """Return what is tried out by the name it was kept under, or that it was not kept."""
    rocks = [rock for _, rock in its.rocks]
    for entry in kept.entries("scenario"):
        body = entry.answers
        if pencilled.change(body, its.grid, rocks, its.calendar) == change:
            return f"what if: {body.get('title')}"
    return NOT_KEPT


def scenarios(kept: Journal, its: Pencilled) -> None:
    """Draw what was kept side by side, each held against the plan as it is now."""
    entries = kept.entries("scenario")
    if not entries:
        return
    st.subheader("Scenarios side by side", anchor=False)
    plan = its.forecast()
    places = st.grid(3, min_column_width=300, gap=("medium", "medium"))
    with places.cell(), st.container(border=True):
        safe.text("The plan as it stands", "sentence", "h3")
        safe.text(summary(plan, its.plan.sprints))
    for entry in entries:
        with places.cell(), st.container(border=True, key=f"scenario-{entry.id}"):
            _scenario(its, entry)


def _scenario(its: Pencilled, entry: Entry) -> None:
    body, rocks = entry.answers, [rock for _, rock in its.rocks]
    change = pencilled.change(body, its.grid, rocks, its.calendar)
    other = its.forecast(what_if(its.plan, change))
    safe.text(body.get("title"), "sentence", "h3")
    safe.text(f"{entry.author}, {day(entry.at.date())}", "note")
    for line in pencilled.in_words(change, its.grid, rocks) or ["Nothing of it lies in the sprints ahead."]:
        safe.text(line)
    safe.text(summary(other, its.plan.sprints), "strong")
    for line in differences(its.forecast(), other):
        safe.text(line, "note")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Look at it", key=f"look-{entry.id}", on_click=_fill, args=(its, change))
        st.page_link("memory.py", label="Open", query_params={"entry": entry.id})


def _fill(its: Pencilled, change: Change) -> None:
    """Put a change into the controls, and with them into the link; an empty one takes everything back."""
    for row in range(len(its.grid)):
        st.session_state[f"away-{row + 1}"] = [
            str(sprint + 1) for its_row, sprint in sorted(change.away) if its_row == row
        ]
    for entry, _ in its.rocks:
        size = change.scope.get(entry.id)
        st.session_state[_key("scope", entry)] = None if size is None else _nearest(size)
        sprint = change.earliest.get(entry.id)
        st.session_state[_key("begins", entry)] = f"Not before sprint {sprint}" if sprint else None
    share = change.exploration
    st.session_state["explore"] = None if share is None else f"{5 * round(20 * share)} %"


def _nearest(size: float) -> str:
    """Return the size that can be chosen and comes nearest."""
    return min(SIZES, key=lambda name: abs(SIZES[name] - size))


def _key(what: str, entry: Entry) -> str:
    return f"{what}-{entry.id[-8:]}"
