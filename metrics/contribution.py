"""Where a change comes from: what each area, kind or phase carries of it, in parts that add up to the change exactly.

Every one is an identity and no model, so nothing is left over and nothing has to be believed:
counts, sums and balances   the level a week of each part; levels add up
shares                      how large a part is times its own share; the change of a product has two terms, one for each factor,
                            the other one at its average (Kitagawa, Components of a Difference Between Two Rates, JASA 1955)
medians                     medians do not add up, so each part's rows are exchanged, before for after, in every order, and a part
                            carries what the median moves on average when it is its turn (Shapley, A Value for n-Person Games,
                            1953; Shorrocks, Decomposition procedures for distributional analysis, J. Econ. Inequality 2013)
phases                      the mean of each phase; the phases of a pull request add up to its whole time, so their means do
"""

from datetime import date, timedelta
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from data import team
from metrics.flow import METRICS as FLOW
from metrics.metric import Areas, Metric, known, rows

if TYPE_CHECKING:
    from collections.abc import Collection

Days = tuple[date, date]  # since (inclusive) and until (exclusive), in the team's time zone
By = Literal["area", "kind", "phase"]
BY = ("area", "kind", "phase")
COLUMNS = ("part", "before", "after", "change", "share", "mix", "n_before", "n_after")
NOT_SET, REST, UNREVIEWED = "not set", "the rest", "Merged without review"
MOST = 6  # parts of a median told apart; exchanging them in every order takes 2 to the power of them
PULL_REQUEST = ("coding_time", "pickup_time", "review_time", "merge_time")
PHASES = {"pull_request_cycle_time": PULL_REQUEST, "change_lead_time": (*PULL_REQUEST, "deploy_time")}
IN_DAYS = {"days": 1.0, "hours": 1 / 24}


def contribution(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    before: Days,
    after: Days,
    by: By,
    *,
    area: Areas | None = None,
    kind: str | None = None,
    without: "Collection[date]" = (),
) -> pd.DataFrame:
    """Return what each part carries of the change, the largest first: COLUMNS, with `change` adding up to the whole change.

    `before` and `after` of a part are its own: its level a week, its share, its median (null below the metric's minimum n) or
    the mean of a phase, in the metric's unit. `share` is the part of the whole change, null where nothing changed on the whole;
    `mix` is how much of a part's change of a share comes from the part being a larger or smaller portion of all. `without` are
    the Mondays of special weeks, which are left out. Empty where one side has nothing to compare. Raises CairnError for a
    metric about people, whose rows nobody may see.
    """
    known(by, ways(metric), "way to split it by")
    sliced: dict[str, Any] = {"area": area, "kind": kind}
    if by == "phase":
        return _phased(metric, before, after, sliced, without)
    if metric.fold == "balance":
        turns = rows(metric, until=after[1], **sliced)
        ends = [_ends(side, without) for side in (before, after)]
        earlier, later = (_held(turns, side) for side in ends)
        return split(metric, earlier, later, (7 * len(ends[0]), 7 * len(ends[1])), by)
    earlier, later = (
        _without(rows(metric, since=side[0], until=side[1], **sliced), without) for side in (before, after)
    )
    return split(metric, earlier, later, (_length(before, without), _length(after, without)), by)


def ways(metric: Metric) -> tuple[By, ...]:
    """Return the ways a metric's change can be split."""
    return BY if metric.name in PHASES else ("area", "kind")


def split(
    metric: Metric, earlier: pd.DataFrame, later: pd.DataFrame, days: tuple[int, int], by: Literal["area", "kind"]
) -> pd.DataFrame:
    """Return the contributions from the rows of two stretches of time, and how many days each stretch has.

    For a balance a row's value is the sum of what it held at the end of each week of the stretch.
    """
    earlier, later = (_told(side, by) for side in (earlier, later))
    if metric.fold == "median":
        return _medians(earlier, later, days, metric)
    if metric.fold == "share":
        return _shares(earlier, later)
    return _levels(earlier, later, days, metric.fold)


