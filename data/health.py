"""How far each source has been read: why to believe the numbers, or what to do first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import duckdb

from data.editions import brought, company, lake_away, query
from data.errors import CairnError
from data.store import Company

if TYPE_CHECKING:
    import pandas as pd

OLD = timedelta(days=2)  # without a complete reading, and what is shown is called old


@dataclass(frozen=True)
class State:
    """How current the numbers are: `complete_to` (zone-less UTC) is of the service that is furthest behind, None before its first.

    `word` is "never" before anything was read to its end, "stale" when a service was not for longer than OLD, "unreadable" when
    the edition cannot be read, else "ok". A made-up company does not grow old.
    """

    word: Literal["ok", "stale", "never", "unreadable"]
    company: Company
    complete_to: datetime | None = None
    away: str | None = None  # what there is to say of a lake that cannot be reached

    def told(self) -> dict[str, str | None]:
        """Return it as JSON holds it: no name of anybody or anything."""
        moment = f"{self.complete_to:%Y-%m-%dT%H:%M:%SZ}" if self.complete_to else None
        return {"state": self.word, "company": self.company, "complete_to": moment}

    def sentence(self) -> str:
        """Return it in words, with what to do next."""
        upto = f"to {self.complete_to:%Y-%m-%d %H:%M} UTC" if self.complete_to else "not yet from every service"
        told = {
            "ok": f"All is well: everything is read {upto}.",
            "stale": f"The numbers are old: everything is read {upto}. Run 'python -m collectors sync'; what is there is safe.",
            "never": "Nothing was read to its end yet. Run 'python -m collectors sync'; it goes on where it stopped.",
            "unreadable": "The newest edition cannot be read. Run 'python -m data rebuild'; what was collected is safe.",
        }[self.word]
        return f"{told} {self.away}" if self.away else told


def state(now: datetime) -> State:
    """Return how current the newest edition is at a moment in zone-less UTC. Makes no edition, and waits for no collector."""
    which = company()
    try:
        found = brought(which)
        # files of usage tell up to their last day, however often they are read
        read = query(
            "select count(*) > count(reached) as lacks, min(reached) as behind, max(reached) as ahead"
            " from (select max(complete_to) as reached from sources where kind <> 'usage' group by kind)",
            edition=found,
        ) if found else None  # fmt: skip
    except (duckdb.Error, CairnError, OSError):  # damaged and none before it, or not to be opened
        return State("unreadable", which)
    if read is None or read["ahead"].isna()[0]:
        return State("never", which)
    behind = None if read["lacks"][0] else read["behind"][0].to_pydatetime()
    old = which == "team" and (behind is None or behind < now - OLD)
    return State("stale" if old else "ok", which, behind, lake_away(which))


def complete() -> "pd.DataFrame":
    """Return kind ('github' or 'jira') and complete_to, the server time (zone-less UTC) of its last complete sync, null if never."""
    return query("select kind, max(complete_to) as complete_to from sources group by kind order by kind")


def streams() -> "pd.DataFrame":
    """Return one row per source and stream over all its scopes.

    source, kind, stream, scopes, complete_to (of the scope that is furthest behind), tried_at, items, incomplete, gone, expected.
    """
    return query(
        """
        select
            source,
            kind,
            stream,
            count(*) as scopes,
            case when count(complete_to) = count(*) then min(complete_to) end as complete_to,
            max(tried_at) as tried_at,
            sum(items)::bigint as items,
            sum(incomplete)::bigint as incomplete,
            sum(gone)::bigint as gone,
            sum(expected)::bigint as expected,
        from sources
        group by source, kind, stream
        order by kind, source, stream
        """
    )


def unfinished() -> "pd.DataFrame":
    """Return what has not been read to its end: source, kind, stream, scope, incomplete, error. Empty when all is well."""
    return query(
        """
        select source, kind, stream, scope, incomplete, error
        from sources
        where complete_to is null or incomplete > 0 or error is not null
        order by kind, source, stream, scope
        """
    )


def syncs(newest: int = 500) -> "pd.DataFrame":
    """Return the newest syncs, the last first: started_at, source, requests, points, new_rows, changed_rows, seconds, outcome."""
    return query(
        """
        select started_at, source, requests, points, new_rows, changed_rows, seconds, outcome
        from syncs
        order by started_at desc
        limit $newest
        """,
        {"newest": newest},
    )
