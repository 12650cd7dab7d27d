"""How things are said: numbers to two figures, dates as people speak them, lists as in a sentence."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from metrics import Metric

Frame = Any  # a pandas frame; its own types would call every cell anything at every step
SOURCES = {"github": "GitHub", "jira": "Jira"}
STEPS = {"week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1), "quarter": pd.DateOffset(months=3)}
COUNTED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number(value: float, metric: Metric) -> str:
    """Return the value as it is read aloud: counts whole, everything else to two figures, shares in per cent."""
    if metric.fold == "share":
        return f"{two_figures(value * 100)} %"
    whole = metric.fold in {"count", "balance"} or (metric.fold == "sum" and float(value).is_integer())
    return f"{value:,.0f}" if whole else two_figures(value)


def two_figures(value: float) -> str:
    """Return the value rounded to two figures: 0.034, 1.2, 14, 140, 1,400."""
    if not value or not math.isfinite(value):
        return "0"
    places = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(places, 0)}f}"


def unit(metric: Metric) -> str:
    """Return the unit to stand behind a number, with a space in front; a share carries its own sign."""
    return "" if metric.fold == "share" else f" {metric.unit}"


def day(when: date) -> str:
    """Return a day without its year: 2 Nov."""
    return f"{when.day} {when:%b}"


def full_day(when: date) -> str:
    """Return a day with its year: 2 Nov 2026."""
    return f"{day(when)} {when.year}"


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


def stands(metric: Metric) -> bool:
    """Tell if the metric says how things stood at the end of a period, so that the same row counts in many periods."""
    return metric.fold == "balance" or re.search(r"\bperiods\b", metric.sql) is not None


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


def amount(count: int, thing: str) -> str:
    """Return a number of things in words: two measures, 14 rows."""
    return f"{COUNTED[count] if count < len(COUNTED) else f'{count:,}'} {thing}{'' if count == 1 else 's'}"


def series(parts: Sequence[str]) -> str:
    """Return parts joined as in a sentence: a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1] if parts else ""]))


def capital(sentence: str) -> str:
    """Return a sentence with a capital in front, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]
