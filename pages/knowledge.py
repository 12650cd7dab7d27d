"""Knowledge: which parts of the system need a second person to know them. Parts by depth, never people."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from data.journal import begun, journal
from metrics.share import Part
from pages import past, reading, safe, words
from pages.parts import by_month, grid
from pages.reading import Depths, View

DEPTHS = {  # the kinds of the metric's rows, the thinnest first
    "needs somebody to know it": "Needs somebody to know it",
    "needs a second person": "Needs a second person",
    "two people know it": "Two people know it",
    "three or more know it": "Three or more know it",
}
ASKS = "Which of their next changes could two people make together?"
COLUMNS = {"what": "Part of the system", "area": "Repository", "url": "Source"}


def page(edition: str) -> None:
    """Draw the parts of the system by depth, as they stood when the last month ended, and how that moves."""
    views = [by_month(name) for name in ("knowledge_depth", "thinly_known_share", "review_evenness")]
    past.drawn(partial(known_parts, edition, views[0]), views[0].metric.title)
    st.subheader("How it moves", anchor=False)
    grid(edition, views)


def known_parts(edition: str, view: View) -> None:
    """Draw the parts by depth as the last month ended, and what to share next; nothing before a month has ended."""
    months = reading.periods(edition, view)
    if not months:
        return
    name, starts = next(iter(months.items()))
    found = reading.depths(edition, view, starts)
    by_depth(view, found, name)
    if found.left_out:
        told = f"{words.amount(found.left_out, 'part')} read for less than half a year: left out."
        safe.text(words.capital(told), "note")
    to_share(found.to_share)


def by_depth(view: View, found: Depths, month: str) -> None:
    """Draw one list for each depth; the thin ones are open."""
    parts = words.amount(sum(found.count.values()), "part")
    thin = [found.count.get(kind, 0) for kind in list(DEPTHS)[:2]]
    if any(thin):
        told = (
            f"of {parts} of the system {words.amount(thin[1], 'part')} needed a second person, and"
            f" {words.amount(thin[0], 'part')} somebody to know them."
        )
    else:
        told = f"each of {parts} of the system was known by two people or more."
    safe.text(f"As {month} ended, {told}", "lead")
    for place, (kind, label) in enumerate(DEPTHS.items()):
        if rows := found.count.get(kind):
            listed = found.first[kind]
            with st.expander(f"{label}: {rows:,}", expanded=place < len(thin)):
                safe.table(listed, COLUMNS, alt=label, wide="what", source="url")
                if len(listed) < rows:
                    told = f"The first {len(listed)} by name; see all"
                    query = replace(view, kind=kind).link(period=month)
                    st.page_link("explore.py", label=told, query_params=query)


def to_share(parts: Sequence[Part]) -> None:
    """Draw the thin parts that change most, and who offered to show one; nobody stands here who did not write themself down."""
    offers = journal().entries("offer") if begun() else []
    open_ones = [one for one in offers if str(one.answers.get("until") or "9999") >= reading.today().isoformat()]
    st.subheader("What to share next", anchor=False)
    if parts:
        safe.text(ASKS, "ask")
    for place, one in enumerate(parts):
        knows = "one person knows it" if one.depth else "nobody knows it any more"
        told = f"changed {words.amount(one.changes, 'time')} in twelve months, and {knows}"
        with st.container(horizontal=True, vertical_alignment="center", key=f"share-{place}"):
            with st.container(gap=None):
                safe.links([(one.what, one.url)])
                safe.text(told, "note")
            offer(one.what)
    if not parts:
        safe.text("Every part that changed is known by two people or more.")
    for one in sorted(open_ones, key=lambda it: str(it.answers.get("what")).casefold()):
        body = one.answers
        safe.text(f"{body.get('what')}: {one.author} offers to show it. {body.get('how')}")
    if not parts or not open_ones:
        offer("")


def offer(what: str) -> None:
    """Draw the way to write oneself down for a part of the system."""
    st.page_link(
        "memory.py",
        label="I can show this" if what else "Offer to show a part",
        query_params={"write": "offer", "what": what},
    )


page(reading.edition())
