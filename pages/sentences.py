"""What pages say about points: plain sentences that start a talk and never judge."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import pandas as pd

from metrics import Metric, Usual
from metrics.outcomes import Friction, Range, Toil
from metrics.privacy import WHY
from metrics.questions import questions
from metrics.signals import LOOKS, Watch, expected_false
from pages.reading import View
from pages.words import (
    SOURCES,
    STEPS,
    Frame,
    amount,
    at,
    capital,
    day,
    full_day,
    inside,
    number,
    series,
    stands,
    stream,
    two_figures,
    unit,
)

TOO_EARLY = "too early to say what is usual"
NOT_SPLIT = "told for everybody: it is not split by team"
NAMED = 6  # measures told by name in one breath
VERDICTS = {
    "too few": "nothing to hold it against yet",
    "usual": "nothing unusual",
    "unusual": "an unusual week of {day}",
    "look": "worth a look since the week of {day}",
    "shift": "moved in the week of {day}",
    "gap": "no value for longer than usual",
}


def headline(metric: Metric, points: Frame, every: str, watch: Watch | None = None) -> str:
    """Return one plain sentence with the range of the points: what the chart says to somebody who cannot see it."""
    known = points.dropna(subset="value")
    low, high = (number(value, metric) for value in (known["value"].min(), known["value"].max()))
    each = {"count": f" a {every}", "sum": f"{unit(metric)} a {every}", "balance": ""}.get(metric.fold, unit(metric))
    newest = known.iloc[-1]
    last = f"{number(newest['value'], metric)}{spread(metric, newest)} {at(metric, newest['starts'], every)}"
    ranged = f"ranged from {low} to {high}{each}" if low != high else f"held at {low}{each}"
    said = f"{metric.title} {ranged}, {last}" if len(known) > 1 else f"{metric.title}: {last}"
    return f"{said}; {verdict(watch)}" if watch else said


def spread(metric: Metric, point: Frame) -> str:
    """Return how sure a share is, as an interval, or what 85 % of a median's rows stay below, in brackets; or nothing."""
    if metric.fold == "share" and pd.notna(point["low"]):
        low, high = (two_figures(100 * point[end]) for end in ("low", "high"))
        return f" ({low} to {high} %)"
    if metric.fold == "median" and pd.notna(point["p85"]) and point["p85"] != point["value"]:
        return f" (85 % within {number(point['p85'], metric)})"
    return ""


def verdict(watch: Watch) -> str:
    """Return the state of a chart as the signal engine sees it, for the end of a sentence."""
    return VERDICTS[watch.state].format(day=day(watch.signal.since) if watch.signal else "")


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


def compared(view: View, earlier: Iterable[Frame | None]) -> str:
    """Return what the dashed line is, with its dates; nothing where there is none."""
    told = [frame for frame in earlier if frame is not None]
    if not told:
        return ""
    first = min(frame["was"].min() for frame in told)
    last = pd.Timestamp(max(frame["was"].max() for frame in told)) + STEPS[view.every] - timedelta(days=1)
    return f"dashed: {view.compare}, {full_day(first)} to {full_day(last)}"


def sample(metric: Metric, points: Frame) -> str:
    """Return how many rows the points rest on, and of how many, where some have no value."""
    n, of = (points[column].iloc[-1] if stands(metric) else points[column].sum() for column in ("n", "of"))
    told = f"n = {n:,}" if n == of else f"n = {n:,} of {of:,}"
    if not points["value"].isna().any():
        return told
    return f"{told}, no mark where {f'n is below {metric.minimum}' if metric.minimum else 'nothing happened'}"


def band(metric: Metric, usual: Usual | None) -> str:
    """Return the usual range and the dates of the baseline it comes from."""
    if not usual:
        return TOO_EARLY
    low, high = number(usual.low, metric), number(usual.high, metric)
    since, last = full_day(usual.since), full_day(usual.until - timedelta(days=1))
    return f"usual {low} to {high}{unit(metric)} (baseline {since} to {last})"


def prompt(metric: Metric, watch: Watch | None) -> str | None:
    """Return the question under a chart, or None where nothing moved."""
    return next(iter(questions(metric, watch)), None) if watch and watch.signal else None


