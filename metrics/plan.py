"""The plan: big rocks over the next sprints, when each is likely to be finished, and what changes if somebody is away.

Every function here is pure, and none of them knows a name: people are rows of shares. A future is the team's own weeks, times
the capacity there is, less what is kept for exploration; rocks take from it in their order, and one advances only while every
part of the system it needs has somebody there who knows it.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from metrics.forecast import DRAWS, FEWEST, HISTORY, SEED, futures, level_spread
from metrics.words import amount, capital, counted, series, two_figures

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SPRINTS = 6
HALF, SURE = 0.5, 0.85
TENTH = 1.2815515655446004  # standard deviations between the middle and the tenth percentile
FULL = 1.0
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Rock:
    """A big rock: how many items it still is, from a tenth to nine tenths sure, and what it needs.

    `earliest` is the sprint it can begin in and `planned` the one it is planned to end in, counted from 1. `needs` are parts of
    the system in small letters. `done` are items finished since the size was written down.
    """

    id: str
    title: str
    size: tuple[float, float, float]
    earliest: int = 1
    planned: int | None = None
    needs: tuple[str, ...] = ()
    done: float = 0


@dataclass(frozen=True)
class Person:
    """A row of the grid without its name: the share that is there in each sprint, and the parts they say they know."""

    shares: tuple[float, ...]
    knows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What was pencilled. `light` is the part of everybody's time that is left in each sprint, `left` of the first sprint.

    `exploration` is the share agreed to be kept, `explored` the share that the weeks drawn from already held.
    """

    people: tuple[Person, ...]
    rocks: tuple[Rock, ...]
    weeks: int = 2  # in a sprint
    exploration: float = 0
    explored: float = 0
    light: tuple[float, ...] = ()
    left: float = 1

    @property
    def sprints(self) -> int:
        """Return how many sprints the grid has."""
        return max((len(one.shares) for one in self.people), default=SPRINTS)

    @property
    def person_weeks(self) -> tuple[tuple[float, float], ...]:
        """Return for each sprint the person-weeks there are, and those there would be if everybody were there."""
        there = [FULL if sprint else self.left for sprint in range(self.sprints)]
        return tuple(
            (
                self.weeks * part * _at(self.light, sprint) * sum(_at(one.shares, sprint) for one in self.people),
                self.weeks * part * len(self.people),
            )
            for sprint, part in enumerate(there)
        )

    def capacity(self) -> tuple[float, ...]:
        """Return the part of the usual capacity there is for rocks in each sprint, exploration kept out."""
        kept = (1 - self.exploration) / (1 - self.explored) if self.explored < 1 else 0.0
        shares = [
            sum(_at(one.shares, sprint) for one in self.people) / len(self.people) if self.people else FULL
            for sprint in range(self.sprints)
        ]
        parts = [share * _at(self.light, sprint) * kept for sprint, share in enumerate(shares)]
        return tuple(part * (FULL if sprint else self.left) for sprint, part in enumerate(parts))


@dataclass(frozen=True)
class Change:
    """What if: rows away in sprints (both counted from 0), other sizes and beginnings of rocks by id, another share to explore."""

    away: frozenset[tuple[int, int]] = frozenset()
    scope: Mapping[str, float] = field(default_factory=dict)  # 0 leaves a rock out
    earliest: Mapping[str, int] = field(default_factory=dict)
    exploration: float | None = None

    def __bool__(self) -> bool:
        """Tell if anything is changed at all."""
        return bool(self.away or self.scope or self.earliest or self.exploration is not None)


@dataclass(frozen=True)
class Finish:
    """The sprint in which a rock is finished as likely as not, and the one 85 % sure; None when that is after the last one.

    `chance` is the part of the futures in which it is finished by the end of each sprint.
    """

    rock: Rock
    half: int | None
    likely: int | None
    chance: tuple[float, ...]

    @property
    def fits(self) -> bool:
        """Tell if it is 85 % sure to be finished within the sprints there are."""
        return self.likely is not None


@dataclass(frozen=True)
class Uncovered:
    """A part of the system that nobody who is there knows in some sprints, though somebody in the plan does, and what waits."""

    part: str
    sprints: tuple[int, ...]  # counted from 1
    rocks: tuple[str, ...]


@dataclass(frozen=True)
class Forecast:
    """What the plan comes to; no finishes while there is too little history."""

    finishes: tuple[Finish, ...]
    items: tuple[tuple[int, int], ...]  # for each sprint: 85 % sure of at least, as likely as not
    uncovered: tuple[Uncovered, ...]
    alone: tuple[
        tuple[str, tuple[str, ...]], ...
    ]  # parts that one person of the plan says they know, and what needs them
    unsaid: tuple[tuple[str, tuple[str, ...]], ...]  # parts nobody has said they know, and what needs them
    spread: float | None = None
    weeks: int = 0


