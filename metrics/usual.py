"""The usual range of a metric: what it does when nothing special happens, from a baseline that is dated and stays put."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from data import team

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from metrics.metric import Metric

FEWEST, MOST = 6, 26  # periods in a baseline
LIMIT = 2.66  # three standard deviations over d2 = 1.128, for moving ranges of two


@dataclass(frozen=True)
class Usual:
    """The natural process limits of an XmR chart, in the metric's unit, and the periods they were drawn from."""

    low: float
    middle: float
    high: float
    since: "date"  # the day the baseline starts
    until: "date"  # the day after it ends
    n: int


def usual(metric: "Metric", points: "pd.DataFrame") -> Usual | None:
    """Return the usual range of one slice's points, or None while fewer than six periods have a value.

    Give it the whole trend, without `since`: the baseline is the first 26 periods with a value, or the 26 from the day that
    team.toml names under [baselines]. Limits that roll along would absorb the very change they should show.
    """
    if points["slice"].drop_duplicates().size > 1:
        raise ValueError("a usual range belongs to one slice: choose its points first")
    ordered = points.dropna(subset=["value"]).sort_values("starts")
    dated = team().baselines.get(metric.name)
    told = zip(ordered["starts"], ordered["ends"], ordered["value"], strict=True)
    baseline = [(starts, ends, value) for starts, ends, value in told if not dated or starts >= dated][:MOST]
    if len(baseline) < FEWEST:
        return None
    starts, ends, values = zip(*baseline, strict=True)
    middle = fmean(values)
    reach = LIMIT * fmean(abs(b - a) for a, b in pairwise(values))
    low = max(0.0, middle - reach)  # neither a count nor a duration falls below nothing
    return Usual(low, middle, middle + reach, starts[0], ends[-1], len(baseline))
