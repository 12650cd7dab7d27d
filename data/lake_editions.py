"""Editions in a lake: each is kept there whole, and brought from there to every host that shows it, where it is a file like any other."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data import lake_files
from data.errors import CairnError
from data.lake import NOUNS, RAW, Lake, Turns, options
from data.store import PAST, quoted

LOOK = 10.0  # seconds between two looks for a newer one
LATER = 60.0  # seconds until the next, when the lake was away
TAKEN = "of-lake"  # the file that names the edition that came from the lake last, or went there
Put = Callable[[Path, str], None]  # puts a draft in the place of the newest edition of a host


@dataclass(frozen=True)
class Kept:
    """An edition as a lake keeps it: the version that holds it, its name, when it came (zone-less UTC), what it was made of."""

    version: int
    name: str
    at: datetime
    made_of: int


def keep(lake: Lake, path: Path, name: str, made_of: int) -> bool:
    """Keep an edition, made of that version of what was collected. Returns False when a lake has one made of a newer already.

    What is no longer wanted is let go. Raises CairnError when the lake cannot be written; it keeps what it had then.
    """
    turns = Turns(lake)
    try:
        with turns.writing(NOUNS), lake.connect(NOUNS) as connection, lake.in_words():
            options(connection)
            there = kept(turns)
            if there and there[-1].made_of > made_of:
                return False
            _write(connection, path, name, made_of)
            _let_go(connection, lake.days)
    finally:
        turns.close()
    return True


def _write(connection: duckdb.DuckDBPyConnection, path: Path, name: str, made_of: int) -> None:
    connection.execute(f"attach '{quoted(path)}' as edition (read_only)")
    connection.execute("begin")
    listed = "select table_name from information_schema.tables where table_catalog = $of"
    tables = {told for (told,) in connection.execute(listed, {"of": "edition"}).fetchall()}
    for (gone,) in connection.execute(listed, {"of": "live"}).fetchall():
        if gone not in tables:
            connection.execute(f'drop table live."{gone}"')
    for table in sorted(tables):
        connection.execute(f'create or replace table live."{table}" as from edition."{table}"')
    connection.execute(
        "call live.set_commit_message('cairn', $name, extra_info => $of)", {"name": name, "of": f"{made_of}"}
    )
    connection.execute("commit; detach edition")


def _let_go(connection: duckdb.DuckDBPyConnection, days: int) -> None:
    found = connection.execute(
        "select snapshot_id, snapshot_time at time zone 'UTC' from live.snapshots() order by snapshot_id"
    ).fetchall()
    lake_files.drop(connection, lake_files.unwanted(found, datetime.now(UTC).replace(tzinfo=None), days))
    connection.execute(f"call ducklake_cleanup_old_files('live', older_than => {lake_files.HOUR})")
    connection.execute(f"call ducklake_delete_orphaned_files('live', older_than => {lake_files.DAY})")


def forget_the_past(lake: Lake) -> None:
    """Let go of every edition but the newest, files and all: the others may hold what was to be forgotten."""
    turns = Turns(lake)
    try:
        with turns.writing(NOUNS), lake.connect(NOUNS) as connection, lake.in_words():
            lake_files.drop_the_past(connection)
        turns.sweep(NOUNS)
        turns.sweep(RAW)
    finally:
        turns.close()


def kept(turns: Turns) -> list[Kept]:
    """Return the editions a lake keeps, the newest last."""
    with turns.lake.in_words():
        if turns.connection.execute(f"select to_regclass('{NOUNS}.ducklake_snapshot_changes')").fetchone() == (None,):
            return []
        rows = turns.connection.execute(
            "select snapshot_id, commit_message, snapshot_time at time zone 'UTC', commit_extra_info::bigint"
            f" from {NOUNS}.ducklake_snapshot join {NOUNS}.ducklake_snapshot_changes using (snapshot_id)"
            " where commit_message is not null order by snapshot_id"
        ).fetchall()
    return [Kept(*row) for row in rows]


def fetch(lake: Lake, one: Kept, draft: Path) -> None:
    """Copy an edition out of a lake into a file."""
    with lake.connect(NOUNS, version=one.version, writes=False) as connection, lake.in_words():
        connection.execute(f"attach '{quoted(draft)}' as copy (storage_version 'v1.5.0')")
        tables = connection.execute(
            "select table_name from information_schema.tables where table_catalog = 'live' order by 1"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f'create table copy."{table}" as from live."{table}"')
        connection.execute("checkpoint copy; detach copy")


def before(found: Sequence[Kept], moment: datetime) -> Kept:
    """Return which of some editions was the newest at a moment (zone-less UTC). Raises CairnError when none of that age is kept."""
    if older := [one for one in found if one.at < moment]:
        return older[-1]
    since = f"The oldest it keeps is of {found[0].at:%Y-%m-%d %H:%M} UTC." if found else "It keeps none yet."
    raise CairnError(
        f"The lake keeps no edition from before {moment:%Y-%m-%d %H:%M} UTC.\n{since} Ask for a later day."
    )


class Arrivals:
    """Brings what is newest in a lake to one shelf of this host, where `put` makes it the newest edition.

    The first look waits for the lake; later ones are taken beside, so that nobody who reads a page does.
    """

    def __init__(self, lake: Lake, shelf: Path) -> None:
        self.lake, self.shelf = lake, shelf
        self.away: str | None = None  # since when the lake cannot be reached
        self.kept: tuple[Kept, ...] = ()  # the editions there, as the last look found them, the newest last
        self._next, self._why = 0.0, ""
        self._looking = threading.Lock()

    def look(self, put: Put, *, wait: bool = False) -> None:
        """Look for a newer edition, unless somebody has just done so. Raises CairnError when none was ever brought.

        Who has to know what the lake keeps now can `wait` for it.
        """
        there = (self.shelf / "current").exists()
        if self._why and not there and time.monotonic() < self._next:
            raise CairnError(self._why)
        if time.monotonic() < self._next or not self._looking.acquire(blocking=wait or not there):
            return
        if time.monotonic() < self._next:  # whom this one waited for has looked
            self._looking.release()
        elif self._next and there and not wait:
            threading.Thread(target=self._bring, args=(put,), daemon=True).start()
        else:
            self._bring(put)

    def _bring(self, put: Put) -> None:
        pause = LOOK
        try:
            self._newer(put)
            self.away, self._why = None, ""
        except CairnError as error:
            pause = LATER
            self.away, self._why = self.away or f"since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC", str(error)
            if not (self.shelf / "current").exists():
                raise
        finally:
            self._next = time.monotonic() + pause  # not before: who waits for this look has to know what it finds
            self._looking.release()

    def _newer(self, put: Put) -> None:
        turns = Turns(self.lake)
        try:
            there = kept(turns)
        finally:
            turns.close()
        self.kept = tuple(there)
        self._forget({one.name for one in there})
        taken = self.shelf / TAKEN
        if not there or (taken.exists() and taken.read_text(encoding="utf-8") == there[-1].name):
            return
        newest = there[-1]
        self.shelf.mkdir(parents=True, exist_ok=True)
        draft = self.shelf / f"{newest.name}.{os.getpid()}.tmp"
        try:
            fetch(self.lake, newest, draft)
            put(draft, newest.name)
            taken.write_text(newest.name, encoding="utf-8")
        except OSError as error:
            raise CairnError(
                f"The newest edition could not be brought into {self.shelf} ({error.strerror})."
            ) from error
        finally:
            draft.unlink(missing_ok=True)
        self._forget({one.name for one in there})

    def _forget(self, there: Collection[str]) -> None:
        """Remove what the lake has let go of here as well, save what is shown for want of a newer one."""
        pointer = self.shelf / "current"
        shown = pointer.read_text(encoding="utf-8", errors="replace").strip() if pointer.exists() else ""
        for path in (*self.shelf.glob("*.duckdb"), *(self.shelf.parent / PAST).glob("*.duckdb")):
            if path.stem not in there and (path.parent.name == PAST or path.stem != shown):
                with contextlib.suppress(OSError):  # Windows keeps a file that somebody reads; the next look takes it
                    path.unlink()
