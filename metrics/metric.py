"""What a metric is: one SQL that yields one row per event. The chart is the fold of those rows, so the two never disagree."""

import difflib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from data import CairnError, flattened, query, team
from metrics import fold, privacy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pandas as pd

Day = date | str  # in the team's time zone; text as YYYY-MM-DD
Areas = str | tuple[str, ...]  # one area, or some that belong together
COLUMNS = ("happened_at", "value", "area", "kind", "what", "url")
STEPS = {"week": "interval 7 day", "month": "interval 1 month", "quarter": "interval 3 month"}
FOLDS = {  # what is taken of the rows of one period; metrics/fold.py makes a point of it
    "count": "count(value)::double",
    "sum": "sum(value)",
    "median": "list(value) filter (value is not null)",
    "share": "avg(value)",
    "balance": "sum(value)",
}
TOGETHER = {  # the same, of what was taken of the rows of each person
    "count": "sum(value)",
    "sum": "sum(value)",
    "median": "flatten(list(value) filter (value is not null))",
    "share": "sum(total) / sum(n)",
    "balance": "sum(value)",
}
MADE_OF = {  # the raw streams a noun cannot do without
    "pull_requests": ("github_pull_requests",),
    "reviews": ("github_pull_requests",),
    "commits": ("github_pull_requests",),
    "deployments": ("github_deployments",),
    "workflow_runs": ("github_runs",),
    "releases": ("github_releases",),
    "milestones": ("github_milestones",),
    "issues": ("github_issues", "jira_issues"),
    "issue_moves": ("github_issues", "jira_issues"),
    "issue_spells": ("github_issues", "jira_issues"),
    "issue_status_times": ("github_issues", "jira_issues"),
    "bug_turns": ("github_issues", "jira_issues"),
    "issue_work": ("github_issues", "github_pull_requests", "jira_issues"),
    "sprint_issues": ("jira_issues", "jira_sprints"),
    "pull_request_issues": ("github_pull_requests",),
    "sprints": ("jira_sprints",),
    "usage": ("usage_rows",),
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
    needs: tuple[Literal["github", "jira", "usage"], ...] = ("github",)
    streams: tuple[str, ...] = ()  # the raw streams it depends on; none named: those its nouns are made of
    minimum: int = 0  # fewer rows with a value than this say nothing yet
    signal: Literal["raw", "root", "log", "logit"] = "raw"  # how a signal engine straightens the series first
    censored: str = ""  # the kind whose rows are still open, their value their age: the median is then Kaplan-Meier's
    private: bool = False  # about people in a crowd: its SQL also yields `who`, a keyed hash, see metrics/privacy.py


COMPLETE = """
    select case when count(newest) = len($needs) then min(newest) end as complete_to
    from (
        select max(complete_to) as newest
        from sources
        where list_contains($needs::text[], kind)
        group by kind
    )
"""
EVENT = """
        happened_at,
        value::double as value,
        coalesce(area, 'not set') as area,
        coalesce(kind, 'not set') as kind,
        what,
        url,"""
# Weeks begin on Monday, months and quarters on the first, at midnight of the team's time zone. `opens` and `closes` are those
# moments in UTC, so that no row has to be carried into another zone.
CALENDAR = """
    select starts, ends, {opens} as opens, {closes} as closes
    from (
        select day::date as starts, (day + {step})::date as ends
        from (
            select unnest(generate_series(date_trunc('{every}', timestamp '1990-01-01'), now_here - {step}, {step})) as day
            from (select timezone($zone, timezone('UTC', complete_to)) as now_here from complete)
        )
    )
"""
# `periods` are the complete ones, for metrics that say how things stood at the end of each: a row of theirs happens just
# before `ends`.
HEAD = """
with complete as ({complete}),
calendar as ({calendar}),
periods as (
    select opens as starts, closes as ends from calendar
),
events as (
    select{event}
        {who} as who,
    from ({sql})
    where {who} is not null
)
"""
# The scopes whose streams a metric depends on; of streams that nobody lists, all that its sources have.
DEPENDS = """
    list_contains($needs::text[], kind)
    and (
        list_contains($streams::text[], stream)
        or not exists (from sources where list_contains($streams::text[], stream) and list_contains($needs::text[], kind))
    )
"""
# A day of UTC sees one end of a period at most, so that a row finds its period by its day and one comparison.
DAYS = """
    select unnest(generate_series(first, closes - interval 1 microsecond, interval 1 day))::date as day, starts, ends, closes
    from (select *, date_trunc('day', opens - interval 1 microsecond) + interval 1 day as first from {calendar})
"""
# The rows of a period become one, for each of what is told apart.
FOLDED = """
    select
        {told},
        if(happened_at < closes, starts, ends) as starts,
        {value} as value,
        {finished} as finished,
        count(value) as n,
        count(*) as "of",
        {total} as total,
    from events
    left join days on day = happened_at::date
    group by all
"""
# What does not fit is asked for all the same: the first event of an area tells since when a week without events is a 0.
CUT = "{slice} as slice, {here} as here, {chosen} as chosen"
CELLS = """
, days as ({days})
, cells as ({folded})
"""
# Where a metric is private, rows are taken together by person and month first: so the gate is told who is behind the very rows
# that are folded. Quarters are made of months.
BY_PERSON = """
, months as ({months})
, days as ({days})
, persons as ({folded})
, cells as (
    select
        {cut},
        date_trunc('{every}', starts)::date as starts,
        {together} as value,
        null::bool[] as finished,
        sum(n)::bigint as n,
        sum("of")::bigint as "of",
        sum(total) as total,
    from persons
    group by all
)
"""
PEOPLE = """
union all by name
select area as slice, starts, 0 as n, 0 as "of", false as read, list(who) as who, count(*) as people
from persons
semi join months using (starts)
group by area, starts
"""
# A scope has read an area if it bears its name; where no scope does, all of them have to be read.
TREND = """
{cells}
, reading as (
    select {place} as area, case when count(complete_to) = count(*) then min(complete_to) end as read_to
    from sources
    where {depends}
    group by all
),
read_whole as (
    select case when count(read_to) = count(*) then min(read_to) end as read_to from reading
),
slices as ({slices}),
read_slices as (
    select slice, since, if(reading.area is null, read_whole.read_to, reading.read_to) as read_to
    from slices
    cross join read_whole
    left join reading on reading.area = {named}
),
shown as materialized (
    from calendar where starts >= (select min(starts) from cells)
)
select
    s.slice,
    shown.starts,
    shown.ends,
    value,
    finished,
    coalesce(n, 0) as n,
    coalesce("of", 0) as "of",
    total,
    coalesce(shown.starts >= since, false) and coalesce(closes <= read_to, false) as read,
    0 as people,
from shown
cross join read_slices as s
left join (from cells where chosen) as cells on cells.slice = s.slice and cells.starts = shown.starts
{people}
order by people, slice, starts
"""


def rows(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    *,
    every: str = "week",
    since: Day | None = None,
    until: Day | None = None,
    area: Areas | None = None,
    kind: str | None = None,
) -> "pd.DataFrame":
    """Return the events of a metric, oldest first, with exactly COLUMNS; times are zone-less UTC.

    `since` (inclusive) and `until` (exclusive) are days in the team's time zone. Only metrics that say how things stood at
    the end of each period, like the age of open bugs, look at `every`. Raises NeverCollectedError when there is no edition.
    """
    _refuse_private(metric)
    sql = f"""
        select {", ".join(COLUMNS)}
        from events
        where {_chosen(area, kind)}
            and ($since::date is null or happened_at >= {_midnight("$since")})
            and ($until::date is null or happened_at < {_midnight("$until")})
        order by happened_at, what, url
    """
    return _ask(metric, every, sql, area=area, kind=kind, since=since, until=until)


def behind(
    metric: Metric, starts: Day, every: str = "week", *, area: Areas | None = None, kind: str | None = None
) -> "pd.DataFrame":
    """Return exactly the rows behind one mark, with COLUMNS: the mark is their fold, and rows without a value are among them.

    `starts` is the day the period starts, or any day in it. For a balance, the rows are the items still there at its end.
    """
    _refuse_private(metric)
    first = f"date_trunc('{known(every, STEPS, 'period')}', $starts::date)"
    if metric.fold == "balance":
        sql = f"""
            select max(happened_at) filter (value > 0) as happened_at, sum(value) as value, area, kind, what, url
            from events
            where {_chosen(area, kind)} and happened_at < {_midnight(f"{first} + {STEPS[every]}")}
            group by area, kind, what, url
            having sum(value) <> 0
            order by happened_at, what, url
        """
    else:
        sql = f"""
            select {", ".join(COLUMNS)}
            from events
            where {_chosen(area, kind)} and happened_at >= {_midnight(first)} and happened_at < {_midnight(f"{first} + {STEPS[every]}")}
            order by happened_at, what, url
        """
    return _ask(metric, every, sql, area=area, kind=kind, starts=starts)


def trend(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    every: str = "week",
    *,
    since: Day | None = None,
    until: Day | None = None,
    area: Areas | None = None,
    kind: str | None = None,
    by: Literal["area", "kind"] | None = None,
) -> "pd.DataFrame":
    """Return one point per complete period, with the columns of fold.POINT, ordered by slice and starts.

    `area` is one area, or several taken together, like those of a team.

    slice, starts, ends (exclusive), value; low, high: a 90 % interval of a share or a median; p85: what 85 % stay below, told
    from 20 rows on; n: rows with a value; of: all rows. The first is the period of the metric's first event, the last ends no
    later than complete_to(metric); `since` and `until` keep the periods that lie between them. Without `by` the only slice is
    'all'. Below the metric's minimum n the value is null, while n is still told. A period without events is null; for a count
    or a sum it is 0 if the source was being read then: neither before an area's first event nor after reading it stopped.
    Where a metric is private, groups of fewer than five people, and what would give them away, are null with n and of 0.
    Empty when nothing is complete. Raises CairnError for a slice a private metric does not have.
    """
    cuts = {None: "'all'", "area": "area", "kind": "kind"}
    known(by, cuts, "slice")
    if metric.private:
        privacy.refuse_cuts(metric.title, kind, by, area)
    first = "(select min(starts) from cells where here)"
    slices = {
        None: f"select 'all' as slice, {first} as since",
        "area": "select slice, min(starts) as since from cells where here group by slice having bool_or(chosen)",
        "kind": f"select distinct slice, {first} as since from cells where chosen",
    }
    open_, scope = metric.censored.replace("'", "''"), "split_part(scope, '/', -1)"
    within = "'other'" if area is None else f"if(list_contains($area::text[], {scope}), 'chosen', 'other')"
    by_person = metric.private and every != "week"  # weeks are not told, whoever is behind them
    cut = CUT.format(slice=cuts[by], here=_chosen(area, None), chosen=_chosen(area, kind))
    folded = FOLDED.format(
        told="area, hash(who) as who" if by_person else cut,
        value=FOLDS[metric.fold],
        total="sum(value)" if metric.fold == "share" else "null::double",
        finished=f"list(kind <> '{open_}') filter (value is not null)" if open_ else "null::bool[]",
    )
    cells = (BY_PERSON if by_person else CELLS).format(
        every=every,
        months=_calendar("month"),
        days=DAYS.format(calendar="months" if by_person else "calendar"),
        cut=cut,
        folded=folded,
        together=TOGETHER[metric.fold],
    )
    sql = TREND.format(
        cells=cells,
        people=PEOPLE if by_person else "",
        depends=DEPENDS,
        slices=slices[by],
        place=scope if by == "area" else within,
        named="slices.slice" if by == "area" else "'chosen'",
    )
    told, lists = flattened(*_question(metric, every, sql, area=area, kind=kind, streams=streams(metric)))
    points = fold.points(metric.fold, told[told["people"] == 0], lists, metric.minimum)
    if metric.private:
        crowds = told[told["people"] > 0]
        each = zip(crowds["starts"], crowds["slice"], crowds["people"], crowds["people"].cumsum(), strict=True)
        people = {(month, name): set(lists["who"][past - n : past]) for month, name, n, past in each}
        fits = every == "month" or (every == "quarter" and not re.search(r"\bperiods\b", metric.sql))
        one = area if isinstance(area, str) else None
        points = privacy.withhold(points, people, fits=fits, area=one, by_area=by == "area")
    if from_ := _day(since):
        points = points[points["starts"] >= from_]
    if to := _day(until):
        points = points[points["ends"] <= to]
    return points.reset_index(drop=True)


def parts(metric: Metric, since: Day, until: Day, every: str = "week") -> "pd.DataFrame":
    """Return each area and kind that a metric ever had, with the rows that happened between two days: area, kind, rows.

    `since` (inclusive) and `until` (exclusive) are days in the team's time zone. Rows without a value count too. Of a balance,
    it is what was there at the end of the last day, whenever that came. Raises CairnError for a private metric.
    """
    _refuse_private(metric)
    days: dict[str, Day] = {"since": since, "until": until}
    told, when = "count(*)", f"happened_at >= {_midnight('$since')} and happened_at < {_midnight('$until')}"
    if metric.fold == "balance":
        del days["since"]
        told, when = "sum(value)", f"happened_at < {_midnight('$until')}"
    sql = f"""
        select area, kind, coalesce({told} filter (where {when}), 0)::bigint as rows
        from events
        group by area, kind
        order by area, kind
    """
    return _ask(metric, every, sql, **days)


def complete_to(metric: Metric) -> "datetime | None":
    """Return the time, zone-less UTC, up to which everything the metric needs has been read; None if something never was."""
    answer = query(COMPLETE, {"needs": waits_for(metric)}).dropna()
    return answer["complete_to"].iloc[0].to_pydatetime() if len(answer) else None


def streams(metric: Metric) -> list[str]:
    """Return the raw streams a metric depends on: those it names, else those its nouns are made of."""
    if metric.streams:
        return list(metric.streams)
    nouns = re.findall(r"\b(?:from|join)\s+(\w+)", metric.sql)
    return sorted({stream for noun in nouns for stream in MADE_OF.get(noun, ())})


def waits_for(metric: Metric) -> list[str]:
    """Return the kinds of source a metric waits for: a team without Jira does not wait for it."""
    words = team()
    return [kind for kind in metric.needs if getattr(words, kind, True)]


def _refuse_private(metric: Metric) -> None:
    if metric.private:
        raise CairnError(
            f"{metric.title} is about people in a crowd: its rows are never shown, on no page and to nobody.\n"
            "Ask for its trend, whole or by area, by month or quarter."
        )


def _chosen(area: Areas | None, kind: str | None) -> str:
    """Return the SQL for the rows of a slice. What is not asked for is not looked at: to make an area of every row takes long."""
    here = "true" if area is None else "list_contains($area::text[], area)"
    return here if kind is None else f"{here} and kind = $kind"


def _midnight(day: str) -> str:
    """Return the SQL for the moment a day begins where the team is, as zone-less UTC."""
    return f"timezone('UTC', timezone($zone, ({day})::date::timestamp))"


def _calendar(every: str) -> str:
    step = STEPS[known(every, STEPS, "period")]
    return CALENDAR.format(every=every, step=step, opens=_midnight("starts"), closes=_midnight("ends"))


def _ask(metric: Metric, every: str, sql: str, **values: Any) -> "pd.DataFrame":
    return query(*_question(metric, every, sql, **values))


def _question(metric: Metric, every: str, sql: str, **values: Any) -> tuple[str, dict[str, Any]]:
    """Return what is asked in SQL of the metric's events, and with which values."""
    head = HEAD.format(
        complete=COMPLETE,
        calendar=_calendar(every),
        event=EVENT,
        who="who" if metric.private else "''",
        sql=metric.sql,
    )
    if isinstance(area := values.get("area"), str):
        values["area"] = [area]
    values |= {name: _day(day) for name, day in values.items() if name in {"since", "until", "starts"}}
    values = {name: value for name, value in values.items() if value is not None or name not in {"area", "kind"}}
    return head + sql, {"zone": team().timezone, "needs": waits_for(metric), **values}


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
