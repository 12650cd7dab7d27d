"""Outcomes: what each Workflow gave back as ranges, how it went, and who it reaches. Runs are reach and no outcome."""

from functools import partial

import streamlit as st

import data
import metrics
from pages import past, reading, safe, sentences
from pages.parts import section
from pages.reading import View

SECTIONS = {
    "Workflows": (
        "requests",
        "bypass_share",
        "first_time_success",
        "task_success",
        "time_to_first_success",
        "repeated_runs",
        "abandoned_forms",
        "workflow_adoption",
        "workflow_retention",
        "undeployed_repositories",
        "workflow_runs",
    ),
    "Toil and interruptions": (
        "toil_hours",
        "interruptions",
        "workflow_questions",
        "begun_at_once",
        "handed_on",
        "off_hours",
        "fragmentation",
    ),
    "Usage": ("feature_use", "feature_adoption", "active_areas", "active_people"),
}
MONTHLY = (
    "bypass_share",
    "first_time_success",
    "task_success",
    "time_to_first_success",
    "repeated_runs",
    "abandoned_forms",
    "workflow_adoption",
    "workflow_retention",
    "undeployed_repositories",
    "begun_at_once",
    "handed_on",
    "off_hours",
    "fragmentation",
    "active_people",
)


def workflow(edition: str, name: str) -> None:
    """Draw what one Workflow gave back, three things that are never added together, and how sure each is."""
    safe.text(name, "sentence", "h2")
    when = reading.there(edition, name, reading.reach())
    if when is None:
        safe.text("No run of it is known in this range.")
        return
    back, went = reading.outcome(edition, name, *when)
    for sentence in back.sentences:
        safe.text(sentence, "lead")
    safe.text(sentences.friction(went))
    for note in back.notes:
        safe.text(note, "note")
    told = ["In brackets: 80 % intervals"] if back.sentences else []
    told += [f"held against {back.baseline}"] if back.baseline else []
    told += [f"assumed: {one}" for one in back.assumed]
    safe.text(" · ".join(told), "note")


def toil(edition: str) -> None:
    """Draw the hours of toil in the chosen weeks."""
    seen = reading.within(reading.history(edition, View(metrics.metric("toil_hours"))), reading.reach())
    if seen.empty:
        return
    found = reading.toil(edition, seen["starts"].min(), seen["ends"].max())
    for line in filter(None, (sentences.toil(found), *found.notes)):
        safe.text(line, "body" if line == sentences.toil(found) else "note")


def page(edition: str) -> None:
    """Draw every Workflow of team.toml, then the charts."""
    names = [one.name for one in data.team().workflows]
    if not names:
        safe.text(
            "No Workflow is named yet. Name one under [[workflows]] in team.toml; team.example.toml shows how.", "lead"
        )
    for name in names:
        past.drawn(partial(workflow, edition, name), name)
    st.space("small")
    if section(edition, SECTIONS, key="outcomes", monthly=MONTHLY) == "Toil and interruptions":
        past.drawn(partial(toil, edition), "Toil")


page(reading.edition())
