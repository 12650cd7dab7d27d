"""Exploration: which share of what was finished in each sprint nobody had to promise anything for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from metrics.intervals import jeffreys
from metrics.pencilled import Calendar

if TYPE_CHECKING:
    import pandas as pd

FEW = 8  # items; of fewer no share is told
KIND = "exploration"


@dataclass(frozen=True)
class Share:
    """A sprint, the share of its finished items that was exploration with its interval at 90 %, and of how many items."""

    starts: date
    value: float | None  # None with too few items
    low: float
    high: float
    n: int


def shares(rows: "pd.DataFrame", calendar: Calendar, sprints: int) -> list[Share]:
    """Return the share of each of so many whole sprints before the one the calendar starts with, the oldest first.

    `rows` are those of the work mix. Empty when nothing at all is marked as exploration: that is unknown, and not 0.
    """
    if not (rows["kind"] == KIND).any():
        return []
    place = rows["happened_at"].map(lambda at: calendar.sprint(at.date()))
    found = []
    for sprint in range(1 - sprints, 1):
        those = rows[place == sprint]
        n, explored = len(those), int((those["kind"] == KIND).sum())
        low, high = jeffreys(explored, n) if n else (0.0, 1.0)
        found.append(Share(calendar.day(sprint), explored / n if n >= FEW else None, low, high, n))
    first = next((nth for nth, one in enumerate(found) if one.n), len(found))
    return found[first:]


def explored(weeks: "pd.DataFrame", history: int) -> float | None:
    """Return the share of exploration in the latest weeks a forecast draws from; None when nothing is marked as such."""
    latest = weeks.tail(history)
    if not weeks["explored"].sum() or not latest["items"].sum():
        return None
    return float(latest["explored"].sum() / latest["items"].sum())


def sentence(found: Sequence[Share], agreed: float | None) -> str:
    """Return the newest share in words, beside what was agreed on."""
    known = [one for one in found if one.value is not None]
    if not known:
        return "How much was exploration is not known yet: no finished work is marked as such."
    last = known[-1]
    beside = "" if agreed is None else f" The share agreed on is {agreed:g} %: a reference, and no target."
    return (
        f"In the last whole sprint {100 * (last.value or 0):.0f} % of {last.n} finished items were exploration"
        f" ({100 * last.low:.0f} to {100 * last.high:.0f} %).{beside}"
    )
