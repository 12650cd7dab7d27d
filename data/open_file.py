"""The open file: what anybody may ask of an edition, copied into a file of its own beside it when it is asked for first.

A view would not do: who can ask a file can read all of it. So nothing else is in this one, and there is nothing to hide in it.
"""

import contextlib
import hashlib
import os
import threading
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from data.editions import OPEN, Edition
from data.errors import CairnError
from data.open_tables import TABLES, Open
from data.store import ROOM, STORAGE, quoted

if TYPE_CHECKING:
    import pandas as pd

WORDS = ROOM / "nouns" / "words.toml"
MARK = hashlib.sha256(repr(TABLES).encode()).hexdigest()[:8]  # a copy made of other tables is not opened
_MAKING = threading.Lock()


def open_file(edition: Edition) -> Path:
    """Return the open file of an edition, made now if it was not before: whole or not at all, whoever else makes it as well.

    Raises CairnError when the edition is no more or the disk is full.
    """
    path = edition.path.with_suffix(f".{MARK}{OPEN}")
    with _MAKING:
        if not path.exists():
            draft = path.with_name(f"{edition.name}.{os.getpid()}{OPEN}")
            try:
                _copy(edition.path, draft)
                draft.replace(path)
            except (duckdb.Error, OSError) as error:
                raise CairnError(
                    f"What may be asked in SQL could not be copied into {path.parent}: {str(error).splitlines()[0]}\n"
                    "The pages and what was collected are as they were. Mend the cause and ask again."
                ) from error
            finally:
                draft.unlink(missing_ok=True)
    if not edition.path.exists():  # forgotten or replaced meanwhile, and its copy must not outlive it
        path.unlink(missing_ok=True)
        raise CairnError("There is a new edition, and the one that was asked is gone. Ask again.")
    return path


def schema(edition: Edition) -> "pd.DataFrame":
    """Return what can be asked: a row for each column with the table, what a row of it is, the column, its type, its note."""
    with duckdb.connect(str(open_file(edition)), read_only=True) as connection:
        return connection.execute(
            """
            select
                table_name as "table",
                t.comment as about,
                column_name as "column",
                data_type as type,
                c.comment as note,
            from duckdb_columns() c
            join duckdb_tables() t using (table_name)
            where not c.internal
            order by table_name, column_index
            """
        ).df()


def _copy(edition: Path, draft: Path) -> None:
    with contextlib.closing(duckdb.connect(str(draft), config={**STORAGE, "temp_directory": ""})) as connection:
        connection.execute(f"attach '{quoted(edition)}' as edition (read_only)")
        there: dict[str, set[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where database_name = 'edition'"
        ).fetchall():
            there.setdefault(table, set()).add(column)
        connection.execute("begin")
        for table in TABLES:
            if columns := [name for name in table.columns.split() if name in there.get(table.name, ())]:
                _copy_table(connection, table, columns)
        connection.execute("commit; detach edition")


def _copy_table(connection: duckdb.DuckDBPyConnection, table: Open, columns: list[str]) -> None:
    told = ", ".join(f'{table.instead[name]} as "{name}"' if name in table.instead else f'"{name}"' for name in columns)
    connection.execute(f'create table "{table.name}" as select {told} from edition."{table.name}"')
    its, every = _words()[table.name], _words()["every"]
    connection.execute(f"comment on table \"{table.name}\" is '{_literal(its['rows'])}'")
    for name in columns:
        told = table.notes.get(name) or its.get(name) or every[name]
        connection.execute(f'comment on column "{table.name}"."{name}" is \'{_literal(told)}\'')


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def _literal(words: str) -> str:
    return words.replace("'", "''")
