"""The team's words made ready for the model: globs become patterns, and what they matched can be looked at."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from data.team import source_name

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from data.team import GitHub, Team

NOTHING = r"[^\s\S]"  # a pattern no text fits


def prepare(connection: "duckdb.DuckDBPyConnection", team: "Team", person_key: str) -> None:
    """Give a connection the variables and temporary tables the nouns read. They end with the connection."""
    variables = {
        "person_key": person_key,
        "rule_production": one_of(team.deployments.production),
        "rule_hotfix": one_of(team.deployments.hotfix),
        "rule_rollback": one_of(team.deployments.rollback),
        "rule_bots": one_of(team.bots),
        "rule_bug_types": one_of(team.bugs.types),
        "rule_bug_labels": one_of(team.bugs.labels),
        "rule_incident_types": one_of(team.incidents.types),
        "rule_incident_labels": one_of(team.incidents.labels),
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = $value", {"value": value})
    told = [(status, kind) for kind in ("queue", "active", "wait", "done") for status in getattr(team.statuses, kind)]
    told.sort(key=lambda one: is_glob(one[0]))  # a status named in full goes before one that a glob happens to fit
    _table(
        connection,
        "status_rules(status text, kind text, pattern text, place integer)",
        ((status.lower(), kind, pattern(status), place) for place, (status, kind) in enumerate(told)),
    )
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


def _table(connection: "duckdb.DuckDBPyConnection", shape: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.execute(f"create or replace temp table {shape}")
    name = shape.partition("(")[0]
    for row in rows:
        connection.execute(f"insert into {name} values ({', '.join('?' * len(row))})", row)
