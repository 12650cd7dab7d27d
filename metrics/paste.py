"""The questions behind a view as text: SQL for 'python -m data query', and the commands that print the same numbers."""

import re
import shlex
from datetime import date
from textwrap import dedent, indent

from data import CairnError, team
from metrics.metric import COMPLETE, EVENT, STEPS, Areas, Metric, known, waits_for

Period = tuple[date, date]  # the first day, and the day after the last, in the team's time zone
FOLDED = {  # what metrics/fold.py makes of the rows, where SQL says it in one word
    "count": "count(value)",
    "sum": "coalesce(sum(value), 0)",
    "median": "median(value)",
    "share": "avg(value)",
    "balance": "coalesce(sum(value), 0)",
}
SEVERAL = "A command takes one area at a time; the SQL asks for all of them."
AND = "\n                and "
MIDNIGHT = "timezone('UTC', timezone({zone}, {day}))"


def rows_sql(
    metric: Metric, within: Period, every: str = "week", *, area: Areas | None = None, kind: str | None = None
) -> str:
    """Return the SQL whose answer is the rows of a stretch of days; of a balance, what was still there at its end.

    Raises CairnError for a period that is none. Names from outside stand in it as quoted text.
    """
    since, until = (_moment(day) for day in within)
    if metric.fold == "balance":
        asked = f"""
            select max(happened_at) filter (value > 0) as happened_at, sum(value) as value, area, kind, what, url
            from events
            where
                happened_at < {until}{_chosen(area, kind)}
            group by area, kind, what, url
            having sum(value) <> 0
            order by happened_at, what, url"""
    else:
        asked = f"""
            select *
            from events
            where
                happened_at >= {since}{AND}happened_at < {until}{_chosen(area, kind)}
            order by happened_at, what, url"""
    needed = _periods(within[1], every) if re.search(r"\bperiods\b", metric.sql) else ""
    return f"with {needed}{_events(metric)}{dedent(asked)}"


def chart_sql(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    within: Period,
    every: str = "week",
    *,
    area: Areas | None = None,
    kind: str | None = None,
    by: str | None = None,
) -> str | None:
    """Return the SQL whose answer is the marks of a chart, None where SQL cannot fold them: a median with open rows in it."""
    if metric.censored:
        return None
    value = FOLDED[metric.fold]
    if metric.minimum and metric.fold in {"median", "share"}:
        value = f"if(count(value) >= {metric.minimum}, {value}, null)"
    begins = "" if metric.fold == "balance" else f"happened_at >= periods.starts{AND}"
    here = f"timezone({_text(team().timezone)}, timezone('UTC', periods.starts))::date"
    asked = f"""
        select
            {f"{by}, " if by else ""}{here} as starts,
            {value} as value,
            count(value) as n,
        from periods
        left join events
            on {begins}happened_at < periods.ends{_chosen(area, kind)}
        where periods.starts >= {_moment(within[0])}
        group by all
        order by all"""
    return f"with {_periods(within[1], every)}{_events(metric)}{dedent(asked)}"


def show_command(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    within: Period,
    every: str = "week",
    *,
    area: Areas | None = None,
    kind: str | None = None,
    as_of: date | None = None,
) -> str:
    """Return the line for a shell that prints the chart's points as JSON."""
    since, until = within
    asked = ["show", metric.name, "--every", every, *_options(area, kind, as_of)]
    return _line([*asked, "--since", str(since), "--until", str(until)])


def rows_command(  # noqa: PLR0913  one question, asked in many ways
    metric: Metric,
    starts: date,
    every: str = "week",
    *,
    area: Areas | None = None,
    kind: str | None = None,
    as_of: date | None = None,
) -> str:
    """Return the line for a shell that prints the rows behind one mark as JSON."""
    return _line(["rows", metric.name, "--every", every, *_options(area, kind, as_of), "--behind", str(starts)])


def query_command(sql: str) -> str:
    """Return the lines for a shell that ask a question of the store. Nothing in it is the shell's to read, whoever named it."""
    end = "SQL"
    while end in sql.splitlines():
        end += "_"
    return f"python -m data query --json \"$(cat <<'{end}'\n{sql}\n{end}\n)\""


def _line(asked: list[str]) -> str:
    return shlex.join(["python", "-m", "metrics", *asked, "--json"])


def _options(area: Areas | None, kind: str | None, as_of: date | None) -> list[str]:
    """Return the filters as options, each one word: a name may begin with a dash. Raises CairnError for several areas."""
    if isinstance(area, tuple):
        if len(area) != 1:
            raise CairnError(SEVERAL)
        [area] = area
    told = (("--area", area), ("--kind", kind), ("--as-of", as_of))
    return [f"{name}={value}" for name, value in told if value is not None]


def _events(metric: Metric) -> str:
    """Return the metric's own SQL as events, one row each."""
    sql = dedent(metric.sql.replace("$zone", _text(team().timezone))).strip()
    return f"""{_complete(metric)}events as (
    select{EVENT}
    from (
{indent(sql, "        ")}
    )
)"""


def _periods(last: date, every: str) -> str:
    """Return every period up to a day, as the metrics know them: what some say of one looks back at those before it."""
    step, zone = STEPS[known(every, STEPS, "period")], _text(team().timezone)
    starts, ends = (MIDNIGHT.format(zone=zone, day=day) for day in ("day", f"day + {step}"))
    return f"""periods as (
    select
        {starts} as starts,
        {ends} as ends,
    from (
        select unnest(generate_series(timestamp '1990-01-01', timestamp '{last}' - {step}, {step})) as day
    )
),
"""


def _complete(metric: Metric) -> str:
    """Return how far everything has been read, for the metrics that ask."""
    if not re.search(r"\bcomplete\b", metric.sql):
        return ""
    needs = ", ".join(_text(kind) for kind in waits_for(metric))
    return f"complete as ({COMPLETE.replace('$needs', f'[{needs}]').rstrip()}\n),\n"


def _moment(day: date) -> str:
    return MIDNIGHT.format(zone=_text(team().timezone), day=f"timestamp '{day}'")


def _chosen(area: Areas | None, kind: str | None) -> str:
    told = (("area", area if isinstance(area, tuple | None) else (area,)), ("kind", kind if kind is None else (kind,)))
    return "".join(
        f"{AND}{column} = {_text(names[0])}"
        if len(names) == 1
        else f"{AND}list_contains([{', '.join(map(_text, names))}], {column})"
        for column, names in told
        if names is not None
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
