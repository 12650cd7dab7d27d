"""How sure a number is: intervals of a share, of a median, and of the shift between two groups."""

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

EXACT_UP_TO = 3_000  # pairs; beyond, the normal approximation of Mann and Whitney is as good
ENOUGH = 150  # values of a group; that many evenly spaced quantiles stand for more
DRAWS = 999
SEED = 2026  # the same rows give the same interval


@dataclass(frozen=True)
class Shift:
    """How much higher or lower the values after lie than those before, with its interval, all in their unit."""

    low: float
    middle: float
    high: float


def jeffreys(k: float, n: float, level: float = 0.9) -> tuple[float, float]:
    """Return the interval of the share k of n, between 0 and 1.

    Quantiles of Beta(k + 1/2, n - k + 1/2); 0 below when there was none and 1 above when it was all of them (Brown, Cai and
    DasGupta 2001). Of nothing, everything is possible. `k` and `n` need not be whole: overlapping observations count less.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a share")
    low, high = of_shares([k], [n], level)
    return float(low[0]), float(high[0])


def of_shares(k: "ArrayLike", n: "ArrayLike", level: float = 0.9) -> "NDArray[np.float64]":
    """Return what jeffreys says of many shares: all their lows, then all their highs. NaN where k of n is no share."""
    from scipy import special  # noqa: PLC0415  slow to import

    # as one number, since of few rows many are alike
    told, which = np.unique(np.asarray(k, float) + 1j * np.asarray(n), return_inverse=True)
    k, n = told.real, told.imag
    tail = (1 - level) / 2
    a, b = k + 0.5, n - k + 0.5
    low = np.where(k == 0, 0.0, special.betaincinv(a, b, tail))
    high = np.where(k == n, 1.0, special.betaincinv(a, b, 1 - tail))
    return np.where((k >= 0) & (k <= n), [low, high], np.nan)[:, which]


def of_median(values: "ArrayLike", level: float = 0.9) -> tuple[float, float] | None:
    """Return the interval of the median, in the values' unit, without assuming any shape: two of the values themselves.

    The r-th from below and from above, r as large as the binomial distribution allows. None when there are so few values
    that even the least and the greatest do not reach the level: fewer than 5 for 90 %. Missing values are left out.
    """
    ordered = np.sort(_present(values))
    r = int(median_ranks([len(ordered)], level)[0])
    return (float(ordered[r - 1]), float(ordered[-r])) if r else None


def median_ranks(n: "ArrayLike", level: float = 0.9) -> "NDArray[np.int64]":
    """Return which of n sorted values, counted from either end, bound the median, for each n; 0 where there are too few."""
    sizes, which = np.unique(np.asarray(n), return_inverse=True)
    return np.array([_depth(size, (1 - level) / 2) for size in sizes.tolist()], dtype="int64")[which]


def hodges_lehmann(before: "ArrayLike", after: "ArrayLike", level: float = 0.95) -> Shift:
    """Return the median of all differences after - before, with Mann and Whitney's interval, in the values' unit.

    The interval takes every value for independent of the others; for items, which come in good and bad weeks, ask
    shift_by_weeks. Too few values for the level give an interval without ends (infinite). Missing values are left out.
    Raises ValueError when nothing is left on a side.
    """
    a, b = _present(before), _present(after)
    if not (len(a) and len(b)):
        raise ValueError("a shift lies between two groups, and one of them is empty")
    differences = np.sort(np.subtract.outer(_thinned(b), _thinned(a)), axis=None)
    r = math.ceil(_rank_depth(len(a), len(b), (1 - level) / 2) * len(differences) / (len(a) * len(b)))
    low, high = (differences[r - 1], differences[-r]) if r else (-math.inf, math.inf)
    return Shift(float(low), float(np.median(differences)), float(high))


def shift_by_weeks(
    before: "Sequence[ArrayLike]", after: "Sequence[ArrayLike]", level: float = 0.95, *, draws: int = DRAWS
) -> Shift:
    """Return the Hodges-Lehmann shift of items given week by week, with an interval from resampling whole weeks.

    Items of one week share its luck, so that weeks are what is drawn, on each side for itself. The quantiles are widened
    for few weeks as Student's t is (Hesterberg 2015). Raises ValueError with fewer than two weeks with items on a side.
    """
    from scipy import special  # noqa: PLC0415  slow to import

    sides = [[week for week in map(_present, side) if len(week)] for side in (before, after)]
    weeks = min(map(len, sides))
    if weeks < 2:
        raise ValueError("resampling weeks needs at least two weeks with items on each side")
    chance = np.random.default_rng(SEED)
    middles = [
        _middle(*(np.concatenate([side[i] for i in chance.integers(0, len(side), len(side))]) for side in sides))
        for _ in range(draws)
    ]
    t = special.stdtrit(weeks - 1, (1 - level) / 2)
    tail = NormalDist().cdf(float(t) * math.sqrt(weeks / (weeks - 1)))
    low, high = np.quantile(middles, [tail, 1 - tail])
    return Shift(float(low), _middle(*map(np.concatenate, sides)), float(high))


def by_chance(before: "ArrayLike", after: "ArrayLike") -> float:
    """Return how often chance alone would order the two groups at least as unevenly (Mann and Whitney, two sides).

    For decisions and tests; people read the interval. Exact up to 3,000 pairs; of a tie, half counts either way.
    """
    a, b = _present(before), _present(after)
    differences = np.subtract.outer(b, a)
    wins = float((differences > 0).sum() + (differences == 0).sum() / 2)
    fewer = math.ceil(min(wins, differences.size - wins))
    if differences.size <= EXACT_UP_TO:
        chance = float(_wins(len(a), len(b))[fewer])
    else:
        middle, spread = _about(len(a), len(b))
        chance = NormalDist(middle, spread).cdf(fewer + 0.5)
    return min(1.0, 2 * chance)


def _present(values: "ArrayLike") -> "NDArray[np.float64]":
    told = np.asarray(values, dtype=float).ravel()
    return told[~np.isnan(told)]


def _thinned(values: "ArrayLike") -> "NDArray[np.float64]":
    told = _present(values)
    return told if len(told) <= ENOUGH else np.quantile(told, (np.arange(ENOUGH) + 0.5) / ENOUGH)


def _middle(before: "NDArray[np.float64]", after: "NDArray[np.float64]") -> float:
    return float(np.median(np.subtract.outer(_thinned(after), _thinned(before))))


@cache
def _depth(n: int, tail: float) -> int:
    """Return the greatest r with P(fewer than r of n fair coins show heads) <= tail; 0 when there is none."""
    first = max(
        0, n // 2 - 4 * math.isqrt(n) - 1
    )  # eight standard deviations below the middle: nothing lies further out
    heads = np.arange(first, n // 2)
    start = math.lgamma(n + 1) - math.lgamma(first + 1) - math.lgamma(n - first + 1) - n * math.log(2)
    chance = np.exp(start + np.concatenate([[0.0], np.cumsum(np.log((n - heads) / (heads + 1)))]))
    return first + int(np.searchsorted(np.cumsum(chance), tail, side="right")) if n else 0


def _wins(m: int, n: int) -> "NDArray[np.float64]":
    """Return P(at most u of the m·n pairs are won) for u = 0 … m·n, when both groups are alike and nothing is tied."""
    ways = np.zeros(m * n + 1)
    ways[0] = 1
    for i in range(1, m + 1):  # the coefficients of the Gaussian binomial: multiply by 1 - q^(n+i), divide by 1 - q^i
        ways[n + i :] -= ways[: max(0, len(ways) - n - i)].copy()
        for step in range(i):
            ways[step::i] = np.cumsum(ways[step::i])
    return np.cumsum(ways / ways.sum())


def _about(m: int, n: int) -> tuple[float, float]:
    return m * n / 2, math.sqrt(m * n * (m + n + 1) / 12)


def _rank_depth(m: int, n: int, tail: float) -> int:
    """Return which of the sorted differences, from either end, bounds the shift; 0 when none does."""
    if m * n <= EXACT_UP_TO:
        return int(np.searchsorted(_wins(m, n), tail, side="right"))
    return math.floor(NormalDist(*_about(m, n)).inv_cdf(tail) + 0.5)
