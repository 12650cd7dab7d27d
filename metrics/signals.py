"""Signals: which metrics moved away from what is usual for them, and how sure that is.

One engine for every metric: an exponentially weighted mean of its straightened series, against a frozen baseline and aware that
a week resembles the one before (Lucas and Saccucci 1990 for the chart). Its thresholds were set by simulation for charts read
every week for a year; tests/test_signals.py measures them again. Only weekly series are watched.

Three things keep it honest. What stands further than three standard deviations off counts as three: one odd week is an unusual
week and cannot be a shift. How much weeks resemble each other cannot be told from 26 of them, so the team's charts lend each
other strength (Efron and Morris 1975): that holds the false signals at 5 % a chart-year for weeks that are independent and for
weeks that are not, and sees 2 standard deviations within 8 weeks in 90 % where they are. What says how things stand speaks for
itself alone, for the same things are in one week and the next. And what wanders is watched by how it changes.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import exp, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from data import OlderError, asking, team
from metrics.metric import trend
from metrics.usual import WEEK, Stretch, special, stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from data import Team
    from metrics.metric import Metric

Level = Literal["look", "signal"]
State = Literal["too few", "usual", "unusual", "look", "shift", "gap"]

FEWEST = 12  # periods in a baseline that something can be held against
WEIGHT = 0.2  # of the newest week in the moving mean
CUT = 3.0  # standard deviations that one week counts at most
RARE = 1e-4  # how often, on each side, a week of a calm normal series is called unusual
USUALLY = 0.2  # how much a week resembles the next where nothing is known: what weekly series of teams show
MOST_ALIKE = 0.6  # beyond this a series wanders
TOGETHER = 10  # charts from which on they say more about each other than experience with other teams does
LEAST_SPREAD = 1.0  # one item a week: what is counted comes whole
SURE = 0.95  # each side of a 90 % interval
FALSE_A_YEAR = 0.05  # signals a metric gives in a year in which nothing happened
LOOKS = 4  # times as many false looks
FEW = 3  # rows a week has to have to be held against others; a number to show needs the metric's own minimum
CHANGE = "change of "

# Evidence above which a chart with a baseline of so many weeks speaks falsely in such a share of years. Measured on 120,000
# normal charts with CUT: alone on weeks that resemble each other by .25, together half on such and half on independent ones.
WEEKS = (12, 26, 52)
ALONE = {
    0.001: (6.98, 5.80, 5.10),
    0.002: (6.70, 5.52, 4.86),
    0.005: (6.21, 5.12, 4.49),
    0.01: (5.85, 4.80, 4.21),
    0.02: (5.42, 4.48, 3.93),
    0.05: (4.80, 3.98, 3.54),
    0.1: (4.26, 3.56, 3.20),
    0.2: (3.65, 3.11, 2.83),
}
SHARED = {
    0.001: (6.71, 5.25, 4.62),
    0.002: (6.38, 5.01, 4.45),
    0.005: (5.95, 4.70, 4.18),
    0.01: (5.57, 4.43, 3.95),
    0.02: (5.17, 4.15, 3.73),
    0.05: (4.57, 3.74, 3.40),
    0.1: (4.07, 3.40, 3.12),
    0.2: (3.52, 3.02, 2.81),
}


@dataclass(frozen=True)
class Baseline:
    """What was usual, frozen and dated: the periods from `since` up to `until` (excluded), n of them with a value.

    `mean`, `sd` and `phi` (how much one period resembles the next) are in transformed units; `because` is the reason given.
    """

    since: date
    until: date
    n: int
    mean: float
    sd: float
    phi: float
    transform: str
    because: str


@dataclass(frozen=True)
class Mark:
    """One period in or after the baseline: the value in the metric's unit, and what the engine makes of it."""

    starts: date
    value: float | None
    evidence: float | None
    level: Level | None
    unusual: bool
    special: str  # why the period is left out of limits and evidence, "" for an ordinary one


@dataclass(frozen=True)
class Signal:
    """That a metric moved: since when, from where to where, in the metric's unit; low and high enclose after - before.

    `before` is the middle of the baseline, `after` the median of the periods since; where the metric wanders, its value at
    the end of the period before and now. The interval is a 90 % one, from the spread of both sides and how much a week
    resembles the next. It does not know that `since` was chosen because the change looks largest from there.
    """

    metric: str
    slice: str
    kind: Literal["unusual", "look", "shift"]
    since: date
    until: date
    before: float
    after: float
    low: float
    high: float
    direction: Literal["up", "down"]
    evidence: float


