"""Experiments: before one begins what it could show, while it runs nothing, and at its planned end what its weeks let anybody say.

Every function here is pure: give it the plan as it was written down and the weeks as they were measured.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from data import CairnError
from metrics import METRICS
from metrics.before_after import Claim, before_after, scale_of, since, smallest_effect
from metrics.metric import Metric
from metrics.noted import NAMES, WRITTEN, Noted
from metrics.usual import special
from metrics.words import amount, counted, day, full_day, series, unit

if TYPE_CHECKING:
    import pandas as pd

    from data import Team

BEFORE = 26  # weeks an experiment is held against
FEW = 3  # rows a week has to have to be held against others, as the signals do it
NAMED = 6  # other changes told by name
CHANCE = 0.05  # of experiments in which nothing happens, and which yet look moved
DAY = timedelta(days=1)
State = Literal["planned", "running", "waiting", "ended"]
Ended = Literal["moved", "did not move", "can't tell"]
ENDED: dict[str, Ended] = {  # everything else cannot be told
    "moved": "moved",
    "moved the other way": "moved",
    "no effect of that size": "did not move",
}
UNITS = {"log": "per cent", "logit": "percentage points"}
PLAN = ("metric", "area", "against", "hoped", "matters", "start", "end")  # what may not change once it runs


@dataclass(frozen=True)
class Plan:
    """What was written down before it began. `end` is its last day; `matters` is in the unit people wrote it in.

    `against` is another area, which the change does not reach: what moves both is left out.
    """

    metric: Metric
    area: str | None
    hoped: Literal["up", "down"]
    matters: float
    start: date
    end: date
    guards: tuple[Metric, ...]
    against: str | None = None

    @property
    def weeks(self) -> int:
        """Return how many whole weeks lie in it."""
        return max(0, (_monday(self.end + DAY) - _monday(self.start + 6 * DAY)).days // 7)


@dataclass(frozen=True)
class Result:
    """How an experiment ended, in one of three words, and what stands behind them."""

    ended: Ended
    claim: Claim


def plan(body: dict[str, Any]) -> Plan:
    """Return the plan an entry of the journal holds. Raises CairnError that says in words what it lacks."""
    metric = next((one for one in METRICS if one.name == body.get("metric")), None)
    if metric is None:
        raise CairnError("There is no such number to judge it by; choose one of those there are.")
    if metric.private:
        raise CairnError(f"{metric.title} is about people in a crowd and not told by the week: choose another number.")
    hoped = body.get("hoped") or metric.better
    if hoped == "steady":
        raise CairnError(f"{metric.title} is hoped to stay as it is; say which way this experiment should move it.")
    matters = body.get("matters")
    if not isinstance(matters, (int, float)) or not 0 < matters < float("inf"):
        raise CairnError("The smallest change that would matter is a number above 0.")
    try:
        start, end = (date.fromisoformat(str(body.get(name))) for name in ("start", "end"))
    except ValueError:
        raise CairnError("It needs a first and a last day.") from None
    if end <= start:
        raise CairnError("Its last day lies before its first.")
    area, against = body.get("area") or None, body.get("against") or None
    if against and not area:
        raise CairnError(f"Say in which part it is tried: everything cannot be held against {against}, a part of it.")
    if against and against == area:
        raise CairnError(
            "It cannot be held against the part it is tried in: choose one that the change does not reach."
        )
    return Plan(
        metric,
        area,
        "up" if hoped == "up" else "down",
        float(matters),
        start,
        end,
        guards(body.get("guards")),
        against,
    )


def guards(named: object) -> tuple[Metric, ...]:
    """Return the metrics a line of words names, parted by commas."""
    words = {one.strip().casefold() for one in str(named or "").split(",")}
    return tuple(one for one in METRICS if words & {one.name.casefold(), one.title.casefold()})


def measured_in(metric: Metric) -> str:
    """Return the unit in which the size that would matter is written."""
    return UNITS.get(metric.signal) or unit(metric).strip() or "of it"


def state(its: Plan, today: date, points: "pd.DataFrame") -> State:
    """Return where an experiment stands; `waiting` is over, but not all of its weeks are read yet."""
    if today <= its.end:
        return "planned" if today < its.start else "running"
    return "ended" if len(points) and points["ends"].max() >= _monday(its.end + DAY) else "waiting"


def could_show(its: Plan, points: "pd.DataFrame", words: "Team", theirs: "pd.DataFrame | None" = None) -> str:
    """Return in words the smallest effect it could show, before it begins, from the weeks there are.

    `theirs` are the weeks of the area it is held against.
    """
    before, _ = sides(its, points, words)
    beside = _same_weeks(theirs, before)
    signal, matters = _scaled(its, before["value"], *_values(beside))
    found = smallest_effect(
        before["value"],
        its.weeks,
        hoped=its.hoped,
        matters=matters,
        signal=signal,
        unit=its.metric.unit,
        of=before["n"],
        comparison=None if beside is None else beside["value"],
        comparison_of=None if beside is None else beside["n"],
    )
    if found is None:
        known = before["value"].notna() & (True if beside is None else beside["value"].notna())
        return _beside(its) + (
            f"It would have {amount(int(known.sum()), 'week')} before and {amount(its.weeks, 'week')} after;"
            " below 12 and 6 nothing can be told. Run it longer, or measure something there is more of."
        )
    return _beside(its) + found.words


def result(  # noqa: PLR0913, PLR0917  a plan, its weeks, theirs, and what else happened
    its: Plan,
    points: "pd.DataFrame",
    words: "Team",
    today: date,
    nearby: Sequence[str],
    theirs: "pd.DataFrame | None" = None,
) -> Result | None:
    """Return how it ended, None before its planned end: reading early finds things that are not there.

    `theirs` are the weeks of the area it is held against.
    """
    if state(its, today, points) != "ended":
        return None
    before, after = sides(its, points, words)
    then, since_then = _same_weeks(theirs, before), _same_weeks(theirs, after)
    signal, matters = _scaled(its, before["value"], after["value"], *_values(then, since_then))
    compared = None if then is None or since_then is None else (then, since_then)
    claim = before_after(
        before["value"], after["value"], planned_end=its.end, today=today, hoped=its.hoped, matters=matters,
        nearby=nearby, signal=signal, unit=its.metric.unit, of=(before["n"], after["n"]),
        comparison=compared and (compared[0]["value"], compared[1]["value"]),
        comparison_of=compared and (compared[0]["n"], compared[1]["n"]),
    )  # fmt: skip
    return Result(ENDED.get(claim.verdict, "can't tell"), replace(claim, words=_beside(its) + claim.words))


def held_against(  # noqa: PLR0913, PLR0917  a look back is a day, its weeks and what else happened
    metric: Metric, points: "pd.DataFrame", begins: date, until: date, words: "Team", nearby: Sequence[str]
) -> Claim:
    """Return what the weeks before and since a day let anybody say, where no size was named beforehand."""
    before, after = around(points, begins, until, words)
    return since(
        before["value"], after["value"], nearby=nearby, signal=metric.signal, unit=metric.unit,
        of=(before["n"], after["n"]),
    )  # fmt: skip


def sides(its: Plan, points: "pd.DataFrame", words: "Team") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the weeks before an experiment and those that lie wholly in it."""
    return around(points, its.start, its.end + DAY, words)


