"""Before and after: what a planned change did to one measure, as an interval and in words that claim no more than it shows.

Weeks resemble their neighbours, so they count for fewer than they are; without that, one unchanged series in seven would look
changed. A verdict is read once, at the planned end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from metrics.words import day, series, two_figures

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

Scale = Literal["raw", "root", "log", "logit"]
Verdict = Literal[
    "moved",  # the way that was hoped, by more than the size that matters
    "moved the other way",
    "may be too small",
    "no effect of that size",
    "can't tell",
    "too few weeks",
    "too early",
    "different",  # where no size was named beforehand
]
FEWEST = 12, 6  # weeks before and after: the fewest for which the errors of this method were measured
PLACEBO = 38  # weeks in all, from which the series can be turned often enough to say something
USUAL = 0.2  # how much one week resembles the next in most series, when a short one cannot tell
TIMES = {"seconds", "minutes", "hours", "days", "weeks"}
TIMID = 1.0  # the fewest degrees of freedom that Student's t is asked for


@dataclass(frozen=True)
class Difference:
    """The mean after less the mean before, with its interval, on the straightened scale; phi is how alike neighbours are."""

    low: Any  # numbers for one series, arrays for many
    middle: Any
    high: Any
    phi: Any


@dataclass(frozen=True)
class Smallest:
    """The smallest effect an experiment would see four times in five: in standard deviations and as a size, and that said."""

    sd: float
    size: float
    words: str


@dataclass(frozen=True)
class Claim:
    """What can be said about a change. Sizes are in the metric's unit, as a share of before (0.2: 20 % longer) for `log`."""

    verdict: Verdict
    words: str
    nearby: tuple[str, ...]  # what else changed in that time, always shown beside the verdict
    weeks: tuple[int, int]  # with a value, before and after
    scale: Scale  # the one the means were compared on
    low: float | None = None
    size: float | None = None
    high: float | None = None
    smallest: float | None = None  # size that would have been seen four times in five
    placebo: tuple[int, int] | None = None  # of so many other splits of the same weeks, how many differ as much


def before_after(  # noqa: PLR0913  an experiment is its plan, its data and what else happened
    before: "ArrayLike",
    after: "ArrayLike",
    *,
    planned_end: "date",
    today: "date",
    hoped: Literal["up", "down"],
    matters: float,
    nearby: Sequence[str],
    signal: Scale = "raw",
    unit: str = "",
    of: "tuple[ArrayLike, ArrayLike] | None" = None,
    comparison: "tuple[ArrayLike, ArrayLike] | None" = None,
    comparison_of: "tuple[ArrayLike, ArrayLike] | None" = None,
) -> Claim:
    """Return what the weeks before and after a change let anybody say, at its planned end and not earlier.

    One value a week, oldest first, NaN where there is none; leave out the weeks in which the change was made. `signal` and
    `unit` are the metric's; shares (`logit`) need `of`, how many each week's share is of. `matters` is the size that would
    matter, above 0, in the metric's unit; for `log` a share of before, for shares in parts of 1. `comparison` is the same
    weeks of somebody whom the change could not reach: then the difference to them is judged, free of what moved everybody.
    `nearby` is what else changed then. Raises ValueError for a plan that says nothing.
    """
    if not matters > 0:
        raise ValueError("say beforehand which size would matter; it is above 0, and `hoped` says which way")
    weeks = _weeks(before), _weeks(after)
    others = tuple(nearby)
    if today < planned_end:
        told = f"No verdict before {day(planned_end)}: reading early finds things that are not there."
        return Claim("too early", f"{told} {_others(others)}", others, weeks, signal)
    found = _compared(before, after, signal, unit, of, others, comparison, comparison_of)
    if isinstance(found, Claim):
        return found
    ours, weeks, scale = found.sides, found.weeks, found.scale
    sd = float(np.nanstd(ours[0], ddof=1))
    smallest = _seen(found.level, detectable(*weeks, found.phi) * sd, scale, hoped)
    placebo = placebo_in_time(*ours) if sum(weeks) >= PLACEBO else None
    verdict, sentence = _verdict(found.sizes, matters, hoped, found.say)
    told = [sentence, _others(others)]
    if verdict == "can't tell" and math.isfinite(smallest):
        told.insert(1, f"We could have seen effects above {found.say.amount(smallest)}.")
    if verdict in {"moved", "moved the other way", "may be too small"}:
        if placebo:
            told.append(f"Split elsewhere in time, {placebo[0]} of {placebo[1]} times the same weeks differ as much.")
        told.append("Not proof of cause.")
    return Claim(verdict, " ".join(told), others, weeks, scale, *found.sizes, smallest, placebo)


