"""The files of a lake are kept few, and no longer than they are wanted."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import duckdb

DAY = "now() - interval 1 day"  # whoever reads an older version of what was collected has long come to an end
HOUR = "now() - interval 1 hour"
SPARSE = 0.3  # of a file's rows were replaced since, and it is written anew
ALL_OF = timedelta(days=2)  # editions of the last two days stay, then the last of each day, then of each month
MONTHS = 24


def compact(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the many small files of what was collected together, and let go of those nobody reads any more."""
    for call in (
        "ducklake_flush_inlined_data('live')",
        f"ducklake_rewrite_data_files('live', delete_threshold => {SPARSE})",
        "ducklake_merge_adjacent_files('live')",
        f"ducklake_expire_snapshots('live', older_than => {DAY})",
        f"ducklake_cleanup_old_files('live', older_than => {DAY})",
        f"ducklake_delete_orphaned_files('live', older_than => {DAY})",  # of those that were killed before they had committed
    ):
        connection.execute(f"call {call}")


def anew(connection: duckdb.DuckDBPyConnection) -> None:
    """Write every table anew and drop all that was before, files and what the catalog knew of them, so that nothing lingers."""
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = 'live'"
    ).fetchall()
    connection.execute("begin")
    for schema, name in tables:
        connection.execute(f'create or replace table live."{schema}"."{name}" as from live."{schema}"."{name}"')
    connection.execute("commit")
    drop_the_past(connection)


def drop_the_past(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of every version but the newest, and of the files of the others."""
    [(newest,)] = connection.execute("select max(snapshot_id) from live.snapshots()").fetchall()
    drop(
        connection,
        [v for (v,) in connection.execute("select snapshot_id from live.snapshots()").fetchall() if v != newest],
    )
    connection.execute("call ducklake_cleanup_old_files('live', cleanup_all => true)")


def drop(connection: duckdb.DuckDBPyConnection, versions: Iterable[int]) -> None:
    """Let go of some versions; their files go when they are cleaned up."""
    if told := ", ".join(map(str, versions)):
        connection.execute(f"call ducklake_expire_snapshots('live', versions => [{told}])")


def unwanted(versions: Iterable[tuple[int, datetime]], now: datetime, days: int) -> list[int]:
    """Return the versions nobody will ask for: `versions` come with their time, the newest last, like `now` in zone-less UTC.

    All of the last two days are wanted, the last of each of so many days, and the last of each month of two years.
    """
    told = list(versions)
    last_of_day = {at.date(): version for version, at in told}
    last_of_month = {(at.year, at.month): version for version, at in told}
    wanted = {version for version, _ in told[-1:]}
    for version, at in told:
        months = (now.year - at.year) * 12 + now.month - at.month
        if (
            now - at <= ALL_OF
            or (now - at <= timedelta(days=days) and last_of_day[at.date()] == version)
            or (months < MONTHS and last_of_month[at.year, at.month] == version)
        ):
            wanted.add(version)
    return [version for version, _ in told if version not in wanted]
