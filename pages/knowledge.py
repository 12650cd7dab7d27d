"""Knowledge: which parts of the system need a second person to know them. Parts by depth, never people."""

from functools import partial

import streamlit as st

from data.journal import begun, journal
from metrics.share import Part
from pages import past, reading, safe, words
from pages.parts import by_month, grid
from pages.reading import View

DEPTHS = {  # the kinds of the metric's rows, the thinnest first
    "needs somebody to know it": "Needs somebody to know it",
    "needs a second person": "Needs a second person",
    "two people know it": "Two people know it",
    "three or more know it": "Three or more know it",
}
NEXT = 3  # parts named as what to share next
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
    found = reading.behind(edition, view, starts)
    known = found.dropna(subset="value")
    depths(known, name)
    if left := len(found) - len(known):
        safe.text(words.capital(f"{words.amount(left, 'part')} read for less than half a year: left out."), "note")
    to_share(reading.thinly_known(edition, starts), set(known["what"]))


def depths(known: words.Frame, month: str) -> None:
    """Draw one list for each depth; the thin ones are open."""
    counted = {kind: known[known["kind"] == kind].sort_values(["area", "what"]) for kind in DEPTHS}
    thin = [len(counted[kind]) for kind in list(DEPTHS)[:2]]
    if any(thin):
        told = (
            f"of {words.amount(len(known), 'part')} of the system {words.amount(thin[1], 'part')} needed a second person, and"
            f" {words.amount(thin[0], 'part')} somebody to know them."
        )
    else:
        told = f"each of {words.amount(len(known), 'part')} of the system was known by two people or more."
    safe.text(f"As {month} ended, {told}", "lead")
    for place, (kind, label) in enumerate(DEPTHS.items()):
        if len(counted[kind]):
            with st.expander(f"{label}: {len(counted[kind])}", expanded=place < len(thin)):
                safe.table(counted[kind], COLUMNS, alt=label, wide="what", source="url")


def to_share(parts: list[Part], seen: set[str]) -> None:
    """Draw the thin parts that change most, and who offered to show one; nobody stands here who did not write themself down."""
    next_ones = [one for one in parts if one.what in seen][:NEXT]
    offers = journal().entries("offer") if begun() else []
    open_ones = [one for one in offers if str(one.answers.get("until") or "9999") >= reading.today().isoformat()]
    st.subheader("What to share next", anchor=False)
    if next_ones:
        safe.text(ASKS, "ask")
    for place, one in enumerate(next_ones):
        knows = "one person knows it" if one.depth else "nobody knows it any more"
        told = f"changed {words.amount(one.changes, 'time')} in twelve months, and {knows}"
        with st.container(horizontal=True, vertical_alignment="center", key=f"share-{place}"):
            with st.container(gap=None):
                safe.links([(one.what, one.url)])
                safe.text(told, "note")
            offer(one.what)
    if not next_ones:
        safe.text("Every part that changed is known by two people or more.")
    for one in sorted(open_ones, key=lambda it: str(it.answers.get("what")).casefold()):
        body = one.answers
        safe.text(f"{body.get('what')}: {one.author} offers to show it. {body.get('how')}")
    if not next_ones or not open_ones:
        offer("")


def offer(what: str) -> None:
    """Draw the way to write oneself down for a part of the system."""
    st.page_link(
        "memory.py",
        label="I can show this" if what else "Offer to show a part",
        query_params={"write": "offer", "what": what},
    )


page(reading.edition())
