"""What pages say about points: plain sentences that start a talk and never judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from metrics import Metric, Usual
from metrics.privacy import WHY
from pages.words import (
    SOURCES,
    Frame,
    amount,
    at,
    capital,
    day,
    full_day,
    in_words,
    inside,
    number,
    series,
    stands,
    stream,
    unit,
)

TOO_EARLY = "too early to say what is usual"
PROMPTS = {  # questions about the work, never about a person; shown only where a number left its usual range
    "week": "{when} sits outside the usual range. What was different that week?",
    "month": "{when} sits outside the usual range. What was different that month?",
    "quarter": "{when} sits outside the usual range. What was different that quarter?",
}


@dataclass(frozen=True)
class Reading:
    """The value of one metric in its last complete period, and what is usual for it."""

    metric: Metric
    starts: date
    value: float
    usual: Usual


def headline(metric: Metric, points: Frame, every: str) -> str:
    """Return one plain sentence with the range of the points: what the chart says to somebody who cannot see it."""
    known = points.dropna(subset="value")
    low, high = (number(value, metric) for value in (known["value"].min(), known["value"].max()))
    each = {"count": f" a {every}", "sum": f"{unit(metric)} a {every}", "balance": ""}.get(metric.fold, unit(metric))
    last = f"{number(known['value'].iloc[-1], metric)} {at(metric, known['starts'].iloc[-1], every)}"
    ranged = f"ranged from {low} to {high}{each}" if low != high else f"held at {low}{each}"
    return f"{metric.title} {ranged}, {last}" if len(known) > 1 else f"{metric.title}: {last}"


def sliced(metric: Metric, by: str, shown: int, there: int) -> str:
    """Return the sentence over a chart with one panel per slice."""
    panels = f"{shown} of {there} {by}s, filter to see another" if shown < there else amount(there, by)
    return f"{metric.title} by {by}: {panels}, {'each ' if shown > 1 else ''}with its own usual range"


def caption(metric: Metric, points: Frame, every: str, complete: datetime) -> str:
    """Return the line inside the picture, short enough for it: what one mark is, the days covered, how fresh."""
    mark = {
        "count": f"{metric.title} each {every}",
        "sum": f"{metric.title}, {metric.unit} each {every}",
        "median": f"{metric.title}, median {metric.unit}",
        "share": f"{metric.title}, share",
        "balance": f"{metric.title} at the end of each {every}",
    }[metric.fold]
    first, last = points["starts"].min(), points["ends"].max() - timedelta(days=1)
    since = day(first) if first.year == last.year else full_day(first)
    return f"{mark} · {since} to {full_day(last)} · complete to {day(complete)}"


def sample(metric: Metric, points: Frame) -> str:
    """Return how many rows the points rest on, and of how many, where some have no value."""
    n, of = (points[column].iloc[-1] if stands(metric) else points[column].sum() for column in ("n", "of"))
    told = f"n = {n:,}" if n == of else f"n = {n:,} of {of:,}"
    return f"{told}, no mark where n is below {metric.minimum}" if points["value"].isna().any() else told


def band(metric: Metric, usual: Usual | None) -> str:
    """Return the usual range and the dates of the baseline it comes from."""
    if not usual:
        return TOO_EARLY
    low, high = number(usual.low, metric), number(usual.high, metric)
    since, last = full_day(usual.since), full_day(usual.until - timedelta(days=1))
    return f"usual {low} to {high}{unit(metric)} (baseline {since} to {last})"


def outside(value: float, usual: Usual | None) -> bool:
    """Tell if a value lies outside the usual range."""
    return usual is not None and not pd.isna(value) and not usual.low <= value <= usual.high


def prompt(points: Frame, usual: Usual | None, every: str) -> str | None:
    """Return the question for the newest point outside the usual range, or None when there is none."""
    moved = points["starts"][[outside(value, usual) for value in points["value"]]]
    return PROMPTS[every].format(when=capital(in_words(moved.iloc[-1], every))) if len(moved) else None


def nothing(metric: Metric, points: Frame, complete: datetime | None) -> str:
    """Return why there is no chart, and what would make one."""
    if complete is None:
        needs = series([SOURCES[kind] for kind in metric.needs])
        return f"Not read to the end yet from {needs}. Collect again; Health says what is missing."
    if metric.private:
        return WHY
    if points["of"].sum():
        return f"Not enough yet: fewer than {metric.minimum} with a value in each period. Choose longer periods or a longer range."
    return "Nothing happened in this range yet. As soon as something does, it shows here after the next collection."


def counted(metric: Metric, starts: date, every: str, rows: Frame, value: float | None) -> str:
    """Return how the rows of a mark make its number."""
    there = capital(f"{amount(len(rows), 'row')} {at(metric, starts, every)}")
    if not len(rows):
        return f"{there}."
    if value is None:
        return f"{there}: too few with a value for a mark, which waits for {metric.minimum}."
    mark = f"{number(value, metric)}{unit(metric)}"
    return {
        "median": f"{there}. Their median is {mark}.",
        "share": f"{there}. Their share is {mark}.",
        "sum": f"{there}. Their sum is {mark}.",
    }.get(metric.fold, f"{there}. The chart counts {mark}.")


def summary(told: Sequence[Reading], silent: Sequence[Metric], every: str = "week") -> list[str]:
    """Return up to three sentences: what moved in the last complete period, what did not, and what cannot be said yet."""
    said = [capital(f"{TOO_EARLY}.")]
    if told:
        moved = [one for one in told if outside(one.value, one.usual)]
        calm = [inside(one.metric) for one in told if one not in moved]
        left = f"{amount(len(moved), 'measure')} left {'its' if len(moved) == 1 else 'their'} usual range"
        those = f"{left}: {series([_moved(one) for one in moved])}" if moved else "nothing left its usual range"
        said = [f"In {in_words(max(one.starts for one in told), every)}, {those}."]
        if calm:
            said.append(capital(f"{amount(len(calm), 'measure')} stayed inside: {series(calm)}."))
    if silent:
        said.append(f"Too early or too little to say anything about {series([inside(metric) for metric in silent])}.")
    return said


def _moved(one: Reading) -> str:
    metric, usual = one.metric, one.usual
    value = number(one.value, metric) + ("" if metric.fold in {"count", "balance"} else unit(metric))
    return f"{inside(metric)} ({value}, usual {number(usual.low, metric)} to {number(usual.high, metric)})"


def unfinished(rows: Frame) -> str:
    """Return which parts of which sources are missing: GitHub (deployments), Jira (issues and histories)."""
    parts = [(kind, sorted({stream(name, kind) for name in part["stream"]})) for kind, part in rows.groupby("kind")]
    return series([f"{SOURCES.get(kind, kind)} ({series(names)})" for kind, names in parts])
