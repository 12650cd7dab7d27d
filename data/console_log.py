"""What was asked in SQL: every question by its text, for 90 days, for everybody to read. Who asked is not kept."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data import private
from data.errors import CairnError
from data.store import Company, folder

KEPT = timedelta(days=90)
BEGUN = "begun"  # how a question stands that nobody has answered: it is being answered, or Cairn was stopped meanwhile


@dataclass(frozen=True)
class Asked:
    """A question: when it was asked (zone-less UTC), its text, the seconds it took and what came of it."""

    at: datetime
    sql: str
    seconds: float
    outcome: str


def place(company: Company) -> Path:
    """Return the file of a company's questions."""
    return folder(company) / "asked.db"


def begin(company: Company, sql: str) -> int:
    """Write down a question before it is answered, and return its number; what is older than is kept goes."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with _open(company) as connection:
        connection.execute("delete from asked where at < ?", [(now - KEPT).isoformat()])
        done = connection.execute(
            "insert into asked (at, sql, seconds, outcome) values (?, ?, 0, ?)", [now.isoformat(), sql, BEGUN]
        )
        return int(done.lastrowid or 0)


def end(company: Company, number: int, seconds: float, outcome: str) -> None:
    """Write down what came of a question."""
    with _open(company) as connection:
        connection.execute("update asked set seconds = ?, outcome = ? where number = ?", [seconds, outcome, number])


def newest(company: Company, most: int) -> list[Asked]:
    """Return the questions that were asked last, the newest first."""
    if not place(company).exists():
        return []
    since = (datetime.now(UTC).replace(tzinfo=None) - KEPT).isoformat()
    with _open(company) as connection:
        found = connection.execute(
            "select at, sql, seconds, outcome from asked where at >= ? order by number desc limit ?", [since, most]
        ).fetchall()
    return [Asked(datetime.fromisoformat(at), *rest) for at, *rest in found]


def forget(company: Company, words: str) -> None:
    """Take every question away whose text holds some words, in any case."""
    if place(company).exists():
        with _open(company) as connection:
            connection.execute("delete from asked where instr(lower(sql), lower(?)) > 0", [words])


@contextlib.contextmanager
def _open(company: Company) -> Iterator[sqlite3.Connection]:
    path = place(company)
    try:
        with contextlib.closing(sqlite3.connect(private.file(path), timeout=30)) as connection, connection:
            connection.execute("pragma secure_delete = on")
            connection.execute(
                "create table if not exists asked("
                "number integer primary key autoincrement, at text, sql text, seconds real, outcome text)"
            )
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise CairnError(
            f"The list of questions in {path} could not be read or written ({error}).\n"
            "No question is answered without being written down there. Mend the cause and ask again."
        ) from error
