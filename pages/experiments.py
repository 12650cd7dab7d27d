"""Experiments: what runs, what ended and how, and what the experiments of a quarter say together."""

from datetime import date

import streamlit as st

import data
from data.journal import Entry, begun, journal
from metrics.experiment import Plan, Result, together
from pages import safe, words
from pages.experiment import card, standing

HEADINGS = {
    "running": "Running",
    "planned": "To come",
    "waiting": "Over, and not read to the end yet",
    "": "Not planned yet",
}
NONE = "No experiment is written down yet. The form asks what would change our mind, and says what it could show."


def page() -> None:
    """Draw every experiment under how it stands, those that ended by their quarter."""
    st.page_link("memory.py", label="New experiment", query_params={"write": "experiment"})
    kept = journal() if begun() else None
    entries = kept.entries("experiment") if kept else []
    if not kept or not entries:
        safe.text(NONE)
        return
    stands: dict[str, list[Entry]] = {}
    quarters: dict[date, list[tuple[Entry, Plan, Result]]] = {}
    for entry in entries:
        try:
            its, state, ended = standing(entry)
        except data.CairnError:  # its card says what it lacks
            stands.setdefault("", []).append(entry)
            continue
        if ended:
            quarter = date(its.end.year, 3 * ((its.end.month - 1) // 3) + 1, 1)
            quarters.setdefault(quarter, []).append((entry, its, ended))
        else:
            stands.setdefault(state, []).append(entry)
    for state, heading in HEADINGS.items():
        if those := stands.get(state):
            safe.text(heading, "sentence", "h2")
            for entry in those:
                card(entry, kept.history(entry.id))
    for quarter in sorted(quarters, reverse=True):
        safe.text(f"Ended in {words.period(quarter, 'quarter')}", "sentence", "h2")
        those = sorted(quarters[quarter], key=lambda one: one[1].end, reverse=True)
        safe.text(words.capital(together([(its, ended) for _, its, ended in those])))
        for entry, _, _ in those:
            card(entry, kept.history(entry.id))


page()