def nothing(metric: Metric, points: Frame, complete: datetime | None) -> str:
    """Return why there is no chart, and what would make one."""
    if complete is None:
        needs = series([SOURCES[kind] for kind in metric.needs])
        return f"Not read to the end yet from {needs}. Collect again; Health says what is missing."
    if metric.private and points["value"].isna().all():
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


def summary(watched: Sequence[tuple[Metric, Watch]], first: Iterable[str] = ()) -> list[str]:
    """Return up to three sentences: what moved, what did as usual, and what cannot be told. `first` are told by name first."""
    order = list(first)
    ranked = sorted(watched, key=lambda pair: order.index(pair[0].name) if pair[0].name in order else len(order))
    states: dict[str, list[str]] = {}
    for metric, watch in ranked:
        states.setdefault(watch.state, []).append(inside(metric))
    newest = max((watch.marks[-1].starts for _, watch in watched if watch.marks), default=None)
    said = [capital(f"{TOO_EARLY}.")]
    if newest:
        told = {"shift": "moved", "unusual": "had an unusual week", "look": "may have begun to move"}
        moved = [f"{_names(states[state])} {what}" for state, what in told.items() if state in states]
        said = [f"As of the week of {day(newest)}, {'; '.join(moved) or 'nothing moved'}."]
    if calm := states.get("usual"):
        named = f", among them {series(calm[:NAMED])}" if len(calm) > NAMED else f": {series(calm)}"
        said.append(capital(f"{amount(len(calm), 'measure')} did as usual{named}."))
    unknown = []
    if few := states.get("too few"):
        unknown.append(f"{amount(len(few), 'measure')} cannot be held against anything yet")
    if silent := states.get("gap"):
        unknown.append(f"without a value for longer than usual: {_names(silent)}")
    return [*said, capital(f"{'; '.join(unknown)}.")] if unknown else said


def _names(titles: Sequence[str]) -> str:
    more = [f"{len(titles) - NAMED} more"] if len(titles) > NAMED else []
    return series([*titles[:NAMED], *more])


def chance(watched: Sequence[tuple[Metric, Watch]]) -> str:
    """Return how often chance alone makes these charts speak."""
    there = [watch for _, watch in watched if watch.baseline]
    false, looks = (two_figures(expected_false(there) * times) for times in (1, LOOKS))
    return f"With {amount(len(there), 'chart')} watched, expect about {false} false signals a year, and {looks} false looks."


def friction(one: Friction) -> str:
    """Return how a Workflow went, in one sentence."""
    if not one.requests:
        return "Nothing was asked of it in this time."
    shares = [
        (one.success, "were served"),
        (one.first_time_success, "at the first try"),
        (one.bypass, "of all requests still came by hand"),
        (one.induced, "of what it served came because asking is easy, which gives no time back"),
    ]
    told = [f"{two_figures(100 * share)} % {what}" for share, what in shares if share is not None]
    tries = f", with {two_figures(one.attempts_per_request)} runs each" if one.attempts_per_request else ""
    asked = f"{amount(one.requests, 'request')} made to it{tries}"
    support = "" if one.support_per_100 is None else f"; {two_figures(one.support_per_100)} questions for 100 requests"
    return capital(f"{asked}: {series(told)}{support}.")


def toil(one: Toil) -> str:
    """Return the hours of toil as a range, and their share of the team's where that is known."""
    if one.hours is None:
        return ""
    hours = f"{_ends(one.hours)} hours of toil in {amount(one.tickets, 'ticket')} that were finished in this time"
    share = f", {_ends(one.share, 100)} % of the team's" if one.share else ""
    return capital(f"{hours}{share}.")


def _ends(found: Range, times: float = 1) -> str:
    return f"{two_figures(times * found.low)} to {two_figures(times * found.high)}"


def unfinished(rows: Frame) -> str:
    """Return which parts of which sources are missing: GitHub (deployments), Jira (issues and histories)."""
    parts = [(kind, sorted({stream(name, kind) for name in part["stream"]})) for kind, part in rows.groupby("kind")]
    return series([f"{SOURCES.get(kind, kind)} ({series(names)})" for kind, names in parts])
