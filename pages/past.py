"""The past: a day is chosen over the page, and all of it is as people saw it at the end of that day. A lake alone keeps that."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date
from zoneinfo import ZoneInfo

import streamlit as st

import data
from data.editions import kept_since, newest_of_all
from pages import reading, safe, sentences, words
from pages.reading import PAST

FIRST = date(1990, 1, 1)  # no day before can be chosen
ALONE = "Only a lake keeps how it was seen on another day, and here is none, so this is how it is now."


def picker(page: str) -> str | None:
    """Draw the choice of a day, where a lake keeps the past of a page. Returns why the day of a link could not be chosen."""
    if page not in PAST:
        return None
    asked = st.query_params.get("seen")
    try:
        since = kept_since(data.company())
    except data.CairnError:
        return ALONE if asked else None
    today = reading.today()
    first = since.replace(tzinfo=UTC).astimezone(ZoneInfo(data.team().timezone)).date() if since else FIRST
    day = st.date_input(
        "As seen on",
        value=None,
        min_value=min(first, today),
        max_value=today,
        format="YYYY-MM-DD",
        key="seen",
        bind="query-params",
        width=160,
    )
    return None if day or not asked else _refused(asked, first, today)


@contextmanager
def shown() -> Iterator[data.Edition]:
    """Let all that is asked within go to the edition of the day that was chosen; where it cannot, say so and end the page."""
    day = reading.seen()
    if day is None:
        yield newest_of_all()
        return
    try:
        with st.spinner("Bringing the edition of that day from the lake"):
            found = data.as_of(reading.until())
    except data.CairnError as error:
        with st.container(key="past"):
            for line in str(error).splitlines():
                safe.text(line)
            _back()
        st.stop()
    with data.asking(found):
        yield found


def said(edition: data.Edition, day: date) -> None:
    """Say as on which day all below is shown, by which edition, and what was not read to its end then."""
    zone = data.team().timezone
    with st.container(key="past"):
        safe.text(
            f"As seen on {words.full_day(day)}: the edition of {words.moment(edition.at, zone)}. What was learned since is not"
            " here; what people wrote down is from now.",
            "strong",
        )
        half = reading.health(edition.name, "unfinished")
        if len(half):
            safe.text(f"Not read to the end then: {sentences.unfinished(half)}.")
        _back()


def drawn(draw: Callable[[], None], title: str) -> None:
    """Draw a chart; where an edition of the past does not hold what it needs, say so in its place."""
    try:
        draw()
    except data.OlderError as error:
        safe.text(title, "sentence", "h3")
        safe.text(error)


def _back() -> None:
    st.button("Show it as it is now", key="now", type="tertiary", on_click=_now)


def _now() -> None:
    st.session_state["seen"] = None


def _refused(asked: str, first: date, today: date) -> str | None:
    """Return why a day of a link is not shown; None where it could be, and is no longer chosen."""
    try:
        day = date.fromisoformat(asked) if re.fullmatch(r"\d{4}-\d\d-\d\d", asked, re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        why = "The link asks for a day that is none"
    elif day < first:
        why = f"The lake keeps nothing as old as {words.full_day(day)} any more"
    elif day > today:
        why = f"{words.full_day(day)} has not come yet"
    else:
        return None
    return f"{why}, so this is how it is now. Choose a day from {words.full_day(first)} on."
