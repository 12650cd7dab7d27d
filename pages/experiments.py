"""Experiments: what runs, what ended and how, and what the experiments of a quarter say together."""

from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

import data
from data.journal import begun, journal
from metrics.experiment import Plan, Result, together
from pages import safe, words
from pages.experiment import Standing, card, standing

if TYPE_CHECKING:
    from data.entry import Entry

HEADINGS = {
    "running": "Running",
    "planned": "To come",
    "waiting": "Over, and not read to the end yet",
    "": "Not planned yet",
}
DRAWN = 5  # charts of running ones; the others, and those that ended, have theirs on their own page
NONE = "No experiment is written down yet. The form asks what would change our mind, and says what it could show."


def page() -> None:
    """Draw every experiment under how it stands, those that ended by their quarter."""
    st.page_link("memory.py", label="New experiment", query_params={"write": "experiment"})
    kept = journal() if begun() else None
    entries = kept.entries("experiment") if kept else []
    if not kept or not entries:
        safe.text(NONE)
        return
    states: dict[str, list[tuple[Entry, Standing | data.CairnError]]] = {}
    quarters: dict[date, list[tuple[Entry, Plan, Result]]] = {}
    for entry in entries:
        stands = standing(entry)
        if isinstance(stands, data.CairnError):  # its card says what it lacks
            states.setdefault("", []).append((entry, stands))
        elif ended := stands[2]:
            its = stands[0]
            quarter = date(its.end.year, 3 * ((its.end.month - 1) // 3) + 1, 1)
            quarters.setdefault(quarter, []).append((entry, its, ended))
        else:
            states.setdefault(stands[1], []).append((entry, stands))
    for state, heading in HEADINGS.items():
        if those := states.get(state):
            safe.text(heading, "sentence", "h2")
            for place, (entry, stands) in enumerate(those):
                card(entry, stands, kept.history(entry.id), drawn=state == "running" and place < DRAWN)
    for quarter in sorted(quarters, reverse=True):
        safe.text(f"Ended in {words.period(quarter, 'quarter')}", "sentence", "h2")
        those = sorted(quarters[quarter], key=lambda one: one[1].end, reverse=True)
        safe.text(words.capital(together([(its, ended) for _, its, ended in those])))
        for entry, its, ended in those:
            card(entry, (its, "ended", ended), kept.history(entry.id))


page()
