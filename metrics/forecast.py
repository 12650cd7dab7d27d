"""Forecasts: how many by a day, when for so many, from the team's own weeks, and how often such forecasts held before.

A future is made of weeks drawn from the recent past, empty ones included. That alone is too sure of itself, because the level
drifts: on real series its "85 %" held in 67 % of the quarters. So every future shares one level factor, fitted on the team's
own past forecasts as soon as there are enough of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.intervals import jeffreys

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

FEWEST = 8  # weeks of history; fewer say nothing yet
HISTORY = 12  # weeks that are drawn from; older ones tell of another team
SURE = 0.5, 0.85, 0.95
SPREAD = 0.4  # of the logarithm of the level, where the team's own past does not tell yet
TELL = 8  # past forecasts that do not overlap: a share of fewer says too little
USUAL = 2  # past forecasts that SPREAD is worth beside the team's own
DRAWS = 20_000
FARTHEST = 104  # weeks; beyond two years a forecast is a story
SEED = 2  # the same weeks give the same numbers
NORMAL = 0.6745  # the median of |z| when z is standard normal


@dataclass(frozen=True)
class HowMany:
    """At least how many items, as sure as SURE says; all None while there is too little history."""

    weeks: int
    half: int | None
    likely: int | None  # 85 % of the futures reach it
    nearly: int | None  # 95 %
    spread: float | None
    words: str


@dataclass(frozen=True)
class When:
    """Within how many weeks, as sure as SURE says; None for what too few futures reach within two years, or no history."""

    items: float
    half: int | None
    likely: int | None
    nearly: int | None
    spread: float | None
    words: str


@dataclass(frozen=True)
class Record:
    """How often past forecasts of this kind held; `low` and `high` enclose the share, at 90 %."""

    horizon: int  # weeks ahead
    sure: float
    held: int
    of: int
    apart: float  # how many forecasts they count as, since their futures overlap
    share: float | None
    low: float
    high: float
    words: str


def how_many(
    finished: "ArrayLike",
    weeks: int,
    *,
    history: int = HISTORY,
    spread: float | None = None,
    capacity: Sequence[float] = (),
) -> HowMany:
    """Return how many items will be finished within so many weeks.

    `finished` is the items of every complete week, oldest first, NaN for one that was not read; `history` how many of the
    latest are drawn from. `spread` is that of the level factor: None for the team's own or the usual one, 0 for none.
    `capacity` is the part of the usual capacity there is in each coming week; weeks it does not name are whole.
    """
    recent = _recent(finished, history)
    if len(recent) < FEWEST:
        return HowMany(weeks, None, None, None, None, _too_little(recent))
    spread = level_spread(finished, weeks, history) if spread is None else spread
    totals = futures(recent, weeks, spread, capacity).sum(axis=1)
    half, likely, nearly = (_at_least(totals, sure) for sure in SURE)
    told = f"85 % sure of at least {likely:,} in {_weeks(weeks)}; as likely as not {half:,} or more."
    return HowMany(weeks, half, likely, nearly, spread, told)


def when(  # noqa: PLR0913  a plan has as many parts
    finished: "ArrayLike",
    items: float,
    *,
    history: int = HISTORY,
    spread: float | None = None,
    capacity: Sequence[float] = (),
    growth: tuple[float, float] = (1, 1),
) -> When:
    """Return within how many weeks so many items will be finished; the other words are those of how_many.

    `growth` is how many items each of them becomes once people look closer, from the least to the most: (1, 1.5) when
    between none and half as many again are usually found.
    """
    recent = _recent(finished, history)
    if len(recent) < FEWEST:
        return When(items, None, None, None, None, _too_little(recent))
    if not 0 < growth[0] <= growth[1]:
        raise ValueError(f"growth goes from the least to the most, above 0, and {growth} does not")
    plain = items / max(float(recent.mean()), 1e-9)
    spread = level_spread(finished, round(min(max(plain, 1), FARTHEST)), history) if spread is None else spread
    done = futures(recent, FARTHEST, spread, capacity).cumsum(axis=1)
    wanted = items * np.random.default_rng(SEED + 1).uniform(*growth, size=(DRAWS, 1))
    reached = np.where(done[:, -1:] >= wanted, (done >= wanted).argmax(axis=1, keepdims=True) + 1, FARTHEST + 1)
    told = [int(np.quantile(reached, sure, method="higher")) for sure in SURE]
    half, likely, nearly = (None if week > FARTHEST else week for week in told)
    if likely is None:
        words = f"Fewer than 85 % of the futures reach {items:,g} items within two years."
    else:
        words = f"85 % sure within {_weeks(likely)} for {items:,g} items; as likely as not within {half}."
    return When(items, half, likely, nearly, spread, words)


def weeks_until(day: "date", since: "date") -> int:
    """Return the whole weeks from the day the first coming week starts until that day; the rest of a week is not counted."""
    return max(0, (day - since).days // 7)


def futures(
    recent: "ArrayLike", weeks: int, spread: float, capacity: Sequence[float] = (), draws: int = DRAWS
) -> "NDArray[np.float64]":
    """Return simulated items per week, one future a row: weeks drawn from the recent ones, times the future's own level."""
    chance = np.random.default_rng(SEED)
    drawn = chance.choice(np.asarray(recent, dtype=float), (draws, weeks))
    if spread:
        drawn = drawn * np.exp(chance.normal(0, spread, (draws, 1)))
    there = np.ones(weeks)
    there[: len(capacity)] = capacity[:weeks]
    return drawn * there