def since(  # noqa: PLR0913  weeks, what they are, and what else happened
    before: "ArrayLike",
    after: "ArrayLike",
    *,
    nearby: Sequence[str],
    signal: Scale = "raw",
    unit: str = "",
    of: "tuple[ArrayLike, ArrayLike] | None" = None,
) -> Claim:
    """Return what the weeks before and after a day let anybody say where nobody planned an end or named a size beforehand.

    Such a look claims less than an experiment: different, or nothing that can be told from how weeks differ anyway.
    """
    others = tuple(nearby)
    found = _compared(before, after, signal, unit, of, others)
    if isinstance(found, Claim):
        return found
    low, size, high = found.sizes
    reach = found.say.span(low, high)
    if low <= 0 <= high:
        verdict, told = "can't tell", f"Can't tell it from how weeks differ anyway: the data fit anything from {reach}."
        return Claim(verdict, f"{told} {_others(others)}", others, found.weeks, found.scale, *found.sizes)
    told = f"Different since: about {found.say.one(size)} ({reach}). {_others(others)} Not proof of cause."
    return Claim("different", told, others, found.weeks, found.scale, *found.sizes)


@dataclass(frozen=True)
class _Compared:
    """Two sides that were enough to be compared, on one scale, and how far apart they are."""

    sides: "tuple[NDArray[np.float64], NDArray[np.float64]]"
    weeks: tuple[int, int]
    scale: Scale
    level: float
    phi: float
    sizes: tuple[float, float, float]  # lowest, middle and highest that fits the data
    say: "_Speech"


def _compared(  # noqa: PLR0913, PLR0917  two sides, what they are, and what they are held against
    before: "ArrayLike",
    after: "ArrayLike",
    signal: Scale,
    unit: str,
    of: "tuple[ArrayLike, ArrayLike] | None",
    others: tuple[str, ...],
    comparison: "tuple[ArrayLike, ArrayLike] | None" = None,
    comparison_of: "tuple[ArrayLike, ArrayLike] | None" = None,
) -> "_Compared | Claim":
    """Return how far two sides are apart, or the claim that they do not tell."""
    weeks = _weeks(before), _weeks(after)
    scale = scale_of(signal, before, after, *(comparison or ()))
    ours = _straight(before, after, scale, of)
    level = float(np.nanmean(ours[0])) if weeks[0] else math.nan
    if comparison is not None:
        theirs = _straight(*comparison, scale, comparison_of)
        ours = ours[0] - theirs[0], ours[1] - theirs[1]
        weeks = _weeks(ours[0]), _weeks(ours[1])
    if weeks[0] < FEWEST[0] or weeks[1] < FEWEST[1]:
        told = (
            f"{weeks[0]} weeks before and {weeks[1]} after are too few to tell; it takes {FEWEST[0]} and {FEWEST[1]}."
        )
        return Claim("too few weeks", f"{told} {_others(others)}", others, weeks, scale)
    if all(np.nanstd(side) == 0 for side in ours):
        told = "Can't tell: no week differs from its neighbours, so nothing says how much they usually do."
        return Claim("can't tell", f"{told} {_others(others)}", others, weeks, scale)
    found = difference(ours[0], ours[1])
    low, size, high = (_size(level, float(by), scale) for by in (found.low, found.middle, found.high))
    return _Compared(ours, weeks, scale, level, found.phi, (low, size, high), _Speech(scale, unit))


def smallest_effect(  # noqa: PLR0913  a plan has as many parts
    before: "ArrayLike",
    weeks_after: int,
    *,
    hoped: Literal["up", "down"],
    matters: float | None = None,
    signal: Scale = "raw",
    unit: str = "",
    of: "ArrayLike | None" = None,
    comparison: "ArrayLike | None" = None,
    comparison_of: "ArrayLike | None" = None,
) -> Smallest | None:
    """Return what an experiment of so many weeks could see, before it begins, from the weeks there are; None if too few.

    `matters` is the size that was hoped for: when it is smaller than what could be seen, the words say so. `comparison` is the
    same weeks of somebody whom the change cannot reach, when the difference to them is what will be judged.
    """
    scale = scale_of(signal, before, *(() if comparison is None else (comparison,)))
    ours = straighten(before, scale, of)
    level = float(np.nanmean(ours)) if _weeks(ours) else math.nan
    if comparison is not None:
        ours = ours - straighten(comparison, scale, comparison_of)
    weeks = _weeks(ours)
    if weeks < FEWEST[0] or weeks_after < FEWEST[1]:
        return None
    phi = float(_shrunk(_lag(ours), weeks, means=1))
    sd = detectable(weeks, weeks_after, phi)
    size = _seen(level, sd * float(np.nanstd(ours, ddof=1)), scale, hoped)
    told = f"{weeks} weeks before and {weeks_after} after show an effect of {_Speech(scale, unit).amount(size)} four times in five."
    if matters is not None and matters < abs(size):
        told += (
            " This experiment cannot see an effect of the size that was hoped for;"
            " run it longer or measure something closer to the change."
        )
    return Smallest(sd, size, told)


