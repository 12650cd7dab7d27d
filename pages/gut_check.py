"""Gut check: EM and PM each answer alone before they talk; then both see both, and there is no other agenda."""

import streamlit as st

from data.entry import Entry
from data.halves import APART, ROLES, rounds, waits, whole
from data.journal import Journal
from data.kinds import GUT_CHECK
from metrics.words import full_day
from pages import login, reading, safe
from pages.form import form

BLIND = "Each answers alone. Nobody sees either before both are given, in no list, search or export to read."
LAST = 4  # talks drawn


def draw(kept: Journal) -> None:
    """Draw the talks both have answered for, what waits for the other half, and the form."""
    talks = rounds(kept.entries(GUT_CHECK.name))
    waiting = {talk: given for talk, given in talks.items() if not whole(given)}
    for talk, given in waiting.items():
        role, other = waits(given)
        safe.text(f"{role} has answered for {talk}. It is shown when {other} has.", "strong")
    if not login.reads_only() and st.button("Answer", key="answer-gut-check", type="primary"):
        st.query_params["answer"] = "gut"
    if "answer" in st.query_params:
        safe.text(BLIND, "note")
        talk = next(iter(waiting), full_day(reading.today()))
        form(kept, GUT_CHECK, None, {APART: talk}, lambda _: st.query_params.pop("answer", None))
    both = [(talk, given) for talk, given in talks.items() if whole(given)]
    for talk, given in both[:LAST]:
        safe.text(talk, "sentence", "h2")
        for place, role in zip(st.columns(2, gap="large"), ROLES, strict=True):
            with place:
                safe.text(role, "sentence", "h3")
                answers(given[role])
    if not talks:
        safe.text("Nobody has answered yet.")


def answers(entry: Entry) -> None:
    """Draw what one of the two answered."""
    for field in GUT_CHECK.fields[2:]:
        if told := entry.answers.get(field.name):
            safe.text(f"{field.asks}: {told}")
