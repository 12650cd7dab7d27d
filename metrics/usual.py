"""The usual range of a metric: what it does when nothing special happens, from a baseline that is dated and stays put."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from math import inf, isnan
from statistics import fmean
from typing import TYPE_CHECKING

from data import asked, query, team

if TYPE_CHECKING:
    import pandas as pd

    from data import Team
    from metrics.metric import Metric

FEWEST, MOST = 6, 26  # periods in a baseline
LIMIT = 2.66  # three standard deviations over d2 = 1.128, for moving ranges of two
WEEK = timedelta(weeks=1)
TURN_OF_THE_YEAR = (51, 52, 53, 1)  # ISO weeks
LONG, SEEN = timedelta(weeks=104), timedelta(weeks=78)
ITS_OWN = "the first periods there are"


@dataclass(frozen=True)
class Usual:
    """The natural process limits of an XmR chart, in the metric's unit, and the periods they were drawn from."""

    low: float
    middle: float
    high: float
    since: date  # the day the baseline starts
    until: date  # the day after it ends
    n: int


@dataclass(frozen=True)
class Stretch:
    """The periods a baseline is made of, oldest first, with a value each, and why it begins where it does."""

    periods: tuple[tuple[date, date, float], ...]  # starts, ends (exclusive), value
    because: str


def usual(metric: "Metric", points: "pd.DataFrame") -> Usual | None:
    """Return the usual range of one slice's points, or None while fewer than six periods of its baseline have a value.

    Give it the whole trend, without `since`; stretches() says which periods make the baseline.
    """
    chosen = stretches(metric, points)
    return limits(chosen[-1], most(metric)) if chosen else None


def most(metric: "Metric") -> float:
    """Return what a metric cannot exceed: all of it, for a share."""
    return 1.0 if metric.fold == "share" else inf


def limits(stretch: Stretch, highest: float = inf) -> Usual | None:
    """Return the limits one baseline gives, none above `highest`, or None while it has fewer than six periods."""
    if len(stretch.periods) < FEWEST:
        return None
    starts, ends, values = zip(*stretch.periods, strict=True)
    middle = fmean(values)
    reach = LIMIT * fmean(abs(b - a) for a, b in pairwise(values))
    low = max(0.0, middle - reach)  # neither a count nor a duration falls below nothing
    return Usual(low, middle, min(highest, middle + reach), starts[0], ends[-1], len(values))


def stretches(metric: "Metric", points: "pd.DataFrame", words: "Team | None" = None) -> tuple[Stretch, ...]:
    """Return the periods of every baseline one slice's points have had, oldest first; the last one is in force.

    The first is the metric's own: the first 26 ordinary periods with a value. Where the history reaches back more than two
    years from the day of the first collection, they are the first 26 of the last 78 weeks before that day: half a year that
    is usual, and a year to look at, from the first day on. That day stays what it was, and so do the periods. The others
    begin on the days team.toml names under [baselines], and are in force from the first period after. Limits that roll
    along would absorb the very change they should show.
    """
    if len(set(points["slice"].tolist())) > 1:
        raise ValueError("a usual range belongs to one slice: choose its points first")
    words = words or team()
    periods = sorted(zip(*(points[name].tolist() for name in ("starts", "ends", "value")), strict=True))
    told = [one for one in periods if not isnan(one[2]) and not special(one[0], one[1], words)]
    if not told:
        return ()
    renewed = [(one.since, one.because or "begun anew by the team") for one in words.baselines.get(metric.name, ())]
    begins = [(_own_start(told[0][0]), ITS_OWN), *renewed]
    found = []
    for place, (since, because) in enumerate(begins):
        until = begins[place + 1][0] if place + 1 < len(begins) else date.max
        kept = tuple(one for one in told if since <= one[0] < until)[:MOST]
        if kept:
            found.append(Stretch(kept, because))
    return tuple(found)


def special(starts: date, ends: date, words: "Team") -> str:
    """Return why a week is shown but left out of what is usual, or nothing for an ordinary one and for every longer period."""
    if ends - starts != WEEK:
        return ""
    for one in words.calendar.special:
        if one.since < ends and starts < one.until:
            return one.what
    return "the turn of the year" if starts.isocalendar().week in TURN_OF_THE_YEAR else ""


def _own_start(first: date) -> date:
    """Return the day from which on a metric's own baseline is taken, given the first period it has."""
    if date.today() - first <= LONG:  # noqa: DTZ011  spares most metrics the question; two years do not hang on an hour
        return first
    begun = _begun(newest.name if (newest := asked()) else "")
    return first if begun is None or begun - first <= LONG else begun - SEEN


@lru_cache(maxsize=4)
def _begun(edition: str) -> date | None:
    """Return the day of the first collection, as an edition tells it to each of some hundred charts; None before there was one."""
    del edition  # it is here to be part of the key
    begun = query("select min(started_at) as begun from syncs having begun is not null")["begun"].dt.date
    return None if begun.empty else begun[0]