def detectable(before: int, after: int, phi: float = USUAL, power: float = 0.8) -> float:
    """Return the smallest shift, in standard deviations of a week, that so many weeks show with that power.

    Infinite when so few weeks, so alike, leave nothing to judge them by.
    """
    from scipy import special  # noqa: PLC0415  slow to import

    alike = (1 + phi) / (1 - phi)
    freedom = (before + after) / alike - 2
    if freedom < 1:
        return math.inf
    t = special.stdtrit(freedom, 0.975) + special.stdtrit(freedom, power)
    return float(t) * math.sqrt(alike * (1 / before + 1 / after))


def difference(before: "ArrayLike", after: "ArrayLike", level: float = 0.95) -> Difference:
    """Return the difference of the means of two spans of weeks, for which neighbours are more alike than strangers.

    Welch's interval with as many weeks as they are worth: variance times (1 + phi) / (1 - phi), phi pooled from both sides
    and drawn towards 0.2. Weeks run along the last axis, so many series can be asked at once; NaN is a missing week.
    """
    from scipy import special  # noqa: PLC0415  slow to import

    a, b = _floats(before), _floats(after)
    n1, n2 = (np.isfinite(side).sum(axis=-1) for side in (a, b))
    r = (n1 * _lag(a) + n2 * _lag(b)) / (n1 + n2)
    phi = _shrunk(r, n1 + n2, means=2)
    alike = (1 + phi) / (1 - phi)
    v1, v2 = (alike * np.nanvar(side, axis=-1, ddof=1) / n for side, n in ((a, n1), (b, n2)))
    worth1, worth2 = (np.maximum(n / alike - 1, TIMID) for n in (n1, n2))
    freedom = (v1 + v2) ** 2 / np.maximum(v1**2 / worth1 + v2**2 / worth2, np.finfo(float).tiny)
    middle = np.nanmean(b, axis=-1) - np.nanmean(a, axis=-1)
    reach = special.stdtrit(np.maximum(freedom, TIMID), (1 + level) / 2) * np.sqrt(v1 + v2)
    return Difference(middle - reach, middle, middle + reach, phi)


def placebo_in_time(before: "ArrayLike", after: "ArrayLike") -> tuple[int, int]:
    """Return (how many, of how many) other rotations of the same weeks differ at the split as much as they really do."""
    weeks = np.concatenate([_floats(before), _floats(after)])
    n, split = len(weeks), len(_floats(before))
    turned = weeks[(np.arange(n)[:, None] + np.arange(n)) % n]
    apart = np.abs(np.nanmean(turned[:, split:], axis=1) - np.nanmean(turned[:, :split], axis=1))
    return int((apart[1:] >= apart[0] - 1e-12).sum()), n - 1


def scale_of(signal: Scale, before: "ArrayLike", *others: "ArrayLike") -> Scale:
    """Return the scale on which weeks vary evenly: the metric's own, unless the numbers do not allow it or need it.

    Counts that vary little more than chance (variance below twice the mean) stay as they are, since the root would hide
    rises in them; so do durations when one of them is 0, which has no logarithm.
    """
    first = _floats(before)[np.isfinite(_floats(before))]
    if signal == "log" and any((_floats(side) <= 0).any() for side in (before, *others)):
        return "raw"
    if signal == "root" and (len(first) < 2 or first.var(ddof=1) < 2 * first.mean()):
        return "raw"
    return signal


def straighten(values: "ArrayLike", scale: Scale, of: "ArrayLike | None" = None) -> "NDArray[np.float64]":
    """Return values on that scale; shares (`logit`) need how many each is of, and raise ValueError without."""
    told = _floats(values)
    if scale == "log":
        return np.log(told)
    if scale == "root":
        return 2 * np.sqrt(told + 0.375)
    if scale == "logit":
        if of is None:
            raise ValueError("a share needs to be told of how many it is")
        return np.log((told * _floats(of) + 0.5) / ((1 - told) * _floats(of) + 0.5))
    return told


