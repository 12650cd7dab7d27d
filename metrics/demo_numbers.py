"""What the numbers say of one week for its demo: the last week that was complete by then, each with what is usual for it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from data import asking, team
from metrics import METRICS, outcomes, trend, usual
from metrics.demo import Figure, Numbers
from metrics.metric import Metric
from metrics.words import day, number, unit

if TYPE_CHECKING:
    from metrics.signals import Mark, Watch

WEEKS = 12  # behind a number that is told as a line, and for which a Workflow is reckoned
TO_CUSTOMERS = "escaped_bugs"
NAMED = {one.name: one for one in METRICS}


@asking()
def numbers(
    week: date, stories: Iterable[str], watched: Sequence["Watch"], rocks: Mapping[str, str] | None = None
) -> Numbers:
    """Return the numbers of a week's demo.

    `stories` are the metrics its stories name, `watched` is what the signal engine says of all metrics, `rocks` when each big
    rock is finished. A metric about people is told as a whole alone.
    """
    of = {name: found for name in stories if name in NAMED and (found := figure(NAMED[name], week))}
    return Numbers(outcome(week), flow(week, watched), figure(NAMED[TO_CUSTOMERS], week), of, rocks or {})


def figure(metric: Metric, week: date) -> Figure | None:
    """Return a metric's number in the last week that was complete as a week began, None where there is none."""
    history = trend(metric)
    points = history[history["ends"] <= week] if len(history) else history
    if points.empty or pd.isna(points["value"].iloc[-1]):
        return None
    band, last = usual(metric, points), points.iloc[-1]
    told = f"{metric.title}, week of {day(last['starts'])}"
    told += f"; usually {number(band.low, metric)} to {number(band.high, metric)}" if band else ""
    shown = points["value"].tail(WEEKS)
    return Figure(
        f"{number(last['value'], metric)}{unit(metric)}",
        told,
        points=tuple(None if pd.isna(one) else float(one) for one in shown),
        band=(band.low, band.high) if band else None,
    )


def flow(week: date, watched: Sequence["Watch"]) -> Figure | None:
    """Return the number that moved in the week before, if one did: what began to be a signal first, then an unusual week."""
    told: list[tuple[int, Watch]] = []
    for one in watched:
        for before, mark in pairwise(sorted(one.marks, key=lambda mark: mark.starts)):
            if mark.starts == week - timedelta(weeks=1) and (kind := _moved(before, mark)):
                told.append((kind, one))
    for kind, one in sorted(told, key=lambda pair: pair[0]):
        metric = NAMED[one.metric]
        if found := figure(metric, week):
            head = f"{metric.title} {'moved' if kind == 1 else 'had an unusual week'}"
            return Figure(found.number, found.about.partition(", ")[2], head, found.points, found.band)
    return None


def outcome(week: date) -> Figure | None:
    """Return what the Workflow gave back that gave most, over the twelve weeks before a week, None where none can tell."""
    since = week - timedelta(weeks=WEEKS)
    found = [outcomes.reclaimed(one.name, since, week) for one in team().workflows]
    told = [(one, one.platform) for one in found if one.platform and one.platform.low > 0]
    if not told:
        return None
    one, back = max(told, key=lambda pair: pair[1].value)
    about = "hours of platform work that did not happen in twelve weeks"
    return Figure(outcomes.ends(back), about, f"Hours that '{one.workflow}' gave back")


def _moved(before: "Mark", mark: "Mark") -> int:
    """Return 1 where a mark begins to be a signal, 2 for an unusual week, 0 for neither."""
    if mark.special or mark.value is None:
        return 0
    if mark.level == "signal" and before.level != "signal":
        return 1
    return 2 if mark.unusual else 0
