"""Sprint goals: a draft that EM and PM both write on, with its reason, and how it ended."""

import streamlit as st

from data import kinds
from data.entry import Entry
from data.journal import Journal
from metrics import sprints
from metrics.words import day, full_day, series
from pages import reading, safe
from pages.form import named

NONE = "No sprint goal is written down yet."
MOST = 12  # sprints drawn; Memory has the others
BOTH = "Two people wrote at once. Both texts are here; what is kept next holds for both."


def draw(kept: Journal) -> None:
    """Draw the sprints that have no goal yet, and the goals there are, the newest sprint first."""
    goals = sorted(kept.entries("sprint_goal"), key=lambda one: str(one.answers.get("until")), reverse=True)
    coming(goals)
    for goal in goals[:MOST]:
        card(kept, goal)
    if not goals:
        safe.text(NONE)
    if len(goals) > MOST:
        st.page_link("memory.py", label="Earlier ones", query_params={"kept": "Sprint goal"})


def coming(goals: list[Entry]) -> None:
    """Draw the way to a goal for each sprint that runs or comes and has none, with what Jira says it is for."""
    there = {one.answers.get("sprint") for one in goals}
    with st.container(horizontal=True):
        for one in sprints.coming():
            if one.name in there:
                continue
            begun = {"write": "sprint_goal", "sprint": one.name, "until": one.ends.isoformat(), "goal": one.goal or ""}
            query = {name: value for name, value in begun.items() if value}
            st.page_link("memory.py", label=f"A goal for the sprint until {day(one.ends)}", query_params=query)
        st.page_link("memory.py", label="New sprint goal", query_params={"write": "sprint_goal"})


def card(kept: Journal, goal: Entry) -> None:
    """Draw the goal of one sprint: both texts where two people wrote at once, why it is that, and how it ended."""
    body = goal.answers
    with st.container(border=True, key=f"sprint-{goal.id}", gap="xsmall"):
        until = str(body.get("until"))
        past = until < reading.today().isoformat()
        authors = list(dict.fromkeys(one.author for one in kept.history(goal.id)))
        ends = f"{'ended' if past else 'until'} {said(until)}"
        safe.text(f"{body.get('sprint')}, {ends} · written by {series(authors)}", "note")
        if apart := kept.apart(goal.id):
            safe.text(BOTH)
            for version in apart:
                safe.text(f"{version.author}: {version.answers.get('goal')}", "strong", "h3")
                safe.text(f"Why: {version.answers.get('why')}")
        else:
            safe.text(body.get("goal"), "strong", "h3")
            safe.text(f"Why: {body.get('why')}")
        if of := body.get("of"):
            safe.links([(f"Leads to: {named(kept, str(of))}", safe.entry(of))])
        if ended := body.get("ended"):
            safe.text(f"How it ended: {ended}. {body.get('came', '')}")
        with st.container(horizontal=True, key=f"ways-sprint-{goal.id}"):
            st.page_link("memory.py", label="Open", query_params={"entry": goal.id})
            label = "Say how it ended" if past and not ended else "Write on it"
            again = {"entry": goal.id, "change": str(goal.version)}
            st.page_link("memory.py", label=label, query_params=again)


def said(until: str) -> str:
    """Return a day as it is said; what is no day stays as it was written."""
    on = kinds.day(until)
    return full_day(on) if on else until