@dataclass(frozen=True)
class Watch:
    """One slice of a metric as the engine sees it; `state` is that of its latest complete period."""

    metric: str
    slice: str
    state: State
    baseline: Baseline | None
    marks: tuple[Mark, ...]
    signal: Signal | None
    earlier: tuple[Baseline, ...] = ()  # baselines that were in force before, oldest first: their limits stay drawn
    false: float = 0.0  # signals it gives in a year in which nothing happens


@dataclass(frozen=True)
class Alike:
    """How much a week resembles the next in the team's charts: the mean, and the variance between charts."""

    mean: float
    variance: float


@dataclass(frozen=True)
class _Chart:
    """One slice of a metric, straightened by its baseline in force; `own` is what its baseline alone says of phi."""

    metric: str
    slice: str
    periods: tuple[tuple[date, date, float, str], ...]  # starts, ends, value (nan without one), special
    shown: tuple[bool, ...]  # whether the rows of a period are enough to show its value
    series: "NDArray[np.float64]"  # one number a period, nan where it is left out
    stands: bool  # the same row counts in many periods
    baseline: Baseline | None
    own: float
    earlier: tuple[tuple[Baseline, float], ...]


@asking()
def watches(metrics: "Iterable[Metric] | None" = None, by: Literal["area", "kind"] | None = None) -> list[Watch]:
    """Return every metric as the engine sees it, in their order, or every slice of every metric; each is asked once.

    How alike weeks are, the charts say together. The slices of a metric share the false signals that it may give. A metric
    about people is not cut into slices.
    """
    if metrics is None:
        from metrics import METRICS  # noqa: PLC0415  the list is made of metrics, and this room is one of its parts

        metrics = METRICS
    words = team()
    charts = [
        [_chart(metric, points, words) for points in _slices(metric, by)] or [_nothing(metric)]
        for metric in metrics
        if not (by and metric.private)
    ]
    together = alike([one for slices in charts for one in slices])
    return [
        _read(one, together, sum(told.baseline is not None for told in slices)) for slices in charts for one in slices
    ]


def watch(metric: "Metric", points: "pd.DataFrame", together: Alike | None = None) -> Watch:
    """Return one slice of a metric as the engine sees it. Give it the whole trend of the slice, without `since`.

    A chart by itself has wider limits than one among the team's charts: the verdict to show is that of watches().
    """
    return _read(_chart(metric, points, team()), together, 1)


def expected_false(watched: "Iterable[Watch]") -> float:
    """Return how many signals these charts give in a year in which nothing happens."""
    return sum(one.false for one in watched)


def _thin(metric: "Metric", by: Literal["area", "kind"] | None) -> "pd.DataFrame":
    """Return the whole trend of a metric, weeks with few rows included: many weeks together say what one of them cannot."""
    return trend(metric if metric.private else replace(metric, minimum=min(metric.minimum, FEW)), by=by)


def _slices(metric: "Metric", by: Literal["area", "kind"] | None) -> "list[pd.DataFrame]":
    """Return the trend of each slice of a metric, none where an edition of the past does not hold what it needs."""
    try:
        return [points for _, points in _thin(metric, by).groupby("slice")]
    except OlderError:
        return []


# The arithmetic, for one series or for many at once (the last axis is time)


def own_phi(series: "ArrayLike") -> "NDArray[np.float64]":
    """Return the lag-1 autocorrelation of a baseline, corrected for its bias in short series (Kendall 1954)."""
    values = np.asarray(series, float)
    n = values.shape[-1]
    apart = values - values.mean(-1, keepdims=True)
    r = (apart[..., 1:] * apart[..., :-1]).sum(-1) / (apart * apart).sum(-1)
    return r + (1 + 4 * r) / n


def shrunk_phi(own: "ArrayLike", n: "ArrayLike", together: Alike | None = None) -> "NDArray[np.float64]":
    """Return how much a week resembles the next: what a chart says itself, drawn towards what is known of others."""
    noise = 1 / np.asarray(n, float)
    if together is None:
        weight, towards = 1 / (1 + 20 * noise), USUALLY
    else:
        weight, towards = together.variance / (together.variance + noise), together.mean
    return np.clip(weight * np.asarray(own, float) + (1 - weight) * towards, 0, MOST_ALIKE)


