"""Memory: what was decided, noted, tried and promised; what is due comes first, and every version stays."""

from datetime import date
from urllib.parse import parse_qsl

import streamlit as st

import data
from data.journal import Entry, Journal, journal
from data.kinds import BY_NAME, KINDS, due, kind
from metrics.words import day
from pages import reading, safe, words
from pages.form import form, titled

EVERYTHING = "Everything"
MOST = 50  # entries drawn at once; the search finds the others
WRITE = {f"{one.title}": one.name for one in KINDS}


def page() -> None:
    """Draw one entry, a form, or the list, as the link asks."""
    kept = journal()
    asked = st.query_params.get("entry", "")
    versions = kept.history(asked) if asked else []
    if versions:
        one(kept, versions)
        return
    if writing := st.query_params.get("write"):
        if writing in BY_NAME:
            write(kept, writing)
            return
        safe.text("There is no such kind of entry; these are the ones there are.")
    timeline(kept)


def timeline(kept: Journal) -> None:
    """Draw what is due, then everything, the newest first."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for title, name in WRITE.items():
            st.page_link("memory.py", label=f"New {title.lower()}", query_params={"write": name})
    waiting = due(kept, reading.today())
    if waiting:
        st.subheader("Due", anchor=False)
        for entry in waiting:
            line(entry)
    st.subheader("What was written", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = [EVERYTHING, *WRITE]
        chosen = st.segmented_control(
            "Kind", titles, default=EVERYTHING, required=True, key="kept", bind="query-params"
        )
        sought = st.text_input("Words to look for", key="sought", bind="query-params", max_chars=200)
    found = [entry for entry in kept.find(sought or "", WRITE.get(chosen)) if entry.kind in BY_NAME]
    for entry in found[:MOST]:
        line(entry)
    if not found:
        safe.text("Nothing of this is written down yet." if not sought else "Nothing holds all of these words.")
    if len(found) > MOST:
        safe.text(f"{len(found) - MOST} more, older ones; look for words to find them.", "note")


def line(entry: Entry) -> None:
    """Draw an entry in the list: what it says first, when and by whom, and the way to all of it."""
    its = kind(entry.kind)
    body = entry.body or {}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("memory.py", label="Open", query_params={"entry": entry.id}, width="content")
        safe.text(f"{its.title}: {body.get(its.fields[0].name, '')}", "strong")
        told = [f"{entry.author}, {day(entry.at.date())}"]
        if its.due and body.get(its.due):
            told.append(f"comes back {day(date.fromisoformat(body[its.due]))}")
        if state := body.get("state"):
            told.append(state)
        safe.text(" · ".join(told), "note")


def one(kept: Journal, versions: list[Entry]) -> None:
    """Draw an entry: all it says, both texts where two people wrote at once, its form, its undo and its versions."""
    now = versions[-1]
    its = kind(now.kind)
    st.page_link("memory.py", label="Back to all", query_params={})
    safe.text(its.title, "sentence", "h2")
    apart = kept.apart(now.id)
    if apart:
        safe.text("Two people wrote at once. Both texts are here; what is kept next holds for both.", "lead")
        for version in apart:
            safe.text(f"{version.author}, {words.moment(version.at, data.team().timezone)}", "strong")
            answers(version)
    elif now.body is None:
        safe.text("This was taken back. Undo brings it to light again.")
    else:
        answers(now)
    seen = next((version for version in versions if str(version.version) == st.query_params.get("change")), None)
    if seen:
        if form(kept, its, seen, seen.body or {}):
            _go(entry=now.id)
    else:
        with st.container(horizontal=True):
            if now.body is not None and st.button("Change it", key="change"):
                _go(entry=now.id, change=str(now.version))
            if st.button("Undo the last change", key="undo"):
                kept.undo(now.id, st.session_state.get("author") or "somebody")
                st.rerun()
    with st.expander("Every version"):
        for version in reversed(versions):
            safe.text(
                f"Version {version.version}: {version.author}, {words.moment(version.at, data.team().timezone)}",
                "strong",
            )
            answers(version)


def answers(entry: Entry) -> None:
    """Draw every answer of one version."""
    for field in kind(entry.kind).fields:
        value = (entry.body or {}).get(field.name)
        if value in (None, ""):
            continue
        if field.form == "view":
            st.page_link("explore.py", label="Open the chart", query_params=dict(parse_qsl(str(value))))
        elif field.form == "metric":
            safe.text(f"{field.asks}: {titled(value)}")
            st.page_link("explore.py", label="The number as it is today", query_params={"metric": titled(value)})
        else:
            safe.text(f"{field.asks}: {value}")


def write(kept: Journal, name: str) -> None:
    """Draw the form of a new entry; what the link says of its fields is filled in."""
    its = kind(name)
    st.page_link("memory.py", label="Back without writing", query_params={})
    safe.text(its.title, "sentence", "h2")
    start: dict[str, object] = {field.name: st.query_params.get(field.name) for field in its.fields}
    if its.rhythm and not start[its.due]:
        start[its.due] = (reading.today() + its.rhythm).isoformat()
    if "state" in start:
        start["state"] = start["state"] or "open"
    if accepted := form(kept, its, None, start):
        _go(entry=accepted.id)


def _go(**where: str) -> None:
    """Open another state of this page; the pickers of the frame stay as they are."""
    for name in ("entry", "change", "write", *(field.name for one in KINDS for field in one.fields)):
        st.query_params.pop(name, None)
    st.query_params.update(where)
    st.rerun()


page()
