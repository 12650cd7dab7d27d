"""Knowledge: which parts of the system need a second person to know them. Parts by depth, never people."""

import streamlit as st

from pages import reading, safe, words
from pages.parts import by_month, grid

DEPTHS = {  # the kinds of the metric's rows, the thinnest first
    "needs somebody to know it": "Needs somebody to know it",
    "needs a second person": "Needs a second person",
    "two people know it": "Two people know it",
    "three or more know it": "Three or more know it",
}
COLUMNS = {"what": "Part of the system", "area": "Repository", "url": "Source"}


def page(edition: str) -> None:
    """Draw the parts of the system by depth, as they stood when the last month ended, and how that moves."""
    views = [by_month(name) for name in ("knowledge_depth", "thinly_known_share", "review_evenness")]
    months = reading.periods(edition, views[0])
    if months:
        name, starts = next(iter(months.items()))
        found = reading.behind(edition, views[0], starts)
        known = found.dropna(subset="value")
        depths(known, name)
        if left := len(found) - len(known):
            safe.text(words.capital(f"{words.amount(left, 'part')} read for less than half a year: left out."), "note")
    st.subheader("How it moves", anchor=False)
    grid(edition, views)


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


page(reading.edition())
