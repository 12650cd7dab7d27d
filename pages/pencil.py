"""The plan as it was pencilled: the grid, the rocks, and what Jira says of them, read once for all parts of the page."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from data import kinds
from data.entry import Entry
from data.journal import Journal
from metrics import exploration, pencilled, plan
from metrics import planned as jira
from metrics.forecast import HISTORY, Record, backtest
from metrics.pencilled import Calendar, Row
from metrics.plan import SPRINTS, Forecast, Plan, Rock
from pages import reading

RECORDS = 1, 2, SPRINTS  # sprints ahead


@dataclass(frozen=True)
class Pencilled:
    """What was pencilled, seen from today: six sprints, the one we are in among them."""

    calendar: Calendar
    capacity: Entry | None
    grid: tuple[Row, ...]
    rocks: tuple[tuple[Entry, Rock], ...]
    light: dict[int, str]
    agreed: float | None  # exploration, in per cent
    plan: Plan
    weeks: pd.DataFrame  # finished, by week
    done: pd.DataFrame  # of each rock, by day
    sized: dict[str, date]  # the day the present size of each rock was written down

    def forecast(self, plan: Plan | None = None) -> Forecast:
        """Return what the plan, or another one, comes to with the team's own weeks."""
        return _forecast(plan or self.plan, tuple(self.weeks["items"]))

    def records(self) -> list[Record]:
        """Return how often past forecasts held, one sprint ahead, two, and all there are."""
        return _records(tuple(self.weeks["items"]), self.calendar.weeks)


def read(kept: Journal) -> Pencilled:
    """Return the newest capacity, the rocks that are open in their order, and the plan they make."""
    edition, today = reading.edition(), reading.today()
    calendar, weeks = _calendar(edition, today), _finished(edition)
    capacity = next(iter(kept.entries("capacity")), None)
    body = (capacity.body if capacity else None) or {}
    grid, light, said = seen(body, calendar)
    kept_out = agreed(body)
    open_ = [one for one in kept.entries("rock") if one.answers.get("state", "open") == "open"]
    open_.sort(key=lambda one: (_order(one.answers), one.seq))
    told = _told(kept, {one.id for one in open_})
    epics = {one.id: pencilled.words(one.answers.get("epics")) for one in open_}
    since = min([told[one.id] for one in open_], default=today)
    done = _done(edition, tuple(epics.items()), since) if open_ else pd.DataFrame(columns=["rock", "day", "items"])
    rocks = tuple(
        (one, pencilled.rock(one.id, one.answers, calendar, _since(done, one.id, told[one.id]))) for one in open_
    )
    part = max(0, (today - calendar.first).days) / (7 * calendar.weeks)
    made = pencilled.plan(
        grid,
        [rock for _, rock in rocks],
        weeks=calendar.weeks,
        light=light,
        exploration=(kept_out or 0) / 100,
        explored=exploration.explored(weeks, HISTORY) or 0,
        left=1 - min(1.0, part),
    )
    return Pencilled(calendar, capacity, tuple(grid), rocks, said, kept_out, made, weeks, done, told)


def seen(body: dict[str, Any], calendar: Calendar) -> tuple[list[Row], tuple[float, ...], dict[int, str]]:
    """Return a grid and its light sprints as they stand in the sprints looked at."""
    first = kinds.day(body.get("first"))
    passed = max(0, Calendar(first, calendar.weeks).sprint(calendar.first) - 1) if first else 0
    return pencilled.later(pencilled.rows(body.get("people")), passed), *pencilled.light(body.get("light"), passed)


def agreed(body: dict[str, Any]) -> float | None:
    """Return the share of exploration that was agreed on, in per cent; None where nobody said."""
    share = body.get("exploration")
    return min(100.0, max(0.0, float(share))) if isinstance(share, (int, float)) else None


def begun(its: Pencilled, entry: Entry) -> date:
    """Return the day from which what is done of a rock counts: that of its size, or the later one it can begin on."""
    return max(filter(None, (its.sized[entry.id], kinds.day(entry.answers.get("earliest")))))


def planned(body: dict[str, Any]) -> date | None:
    """Return the last day a rock is planned for."""
    return kinds.day(body.get("planned"))


def last_day(calendar: Calendar, sprint: int) -> date:
    """Return the last day of a sprint."""
    return calendar.day(sprint + 1) - timedelta(days=1)


def _told(kept: Journal, rocks: set[str]) -> dict[str, date]:
    """Return the day the present size of each rock was written down."""
    versions: dict[str, list[tuple[date, dict[str, Any]]]] = {}
    for one in kept.versions():
        if one.id in rocks:
            versions.setdefault(one.id, []).append((one.at.date(), one.answers))
    return {rock: pencilled.sized(told) for rock, told in versions.items()}


def _since(done: pd.DataFrame, rock: str, day: date) -> float:
    return float(done[(done["rock"] == rock) & (pd.to_datetime(done["day"]).dt.date >= day)]["items"].sum())


def _order(body: dict[str, Any]) -> float:
    told = body.get("order")
    return float(told) if isinstance(told, (int, float)) else float("inf")


@st.cache_data(max_entries=4, show_spinner=False)
def _calendar(edition: str, day: date) -> Calendar:
    del edition
    return jira.calendar(day)


@st.cache_data(max_entries=4, show_spinner=False)
def _finished(edition: str) -> pd.DataFrame:
    del edition
    return jira.finished()


@st.cache_data(max_entries=16, show_spinner=False)
def _done(edition: str, epics: tuple[tuple[str, tuple[str, ...]], ...], since: date) -> pd.DataFrame:
    del edition
    return jira.done(dict(epics), since)


@lru_cache(64)
def _forecast(its: Plan, finished: tuple[float, ...]) -> Forecast:
    return plan.forecast(its, finished)


@lru_cache(8)
def _records(finished: tuple[float, ...], weeks: int) -> list[Record]:
    return [backtest(finished, sprints * weeks, every=weeks) for sprints in RECORDS]
