"""Strategy hour: an agenda with a clock, the evidence of each item under its question, and what is decided at the end."""

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

import data
import metrics
from data.journal import Journal, journal
from data.kinds import BY_NAME
from metrics import digest
from metrics import hour as hours
from metrics.brief import Line
from metrics.hour import AGENDA, Hour, Item
from metrics.words import full_day
from pages import (
    alignment,
    beginning,
    burn_list,
    draft,
    exploration,
    goals,
    login,
    pencil,
    reading,
    rocks,
    safe,
    sprint_goals,
    suggestions,
    talk,
    wanted,
)
from pages.brief_part import draw as draw_part
from pages.form import form, signature, signed, titled
from pages.parts import by_month, grid

TICK = 5  # seconds between two looks at the clock
NONE = "No strategy hour was held yet."
WRITES = {"decision": "Decide something", "experiment": "Try something out", "follow_up": "Follow-up"}


def page(edition: str) -> None:
    """Draw the agenda on the left, and the item that was chosen on the right; the choice is in the link."""
    kept = journal()
    rail, main = st.columns([1, 3], gap="large")
    with rail, st.container(key="rail"):
        item = agenda(kept)
    with main:
        safe.text(item.name, "sentence", "h2")
        safe.text(item.asks, "ask")
        if item is AGENDA[0]:
            opening(kept, edition)
        elif item is AGENDA[-1]:
            deciding(kept)
        talk.draw(kept, item)
        if evidence := EVIDENCE.get(item.name):
            evidence(kept, edition)
        if item is not AGENDA[-1]:
            following = AGENDA[AGENDA.index(item) + 1].name
            st.button(f"Next: {following}", key="next-item", on_click=_open, args=(following,))


def agenda(kept: Journal) -> Item:
    """Draw the clock, the agenda, and whose words are kept; return the item that was chosen."""
    clock(kept)
    chosen = st.radio(
        "Agenda",
        [item.name for item in AGENDA],
        captions=[_minutes(item) for item in AGENDA],
        key="item",
        bind="query-params",
        label_visibility="collapsed",
    )
    if not login.reads_only() and (name := signature("speaker")):
        signed(name)
    with st.container(gap=None, key="ways-hour"):
        st.page_link("look_back.py", label="Look back on an incident")
        st.page_link("one_to_one.py", label="One to one, without an agenda")
    return next(item for item in AGENDA if item.name == chosen)


@st.fragment(run_every=TICK)
def clock(kept: Journal) -> None:
    """Draw how far the hour is, and the way to begin and to end it; without one, when the last one was."""
    told = hours.hours(reading.entries())
    hour, before = hours.running(told, talk.now()), hours.last(told, talk.now())
    with st.container(key="clock", gap="xsmall"):
        if hour:
            safe.text(hours.clock(hour, talk.now()), "strong")
        else:
            safe.text(f"The last one was on {full_day(before.begun.date())}." if before else NONE)
        with st.container(horizontal=True):
            if hour:
                minutes(kept, hour)
                if login.may_write():
                    st.button("End the hour", key="end-hour", on_click=_end, args=(kept, hour))
            else:
                if login.may_write():
                    st.button("Begin the hour", key="begin-hour", type="primary", on_click=_begin, args=(kept,))
                if before:
                    minutes(kept, before)


def minutes(kept: Journal, hour: Hour) -> None:
    """Draw the way to take the minutes of an hour along."""
    team = data.team()
    st.download_button(
        "Minutes",
        lambda: hours.minutes(hour, kept.versions(), team.name, team.timezone),
        safe.file_name("strategy-hour", hour.begun.date().isoformat(), ending="md"),
        "text/markdown",
        key="minutes",
        on_click="ignore",
    )


def held() -> Hour | None:
    """Return the hour held last, None before there was any."""
    return hours.last(hours.hours(reading.entries()), talk.now())


def opening(kept: Journal, edition: str) -> None:
    """Draw what came of last time, what is due, what ended, what moved and what differs from the plan since."""
    entries, before = reading.entries(), held()
    since = hours.since_when(before, reading.today())
    watches = [one for one in reading.moving(edition) if digest.first_told(one) > since]
    moved = [Line(digest.headline(one), metric=one.metric.name) for one in reading.moved(edition, watches)]
    its = pencil.read(kept)
    plan = its.forecast() if its.rocks else None
    for part in hours.opening(entries, kept.versions(), before, reading.today(), moved, plan):
        draw_part(part, below=lambda one: evidence_of(kept, one))


def evidence_of(kept: Journal, one: Line) -> None:
    """Draw the way to the chart of what moved, and to a topic of this hour about it."""
    if not one.metric:
        return
    view = reading.here(metrics.metric(one.metric)).link()
    with st.container(horizontal=True, key=f"ways-moved-{one.metric}"):
        st.page_link("explore.py", label="Open the chart and the rows", query_params=view)
        asked = {"metric": one.metric, "view": urlencode(view)}
        if login.may_write():
            st.button(
                "Talk about this",
                key=f"talk-about-{one.metric}",
                type="tertiary",
                on_click=talk.bring,
                args=(one.what, kept, AGENDA[0], asked),
            )


