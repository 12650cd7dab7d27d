"""Look back: an incident as it went, with what was near, and what was learned from it. It is about the system, never a person."""

from datetime import timedelta

import streamlit as st

import data
from data.entry import Entry
from data.journal import Journal, journal
from data.kinds import LOOK_BACK, title
from metrics.story import Story
from metrics.words import day, full_day
from pages import beginning, reading, safe, words
from pages.form import form

LONGEST = 200  # letters of an id
BACK = timedelta(weeks=26)
AROUND = timedelta(days=2)  # before it began, and after it ended
MOST = 12
NONE = "No incident is known in the last half year. Which issues are incidents, team.toml says under [incidents]."
CALM = "Everybody did what looked sensible with what they knew. What made it look so?"
COLUMNS = {"at": "When", "what": "What", "kind": "Kind", "area": "Area", "url": "Source"}


def page(edition: str) -> None:
    """Draw the incident that the link names, else the incidents there are."""
    kept, id_ = journal(), st.query_params.get("id", "")
    one = reading.story(edition, id_) if 0 < len(id_) <= LONGEST else None
    if one is None:
        choose(kept, edition)
    else:
        look_back(kept, edition, one)


def choose(kept: Journal, edition: str) -> None:
    """Draw the incidents of the last half year, the newest first, and what was learned from which."""
    today = reading.today()
    told = [one for one in reading.between(edition, today - BACK, today + timedelta(days=1)) if one.kind == "incident"]
    found = [(one, id_) for one in reversed(told) if one.url and (id_ := reading.item(one.url))]
    if not found:
        safe.text(NONE)
    for one, id_ in found[:MOST]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Look back", key=f"look-{id_}", on_click=_show, args=(id_,))
            safe.text(f"{day(one.since)}: {one.what}")
    if learned := kept.entries(LOOK_BACK.name):
        st.subheader("What was learned", anchor=False)
        safe.links([(f"{title(one)}: {one.answers.get('learned')}", safe.entry(one.id)) for one in learned[:MOST]])


def look_back(kept: Journal, edition: str, one: Story) -> None:
    """Draw how one piece of work went, what was near, what was learned, and the form that asks for it."""
    st.button("All incidents", key="all-incidents", on_click=_show, args=(None,))
    safe.text(f"{one.name} {one.title}", "piece", "h2")
    safe.text(CALM, "ask")
    zone = data.team().timezone
    safe.text("What happened", "sentence", "h3")
    safe.moments(
        [(words.moment(it.at, zone), it.what, it.said) for it in one.moments], "What happened, the oldest first"
    )
    if one.related:
        safe.text("What hangs together with it", "sentence", "h3")
        safe.links([(f"{it.how}: {it.what}", safe.item(it.id) if it.id else it.url) for it in one.related])
    if one.moments:
        safe.text("What was near, and is no cause by that", "sentence", "h3")
        since, until = one.moments[0].at.date() - AROUND, one.moments[-1].at.date() + AROUND
        near = reading.near(edition, since, min(until, since + BACK))
        safe.table(
            near.assign(at=[full_day(at) for at in near["at"]]), COLUMNS, alt="What was near", wide="what", source="url"
        )
    told = [entry for entry in kept.entries(LOOK_BACK.name) if entry.answers.get("key") == one.name]
    for entry in told:
        learned(entry)
    if not told:
        start = beginning.start(LOOK_BACK, {"what": f"{one.name} {one.title}"[:300], "key": one.name})
        form(kept, LOOK_BACK, None, start, lambda _: None)


def learned(entry: Entry) -> None:
    """Draw what was learned, and the way to what follows from it."""
    with st.container(border=True, gap="xsmall", key=f"learned-{entry.id}"):
        for field in LOOK_BACK.fields[2:]:
            if told := entry.answers.get(field.name):
                safe.text(f"{field.asks}: {told}")
        with st.container(horizontal=True, key=f"ways-learned-{entry.id}"):
            st.page_link("memory.py", label="Follow-up", query_params={"write": "follow_up", "of": entry.id})
            st.page_link(
                "memory.py",
                label="Decide something about it",
                query_params={"write": "decision", "context": title(entry)},
            )
            st.page_link("memory.py", label="Open", query_params={"entry": entry.id})


def _show(id_: str | None) -> None:
    """Write an incident into the address, or none. A link to the page one is on would leave the address as it was."""
    for name in ("id", "draft"):
        st.query_params.pop(name, None)
    if id_:
        st.query_params["id"] = id_


page(reading.edition())
