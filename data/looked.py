"""Who looked at which page on which day, where people log in: kept for 90 days, seen by everybody who may look, counted nowhere.

It holds no time of day and no number of times, so nobody's hours can be read from it and nobody can be ranked by it.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from data import private
from data.errors import CairnError
from data.store import home

KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Look:
    """Somebody, by the e-mail they logged in with, opened a page on a day."""

    day: date
    page: str
    who: str


def note(look: Look) -> None:
    """Keep a look, once a day and page, and let go of what is older than KEPT. Raises CairnError when it cannot be kept."""
    with _opened() as connection:
        connection.execute("insert or ignore into looks values (?, ?, ?)", (f"{look.day}", look.page, look.who))
        connection.execute("delete from looks where day <= ?", (f"{look.day - KEPT}",))


def lately(today: date) -> list[Look]:
    """Return the looks of the days that are kept, the newest day first, then by page and person in the order of the alphabet."""
    with _opened() as connection:
        rows = connection.execute(
            "select day, page, who from looks where day > ? order by day desc, page, who", (f"{today - KEPT}",)
        ).fetchall()
    return [Look(date.fromisoformat(day), page, who) for day, page, who in rows]


def of(who: str) -> list[Look]:
    """Return the looks that are kept of one person, by their e-mail in any case."""
    with _opened() as connection:
        rows = connection.execute(
            "select day, page, who from looks where lower(who) = lower(?)", (who.strip(),)
        ).fetchall()
    return [Look(date.fromisoformat(day), page, name) for day, page, name in rows]


def forget(who: str) -> int:
    """Let go of every look of a person, by their e-mail in any case. Returns how many there were."""
    with _opened() as connection:
        return connection.execute("delete from looks where lower(who) = lower(?)", (who.strip(),)).rowcount


@contextlib.contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    path = home() / "looked.db"
    try:
        with contextlib.closing(sqlite3.connect(private.file(path), timeout=30)) as connection, connection:
            for setting in ("journal_mode = wal", "secure_delete = on"):
                connection.execute(f"pragma {setting}")
            connection.execute(
                "create table if not exists looks(day text, page text, who text, primary key(day, page, who))"
            )
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise CairnError(
            f"Who looked could not be kept or read in {path} ({error}).\n"
            "Nothing is shown without it. Mend the cause, or move that file away, and load the page again; all else is safe."
        ) from error
