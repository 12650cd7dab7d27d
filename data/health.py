"""How far each source has been read: why to believe the numbers, or what to do first."""

from typing import TYPE_CHECKING

from data.editions import query

if TYPE_CHECKING:
    import pandas as pd


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
