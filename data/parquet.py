"""Parquet files that other programs wrote, read as text row by row."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from data.errors import CairnError

AT_A_TIME = 10_000


def rows(path: Path) -> Iterator[dict[str, str | None]]:
    """Yield the rows of a Parquet file, every value as text, times in UTC. Raises CairnError when it is none."""
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set timezone = 'UTC'")
        try:
            told = connection.execute("select columns(*)::text from read_parquet($path)", {"path": _literal(path)})
            names = [column[0] for column in told.description]
            while some := told.fetchmany(AT_A_TIME):
                yield from (dict(zip(names, row, strict=True)) for row in some)
        except duckdb.Error as error:
            raise CairnError(f"{path.name} is not a readable Parquet file: {str(error).splitlines()[0]}") from None


def _literal(path: Path) -> str:
    """Return a path in which no letter stands for several."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