def around(points: "pd.DataFrame", begins: date, until: date, words: "Team") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return at most BEFORE ordinary weeks that ended by a day, and those that lie wholly between it and another (excluded)."""
    ordinary = [not special(starts, ends, words) for starts, ends in zip(points["starts"], points["ends"], strict=True)]
    kept = points[np.array(ordinary, dtype=bool)]
    return kept[kept["ends"] <= begins].tail(BEFORE), kept[(kept["starts"] >= begins) & (kept["ends"] <= until)]


def nearby(told: Sequence[Noted], its_own: str = "") -> tuple[str, ...]:
    """Return what else changed, in words: what people wrote by name, releases and incidents by their number."""
    others = [one for one in told if one.entry != its_own or not its_own]
    named = list(dict.fromkeys(f"{one.what} ({NAMES.get(one.kind, one.kind)})" for one in others if _rare(one)))
    counts = Counter(one.kind for one in others if not _rare(one))
    more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
    return (*named[:NAMED], *more, *(amount(count, kind) for kind, count in sorted(counts.items())))


def together(ended: Sequence[tuple[Plan, Result]]) -> str:
    """Return what the experiments of a quarter add up to, in words."""
    counts = Counter(one.ended for _, one in ended)
    told = series([f"{counted(counts[word])} {word}" for word in ENDED_WORDS if counts[word]])
    weeks = median(its.weeks for its, _ in ended)
    by_chance = f"{CHANCE * len(ended):.1g}"
    return (
        f"{amount(len(ended), 'experiment')} ended: {told}. Half of them took {weeks:g} weeks or less. If nothing had happened in any, chance alone would let about"
        f" {by_chance} of them look moved. Effects on different numbers are not added up."
    )


ENDED_WORDS: tuple[Ended, ...] = ("moved", "did not move", "can't tell")


def late(its: Plan, versions: Sequence[tuple[date, dict[str, Any]]]) -> str:
    """Return in words if it was written down or planned anew after it began, nothing otherwise.

    `versions` are the days and bodies of an entry, the first one first.
    """
    if not versions:
        return ""
    written, first = versions[0]
    if written > its.start:
        return f"It was written down on {full_day(written)}, after it began: read it as a look back."
    changed = [on for on, body in versions if on > its.start and any(body.get(n) != first.get(n) for n in PLAN)]
    return f"Its plan was changed on {full_day(changed[0])}, after it began." if changed else ""


def progress(its: Plan, today: date) -> str:
    """Return how far it is, and nothing about how it goes: Day 12 of 56."""
    if today < its.start:
        return f"Begins on {day(its.start)}"
    return f"Day {(today - its.start).days + 1} of {(its.end - its.start).days + 1}"


def _rare(one: Noted) -> bool:
    return one.kind in WRITTEN or one.kind in {"holiday", "special"}


def _scaled(its: Plan, *sides: "pd.Series") -> tuple[Any, float]:
    """Return the scale to compare on, and the size that matters as that scale wants it."""
    signal = its.metric.signal
    scale = scale_of(signal, *sides)
    if signal == "log" and scale == "raw":  # a duration of 0 has no logarithm: then per cent of what was
        return "raw", its.matters / 100 * float(np.nanmean(sides[0].to_numpy(dtype=float)))
    return signal, its.matters / 100 if signal in UNITS else its.matters


def _same_weeks(theirs: "pd.DataFrame | None", ours: "pd.DataFrame") -> "pd.DataFrame | None":
    """Return the weeks of another area in the order of ours; a week that only one of both has says nothing."""
    if theirs is None:
        return None
    return theirs.set_index("starts")[["value", "n"]].reindex(ours["starts"]).set_axis(ours.index)


def _values(*sides: "pd.DataFrame | None") -> "list[pd.Series]":
    return [one["value"] for one in sides if one is not None]


def _beside(its: Plan) -> str:
    return f"Held against {its.against}, week by week, so that what moves both is left out. " if its.against else ""


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