def _straight(
    before: "ArrayLike", after: "ArrayLike", scale: Scale, of: "tuple[ArrayLike, ArrayLike] | None"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    first, then = of or (None, None)
    return straighten(before, scale, first), straighten(after, scale, then)


def _floats(values: "ArrayLike") -> "NDArray[np.float64]":
    return np.asarray(values, dtype=float)


def _weeks(values: "ArrayLike") -> int:
    return int(np.isfinite(_floats(values)).sum())


def _lag(weeks: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return the autocorrelation from one week to the next; 0 for weeks that never differ."""
    apart = weeks - np.nanmean(weeks, axis=-1, keepdims=True)
    spread = np.nansum(apart**2, axis=-1)
    return np.nansum(apart[..., 1:] * apart[..., :-1], axis=-1) / np.where(spread > 0, spread, 1)


def _shrunk(r: "ArrayLike", n: "ArrayLike", means: int) -> "NDArray[np.float64]":
    """Return an autocorrelation without the bias of estimating so many means from n weeks, drawn towards the usual one."""
    r, n = np.asarray(r), np.asarray(n)
    trust = n / (n + 20)
    return np.clip(trust * (r + means * (1 + 4 * r) / n) + (1 - trust) * USUAL, 0, 0.7)


def _size(level: float, by: float, scale: Scale) -> float:
    """Return what a step on the straightened scale is worth at that level: in the metric's unit, or a share for logs."""
    if scale == "log":
        return math.expm1(by) if by < 700 else math.inf
    if scale == "root":
        least = 2 * math.sqrt(0.375)
        return max(level + by, least) ** 2 / 4 - max(level, least) ** 2 / 4
    if scale == "logit":
        return (math.tanh((level + by) / 2) - math.tanh(level / 2)) / 2
    return by


def _seen(level: float, by: float, scale: Scale, hoped: Literal["up", "down"]) -> float:
    """Return a detectable step as a size above 0, in the direction that was hoped for."""
    return abs(_size(level, by if hoped == "up" else -by, scale))


@dataclass(frozen=True)
class _Speech:
    """How sizes are said: in the metric's unit, in points for shares, in per cent for logarithms."""

    scale: Scale
    unit: str

    def number(self, size: float) -> str:
        if not math.isfinite(size):
            return "any amount"
        return two_figures(abs(size) * (100 if self.scale in {"log", "logit"} else 1))

    def amount(self, size: float) -> str:
        unit = {"log": "%", "logit": "points"}.get(self.scale, self.unit)
        return f"{self.number(size)} {unit}".strip() if math.isfinite(size) else "any amount"

    def way(self, size: float) -> str:
        if self.scale == "log" and self.unit in TIMES:
            return "longer" if size > 0 else "shorter"
        return "higher" if size > 0 else "lower"

    def one(self, size: float) -> str:
        return f"{self.amount(size)} {self.way(size)}"

    def span(self, low: float, high: float) -> str:
        if low * high <= 0:
            return f"{self.one(low)} to {self.one(high)}"
        near, far = sorted((low, high), key=abs)
        return f"{self.number(near)} to {self.one(far)}"


def _verdict(
    reach: tuple[float, float, float], matters: float, hoped: Literal["up", "down"], say: _Speech
) -> tuple[Verdict, str]:
    low, size, high = reach
    about = f"{say.one(size)} ({say.span(low, high)})"
    least, most = (low, high) if hoped == "up" else (-high, -low)  # in the hoped direction
    if least > matters:
        return "moved", f"Consistent with the hypothesis: about {about}."
    if most < -matters:
        return "moved the other way", f"Moved the other way: about {about}."
    if -matters < least and most < matters:
        if least <= 0 <= most:
            return "no effect of that size", f"No effect of the size we cared about: {say.span(low, high)}."
        return "no effect of that size", f"Something moved, by less than the size we cared about: about {about}."
    if least > 0 or most < 0:
        way = "" if least > 0 else " the other way"
        return "may be too small", f"Something moved{way}, but it may be too small to matter: about {about}."
    return "can't tell", f"Inconclusive: the data fit anything from {say.span(low, high)}."


def _others(nearby: Sequence[str]) -> str:
    if not nearby:
        return "No other change is noted in that time."
    return f"Other changes in that time: {series(nearby)}."