def _told(found: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows that have a value: part, value, kind."""
    told = found.dropna(subset=["value"])
    return pd.DataFrame(
        {"part": told[by].fillna(NOT_SET), "value": told["value"].astype(float), "kind": told["kind"].fillna(NOT_SET)}
    )


def _levels(earlier: pd.DataFrame, later: pd.DataFrame, days: tuple[int, int], fold: str) -> pd.DataFrame:
    folded = [side.groupby("part")["value"].agg(["sum", "count"]) for side in (earlier, later)]
    both = folded[0].add_suffix("_before").join(folded[1].add_suffix("_after"), how="outer").fillna(0.0)
    column = "count" if fold == "count" else "sum"
    per_week = [both[f"{column}_{side}"] * 7 / length for side, length in zip(("before", "after"), days, strict=True)]
    if fold == "balance":  # its n is the balance itself
        both["count_before"], both["count_after"] = (side.round() for side in per_week)
    return _ordered(
        part=both.index,
        before=per_week[0].to_numpy(),
        after=per_week[1].to_numpy(),
        change=(per_week[1] - per_week[0]).to_numpy(),
        n_before=both["count_before"].to_numpy(),
        n_after=both["count_after"].to_numpy(),
    )


def _shares(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    if earlier.empty or later.empty:
        return _ordered()
    folded = [side.groupby("part")["value"].agg(["mean", "count"]) for side in (earlier, later)]
    both = folded[0].add_suffix("_before").join(folded[1].add_suffix("_after"), how="outer")
    n = [both[f"count_{side}"].fillna(0.0) for side in ("before", "after")]
    weight = [side / side.sum() for side in n]
    own = [both["mean_before"], both["mean_after"]]
    told = [own[0].fillna(own[1]), own[1].fillna(own[0])]  # a part that is new, or gone, changes the mix and no share
    middle = (earlier["value"].mean() + later["value"].mean()) / 2
    mix = (weight[1] - weight[0]) * ((told[0] + told[1]) / 2 - middle)
    rate = (told[1] - told[0]) * (weight[0] + weight[1]) / 2
    return _ordered(
        part=both.index,
        before=own[0].to_numpy(),
        after=own[1].to_numpy(),
        change=(mix + rate).to_numpy(),
        mix=mix.to_numpy(),
        n_before=n[0].to_numpy(),
        n_after=n[1].to_numpy(),
    )


def _medians(earlier: pd.DataFrame, later: pd.DataFrame, days: tuple[int, int], metric: Metric) -> pd.DataFrame:
    pool = pd.concat([earlier.assign(late=False), later.assign(late=True)])
    biggest = pool["part"].value_counts().sort_index().nlargest(MOST).index
    pool["part"] = pool["part"].where(pool["part"].isin(biggest), REST)
    pool["open"] = (pool["kind"] == metric.censored) if metric.censored else False
    pool = pool.sort_values(["value", "open"])
    value, late, still_open = (pool[name].to_numpy() for name in ("value", "late", "open"))
    # a row of a long stretch says less about a week than one of a short stretch; whole numbers keep ties exact
    weight = np.where(late, days[0], days[1])
    censored = bool(metric.censored)

    def middle(chosen: np.ndarray) -> float | None:
        return _middle(value[chosen], weight[chosen], still_open[chosen] if censored else None)

    first, last = middle(~late), middle(late)
    names = sorted(pool["part"].unique())
    if first is None or last is None:
        return _ordered()
    parts = [(pool["part"] == name).to_numpy() for name in names]
    half_way = (first + last) / 2
    worth: dict[frozenset[int], float] = {}
    for size in range(len(parts) + 1):
        for exchanged in combinations(range(len(parts)), size):
            from_later = np.logical_or.reduce([parts[one] for one in exchanged]) if exchanged else np.zeros_like(late)
            chosen = late == from_later
            found = middle(chosen)
            if found is None:  # no rows at all, or more than half of them still open
                found = float(value[chosen].max()) if chosen.any() else half_way
            worth[frozenset(exchanged)] = found
    own = [(_n(part, late), [middle(part & ~late), middle(part & late)]) for part in parts]
    return _ordered(
        part=names,
        before=[told[0] if n[0] >= metric.minimum else None for n, told in own],
        after=[told[1] if n[1] >= metric.minimum else None for n, told in own],
        change=[_turn(one, len(parts), worth) for one in range(len(parts))],
        n_before=[n[0] for n, _ in own],
        n_after=[n[1] for n, _ in own],
    )


def _n(part: np.ndarray, late: np.ndarray) -> tuple[int, int]:
    return int((part & ~late).sum()), int((part & late).sum())


def _turn(one: int, parts: int, worth: dict[frozenset[int], float]) -> float:
    """Return what the median moves when it is one part's turn to be exchanged, on average over all orders of the parts."""
    return sum(
        factorial(len(exchanged)) * factorial(parts - len(exchanged) - 1) / factorial(parts)
        * (worth[exchanged | {one}] - found)
        for exchanged, found in worth.items()
        if one not in exchanged
    )  # fmt: skip


def _middle(value: np.ndarray, weight: np.ndarray, still_open: np.ndarray | None) -> float | None:
    """Return the weighted median of values in order: with equal weights the plain one, or Kaplan and Meier's.

    None where there are no values, or more than half are still open.
    """
    if not len(value):
        return None
    if still_open is None or not still_open.any():
        twice = 2 * weight.cumsum()
        low, high = (np.searchsorted(twice, twice[-1] // 2, side=side) for side in ("left", "right"))
        return float(value[low] + value[min(high, len(value) - 1)]) / 2
    there = weight.sum() - weight.cumsum() + weight
    left = np.where(still_open, 1.0, 1 - weight / there).cumprod()
    fallen = np.flatnonzero(left <= 0.5 + 1e-12)
    return float(value[fallen[0]]) if len(fallen) else None


def _phased(
    metric: Metric, before: Days, after: Days, sliced: dict[str, Any], without: "Collection[date]"
) -> pd.DataFrame:
    """Return the phases of pull requests: their means, which add up to the mean of the whole time."""
    key = ["area", "what", "url"]
    scale = 1 / IN_DAYS[metric.unit]
    named = {one.name: one for one in FLOW}
    phases = {}
    for name in PHASES[metric.name]:
        found = rows(named[name], until=after[1], **sliced).drop_duplicates(key).set_index(key)["value"]
        phases[named[name].title] = found * IN_DAYS[named[name].unit] * scale
    told = []
    for since, until in (before, after):
        whole = _without(rows(metric, since=since, until=until, **sliced), without).dropna(subset=["value"])
        at = pd.MultiIndex.from_frame(whole[key])
        each = pd.DataFrame({title: values.reindex(at).fillna(0.0).to_numpy() for title, values in phases.items()})
        each[UNREVIEWED] = whole["value"].to_numpy() - each.sum(axis=1)
        told.append(each)
    if any(each.empty for each in told):
        return _ordered()
    means = [each.mean() for each in told]
    if not any((each[UNREVIEWED].abs() > 1e-9).any() for each in told):
        means = [each.drop(UNREVIEWED) for each in means]
    return _ordered(
        part=means[0].index,
        before=means[0].to_numpy(),
        after=means[1].to_numpy(),
        change=(means[1] - means[0]).to_numpy(),
        n_before=len(told[0]),
        n_after=len(told[1]),
    )


def _without(found: pd.DataFrame, mondays: "Collection[date]") -> pd.DataFrame:
    if not mondays or found.empty:
        return found
    day = _day(found)
    return found[~(day - pd.to_timedelta(day.dt.day_of_week, unit="D")).isin([pd.Timestamp(one) for one in mondays])]


def _length(side: Days, without: "Collection[date]") -> int:
    """Return how many days a stretch has, less its special weeks; at least one."""
    since, until = side
    return max((until - since).days - 7 * sum(since <= monday < until for monday in without), 1)


def _ends(side: Days, without: "Collection[date]") -> list[date]:
    """Return the ends of the weeks of a stretch; a stretch of special weeks alone still has its last."""
    mondays = [side[0] + timedelta(days=n) for n in range(0, max((side[1] - side[0]).days, 1), 7)]
    return [monday + timedelta(days=7) for monday in mondays if monday not in without] or [side[1]]


def _held(turns: pd.DataFrame, ends: list[date]) -> pd.DataFrame:
    """Return the turns of a balance, each with what it added to the ends of weeks after it, together."""
    day = _day(turns).to_numpy(dtype="datetime64[ns]")
    times = len(ends) - np.searchsorted(np.array(ends, dtype="datetime64[ns]"), day, side="right")
    return turns.assign(value=turns["value"] * times)[times > 0]


def _day(found: pd.DataFrame) -> pd.Series:
    """Return the day of each row in the team's time zone."""
    return found["happened_at"].dt.tz_localize("UTC").dt.tz_convert(team().timezone).dt.tz_localize(None).dt.normalize()


def _ordered(**columns: Any) -> pd.DataFrame:
    """Return the parts with the largest change first, and each one's share of the whole."""
    if not columns:
        return pd.DataFrame({name: pd.Series(dtype=object if name == "part" else float) for name in COLUMNS})
    told = pd.DataFrame({"mix": np.nan, **columns})
    numbers = ["before", "after", "change", "mix"]
    told[numbers] = told[numbers].astype(float)
    told[["n_before", "n_after"]] = told[["n_before", "n_after"]].astype(int)
    whole = told["change"].sum()
    told["share"] = told["change"] / whole if abs(whole) > 1e-12 else np.nan
    largest = told.assign(size=told["change"].abs().round(12)).sort_values(["size", "part"], ascending=[False, True])
    return largest[list(COLUMNS)].reset_index(drop=True)
