"""How long things take when some are not finished yet: Kaplan-Meier, in which what is still open counts with its age."""

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

EXACT = 1e-9  # products of fractions miss a half by less than this


def curve(times: "ArrayLike", finished: "ArrayLike") -> list[tuple[float, float]]:
    """Return the share still open after each time at which something finished, as (time, share), shortest first.

    `times` are the durations of finished items and the ages of open ones, in any one unit; `finished` says which is which.
    An item exactly as old as another took counts as still open then. Give it every item that began in some span, not the
    items touched in it: those are the long ones. Raises ValueError for a time that is missing or below 0.
    """
    return [(time, share) for time, share, _, _ in band(times, finished)]


def median_time(times: "ArrayLike", finished: "ArrayLike", share: float = 0.5) -> float | None:
    """Return the time by which that share of the items is finished, in the unit of `times`.

    When the share is reached exactly, half-way to the next step, so that with nothing open it is the plain median. None when
    too many are open for anybody to know: for the median, when more than half still are.
    """
    return _reached(curve(times, finished), share)


def interval(
    times: "ArrayLike", finished: "ArrayLike", share: float = 0.5, level: float = 0.9
) -> tuple[float, float | None] | None:
    """Return the confidence interval of median_time; its end is None when it lies beyond what has been seen so far.

    The times at which the band around the curve crosses that share. None when too little finished even for a start.
    """
    return _crossed(band(times, finished, level), share)


def _crossed(steps: "Sequence[tuple[float, float, float, float]]", share: float) -> tuple[float, float | None] | None:
    low = _reached(((time, low) for time, _, low, _ in steps), share)
    high = _reached(((time, high) for time, _, _, high in steps), share)
    return None if low is None else (low, high)


def summary(
    times: "ArrayLike", finished: "ArrayLike"
) -> tuple[float | None, tuple[float, float | None] | None, float | None]:
    """Return median_time, its interval where there is one, and the time by which 85 % are finished, from one reading."""
    steps = band(times, finished)
    still_open = [(time, share) for time, share, _, _ in steps]
    middle = _reached(still_open, 0.5)
    return middle, _crossed(steps, 0.5) if middle is not None else None, _reached(still_open, 0.85)


def band(times: "ArrayLike", finished: "ArrayLike", level: float = 0.9) -> list[tuple[float, float, float, float]]:
    """Return the curve with its confidence band, as (time, share, low, high).

    Greenwood's variance on the log(-log) scale, which stays between 0 and 1. Where nothing is open any more the variance is
    not known: there the band ends at 0 below and keeps its last height above.
    """
    time, done = np.asarray(times, dtype=float), np.asarray(finished, dtype=bool)
    if time.shape != done.shape or time.ndim != 1:
        raise ValueError(f"every time needs to be told finished or open: {time.shape} times, {done.shape} tellings")
    if not (time >= 0).all():
        raise ValueError("a duration or an age is missing or below 0")
    at, ended = np.unique(time[done], return_counts=True)
    there = len(time) - np.searchsorted(np.sort(time), at)
    share = np.cumprod(1 - ended / there)
    some = slice(0, int((ended < there).sum()))  # all steps but one at which the last of all finished
    greenwood = np.cumsum(ended[some] / (there[some] * (there[some] - ended[some])))
    reach = np.exp(NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(greenwood) / -np.log(share[some]))
    low, high = np.zeros(len(at)), np.ones(len(at))
    low[some], high[some] = share[some] ** reach, share[some] ** (1 / reach)
    if some.stop:
        high[some.stop :] = high[some.stop - 1]
    return list(zip(at.tolist(), share.tolist(), low.tolist(), high.tolist(), strict=True))


def _reached(steps: "Iterable[tuple[float, float]]", share: float) -> float | None:
    if not 0 < share < 1:
        raise ValueError(f"a share lies between 0 and 1, and {share} does not")
    exactly = None
    for time, still_open in steps:
        if exactly is not None:
            return (exactly + time) / 2
        if still_open < 1 - share - EXACT:
            return time
        if still_open < 1 - share + EXACT:
            exactly = time
    return exactly
