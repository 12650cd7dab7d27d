"""One talk of a meeting: its topics and what is said, kept as it is typed and shown to everybody in the meeting."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from data.entry import LINE, Entry
from data.journal import Journal
from data.kinds import BY_NAME, TOPIC, title
from metrics import hour as hours
from metrics.hour import Hour, Item
from metrics.words import day
from pages import login, reading, review, safe
from pages.draft import author

LIVE = 2  # seconds until what somebody else typed is shown


def now() -> datetime:
    """Return the moment it is, as the journal keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def running() -> Hour | None:
    """Return the hour that runs, None while there is none."""
    return hours.running(hours.hours(reading.entries()), now())


@st.fragment(run_every=LIVE)
def draw(kept: Journal, item: Item) -> None:
    """Draw the topics of an item of the agenda, what was said, and the places to type in."""
    if st.session_state.get("item") != item.name:  # led elsewhere, and this was drawn again before the page was
        st.rerun()
    entries, hour = reading.entries(), running()
    there = hours.topics(entries, hour.begun if hour else None)
    for topic in [one for one in there if hours.belongs(one) is item]:
        _topic(kept, item, hour, topic)
    if hour:
        with st.container(gap=None, key="said"):
            for one in hours.lines(entries, hour, item):
                safe.text(title(one), "said")
        _line("What is said, and worth keeping", f"say-{item.name}", _say, kept, hour, item)
    if item.talk or item is hours.AGENDA[0]:
        _line("Something to talk about", f"topic-{item.name}", bring, kept, item)


def _topic(kept: Journal, item: Item, hour: Hour | None, topic: Entry) -> None:
    """Draw a topic: what it is, the view it speaks of, what was said about it, and what can come of it."""
    body = topic.answers
    is_open = body.get("state", "open") == "open"
    with st.container(border=True, key=f"talk-{topic.id}", gap="xsmall"):
        safe.text(title(topic), "strong", "h4")
        with st.container(gap=None, key=f"about-{topic.id}"):
            told = hours.lines(reading.entries(), hour, item, topic.id) if hour else []
            for one in told:
                safe.text(title(one), "said")
            if not told and body.get("said"):
                safe.text(body["said"], "said")
        if hour and is_open:
            _line("What is said about it", f"say-{topic.id}", _say, kept, hour, item, topic.id)
        with st.container(horizontal=True, vertical_alignment="center", key=f"ways-talk-{topic.id}"):
            if body.get("view"):
                st.page_link("explore.py", label="Open the chart", query_params=dict(parse_qsl(str(body["view"]))))
            if hour and is_open and login.may_write():
                for label, asked in review.ways(kept, topic).items():
                    key = f"{asked['write']}-{topic.id}"
                    st.button(label, key=key, type="tertiary", on_click=lead, args=(asked,))
                st.button(
                    "Talked about",
                    key=f"done-{topic.id}",
                    type="tertiary",
                    on_click=_talked,
                    args=(kept, topic, [title(one) for one in told]),
                )
            safe.text(_from(topic) if is_open else "Talked about", "note", width="content")


def lead(asked: dict[str, str]) -> None:
    """Lead to the last item of the agenda, with the form of what is asked begun there."""
    put_away()
    st.session_state["item"] = hours.AGENDA[-1].name
    st.query_params.update(asked)


def put_away() -> None:
    """Put the form that was begun away."""
    for name in ("write", "draft", *(field.name for kind in hours.KEPT for field in BY_NAME[kind].fields)):
        st.query_params.pop(name, None)


def _from(topic: Entry) -> str:
    return f"{topic.author}, {day(topic.at.date())}"


def _line(label: str, key: str, keep: Any, *known: Any) -> None:
    """Draw a place for a line. It is kept when it is sent; the browser empties the place itself, so the next can be typed at once."""

    def sent() -> None:
        if typed := str(st.session_state.get(key) or "").strip():
            keep(typed, *known)

    if login.may_write():
        st.chat_input(label, key=key, max_chars=LINE, on_submit=sent)


def _say(typed: str, kept: Journal, hour: Hour, item: Item, topic: str = "") -> None:
    """Keep what was said, unless it was said there before: a line may reach the server twice."""
    if typed in [title(one) for one in hours.lines(kept.entries("said"), hour, item, topic)]:
        return
    body = {"what": typed, "item": item.name, "hour": hour.entry.id, **({"of": topic} if topic else {})}
    kept.write("said", body, author())


def bring(typed: str, kept: Journal, item: Item, about: dict[str, str] | None = None) -> None:
    """Put a topic on the agenda, with what it is about, unless it is there."""
    talk = {"talk": item.talk} if item.talk else {}
    if typed in [title(one) for one in hours.topics(kept.entries("topic"), None) if hours.belongs(one) is item]:
        return
    kept.write(
        TOPIC.name, {"what": typed, "day": f"{reading.today()}", "state": "open", **talk, **(about or {})}, author()
    )


def _talked(kept: Journal, topic: Entry, told: list[str]) -> None:
    said = {"said": "\n".join(filter(None, [topic.answers.get("said"), *told]))} if told else {}
    kept.write(topic.kind, {**topic.answers, **said, "state": "done"}, author(), entry=topic.id, base=topic.version)
