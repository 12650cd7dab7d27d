"""The process that answers one question: it opens one file, then nothing more, and is short of memory and time.

DuckDB's own settings are not enough: `repeat('x', 2e9)` takes no notice of its memory limit, and some functions of its own open
files. What the system itself refuses holds whatever DuckDB does. Started by console.py as `python -I console_child.py FILE
SECONDS ROWS LETTERS` it reads the question from standard input and writes one line of JSON.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

try:
    import resource
except ImportError:  # Windows: there DuckDB alone limits the memory
    resource = None

MEMORY = 2 << 30  # bytes of address space
LETTERS = 10_000  # of a cell
HANDLES = 64
AT_A_TIME = 500
SHUT: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "memory_limit": "512MB",
    "max_temp_directory_size": "0MB",
    "temp_directory": "",
    "threads": 1,
}
AS_IT_IS = {
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE",
}  # fmt: skip
NUMBERS = ("DECIMAL", "HUGEINT", "UHUGEINT")
MAY_BE_ASKED = {"range", "generate_series", "unnest", "json_each", "json_tree"}  # of functions that stand for a table
NESTED = ("STRUCT", "MAP", "UNION", "JSON")


def limit(seconds: int) -> None:
    """Take from this process all it has no use for: memory, files to write, time, its turn before others."""
    if resource:
        for what, most in (
            (resource.RLIMIT_AS, MEMORY),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, seconds),
        ):
            with contextlib.suppress(ValueError, OSError):  # some systems know no limit of address space
                resource.setrlimit(what, (most, most))
        os.nice(5)
        signal.alarm(seconds + 1)  # should whoever would end it be gone


def shut() -> None:
    """Leave no handle for anything more: from here on no file and no socket can be opened, whoever asks for it."""
    if resource:
        while os.dup(0) < HANDLES - 1:
            pass
        resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES, HANDLES))


def answer(connection: duckdb.DuckDBPyConnection, sql: str, most: int, whole: int) -> dict[str, Any]:
    """Return columns, types and rows of one SELECT, whether there are more and how many cells were cut; or why there is none.

    `most` are rows, `whole` letters of all cells.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        return {"refused": "several" if statements else "none"}
    if statements[0].type != duckdb.StatementType.SELECT:
        return {"refused": "no select"}
    if not set(_functions(connection, sql)) <= MAY_BE_ASKED:
        return {"refused": "function"}
    query = statements[0].query.rstrip("; \t\r\n")
    asked = f"(\n{query}\n)"
    columns = [told[:2] for told in connection.execute(f"describe select * from {asked}").fetchall()]
    names = [f"c{nth}" for nth in range(len(columns))]
    told = ", ".join(_told(name, kind) for name, (_, kind) in zip(names, columns, strict=True))
    connection.execute(f"select {told} from {asked} as asked({', '.join(names)}) limit {most + 1}")
    rows, letters, cut = list[Sequence[Any]](), 0, 0
    while letters < whole and len(rows) <= most and (some := connection.fetchmany(AT_A_TIME)):
        for row in some:
            long = [isinstance(cell, str) and len(cell) > LETTERS for cell in row]
            rows.append([cell[:LETTERS] if over else cell for cell, over in zip(row, long, strict=True)])
            cut += sum(long)
            letters += sum(len(cell) for cell in rows[-1] if isinstance(cell, str))
            if letters >= whole:
                break
    more = len(rows) > most or letters >= whole
    return {
        "columns": [name[:LETTERS] for name, _ in columns],
        "types": [kind for _, kind in columns],
        "rows": rows[:most],
        "more": more,
        "cut": cut,
    }


def _functions(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[str]:
    """Yield the name of every function that stands for a table, wherever in the question it stands.

    Some of them read files, change how DuckDB works, or take an address of memory for whatever they are told.
    """
    quoted = sql.replace("'", "''")  # for a parameter Python would have to read files
    [(told,)] = connection.execute(f"select json_serialize_sql('{quoted}')").fetchall()
    left = [json.loads(told)]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if one.get("type") == "TABLE_FUNCTION":
                yield str((one.get("function") or {}).get("function_name"))
            left += one.values()
        elif isinstance(one, list):
            left += one


def _told(name: str, kind: str) -> str:
    """Return a column as something JSON can say. Python is handed text and numbers alone: for others it would have to read files."""
    if kind in AS_IT_IS:
        return name
    if kind.endswith("]") or kind.startswith(NESTED):
        return f"left(to_json({name})::varchar, {LETTERS + 1})"
    if kind.startswith(NUMBERS):
        return f"{name}::double"
    if kind.startswith("TIMESTAMP WITH"):
        return f"timezone('UTC', {name})::varchar"
    return f"left({name}::varchar, {LETTERS + 1})"


def main() -> None:
    """Answer the question of standard input from the file that was named."""
    file, seconds, most, whole = sys.argv[1], *map(int, sys.argv[2:])
    limit(seconds)
    sql = sys.stdin.buffer.read().decode("utf-8")
    with duckdb.connect(file, read_only=True, config=SHUT) as connection:
        connection.execute("set timezone = 'UTC'; set lock_configuration = true")
        shut()
        try:
            told = answer(connection, sql, most, whole)
        except (MemoryError, duckdb.OutOfMemoryException):
            told = {"refused": "memory"}
        except RecursionError:
            told = {"refused": "ended"}
        except duckdb.Error as error:
            told = {"error": " ".join(str(error).split("\n\n")[0].split())[:LETTERS]}
        sys.stdout.buffer.write(json.dumps(told).encode("ascii"))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