def alike(charts: "Sequence[_Chart]") -> Alike | None:
    """Return how alike weeks are in some charts, None while there are too few to say."""
    told = [
        (one.own, one.baseline.n)
        for one in charts
        if one.baseline and not one.stands and not one.baseline.transform.startswith(CHANGE)
    ]
    return pooled(*zip(*told, strict=True)) if len(told) >= TOGETHER else None


def pooled(own: "ArrayLike", n: "ArrayLike") -> Alike:
    """Return mean and variance of phi over charts (the last axis), from what each says itself; experience counts as two."""
    told = np.asarray(own, float)
    count = told.shape[-1]
    mean = (told.sum(-1) + 2 * USUALLY) / (count + 2)
    variance = np.maximum(0, told.var(-1, ddof=1) - (1 / np.asarray(n, float)).mean())
    return Alike(mean, variance)


def evidence(apart: "ArrayLike", phi: "ArrayLike") -> "NDArray[np.float64]":
    """Return the evidence after each week since the baseline; `apart` is (value - mean) / sd, nan for a week left out."""
    return np.abs(_moving(apart)) / np.sqrt((1 + np.asarray(phi, float)) / (1 - np.asarray(phi, float)))[..., None]


def _moving(apart: "ArrayLike") -> "NDArray[np.float64]":
    """Return the moving mean after each week in units of its own standard deviation, with its sign."""
    cut = np.clip(np.asarray(apart, float), -CUT, CUT)
    here = ~np.isnan(cut)
    new, kept = np.where(here, WEIGHT * cut, 0), np.where(here, 1 - WEIGHT, 1)
    means, mean = np.empty(cut.shape), np.zeros(cut.shape[:-1])
    for week in range(cut.shape[-1]):
        mean = new[..., week] + kept[..., week] * mean
        means[..., week] = mean
    seen = np.maximum(here.cumsum(-1), 1)
    spread = np.sqrt(WEIGHT / (2 - WEIGHT) * (1 - (1 - WEIGHT) ** (2 * seen)))
    return np.where(here, means / spread, np.nan)


def threshold(n: int, false: float = FALSE_A_YEAR, *, together: bool = False) -> float:
    """Return the evidence above which a chart with a baseline of n weeks speaks, by how often it may do so falsely in a year."""
    table = SHARED if together else ALONE
    here = [np.interp(n, WEEKS, row) for row in table.values()]
    return float(np.interp(np.log(false), np.log(list(table)), here))


def reach(n: int) -> float:
    """Return how many standard deviations from the mean of n weeks a single week has to lie to be called unusual."""
    return _t(n - 1, 1 - RARE) * sqrt(1 + 1 / n)


def _t(df: float, share: float) -> float:
    """Return a quantile of Student's t by its expansion from the normal one (Abramowitz and Stegun 26.7.5), for df >= 4."""
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / df**power for power, term in enumerate(terms, 1))


# From points to a chart


def stands(metric: "Metric") -> bool:
    """Return whether a metric says how things stood at the end of a period, so that the same row counts in many periods."""
    return metric.fold == "balance" or re.search(r"\bperiods\b", metric.sql) is not None


def straight(transform: str, values: "ArrayLike", n: "ArrayLike", least: float) -> "NDArray[np.float64]":
    """Return values so that what is usual is spread evenly; n are the rows of each, `least` the smallest a log is taken of."""
    told, rows = np.asarray(values, float), np.asarray(n, float)
    if transform.startswith(CHANGE):
        inside = straight(transform.removeprefix(CHANGE), told, rows, least)
        known = np.flatnonzero(~np.isnan(inside))
        changed = np.full(inside.shape, np.nan)
        changed[known[1:]] = np.diff(inside[known])
        return changed
    if transform == "root":
        return 2 * np.sqrt(told + 3 / 8)
    if transform == "log":
        return np.log(np.maximum(told, least))
    if transform == "logit":
        return np.log((told * rows + 0.5) / (rows - told * rows + 0.5))
    return told


def _bent(transform: str, value: float) -> float:
    """Return a straightened value in the metric's unit again."""
    if transform == "root":
        return max(value, 0) ** 2 / 4 - 3 / 8
    if transform == "log":
        return exp(value)
    return 1 / (1 + exp(-value)) if transform == "logit" else value