def forecast(plan: Plan, finished: "ArrayLike", *, spread: float | None = None, draws: int = DRAWS) -> Forecast:
    """Return when each rock is likely to be finished.

    `finished` is the items of every complete week, oldest first, NaN for one that was not read. `spread` is that of the level
    factor: None for the team's own or the usual one. The same plan and weeks give the same numbers.
    """
    recent = np.asarray(finished, dtype=float)[-HISTORY:]
    recent = recent[~np.isnan(recent)]
    held = _covers(plan)
    if len(recent) < FEWEST:
        return Forecast((), (), *held, weeks=len(recent))
    horizon = plan.sprints * plan.weeks
    spread = level_spread(finished, horizon) if spread is None else spread
    by_week = np.repeat(plan.capacity(), plan.weeks)
    made = (
        futures(recent, horizon, spread, by_week.tolist(), draws).reshape(draws, plan.sprints, plan.weeks).sum(axis=2)
    )
    closed = {(gap.part, sprint) for gap in held[0] for sprint in gap.sprints}
    ends = _filled(plan, made, closed)
    finishes = tuple(_finish(rock, ends[place], plan.sprints) for place, rock in enumerate(plan.rocks))
    items = tuple((_least(made[:, sprint], SURE), _least(made[:, sprint], HALF)) for sprint in range(plan.sprints))
    return Forecast(finishes, items, *held, spread=spread, weeks=len(recent))


def what_if(plan: Plan, change: Change) -> Plan:
    """Return the plan as it would be; the plan itself when nothing is changed."""
    if not change:
        return plan
    people = tuple(
        replace(one, shares=tuple(0 if (row, nth) in change.away else share for nth, share in enumerate(one.shares)))
        for row, one in enumerate(plan.people)
    )
    rocks = tuple(
        replace(
            one,
            size=tuple(part * change.scope.get(one.id, 1) for part in one.size),
            earliest=change.earliest.get(one.id, one.earliest),
        )
        for one in plan.rocks
        if change.scope.get(one.id, 1) > 0
    )
    explored = plan.exploration if change.exploration is None else change.exploration
    return replace(plan, people=people, rocks=rocks, exploration=explored)


def differences(plan: Forecast, other: Forecast) -> list[str]:
    """Return what another forecast changes, in words: what is covered by nobody first, then each rock that moves."""
    covered = {(one.part, sprint) for one in plan.uncovered for sprint in one.sprints}
    told = [
        uncovered(replace(one, sprints=new))
        for one in other.uncovered
        if (new := tuple(sprint for sprint in one.sprints if (one.part, sprint) not in covered))
    ]
    theirs = {one.rock.id: one for one in other.finishes}
    for one in plan.finishes:
        then = theirs.get(one.rock.id)
        if then is None:
            told.append(f"{one.rock.title} is left out.")
        elif (one.half, one.likely) != (then.half, then.likely):
            lost = " and no longer fits" if one.fits and not then.fits else ""
            fits = " and fits now" if then.fits and not one.fits else ""
            told.append(f"{one.rock.title} moves from {reach(one)} to {_short(then)}{lost}{fits}.")
        elif less := _less(one, then):
            told.append(f"{one.rock.title} stays in {reach(one)}; {less}.")
    return told or ["Nothing moves by as much as a sprint."]


def summary(told: Forecast, sprints: int = SPRINTS) -> str:
    """Return in a sentence how many rocks fit, as sure as 85 %."""
    fit, of = sum(one.fits for one in told.finishes), len(told.finishes)
    if of == 1:
        said = "It is" if fit else "It is not"
    elif fit == of:
        said = f"All {amount(of, 'rock')} are"
    else:
        said = f"{capital(counted(fit)) if fit else 'None'} of {amount(of, 'rock')} {'are' if fit > 1 else 'is'}"
    return f"{said} 85 % sure to be finished within these {amount(sprints, 'sprint')}."


def reach(one: Finish) -> str:
    """Return from when to when a rock is finished: sprint 3, sprints 3 to 5, sprint 5 or later, after sprint 6."""
    short = _short(one)
    return short if one.half is None else f"sprint{'' if one.likely in {None, one.half} else 's'} {short}"


def uncovered(one: Uncovered) -> str:
    """Return in words what nobody who is there knows, when, and what waits for it. It names no person."""
    when = f"sprint{'' if len(one.sprints) == 1 else 's'} {series([str(sprint) for sprint in one.sprints])}"
    return f"In {when} nobody who is there knows {one.part}: {series(one.rocks)} cannot go on then."


def deviation(one: Finish) -> int | None:
    """Return by how many sprints a rock is expected after its plan (below 0: before), as likely as not; None if unknown."""
    return None if one.rock.planned is None or one.half is None else one.half - one.rock.planned


