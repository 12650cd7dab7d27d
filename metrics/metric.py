"""What a metric is: one SQL that yields one row per event. The chart is the fold of those rows, so the two never disagree."""

import difflib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from data import CairnError, query, team

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pandas as pd

Day = date | str  # in the team's time zone; text as YYYY-MM-DD
COLUMNS = ("happened_at", "value", "area", "kind", "what", "url")
STEPS = {"week": "interval 7 day", "month": "interval 1 month", "quarter": "interval 3 month"}
FOLDS = {
    "count": "count(value)",
    "sum": "coalesce(sum(value), 0)",
    "median": "quantile_cont(value, 0.5)",
    "share": "avg(value)",
    "balance": "sum(coalesce(sum(value), 0)) over (partition by slice order by starts)",
}


@dataclass(frozen=True)
class Metric:
    """A number people can talk about, and everything said about it anywhere."""

    name: str
    title: str
    unit: str
    better: Literal["up", "down", "steady"]
    fold: Literal["count", "sum", "median", "share", "balance"]
    about: str
    caution: str  # how it misleads
    asks: tuple[str, ...]  # questions it may start, about work and never about a person
    sql: str  # COLUMNS, one row per event, times zone-less UTC; may read periods(starts, ends), see HEAD
    needs: tuple[Literal["github", "jira"], ...] = ("github",)
    minimum: int = 0  # fewer rows with a value than this say nothing yet
    signal: Literal["raw", "root", "log", "logit"] = "raw"  # how a signal engine straightens the series first


# Weeks begin on Monday, months and quarters on the first, at midnight of the team's time zone. `periods` are the complete
# ones, as UTC instants, for metrics that say how things stood at the end of each: a row of theirs happens just before `ends`.
HEAD = """
with complete as (
    select case when count(newest) = len($needs) then min(newest) end as complete_to
    from (
        select max(complete_to) as newest
        from sources
        where list_contains($needs::text[], kind)
        group by kind
    )
),
calendar as (
    select
        day::date as starts,
        (day + {step})::date as ends,
    from (
        select unnest(generate_series(date_trunc('{every}', timestamp '2000-01-01'), now_here - {step}, {step})) as day
        from (select timezone($zone, timezone('UTC', complete_to)) as now_here from complete)
    )
),
periods as (
    select
        timezone('UTC', timezone($zone, starts::timestamp)) as starts,
        timezone('UTC', timezone($zone, ends::timestamp)) as ends,
    from calendar
),
events as (
    select
        happened_at,
        value::double as value,
        coalesce(area, 'not set') as area,
        coalesce(kind, 'not set') as kind,
        what,
        url,
        timezone($zone, timezone('UTC', happened_at))::date as day,
        date_trunc('{every}', day)::date as starts,
    from ({sql})
)
"""
CHOSEN = "($area::text is null or area = $area) and ($kind::text is null or kind = $kind)"


def rows(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    *,
    every: str = "week",
    since: Day | None = None,
    until: Day | None = None,
    area: str | None = None,
    kind: str | None = None,
) -> "pd.DataFrame":
    """Return the events of a metric, oldest first, with exactly COLUMNS; times are zone-less UTC.

    `since` (inclusive) and `until` (exclusive) are days in the team's time zone. Only metrics that say how things stood at
    the end of each period, like the age of open bugs, look at `every`. Raises NeverCollectedError when there is no edition.
    """
    sql = f"""
        select {", ".join(COLUMNS)}
        from events
        where {CHOSEN}
            and ($since::date is null or day >= $since::date)
            and ($until::date is null or day < $until::date)
        order by happened_at, what, url
    """
    return _ask(metric, every, sql, area=area, kind=kind, since=since, until=until)


