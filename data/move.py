"""What was collected moves from the file into a lake and back: copied whole, compared, and only then believed."""

from pathlib import Path

import duckdb

from data.errors import CairnError
from data.lake import NOUNS, RAW, Lake, Turns, options
from data.store import STORAGE, quoted

SAME = 'select count(*), coalesce(sum(hash(t)::hugeint), 0) from {place}."{schema}"."{table}" t'  # in whatever order rows lie


def into_lake(file: Path, lake: Lake) -> dict[str, int]:
    """Copy a file of collected rows into an empty lake in one transaction. Returns how many rows each table has in both.

    Raises CairnError when there is something in the lake already, or when it could not hold the same. The file is only read.
    """
    try:
        duckdb.connect(str(file), read_only=True).close()
    except duckdb.IOException as error:
        raise CairnError(
            f"{file} cannot be read ({str(error).splitlines()[0]}).\n"
            "If a sync is running, wait for it to end and run again. Nothing was changed."
        ) from error
    turns = Turns(lake)
    try:
        with turns.writing(RAW), lake.connect(RAW) as connection, lake.in_words():
            options(connection)
            connection.execute(f"attach '{quoted(file)}' as file (read_only)")
            if _collected(connection, "live"):
                raise CairnError(
                    f"There is something in the lake {lake.name} already, and it is never written over. Nothing was changed.\n"
                    f"Name an empty database, or drop the schemas {RAW} and {NOUNS} there."
                )
            return _copied(connection, "file", "live")
    finally:
        turns.close()


def out_of_lake(lake: Lake, file: Path) -> dict[str, int]:
    """Copy what a lake holds into a new file. Returns how many rows each table has in both.

    Raises CairnError when the file is there already, or when it could not hold the same. The lake is only read.
    """
    if file.exists():
        raise CairnError(
            f"{file} is there already, and it is never written over. Nothing was changed.\nMove it away first."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".moving")
    draft.unlink(missing_ok=True)
    turns = Turns(lake)
    try:
        version = turns.version(RAW)
        with lake.connect(RAW, version=version, writes=False) as connection, lake.in_words():
            connection.execute(
                f"attach '{quoted(draft)}' as file (storage_version '{STORAGE['storage_compatibility_version']}')"
            )
            told = _copied(connection, "live", "file")
            connection.execute("checkpoint file; use memory; detach file")
    finally:
        turns.close()
    draft.chmod(0o600)
    draft.replace(file)
    return told


def _copied(connection: duckdb.DuckDBPyConnection, here: str, there: str) -> dict[str, int]:
    """Copy every table and compare it; all is kept when all are the same, and nothing otherwise."""
    told: dict[str, int] = {}
    connection.execute("begin")
    connection.execute(f"create schema if not exists {there}.raw")
    for schema, table in _tables(connection, here):
        named = f'{there}."{schema}"."{table}"'
        connection.execute(f'create or replace table {named} as from {here}."{schema}"."{table}"')
        [before], [after] = (
            connection.execute(SAME.format(place=place, schema=schema, table=table)).fetchall()
            for place in (here, there)
        )
        if before != after:
            connection.execute("rollback")
            raise CairnError(
                f"{schema}.{table} would not have been the same: {after[0]} rows instead of {before[0]}, or others.\n"
                "Nothing was kept of the move, and what was there before is untouched. Run it again."
            )
        told[f"{schema}.{table}"] = before[0]
    connection.execute("commit")
    return told


def _collected(connection: duckdb.DuckDBPyConnection, place: str) -> bool:
    return any(
        connection.execute(f'select 1 from {place}."{schema}"."{table}" limit 1').fetchall()
        for schema, table in _tables(connection, place)
        if table != "about"
    )


def _tables(connection: duckdb.DuckDBPyConnection, place: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = $place order by all",
        {"place": place},
    ).fetchall()
