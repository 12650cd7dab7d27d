"""What a metric lacks: a source that is not there, or one that has not been read to its end, and what to do about it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from data import query, team
from metrics.metric import DEPENDS, streams, waits_for
from metrics.words import SOURCES, full_day, series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metrics.metric import Metric

SYNC = "Run 'python -m collectors sync'"
SET_UP = {
    "github": "Name repositories under [github] in team.toml, set GITHUB_TOKEN, then run 'python -m collectors sync'.",
    "jira": "Name a site and its projects under [jira] in team.toml, set JIRA_EMAIL and JIRA_TOKEN, then run"
    " 'python -m collectors sync'.",
    "usage": "Drop CSV or Parquet files into the folder usage of the data files, then run 'python -m collectors sync'.",
}
SHOWN = 3  # gaps named in words; Health names all
LATE = timedelta(days=1)  # behind the rest of its source


def missing(metric: "Metric") -> str | None:
    """Return which source a metric cannot do without and does not have, and what to do; None when it has all.

    One to three sentences for a page or a terminal. Raises NeverCollectedError when there is no edition.
    """
    found = _scopes(metric)
    there = [kind for kind in metric.needs if getattr(team(), kind, kind in set(found["kind"]))]
    if not there:
        names = " or ".join(SOURCES[kind] for kind in metric.needs)
        return f"{metric.title} needs {names}, and there is none here. {SET_UP[metric.needs[0]]}"
    named = found["stream"].where(found["stream"].isin(streams(metric)), "")
    for (kind, _), part in found.groupby(["kind", named]):
        if part["complete_to"].notna().any():
            continue
        if errors := sorted(set(part["error"].dropna())):
            return f"{metric.title} needs {_things(part.itertuples())}, which cannot be read. {errors[0]}"
        return f"{metric.title} needs {SOURCES[kind]}, not read to the end yet. {SYNC}: it goes on where it stopped."
    if unread := [SOURCES[kind] for kind in there if kind not in set(found["kind"])]:
        return f"{metric.title} needs {series(unread)}, not read yet. {SYNC}."
    return None


def incomplete(metric: "Metric") -> str | None:
    """Return what of a metric's sources has not been read to its end, so that its numbers lack something; None if nothing.

    A page says it beside the number. Nothing is said of a source that is missing as a whole, see missing().
    """
    if missing(metric):
        return None
    told = [f"{_things([one])} of {one.scope} ({lack})" for one in _scopes(metric).itertuples() if (lack := _lack(one))]
    more = [f"{len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return f"This number lacks something: {series([*told[:SHOWN], *more])}. {SYNC}; Health says more." if told else None


def _scopes(metric: "Metric") -> "pd.DataFrame":
    """Return how far each scope of the streams a metric depends on has been read."""
    return query(
        f"""
        select
            kind,
            stream,
            scope,
            complete_to,
            max(complete_to) over (partition by kind) as newest,
            coalesce(items, 0) + coalesce(gone, 0) + coalesce(set_aside, 0) as held,
            coalesce(expected, 0) as expected,
            coalesce(set_aside, 0) as set_aside,
            coalesce(incomplete, 0) as incomplete,
            error,
        from sources
        where {DEPENDS}
        order by kind, source, stream, scope
        """,
        {"needs": waits_for(metric), "streams": streams(metric)},
    )


def _lack(one: Any) -> str | None:
    """Return what was not read of one scope of one stream, in words; None when all was."""
    if pd.notna(one.error):
        return one.error.split(". ")[0].rstrip(".")
    if pd.isna(one.complete_to):
        return "not read to the end yet"
    if one.newest - one.complete_to > LATE:
        return f"read to {full_day(one.complete_to)}"
    if one.expected > one.held:
        return f"{one.held:,} of {one.expected:,} read"
    if one.set_aside > 0:
        return f"{one.set_aside:,} set aside"
    return f"{one.incomplete:,} without all their parts" if one.incomplete > 0 else None


def _things(scopes: "Iterable[Any]") -> str:
    """Return the streams of some scopes as people say them: pull requests and deployments."""
    names = [one.stream.removeprefix(f"{one.kind}_").replace("_", " ") for one in scopes]
    return series(sorted(set(names)))