def behind(
    metric: Metric, starts: Day, every: str = "week", *, area: str | None = None, kind: str | None = None
) -> "pd.DataFrame":
    """Return exactly the rows behind one mark, with COLUMNS: the mark is their fold, and rows without a value are among them.

    `starts` is the day the period starts, or any day in it. For a balance, the rows are the items still there at its end.
    """
    period = f"date_trunc('{known(every, STEPS, 'period')}', $starts::date)"
    if metric.fold == "balance":
        sql = f"""
            select max(happened_at) filter (value > 0) as happened_at, sum(value) as value, area, kind, what, url
            from events
            where {CHOSEN} and day < {period} + {STEPS[every]}
            group by area, kind, what, url
            having sum(value) <> 0
            order by happened_at, what, url
        """
    else:
        sql = f"""
            select {", ".join(COLUMNS)}
            from events
            where {CHOSEN} and starts = {period}
            order by happened_at, what, url
        """
    return _ask(metric, every, sql, area=area, kind=kind, starts=starts)


def trend(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    every: str = "week",
    *,
    since: Day | None = None,
    until: Day | None = None,
    area: str | None = None,
    kind: str | None = None,
    by: Literal["area", "kind"] | None = None,
) -> "pd.DataFrame":
    """Return one point per complete period: slice, starts, ends (exclusive), value, n (rows with a value), of (all rows).

    The first is the period of the metric's first event, the last ends no later than complete_to(metric); `since` and `until`
    keep the periods that lie between them. Without `by` the only slice is 'all'. A period without events is 0 for a count and
    null for a median; below the metric's minimum n the value is null, while n is still told. Empty when nothing is complete.
    """
    columns = {None: "'all'", "area": "area", "kind": "kind"}
    slices = "select 'all' as slice" if by is None else "select distinct slice from chosen"
    n = FOLDS["balance"] if metric.fold == "balance" else "count(value)"
    of = n if metric.fold == "balance" else "count(chosen.starts)"
    sql = f"""
        , chosen as (
            select {columns[known(by, columns, "slice")]} as slice, starts, value
            from events
            where {CHOSEN}
        ),
        grid as (
            select slice, starts, ends
            from calendar, ({slices})
            where starts >= (select min(starts) from events)
        ),
        folded as (
            select slice, starts, ends, {FOLDS[metric.fold]} as value, {n} as n, {of} as "of"
            from grid
            left join chosen using (slice, starts)
            group by slice, starts, ends
        )
        select
            slice,
            starts,
            ends,
            case when n >= $minimum then value end::double as value,
            n::bigint as n,
            "of"::bigint as "of",
        from folded
        where ($since::date is null or starts >= $since::date)
            and ($until::date is null or ends <= $until::date)
        order by slice, starts
    """
    points = _ask(metric, every, sql, area=area, kind=kind, since=since, until=until, minimum=metric.minimum)
    return points.assign(starts=points["starts"].dt.date, ends=points["ends"].dt.date)


def complete_to(metric: Metric) -> "datetime | None":
    """Return the time, zone-less UTC, up to which everything the metric needs has been read; None if something never was."""
    answer = _ask(metric, "week", "select complete_to from complete where complete_to is not null")
    return answer["complete_to"].iloc[0].to_pydatetime() if len(answer) else None


def _ask(metric: Metric, every: str, sql: str, **values: Any) -> "pd.DataFrame":
    words = team()
    step = STEPS[known(every, STEPS, "period")]
    needs = [kind for kind in metric.needs if getattr(words, kind)]  # a team without Jira does not wait for it
    head = HEAD.format(every=every, step=step, sql=metric.sql)
    values |= {name: _day(day) for name, day in values.items() if name in {"since", "until", "starts"}}
    return query(head + sql, {"zone": words.timezone, "needs": needs, **values})


def _day(day: Day | None) -> date | None:
    """Return a day as a date. Raises CairnError for text that is none."""
    try:
        return date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise CairnError(f"'{day}' is not a day. Write it as YYYY-MM-DD, for example 2026-03-02.") from None


def known(word: Any, words: "Iterable[Any]", what: str) -> Any:
    """Return the word if it is one of those there are. Raises CairnError that names the nearest, or what there is."""
    there = sorted(filter(None, words))
    if word not in words:
        near = difflib.get_close_matches(str(word), there, n=1)
        told = ", ".join(f"{one!r}" for one in there[:20]) or "none yet"
        raise CairnError(
            f"There is no {what} {word!r}. " + (f"Did you mean {near[0]!r}?" if near else f"Known: {told}.")
        )
    return word
