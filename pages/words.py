"""How things are said on pages: the words of metrics/words.py, and those for periods, moments and streams."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from metrics import Metric
from metrics.facets import stands
from metrics.words import SOURCES, amount, capital, day, full_day, number, series, two_figures, unit

__all__ = [
    "SOURCES", "STEPS", "Frame", "amount", "at", "capital", "day", "full_day", "in_words", "inside", "moment", "number", "period", "series", "stands",
    "stream", "two_figures", "unit",
]  # fmt: skip

Frame = Any  # a pandas frame; its own types would call every cell anything at every step
STEPS = {"week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1), "quarter": pd.DateOffset(months=3)}


def period(starts: date, every: str) -> str:
    """Return the name of one period: 9 Nov 2026, November 2026, Q4 2026. It is unique, so it can stand in a link."""
    if every == "month":
        return f"{starts:%B %Y}"
    return f"Q{(starts.month + 2) // 3} {starts.year}" if every == "quarter" else full_day(starts)


def in_words(starts: date, every: str) -> str:
    """Return one period inside a sentence: the week of 9 Nov, October, the quarter from 1 Jul."""
    return {
        "week": f"the week of {day(starts)}",
        "month": f"{starts:%B}",
        "quarter": f"the quarter from {day(starts)}",
    }[every]


def at(metric: Metric, starts: date, every: str) -> str:
    """Return when a value was so: in the week of 9 Nov, or for what is counted as it stands, on its last day."""
    if not stands(metric):
        return f"in {in_words(starts, every)}"
    return f"on {day(pd.Timestamp(starts) + STEPS[every] - timedelta(days=1))}"


def moment(when: datetime | None, zone: str) -> str:
    """Return a zone-less UTC time as the team's clock shows it: Fri 20 Nov 14:05. None is said in words."""
    if when is None or pd.isna(when):
        return "never"
    local = when.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    said = day(local) if local.year == datetime.now(UTC).year else full_day(local)
    return f"{local:%a} {said} {local:%H:%M}"


def inside(metric: Metric) -> str:
    """Return a metric's title for the middle of a sentence. Workflow keeps its capital: it is a thing with a name."""
    return metric.title if metric.title.startswith("Workflow") else metric.title[0].lower() + metric.title[1:]


def stream(name: str, kind: str) -> str:
    """Return the name of a stream as people say it: pull requests."""
    return name.removeprefix(f"{kind}_").replace("_", " ")