def even_pace(size: float, begins: date, ends: date, by: date) -> float:
    """Return how many of its items would be done by a day at an even pace from the day a rock begins to its planned last."""
    whole = (ends - begins).days + 1
    return size * min(1.0, max(0.0, ((by - begins).days + 1) / whole)) if whole > 0 else size


def sizes(rock: Rock, draws: int = DRAWS) -> "NDArray[np.float64]":
    """Return so many sizes a rock may have: half above the likely one, a tenth below the low and a tenth above the high one.

    They belong to the rock whatever else is in the plan, so that two plans differ by what was changed and not by chance.
    """
    low, likely, high = rock.size
    if low == high or likely <= 0:
        return np.full(draws, float(max(0, likely)))
    apart = np.random.default_rng((SEED, crc32(rock.id.encode()))).normal(size=draws)
    down, up = (abs(math.log(max(end, 1e-9) / likely)) / TENTH for end in (low, high))
    return likely * np.exp(apart * np.where(apart < 0, down, up))


def _filled(plan: Plan, made: "NDArray[np.float64]", closed: Collection[tuple[str, int]]) -> list["NDArray[np.int_]"]:
    """Return for each rock and future the sprint it is finished in, one after the last when it is not."""
    draws = len(made)
    left = [np.maximum(sizes(rock, draws) - rock.done, 0) for rock in plan.rocks]
    ends = [np.where(items > 0, plan.sprints + 1, 1) for items in left]
    for sprint in range(1, plan.sprints + 1):
        room = made[:, sprint - 1].copy()
        for place, rock in enumerate(plan.rocks):
            if sprint < rock.earliest or any((part, sprint) in closed for part in rock.needs):
                continue
            taken = np.minimum(left[place], room)
            left[place] -= taken
            room -= taken
            ends[place] = np.where((left[place] <= 1e-9) & (ends[place] > sprint), sprint, ends[place])
    return ends


def _finish(rock: Rock, ends: "NDArray[np.int_]", sprints: int) -> Finish:
    half, likely = (int(np.quantile(ends, sure, method="higher")) for sure in (HALF, SURE))
    chance = tuple(float(np.mean(ends <= sprint)) for sprint in range(1, sprints + 1))
    return Finish(rock, half if half <= sprints else None, likely if likely <= sprints else None, chance)


def _covers(
    plan: Plan,
) -> tuple[tuple[Uncovered, ...], tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return the parts nobody who is there knows, those one person knows, and those nobody has said they know.

    Whoever knows something adds it themselves, so silence is unknown: it holds no rock up.
    """
    needed = {part: [rock for rock in plan.rocks if part in rock.needs] for rock in plan.rocks for part in rock.needs}
    gaps, alone, unsaid = [], [], []
    for part, rocks in needed.items():
        knowers = [one for one in plan.people if part in one.knows]
        named = tuple(one.title for one in rocks)
        if not knowers:
            unsaid.append((part, named))
            continue
        if len(knowers) == 1:
            alone.append((part, named))
        away = [nth for nth in range(1, plan.sprints + 1) if not any(_at(one.shares, nth - 1) > 0 for one in knowers)]
        if away:
            gaps.append(Uncovered(part, tuple(away), named))
    return tuple(gaps), tuple(alone), tuple(unsaid)


def _less(before: Finish, after: Finish) -> str:
    """Return how much surer or less sure a rock is at its planned end, in futures of a hundred; nothing below five."""
    at = (before.rock.planned or before.likely or len(before.chance)) - 1
    if not 0 <= at < len(before.chance):
        return ""
    was, now = (round(100 * one.chance[at]) for one in (before, after))
    return f"by the end of sprint {at + 1} in {now} of 100 futures instead of {was}" if abs(now - was) >= 5 else ""


def _short(one: Finish) -> str:
    if one.half is None:
        return f"after sprint {len(one.chance)}"
    if one.likely is None:
        return f"{one.half} or later"
    return f"{one.half}" if one.half == one.likely else f"{one.half}{DASH}{one.likely}"


def _least(items: "NDArray[np.float64]", sure: float) -> int:
    return math.floor(float(np.quantile(items, 1 - sure, method="lower")) + 1e-9)


def _at(shares: Sequence[float], sprint: int) -> float:
    """Return a share of a sprint; what nobody said anything about is whole."""
    return shares[sprint] if sprint < len(shares) else FULL


def person_weeks(plan: Plan) -> str:
    """Return in words how many of its person-weeks the team is there."""
    there, whole = (sum(part) for part in zip(*plan.person_weeks, strict=True))
    return f"{two_figures(there)} of {two_figures(whole)} person-weeks"
