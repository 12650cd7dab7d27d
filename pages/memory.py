"""Memory: what was decided, noted, tried and promised; what is due comes first, and every version stays."""

from datetime import date
from urllib.parse import parse_qsl

import streamlit as st

import data
from data.entry import Entry, Kind
from data.halves import APART, is_veiled
from data.journal import Journal, journal
from data.kinds import BY_NAME, KINDS, LINES, kind, superseded, title
from metrics.words import day, full_day
from pages import beginning, draft, experiment, goals, login, picture, reading, review, safe, words
from pages.form import form, named, titled

EVERYTHING = "Everything"
STATES = ("entry", "change", "write", "draft", "suggested")  # what the address says of this page, besides answers
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
    with st.container(horizontal=True, vertical_alignment="center"):
        for one in KINDS if login.may_write() else ():
            if not one.page:
                way(f"New {one.title.lower()}", f"new-{one.name}", write=one.name)
        st.page_link("brief.py", label="Cover brief")
    login.reads_only()
    if waiting := reading.due():
        st.subheader("Due", anchor=False)
        for entry in waiting:
            line(entry, {}, "due")
    _begun(kept)
    st.subheader("What was written", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = [EVERYTHING, *WRITE]
        chosen = st.selectbox("Kind", titles, key="kept", bind="query-params", width=240)
        sought = st.text_input("Words to look for", key="sought", bind="query-params", max_chars=200)
    listed = BY_NAME.keys() - (LINES if chosen in {None, EVERYTHING} and not sought else set())
    found = [entry for entry in kept.find(sought or "", WRITE.get(chosen or EVERYTHING)) if entry.kind in listed]
    gone = superseded(found)
    for entry in found[:MOST]:
        line(entry, gone, "kept")
    if not found:
        safe.text("Nothing of this is written down yet." if not sought else "Nothing holds all of these words.")
    if len(found) > MOST:
        safe.text(f"{len(found) - MOST} more, older ones; look for words to find them.", "note")


def _begun(kept: Journal) -> None:
    """Draw what was begun and not kept, and the way to go on with it."""
    if begun := draft.begun(kept):
        st.subheader("Begun and not kept", anchor=False)
        for one, would in begun:
            with st.container(horizontal=True, vertical_alignment="center"):
                if login.may_write():
                    way("Go on", f"draft-{one.id}", **draft.way(one))
                safe.text(f"{kind(would.kind).title}: {title(would)}", "strong", width="content")
                safe.text(f"{one.author}, {day(one.at.date())}", "note", width="content")
                if login.may_write():
                    st.button("Put away", key=f"away-{one.id}", on_click=draft.put_away, args=(kept, one.id))


def line(entry: Entry, gone: dict[str, Entry], listed: str) -> None:
    """Draw an entry in a list: what it says first, when and by whom, and the way to all of it. `gone` are no longer in force."""
    its = kind(entry.kind)
    body = entry.answers
    with st.container(horizontal=True, vertical_alignment="center"):
        way("Open", f"{listed}-{entry.id}", entry=entry.id)
        safe.text(f"{its.title}: {title(entry)}", "gone" if entry.id in gone else "strong", width="content")
        told = [f"{entry.author}, {day(entry.at.date())}"]
        if entry.id in gone:
            told.append(f"superseded by: {title(gone[entry.id])}")
        elif its.due and body.get(its.due):
            told.append(f"comes back {day(date.fromisoformat(body[its.due]))}")
        if state := body.get("state") or body.get("far"):
            told.append(state)
        safe.text(" · ".join(told), "note", width="content")


def one(kept: Journal, versions: list[Entry]) -> None:
    """Draw an entry: all it says, both texts where two people wrote at once, its form, its undo and its versions."""
    now = versions[-1]
    its = kind(now.kind)
    way("Back to all", "back")
    safe.text(its.title, "sentence", "h2")
    instead = superseded(kept.entries(now.kind)).get(now.id)
    if instead:
        safe.text(f"Superseded on {full_day(instead.at.date())}; what holds now:", "strong")
        safe.links([(title(instead), safe.entry(instead.id))])
    _present(kept, versions)
    seen = next((version for version in versions if str(version.version) == st.query_params.get("change")), None)
    if seen:
        _suggested(kept)
        start = {**seen.answers, **_from_link(its)}
        form(kept, its, seen, start, lambda one: _show(**review.next_after(kept, one)), beginning.check(its, seen))
    else:
        if now.body is not None and not instead:
            _ways_on(kept, now)
        if not login.reads_only():
            _changes(kept, now)
    with st.expander("Every version"):
        for version in reversed(versions):
            safe.text(
                f"Version {version.version}: {version.author}, {words.moment(version.at, data.team().timezone)}",
                "strong",
            )
            answers(kept, version)


def _changes(kept: Journal, now: Entry) -> None:
    """Draw what can be done about an entry as it is."""
    with st.container(horizontal=True):
        if now.body is not None and APART not in now.body and st.button("Change it", key="change"):
            _show(entry=now.id, change=str(now.version))
            st.rerun()
        if st.button("Undo the last change", key="undo"):
            kept.undo(now.id, draft.author())
            st.rerun()


def _suggested(kept: Journal) -> None:
    """Draw what was suggested, where that is what led to the form."""
    told = kept.history(st.query_params.get("suggested") or "none")
    if told and told[-1].kind == "suggestion" and (body := told[-1].body):
        safe.text(f"What was suggested: {body.get('what')}. {body.get('why')}", "ask")


def _present(kept: Journal, versions: list[Entry]) -> None:
    """Draw what holds now: both texts where two people wrote at once."""
    now = versions[-1]
    if apart := kept.apart(now.id):
        safe.text("Two people wrote at once. Both texts are here; what is kept next holds for both.", "lead")
        for version in apart:
            safe.text(f"{version.author}, {words.moment(version.at, data.team().timezone)}", "strong")
            answers(kept, version)
    elif now.body is None:
        safe.text("This was taken back. Undo brings it to light again.")
    elif now.kind == "experiment":
        experiment.card(now, experiment.standing(now), versions, alone=True)
    else:
        answers(kept, now)


def _ways_on(kept: Journal, now: Entry) -> None:
    """Draw what came of a decision on the day of its review, how the number of a goal stands, and where an entry leads on."""
    if now.kind == "decision":
        review.review(now)
    if now.kind == "goal":
        goals.number(now, kept.history(now.id))
        goals.path(now)
    if ways := review.ways(kept, now):
        with st.container(horizontal=True, key="ways-on"):
            for label, asked in ways.items():
                way(label, label, **asked)


def answers(kept: Journal, entry: Entry) -> None:
    """Draw every answer of one version."""
    for field in kind(entry.kind).fields:
        value = entry.answers.get(field.name)
        if value in (None, ""):
            continue
        if field.form == "view":
            st.page_link("explore.py", label="Open the chart", query_params=dict(parse_qsl(str(value))))
        elif field.form == "entry":
            safe.text(f"{field.asks}:")
            safe.links([(named(kept, str(value)), safe.entry(value))])
        elif field.form == "entries":
            safe.text(f"{field.asks}:")
            safe.links([(named(kept, one), safe.entry(one)) for one in str(value).split()])
        elif field.form in {"picture", "pictured"}:
            picture.draw(entry if field.form == "picture" else picture.of(kept, value))
        elif field.form == "metric":
            safe.text(f"{field.asks}: {titled(value)}")
            st.page_link("explore.py", label="The number as it is today", query_params={"metric": titled(value)})
        else:
            safe.text(f"{field.asks}: {value}")
    if is_veiled(entry):
        safe.text("The rest is shown when the other half has answered.")


def write(kept: Journal, name: str) -> None:
    """Draw the form of a new entry; what the link says of its fields is filled in."""
    its = kind(name)
    way("Back without writing", "back")
    safe.text(its.title, "sentence", "h2")
    start = beginning.start(its, _from_link(its))
    form(kept, its, None, start, lambda one: _show(entry=one.id), beginning.check(its))


def _from_link(its: Kind) -> dict[str, str]:
    """Return what the link says of a kind's fields."""
    found = {field.name: st.query_params.get(field.name) for field in its.fields}
    return {name: value for name, value in found.items() if value}


def way(label: str, key: str, **where: str) -> None:
    """Draw the way to another state of this page. A link to the page one is on would leave the address as it was."""
    st.button(label, key=f"way-{key}", on_click=_show, kwargs=where)


def _show(**where: str) -> None:
    """Write another state of this page into the address; the pickers of the frame stay as they are."""
    for name in (*STATES, *(field.name for one in KINDS for field in one.fields)):
        st.query_params.pop(name, None)
    st.query_params.update(where)


page()
