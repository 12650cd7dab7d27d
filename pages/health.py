"""Health: how far each source has been read, and what every number means. Why to believe the rest."""

import streamlit as st

import data
from metrics import METRICS
from pages import reading, safe, who_looked, words
from pages.parts import definition

STREAMS = {
    "what": "Stream",
    "complete_to": "Complete to",
    "tried_at": "Last try",
    "items": "Rows",
    "expected": "Expected",
    "incomplete": "Incomplete",
    "gone": "Gone",
}
MISSING = {"scope": "Where", "what": "Stream", "incomplete": "Incomplete", "error": "What happened, and what to do"}
SYNCS = {
    "started_at": "Started",
    "source": "Source",
    "requests": "Requests",
    "points": "Points",
    "new_rows": "New rows",
    "changed_rows": "Changed rows",
    "seconds": "Seconds",
    "outcome": "Outcome",
}
edition, zone = reading.edition(), data.team().timezone
safe.text("How far each source has been read, and what every number means.", "lead")

missing = reading.health(edition, "unfinished")
if len(missing):
    st.subheader("Not read to the end", anchor=False)
    named = missing.assign(what=[words.stream(*pair) for pair in zip(missing["stream"], missing["kind"], strict=True)])
    named = named.fillna({"error": "Parts are still due. Collect again."})
    safe.table(named, MISSING, alt="What is missing, and what to do", wide="error")

st.subheader("Sources", anchor=False)
every = reading.health(edition, "streams")
if not len(missing) and not every["items"].any():
    safe.text("All was read, and there was nothing in it. Does team.toml name what you mean to read?")
for (kind, source), streams in every.groupby(["kind", "source"]):
    safe.text(f"{words.SOURCES.get(kind, kind)} · {source}", "strong")
    named = streams.assign(what=[words.stream(name, kind) for name in streams["stream"]])
    safe.table(reading.local(named, "complete_to", "tried_at"), STREAMS, alt=f"How far {source} has been read")
safe.text(
    f"Times are in {zone}. Incomplete: parts still due. Gone: deleted at the source, kept out of every number.", "note"
)

st.subheader("Syncs in this range", anchor=False)
syncs = reading.recent(reading.health(edition, "syncs"), "started_at", reading.reach())
safe.table(reading.local(syncs, "started_at"), SYNCS, alt="The syncs in this range")
if not len(syncs):
    safe.text("None in this range.", "note")

st.page_link("setup.py", label="What each rule matches", icon=":material/arrow_forward:", icon_position="right")

who_looked.draw()

st.subheader("Definitions", anchor=False)
for metric in METRICS:
    with st.expander(metric.title):
        definition(metric, sql=True)
