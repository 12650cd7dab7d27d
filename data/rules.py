"""The team's words made ready for the model: globs become patterns, and what they matched can be looked at."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from data.team import source_name

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from data.team import GitHub, Team

WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FIRST_YEAR = 2000  # no Jira is older
NOTHING = r"[^\s\S]"  # a pattern no text fits


def prepare(connection: "duckdb.DuckDBPyConnection", team: "Team", person_key: str) -> None:
    """Give a connection the variables and temporary tables the nouns read. They end with the connection."""
    variables = {
        "person_key": person_key,
        "rule_production": one_of(team.deployments.production),
        "rule_hotfix": one_of(team.deployments.hotfix),
        "rule_rollback": one_of(team.deployments.rollback),
        "rule_from_releases": one_of(team.deployments.from_releases),
        "rule_bots": one_of(team.bots),
        "rule_generated": one_of(team.knowledge.generated),
        "component_depth": team.knowledge.depth,
        "rule_bug_types": one_of(team.bugs.types),
        "rule_bug_labels": one_of(team.bugs.labels),
        "rule_escaped_types": one_of(team.bugs.escaped.types),
        "rule_escaped_labels": one_of(team.bugs.escaped.labels),
        "rule_escaped_requests": one_of(team.bugs.escaped.requests),
        "rule_cancelled": one_of(team.issues.cancelled),
        "rule_caused_by": one_of(team.issues.caused_by),
        "rule_incident_types": one_of(team.incidents.types),
        "rule_incident_labels": one_of(team.incidents.labels),
        "rule_toil_types": one_of(team.toil.types),
        "rule_toil_labels": one_of(team.toil.labels),
        "incidents_within": team.incidents.within,
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = $value", {"value": value})
    # The oldest mapping first: what it does not name, the next one says, and today's the rest.
    dated = [(one.until, one) for one in sorted(team.statuses_until, key=lambda one: one.until)]
    told = [
        (until, status, kind)
        for until, words in [*dated, (None, team.statuses)]
        for kind in ("queue", "active", "wait", "done")
        for status in getattr(words, kind)
    ]
    # a status named in full goes before one that a glob happens to fit
    told.sort(key=lambda one: (one[0] or date.max, is_glob(one[1])))
    _table(
        connection,
        "status_rules(until date, status text, kind text, pattern text, place integer)",
        ((until, status.lower(), kind, pattern(status), place) for place, (until, status, kind) in enumerate(told)),
    )
    _table(
        connection,
        "work_rules(work text, field text, pattern text, place integer)",
        (
            (work, field, one_of(globs), place)
            for place, work in enumerate(("bug", "explore", "goal", "keep"))
            for field, globs in getattr(team.work, work)
        ),
    )
    _days(connection, team)
    _table(
        connection,
        "workflow_rules(name text, pattern text, place integer)",
        ((workflow.name, one_of(workflow.runs), place) for place, workflow in enumerate(team.workflows)),
    )
    _table(
        connection,
        "request_rules(name text, pattern text, place integer)",
        ((workflow.name, one_of(workflow.replaces), place) for place, workflow in enumerate(team.workflows)),
    )
    _table(
        connection,
        "self_service_rules(name text, place integer, features text, opens text, forms text, labels text, types text, area text,"
        " since timestamp, frozen timestamp, frozen_weeks integer)",
        (
            (
                one.name,
                place,
                one_of(one.features),
                one_of(one.opens),
                one_of(one.forms),
                one_of(one.support.labels if one.support else ()),
                one_of(one.support.types if one.support else ()),
                one.area and f"^{'(.+)'.join(pattern(part) for part in one.area.split('{area}'))}$",
                one.since and midnight(one.since, team),
                midnight(one.baseline.until, team) if one.baseline and isinstance(one.baseline.until, date) else None,
                one.baseline.until if one.baseline and isinstance(one.baseline.until, int) else None,
            )
            for place, one in enumerate(team.workflows)
        ),
    )
    _table(
        connection,
        "team_rules(name text, place integer, repositories text, projects text)",
        ((one.name, place, one_of(one.repositories), one_of(one.projects)) for place, one in enumerate(team.teams)),
    )
    _table(
        connection,
        "service_rules(name text, repositories text, environments text, by_path boolean)",
        (
            (
                one.name,
                one_of(one.repositories),
                one_of(one.environments) if one.environments else None,
                bool(one.paths),
            )
            for one in team.services
        ),
    )
    _table(  # most paths are told apart by how they begin, without the pattern
        connection,
        "path_rules(name text, begins text, pattern text)",
        ((one.name, *_path(glob.lower())) for one in team.services for glob in one.paths),
    )
    _table(
        connection,
        "component_rules(folder text)",
        ((folder.strip().strip("/").lower(),) for folder in team.knowledge.components),
    )
    _table(
        connection,
        "corrections(incident text, deployment text)",
        ((one.incident.strip().lower(), one.deployment.strip().lower()) for one in team.corrections),
    )
    _table(
        connection,
        "owned(team text, repository text, place text)",
        (
            (one.name, repository.lower(), place.lower())
            for one in team.teams
            for repository in one.repositories
            for place in (*one.projects, *one.components)
        ),
    )
    _table(
        connection,
        "listed_projects(source text, project text)",
        ((source_name(words.url), project.strip().upper()) for words in team.jira for project in words.projects),
    )
    githubs = [(source_name(words.url), words) for words in team.github]
    _table(
        connection,
        "listed_repositories(source text, name text)",
        ((source, name.lower()) for source, words in githubs for name in words.repositories),
    )
    _table(
        connection,
        "organisation_rules(source text, owner text, include text, exclude text, everything boolean)",
        (
            (source, owner.lower(), one_of(words.include), one_of(words.exclude), not words.include)
            for source, words in githubs
            for owner in words.organisations
        ),
    )


def matches(query: Callable[[str], "pd.DataFrame"]) -> "pd.DataFrame":
    """Return what the team's rules met when the newest edition was made: rule, matched, items, applies.

    `matched` is the text as GitHub or Jira told it, `items` how often, `applies` what the rules make of it (missing: nothing).
    `query` is data.query. Raises NeverCollectedError as it does.
    """
    return query("from rule_matches order by rule, applies nulls last, items desc, matched")


def midnight(day: date, team: "Team") -> datetime:
    """Return the instant a day begins where the team is, zone-less UTC."""
    return datetime.combine(day, time(), ZoneInfo(team.timezone)).astimezone(UTC).replace(tzinfo=None)


def one_of(globs: Iterable[str]) -> str:
    """Return one RE2 pattern for lower-case text that fits any of some globs. Without globs it fits nothing."""
    return "|".join(pattern(glob) for glob in globs) or NOTHING


def applies(globs: Iterable[str], text: str) -> bool:
    """Return whether any of some globs fits the whole text, in any case: the preview of a rule before anything is collected."""
    return re.fullmatch(one_of(globs), text.lower()) is not None


def finds(words: "GitHub", name: str, *, archived: bool = False) -> bool:
    """Return whether the organisations, include and exclude of team.toml let a repository in.

    Patterns fit the name with or without its owner. An archived repository has to be named by include.
    """
    owner, _, short = name.partition("/")
    told = (name, short)
    return (
        owner.lower() in map(str.lower, words.organisations)
        and (any(applies(words.include, one) for one in told) or not (words.include or archived))
        and not any(applies(words.exclude, one) for one in told)
    )


def is_glob(text: str) -> bool:
    """Return whether a text holds *, ? or a [set]."""
    return re.search(r"[*?\[]", text) is not None


def pattern(glob: str) -> str:
    """Return the RE2 pattern of a glob: * is any text, ? one letter, [ab] or [!a-c] one of a set; all else is itself."""
    parts = re.findall(r"\[!?\]?[^\]]*\]|.", glob.lower(), re.DOTALL)
    return f"(?s:{''.join(_part(part) for part in parts)})"


def _path(glob: str) -> tuple[str, str | None]:
    """Return how every path that fits a glob begins, and the pattern it has to fit too; None where the beginning says it all."""
    begins = re.split(r"[*?\[]", glob, maxsplit=1)[0]
    return begins, None if glob == f"{begins}*" else pattern(glob)


def _part(part: str) -> str:
    if part == "*":
        return ".*"
    if part == "?":
        return "."
    if len(part) == 1:
        return re.escape(part)
    inside = part[1:-1]
    negated = inside.startswith("!")
    ranges = re.findall(r"(.)-(.)|(.)", inside.removeprefix("!"), re.DOTALL)
    held = "".join(
        re.escape(one) if one else f"{re.escape(first)}-{re.escape(last)}"
        for first, last, one in ranges
        if one or first <= last
    )
    if not held:
        return "." if negated else NOTHING
    return f"[{'^' * negated}{held}]"


def _days(connection: "duckdb.DuckDBPyConnection", team: "Team") -> None:
    """Give a connection the days the team works and does not, in its time zone: FIRST_YEAR to two years ahead."""
    words = team.calendar
    last = datetime.now(UTC).year + 3
    off = words.days_off(FIRST_YEAR, last)
    opens, closes = words.hours
    connection.execute("set variable zone = $zone", {"zone": team.timezone})
    connection.execute("set variable opens = $hours", {"hours": opens})
    connection.execute("set variable closes = $hours", {"hours": closes})
    connection.execute("set variable workdays = $days", {"days": [WEEK.index(day) + 1 for day in words.workdays]})
    connection.execute("set variable days_since = $day", {"day": date(FIRST_YEAR, 1, 1)})
    connection.execute("set variable days_until = $day", {"day": date(last, 1, 1)})
    connection.execute("create or replace temp table listed_days_off(day date, what text)")
    days, names = list(off), list(off.values())
    connection.execute(
        "insert into listed_days_off select unnest($days), unnest($names)", {"days": days, "names": names}
    )
    _table(
        connection,
        "listed_special(since date, until date, what text)",
        ((one.since, one.until, one.what) for one in words.special),
    )


def _table(connection: "duckdb.DuckDBPyConnection", shape: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.execute(f"create or replace temp table {shape}")
    name = shape.partition("(")[0]
    for row in rows:
        connection.execute(f"insert into {name} values ({', '.join('?' * len(row))})", row)
