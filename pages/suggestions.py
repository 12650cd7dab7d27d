"""Suggestions to the plan: what anybody thinks should change in it, talked about, and taken or declined with a reason."""

from datetime import date, timedelta

import streamlit as st

from data.entry import Entry
from data.journal import Journal
from data.kinds import SUGGESTED_ON, kind, over, title
from metrics.words import amount, capital, counted, full_day
from pages import reading, review, safe
from pages.form import named

NONE = "Nothing is suggested yet. Whatever stands in the plan can be changed for a reason."
MOST = 20  # answered ones drawn; Memory has the others
MANY = 5  # open ones that can be kept in mind
LATELY = timedelta(weeks=8)


def draw(kept: Journal) -> None:
    """Draw how many are open, those, and what became of the others."""
    every = kept.entries("suggestion")
    waiting, answered = ([one for one in every if over(one) is is_over] for is_over in (False, True))
    begin(kept)
    if not every:
        safe.text(NONE)
        return
    for sentence in load(came(kept, every), reading.today()):
        safe.text(sentence, "lead")
    for one in reversed(waiting):
        card(kept, one)
    if answered:
        safe.text("Answered", "sentence", "h3")
        for one in answered[:MOST]:
            card(kept, one)
    if len(answered) > MOST:
        st.page_link("memory.py", label="Earlier ones", query_params={"kept": "Suggestion"})


def came(kept: Journal, every: list[Entry]) -> list[tuple[date, date | None]]:
    """Return of every suggestion the day it came and the day it was answered, None while it is open."""
    return [(kept.history(one.id)[0].at.date(), one.at.date() if over(one) else None) for one in every]


def load(told: list[tuple[date, date | None]], today: date) -> list[str]:
    """Return how much waits, how that goes, and when writing is no longer the way to be heard."""
    waiting = [day for day, answered in told if answered is None]
    since = today - LATELY
    new, done = (sum(day is not None and day > since for day in days) for days in zip(*told, strict=True))
    weeks = f"the last {amount(LATELY.days // 7, 'week')}"
    sentences = [f"{capital(amount(len(waiting), 'suggestion'))} {'is' if len(waiting) == 1 else 'are'} open."]
    if waiting:
        sentences.append(
            f"In {weeks} {counted(new)} came and {counted(done)} {'was' if done == 1 else 'were'} answered."
        )
    if len(waiting) > MANY and len(waiting) > 2 * done:
        sentences.append(
            "More waits than is answered: take three of them to the next talk, and let the others rest till then."
        )
    return sentences


def begin(kept: Journal) -> None:
    """Draw the way to a suggestion: first to what, then to its form."""
    st.page_link("memory.py", label="Suggest something", query_params={"write": "suggestion"})
    ahead = [one for name in SUGGESTED_ON for one in kept.entries(name) if not over(one)]
    there = {one.id: f"{kind(one.kind).title}: {title(one)}" for one in ahead}
    if not there:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        on = st.selectbox(
            "Suggest a change to",
            list(there),
            index=None,
            format_func=there.__getitem__,
            placeholder="A goal or a big rock",
            width=560,
        )
        if on:
            st.page_link("memory.py", label="Write it", query_params={"write": "suggestion", "on": on})


def card(kept: Journal, one: Entry) -> None:
    """Draw one suggestion: to what, why, by whom, and how it was answered."""
    body = one.answers
    with st.container(border=True, key=f"suggestion-{one.id}", gap="xsmall"):
        safe.text(body.get("what"), "strong", "h4")
        if body.get("on"):
            safe.links([(f"To: {named(kept, str(body['on']))}", safe.entry(body["on"]))])
        first = kept.history(one.id)[0]
        safe.text(f"Why: {body.get('why')}")
        safe.text(f"{first.author}, {full_day(first.at.date())}", "note")
        if over(one):
            safe.text(f"{capital(str(body.get('state')))} on {full_day(one.at.date())}: {body.get('reason')}")
        with st.container(horizontal=True, key=f"ways-suggestion-{one.id}"):
            st.page_link("memory.py", label="Open", query_params={"entry": one.id})
            for label, query in review.ways(kept, one).items():
                st.page_link("memory.py", label=label, query_params=query)