def deciding(kept: Journal) -> None:
    """Draw what was written in this hour, and the forms that end it."""
    with st.container(horizontal=True):
        for name, label in WRITES.items() if login.may_write() else ():
            st.button(label, key=f"begin-{name}", on_click=talk.lead, args=({"write": name},))
    writing = BY_NAME.get(st.query_params.get("write", ""))
    if writing and writing.name in WRITES:
        said = {field.name: st.query_params.get(field.name, "") for field in writing.fields}
        start = beginning.start(writing, {name: value for name, value in said.items() if value})
        safe.text(writing.title, "sentence", "h3")
        form(kept, writing, None, start, lambda _: talk.put_away(), beginning.check(writing))
    begun_by_others(kept)  # below the form: nothing moves under the hands of whoever types
    if hour := talk.running():
        written = [one for one in hours.within(reading.entries()[::-1], hour) if one.kind in hours.KEPT]
        if written:
            safe.text("Written in this hour", "sentence", "h3")
            safe.links([(hours.line(one, reading.today()).what, safe.entry(one.id)) for one in written])


@st.fragment(run_every=talk.LIVE)
def begun_by_others(kept: Journal) -> None:
    """Draw what somebody is writing, or left unfinished, and the way to go on with it."""
    for one, would in draft.begun(kept):
        writes = login.may_write()
        if would.kind not in WRITES:
            continue
        with st.container(border=True, gap="xsmall", key=f"draft-{one.id}"):
            its = BY_NAME[would.kind]
            safe.text(f"{its.title}, begun and not kept", "strong", "h4")
            with st.container(gap=None, key=f"typed-{one.id}"):
                for field in its.fields:
                    if field.form not in {"view", "entry"} and (told := would.answers.get(field.name)):
                        safe.text(f"{field.asks}: {titled(told)}", "said")
            with st.container(horizontal=True, vertical_alignment="center", key=f"ways-draft-{one.id}"):
                if writes and st.button("Go on with it", key=f"on-{one.id}"):
                    talk.put_away()
                    st.query_params.update(draft.way(one))
                    st.rerun()
                away = f"away-{one.id}"
                if writes:
                    st.button("Put away", key=away, type="tertiary", on_click=draft.put_away, args=(kept, one.id))
                safe.text(f"{one.author}, {full_day(one.at.date())}", "note", width="content")


def charts(*names: str, monthly: tuple[str, ...] = ()) -> Callable[[Journal, str], None]:
    """Return what draws some charts side by side, the monthly ones first."""

    def drawn(_: Journal, edition: str) -> None:
        grid(edition, [*map(by_month, monthly), *(reading.here(metrics.metric(name)) for name in names)])

    return drawn


def far(kept: Journal, _: str) -> None:
    """Draw the goals by horizon, and how EM and PM order them."""
    goals.draw(kept, suggested=False)  # they stand below
    st.subheader("Alignment", anchor=False)
    alignment.draw(kept)
    st.subheader("Suggestions", anchor=False)
    suggestions.draw(kept)


def found(kept: Journal, edition: str) -> None:
    """Draw what customers said by theme, and the numbers that come from them."""
    wanted.findings(hours.since_when(held(), reading.today()))
    charts("escaped_bugs", "bugs_opened", "age_of_open_bugs", "requests")(kept, edition)


def unlocks(kept: Journal, _: str) -> None:
    """Draw what could be unlocked, and what the next sprints are for."""
    wanted.capabilities()
    st.subheader("What the next sprints are for", anchor=False)
    sprint_goals.draw(kept)


def asked_for(kept: Journal, edition: str) -> None:
    """Draw the tools that are asked for, and the hours that tools may give back."""
    wanted.tools()
    charts("ci_wait", "ci_rerun_share", "toil_hours", "interruptions")(kept, edition)


def burning(kept: Journal, _: str) -> None:
    """Draw what may be invested in, and how much is explored."""
    burn_list.draw(kept)
    st.subheader("Exploration", anchor=False)
    exploration.draw(kept)


EVIDENCE: dict[str, Callable[[Journal, str], None]] = {
    "Findings from customers": found,
    "Architecture across teams": charts("pickup_time", "handed_on", monthly=("knowledge_depth", "thinly_known_share")),
    "Capabilities to unlock": unlocks,
    "Tools we need": asked_for,
    "Goals by horizon": far,
    "Big rocks": lambda kept, _: rocks.draw(kept),
    "Burn list and exploration": burning,
}


def _minutes(item: Item) -> str:
    return f"minute {hours.begins(item)} to {hours.begins(item) + item.minutes}"


def _open(name: str) -> None:
    st.session_state["item"] = name


def _begin(kept: Journal) -> None:
    if not talk.running():  # somebody else may have been a moment earlier
        kept.write("hour", {"title": full_day(reading.today()), "begun": _said_now()}, talk.author())


def _end(kept: Journal, hour: Hour) -> None:
    ended = {**hour.entry.answers, "ended": _said_now()}
    kept.write("hour", ended, talk.author(), entry=hour.entry.id, base=hour.entry.version)


def _said_now() -> str:
    return talk.now().isoformat()  # to the last digit: what was kept a moment before the end belongs to the hour


page(reading.edition())
