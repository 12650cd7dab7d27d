"""What a demo tells, kept as long as neither the edition nor the journal changes: slides, how fresh they are, proposals."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import streamlit as st

import data
from data import journal, kinds
from data.entry import Entry
from metrics import demo, demo_numbers
from metrics import proposals as offers
from metrics.demo import Slide
from metrics.plan import reach
from metrics.proposals import Proposal
from metrics.words import amount
from pages import pencil, picture, reading, words
from pages.slide import Picture

OLD = timedelta(hours=24)


def slides(edition: str, week: date | None = None) -> tuple[Slide, ...]:
    """Return the slides of a week, given by its first day; of the newest that has a story where none is given."""
    today, last = reading.today(), _last()
    return _slides(edition, last, week or _newest(edition, last, today), today)


def pictures(edition: str, told: Sequence[Slide]) -> dict[str, Picture]:
    """Return the pictures of some slides by their ids. They are kept apart: a wall asks for its slides every second."""
    wanted = [one.picture for one in told if one.picture]
    last = _last() if wanted else 0
    found = {id_: _picture(edition, last, id_) for id_ in wanted}
    return {id_: there for id_, there in found.items() if there}


def proposals(edition: str, week: date) -> tuple[Proposal, ...]:
    """Return what a week's demo could tell."""
    return _proposals(edition, week)


def fresh(edition: data.Edition, now: datetime, old: timedelta = OLD) -> str:
    """Return to when the numbers are complete, in words where that is long ago. A made-up company does not grow old."""
    if edition.company == "sandbox":
        return "A made-up company"
    complete = reading.health(edition.name, "complete")
    complete = complete[complete["kind"] != "usage"]["complete_to"]
    if not len(complete) or complete.isna().any():
        return "Not read to the end yet"
    gone = now - complete.min()
    if gone > old:
        return f"These numbers are {amount(gone.days, 'day')} old"
    return f"Complete to {words.moment(complete.min(), data.team().timezone)}"


def _last() -> int:
    return journal.journal().last() if journal.begun() else 0


@st.cache_data(max_entries=16, show_spinner=False)
def _proposals(edition: str, week: date) -> tuple[Proposal, ...]:
    del edition
    return tuple(offers.proposals(week))


@st.cache_data(max_entries=32, show_spinner=False)
def _picture(edition: str, last: int, entry: str) -> Picture | None:
    del edition, last
    found = picture.of(journal.journal(), entry)
    return Picture(str(found.answers.get("picture")), kinds.title(found)) if found else None


@st.cache_data(max_entries=4, show_spinner=False)
def _newest(edition: str, last: int, today: date) -> date:
    return demo.newest(demo.known(_versions(edition, last), today), today)


@st.cache_data(max_entries=64, show_spinner=False)
def _slides(edition: str, last: int, week: date, today: date) -> tuple[Slide, ...]:
    told = demo.known(_versions(edition, last), week)
    named = [str(one.answers.get("metric") or "") for one in demo.of_week(told, "story", week)]
    watched = reading.whole_watches(edition)
    rocks = _rocks() if week == demo.monday(today) and last else {}
    numbers = demo_numbers.numbers(week, named, watched, rocks)
    return demo.demo(told, week, today, data.team().name, numbers)


@st.cache_data(max_entries=2, show_spinner=False)
def _versions(edition: str, last: int) -> Sequence[Entry]:
    del edition  # the team's and the sandbox's editions have a journal each
    return journal.journal().versions() if last else []


def _rocks() -> dict[str, str]:
    """Return when each big rock is finished, as the forecast of today says it."""
    read = pencil.read(journal.journal())
    return {one.rock.id: reach(one) for one in read.forecast().finishes} if read.rocks else {}