def _chart(metric: "Metric", points: "pd.DataFrame", words: "Team") -> _Chart:
    """Return the points of one slice, straightened, with the baselines they were and are held against."""
    told = sorted(zip(*(points[name].tolist() for name in ("starts", "ends", "value", "n")), strict=True))
    if not told:
        return _nothing(metric)
    periods = tuple((starts, ends, value, special(starts, ends, words)) for starts, ends, value, _ in told)
    rows = np.array([count for *_, count in told], float)
    slice_, shown = str(points["slice"].iloc[0]), tuple(bool(count >= metric.minimum) for count in rows)
    weekly = all(ends - starts == WEEK for starts, ends, _, _ in periods)
    found = [_baseline(metric, periods, rows, one) for one in stretches(metric, points, words)] if weekly else []
    earlier = tuple((one[0], one[1]) for one in found[:-1] if one)
    newest = found[-1] if found else None
    if newest is None:
        return _Chart(metric.name, slice_, periods, shown, np.array([]), stands(metric), None, 0.0, earlier)
    baseline, own, series = newest
    return _Chart(metric.name, slice_, periods, shown, series, stands(metric), baseline, own, earlier)


def _nothing(metric: "Metric") -> _Chart:
    return _Chart(metric.name, "all", (), (), np.array([]), stands(metric), None, 0.0, ())


def _baseline(
    metric: "Metric", periods: "Sequence[tuple[date, date, float, str]]", rows: "NDArray[np.float64]", stretch: Stretch
) -> "tuple[Baseline, float, NDArray[np.float64]] | None":
    """Return a baseline (phi still to come), what it says of phi itself, and the whole series straightened by it.

    None while it has fewer than twelve periods, or when they are all the same and tell nothing about what is usual.
    """
    since, until = stretch.periods[0][0], stretch.periods[-1][1]
    values = np.array([value if not left_out else np.nan for _, _, value, left_out in periods])
    inside = np.array([since <= starts < until for starts, *_ in periods]) & ~np.isnan(values)
    if inside.sum() < FEWEST:
        return None
    transform, least = _transform(metric, values[inside])
    series = straight(transform, values, rows, least)
    own = _own(series[inside])
    if metric.fold == "balance" or own > MOST_ALIKE:
        transform = CHANGE + transform
        series = straight(transform, values, rows, least)
        inside &= ~np.isnan(series)
        own = _own(series[inside])
    usual = series[inside]
    sd = float(usual.std(ddof=1))
    if metric.fold in {"count", "balance"} and transform.endswith("raw"):
        sd = max(sd, LEAST_SPREAD)
    if sd < 1e-9 * max(1.0, abs(float(usual.mean()))):
        return None
    made = Baseline(since, until, len(usual), float(usual.mean()), sd, 0.0, transform, stretch.because)
    return made, own, series


def _transform(metric: "Metric", usual: "NDArray[np.float64]") -> tuple[str, float]:
    """Return how a metric is straightened, given its usual values, and the smallest value a log is taken of."""
    above = usual[usual > 0]
    if metric.fold == "balance" or usual.min() < 0 or not len(above):
        return "raw", 1.0
    if metric.signal == "root" and usual.var(ddof=1) < 2 * usual.mean():
        return "raw", 1.0  # the root makes rises of small counts slower to see
    return metric.signal, float(above.min()) / 2


def _own(series: "NDArray[np.float64]") -> float:
    return float(own_phi(series)) if series.std() > 0 else 0.0


# From a chart to what it says


def _read(chart: _Chart, together: Alike | None, among: int) -> Watch:
    """Return what a chart says about each of its periods, and about the latest, as one among some that share an allowance."""
    together = None if chart.stands else together

    def settled(baseline: Baseline, own: float) -> Baseline:
        return replace(baseline, phi=float(shrunk_phi(own, baseline.n, together)))

    earlier = tuple(settled(*one) for one in chart.earlier)
    if chart.baseline is None:
        return Watch(chart.metric, chart.slice, "too few", None, (), None, earlier)
    baseline = settled(chart.baseline, chart.own)
    after = np.array([starts >= baseline.until for starts, *_ in chart.periods])
    apart = np.where(after, (chart.series - baseline.mean) / baseline.sd, np.nan)
    sure = evidence(apart[None, :], np.array([baseline.phi]))[0]
    false = FALSE_A_YEAR / among
    look, signal = (threshold(baseline.n, rate, together=together is not None) for rate in (LOOKS * false, false))
    far = reach(baseline.n)
    marks = tuple(
        Mark(
            starts,
            value if enough and not np.isnan(value) else None,
            None if np.isnan(found) else float(found),
            "signal" if found > signal else "look" if found > look else None,
            bool(abs(distance) > far),
            left_out,
        )
        for (starts, _, value, left_out), enough, found, distance in zip(
            chart.periods, chart.shown, sure, apart, strict=True
        )
        if starts >= baseline.since
    )
    state, moved = _latest(chart, baseline, marks, apart)
    return Watch(chart.metric, chart.slice, state, baseline, marks, moved, earlier, false)