def level_spread(finished: "ArrayLike", horizon: int, history: int = HISTORY) -> float:
    """Return how much the level drifts: the standard deviation of its logarithm, SPREAD as long as no past forecast tells.

    From what came, over what was forecast, at past forecasts six to a horizon: the median distance of its logarithm, less
    what drawing weeks explains. Overlapping ones count as fewer, and SPREAD as USUAL of them, so that the team's own past
    comes to count little by little.
    """
    weeks = np.asarray(finished, dtype=float)
    distances, explained, step = [], [], max(1, horizon // 6)
    for at in range(len(weeks) - horizon, history - 1, -step):
        recent, came = _recent(weeks[:at], history), weeks[at : at + horizon]
        if len(recent) < FEWEST or np.isnan(came).any():
            continue
        expected = horizon * recent.mean() + 0.5
        distances.append(abs(math.log((came.sum() + 0.5) / expected)))
        explained.append(horizon * recent.var() / expected**2)
    if not distances:
        return SPREAD
    own = max(0.0, (float(np.median(distances)) / NORMAL) ** 2 - float(np.mean(explained)))
    apart = len(distances) * step / horizon
    return math.sqrt((apart * own + USUAL * SPREAD**2) / (apart + USUAL))


def backtest(  # noqa: PLR0913  one question, asked in many ways
    finished: "ArrayLike",
    horizon: int,
    history: int = HISTORY,
    *,
    sure: float = 0.85,
    every: int = 4,
    spread: float | None = None,
    draws: int = 4_000,
) -> Record:
    """Return how often "so sure of at least so many" held, forecast again every few weeks back through the whole past.

    Each forecast knows only the weeks before it, its own spread included. Weeks that were not read take no part. When the
    forecasts overlap they are counted as fewer (horizon / every) in the interval.
    """
    weeks = np.asarray(finished, dtype=float)
    held = []
    for at in range(len(weeks) - horizon, history - 1, -every):
        recent, came = _recent(weeks[:at], history), weeks[at : at + horizon]
        if len(recent) < FEWEST or np.isnan(came).any():
            continue
        level = level_spread(weeks[:at], horizon, history) if spread is None else spread
        totals = futures(recent, horizon, level, draws=draws).sum(axis=1)
        held.append(bool(came.sum() >= _at_least(totals, sure)))
    of, yes = len(held), sum(held)
    apart = of / max(1.0, horizon / every)
    low, high = jeffreys(yes * apart / of, apart) if of else (0.0, 1.0)
    return Record(
        horizon, sure, yes, of, apart, yes / of if of else None, low, high, _told(horizon, sure, yes, of, apart)
    )


def _told(horizon: int, sure: float, held: int, of: int, apart: float) -> str:
    if not of:
        return "No past forecast can be checked yet."
    span = "quarters" if horizon in {12, 13} else f"stretches of {_weeks(horizon)}"
    few = ": too few to tell how often it holds" if apart < TELL else ""
    if apart == of:
        return f"Our {sure:.0%} held in {held} of {of} past {span}{few}.".replace("%", " %")
    told = f"Our {sure:.0%} held in {held} of {of} past forecasts for {_weeks(horizon)}, which overlap"
    return f"{told} and count as {max(1, round(apart))}{few}.".replace("%", " %")


def _recent(finished: "ArrayLike", history: int) -> "NDArray[np.float64]":
    latest = np.asarray(finished, dtype=float)[-history:]
    return latest[~np.isnan(latest)]


def _at_least(totals: "NDArray[np.float64]", sure: float) -> int:
    return math.floor(float(np.quantile(totals, 1 - sure, method="lower")) + 1e-9)


def _too_little(recent: "NDArray[np.float64]") -> str:
    return f"Not enough yet: {_weeks(len(recent))} of history, and a forecast takes {FEWEST}."


def _weeks(count: int) -> str:
    return f"{count} week{'' if count == 1 else 's'}"
