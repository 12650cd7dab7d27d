"""How numbers, days and lists are said: to two figures and as people speak them, and without rounding for scripts."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from metrics.metric import Metric

if TYPE_CHECKING:
    import pandas as pd

SOURCES = {"github": "GitHub", "jira": "Jira", "usage": "the usage files"}
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


def counted(count: int) -> str:
    """Return a number of things as it is said: two, 14."""
    return COUNTED[count] if count < len(COUNTED) else f"{count:,}"


def amount(count: int, thing: str) -> str:
    """Return a number of things in words: two measures, 14 rows, three stories."""
    many = f"{thing.removesuffix('y')}ies" if thing.endswith("ory") else f"{thing}s"
    return f"{counted(count)} {thing if count == 1 else many}"


def series(parts: Sequence[str]) -> str:
    """Return parts joined as in a sentence: a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1] if parts else ""]))


def capital(sentence: str) -> str:
    """Return a sentence with a capital in front, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def markdown(text: object) -> str:
    """Return text on one line so that Markdown shows it as it stands and takes no part of it for its own."""
    line = " ".join(str(text or "").split())
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|!~" else char for char in line)


def instant(when: date) -> str:
    """Return a day for scripts as YYYY-MM-DD, and a moment, which is zone-less UTC, with a Z behind it."""
    return when.isoformat() + "Z" if isinstance(when, datetime) else when.isoformat()


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows of a frame for scripts: what is missing is None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