def _latest(
    chart: _Chart, baseline: Baseline, marks: tuple[Mark, ...], apart: "NDArray[np.float64]"
) -> tuple[State, Signal | None]:
    """Return the state of the latest complete period. A special week, or one without a value, leaves it as it was."""
    if _silent(chart, baseline):
        return "gap", None
    told = [mark for mark in marks if mark.evidence is not None]
    if not told:
        return "usual", None
    last = told[-1]
    if last.level == "signal":
        return "shift", _signal("shift", chart, baseline, apart, last)
    if last.unusual:
        return "unusual", _signal("unusual", chart, baseline, apart, last)
    if last.level == "look":
        return "look", _signal("look", chart, baseline, apart, last)
    return "usual", None


def _silent(chart: _Chart, baseline: Baseline) -> bool:
    """Return whether more ordinary periods without a value stand at the end than ever did in the baseline."""
    ordinary = [(starts, not np.isnan(value)) for starts, _, value, left_out in chart.periods if not left_out]
    known = [place for place, (_, told) in enumerate(ordinary) if told]
    usual = [place for place in known if baseline.since <= ordinary[place][0] < baseline.until]
    return len(ordinary) - known[-1] > max(b - a for a, b in pairwise(usual))


def _signal(
    kind: Literal["unusual", "look", "shift"],
    chart: _Chart,
    baseline: Baseline,
    apart: "NDArray[np.float64]",
    last: Mark,
) -> Signal:
    """Return what moved, since when, and by how much."""
    known = np.flatnonzero(~np.isnan(apart))
    first = known[-1] if kind == "unusual" else known[_turned(apart[known])]
    since = known[known >= first]
    series, count = chart.series[since], len(since)
    values = [chart.periods[place][2] for place in range(len(chart.periods))]
    spread = _spread(baseline, series)
    if baseline.transform.startswith(CHANGE):
        before = [value for value in values[:first] if not np.isnan(value)][-1]
        after = values[since[-1]]
        moved = float(series.sum())
        margin = count * spread
        inside = baseline.transform.removeprefix(CHANGE)
        start = float(straight(inside, [before], [1], before if before > 0 else 1.0)[0])
        low, high = (_bent(inside, start + moved + side * margin) - _bent(inside, start) for side in (-1, 1))
    else:
        before, after = _bent(baseline.transform, baseline.mean), float(np.median([values[place] for place in since]))
        middle = float(series.mean())
        low, high = (_bent(baseline.transform, middle + side * spread) - before for side in (-1, 1))
    up = np.nansum(apart[since]) > 0
    return Signal(
        metric=chart.metric,
        slice=chart.slice,
        kind=kind,
        since=chart.periods[first][0],
        until=chart.periods[since[-1]][1],
        before=before,
        after=after,
        low=low,
        high=high,
        direction="up" if up else "down",
        evidence=last.evidence or 0.0,
    )


def _turned(apart: "NDArray[np.float64]") -> int:
    """Return the place from which on a series stands out most from its baseline, up to its end."""
    cut = np.clip(apart, -CUT, CUT)[::-1]
    strength = np.abs(np.cumsum(cut)) / np.sqrt(np.arange(1, len(cut) + 1))
    return len(cut) - 1 - int(np.argmax(strength))


def _spread(baseline: Baseline, series: "NDArray[np.float64]") -> float:
    """Return half a 90 % interval for the mean of a series less that of the baseline, in straightened units.

    One variance for both sides, for few weeks say little about their own, grown by how much a week resembles the next.
    """
    n, m = baseline.n, len(series)
    squares = (n - 1) * baseline.sd**2 + (m - 1) * (float(series.var(ddof=1)) if m > 1 else 0.0)
    grown = (1 + baseline.phi) / (1 - baseline.phi)
    freedom = max((n + m) / grown - 2, 4)
    return _t(freedom, SURE) * sqrt(grown * squares / (n + m - 2) * (1 / n + 1 / m))
