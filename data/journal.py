"""The journal: what people write down, kept for good. Nothing in it is ever changed or taken away; an edit appends a version.

It lies in SQLite beside the store, or in the PostgreSQL that CAIRN_JOURNAL names when several hosts serve the pages. Every
version stands a second time in journal.jsonl, a line each, from which the whole can be built again.
"""

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from data import private
from data.editions import company
from data.entry import LINE, Entry
from data.errors import CairnError
from data.halves import APART, veiled
from data.kinds import BESIDE
from data.store import Company, folder

TURN = 4_242  # the number under which writers of one PostgreSQL wait for each other

TABLES = sa.MetaData()
ENTRIES = sa.Table(
    "entries",
    TABLES,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(40), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("base", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=True),
    sa.Column("author", sa.String(LINE), nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.UniqueConstraint("id", "version"),
    sqlite_autoincrement=True,
)
LIGHT = ENTRIES.c.kind.not_in([one.name for one in BESIDE])
NEVER = "the journal is only ever added to"
SEALS = {  # no program, this one included, changes what was written
    "sqlite": [
        f"create trigger if not exists no_{what} before {what} on entries begin select raise(abort, '{NEVER}'); end"
        for what in ("update", "delete")
    ],
    "postgresql": [
        f"create or replace function entries_stay() returns trigger language plpgsql as $$ begin raise exception '{NEVER}'; end $$",
        (
            "create or replace trigger entries_stay before update or delete or truncate on entries"
            " for each statement execute function entries_stay()"
        ),
    ],
}


_ASKED_FIRST: list[Callable[[], None]] = []  # by every write of this process


def ask_first(asks: Callable[[], None]) -> None:
    """Let every write of this process ask first; `asks` raises CairnError where whoever writes may only read."""
    _ASKED_FIRST[:] = [asks]


class Journal:
    """What people wrote, in the database at `url`, with its second copy, the file `twin`.

    Any number of processes and hosts may have it open; writers take turns. Raises CairnError in words when it cannot be
    opened or written; what was accepted before is then safe.
    """

    def __init__(self, url: str, twin: Path) -> None:
        self.twin = twin
        with self._in_words():
            private.file(twin)
            place = sa.make_url(url)
            here = place.get_backend_name() == "sqlite"  # opened for each question: it costs next to nothing
            if here and place.database:
                private.file(Path(place.database))
            self.engine = sa.create_engine(url, poolclass=sa.NullPool if here else None, pool_pre_ping=not here)
            if self.engine.dialect.name == "sqlite":
                event.listen(self.engine, "connect", _as_safe_as_it_gets)
            self.prepare(TABLES, SEALS[self.engine.dialect.name])
        self.copy()

    def write(
        self, kind: str, body: dict[str, Any] | None, author: str, *, entry: str | None = None, base: int = 0
    ) -> Entry:
        """Append a version and return it: of a new entry, or of `entry` as its writer saw it at version `base`.

        It is accepted whoever else wrote meanwhile; `apart` then tells of both. It is on the disk twice when this returns.
        """
        told = Entry(entry or uuid.uuid4().hex, 0, base, kind, body, author, datetime.now(UTC).replace(tzinfo=None))
        with self.writing() as connection:
            kept = self._append(connection, told)
        self.copy()
        return kept

    def undo(self, entry: str, author: str) -> Entry:
        """Append the version before the present one once more; an entry of one version is taken back. Returns what it is now."""
        versions = self._versions(entry)
        if not versions:
            raise CairnError("There is no such entry in the journal, so nothing was undone.")
        now = versions[-1]
        before = next((one for one in reversed(versions) if one.version == now.base), None)
        return self.write(now.kind, before.body if before else None, author, entry=entry, base=now.version)

    def entries(self, kind: str | None = None) -> list[Entry]:
        """Return the present version of every entry that was not taken back, the newest first; pictures and drafts only by their kind."""
        newest = sa.select(ENTRIES.c.id, sa.func.max(ENTRIES.c.version).label("version")).group_by(ENTRIES.c.id)
        there = newest.subquery()
        asked = (
            sa.select(ENTRIES)
            .join(there, (ENTRIES.c.id == there.c.id) & (ENTRIES.c.version == there.c.version))
            .where(ENTRIES.c.body.is_not(None))
            .order_by(ENTRIES.c.seq.desc())
        )
        found = self._read(asked.where(ENTRIES.c.kind == kind if kind else LIGHT))
        return veiled(found, found)

    def history(self, entry: str) -> list[Entry]:
        """Return every version of an entry, the first one first."""
        found = self._versions(entry)
        if not any(APART in one.answers for one in found):
            return found
        return veiled(found, self._read(sa.select(ENTRIES).where(ENTRIES.c.kind == found[0].kind)))

    def _versions(self, entry: str) -> list[Entry]:
        return self._read(sa.select(ENTRIES).where(ENTRIES.c.id == entry).order_by(ENTRIES.c.version))

    def apart(self, entry: str) -> list[Entry]:
        """Return the versions whose writers did not see each other's words, the present one last; empty when all is agreed.

        Whoever writes next has seen them all, and what they write is agreed.
        """
        versions = self.history(entry)
        if not versions or versions[-1].base == versions[-1].version - 1:
            return []
        return [one for one in versions if one.version > versions[-1].base]

    def find(self, words: str, kind: str | None = None) -> list[Entry]:
        """Return the entries that hold every one of the words, in any case, the newest first."""
        wanted = words.casefold().split()
        return [one for one in self.entries(kind) if all(word in _text(one.answers).casefold() for word in wanted)]

    def last(self) -> int:
        """Return the number of the version accepted last, 0 when there is none: it changes whenever anything is written."""
        with self.reading() as connection:
            return connection.execute(sa.select(sa.func.coalesce(sa.func.max(ENTRIES.c.seq), 0))).scalar_one()

    def versions(self) -> list[Entry]:
        """Return all versions of all entries in the order they were accepted, without pictures and drafts: what pages read."""
        return self._read(sa.select(ENTRIES).where(LIGHT).order_by(ENTRIES.c.seq))

    def everything(self, after: int = 0) -> list[Entry]:
        """Return all versions of all entries in the order they were accepted, those after a number of it; pictures and drafts too."""
        return self._read(sa.select(ENTRIES).where(ENTRIES.c.seq > after).order_by(ENTRIES.c.seq))

    def adopt(self, versions: Iterable[Entry]) -> int:
        """Take over versions from another journal or from a twin, in their order. Returns how many were not there yet.

        Raises CairnError when a version is there in other words; nothing is taken over then.
        """
        new = 0
        with self.writing() as connection:
            there = {(e.id, e.version): e for e in map(_entry, connection.execute(sa.select(ENTRIES)).mappings())}
            for one in versions:
                known = there.get((one.id, one.version))
                if known and (known.kind, known.body, known.author) != (one.kind, one.body, one.author):
                    raise CairnError(
                        f"Version {one.version} of the {one.kind} {one.id} is in this journal in other words.\n"
                        "These are two journals, and nothing was taken over. Take them into an empty one each."
                    )
                if not known:
                    connection.execute(ENTRIES.insert().values({**_values(one), "version": one.version}))
                    new += 1
        self.copy()
        return new

    def copy(self) -> None:
        """Bring the twin up to date: append what it lacks, and nothing else. A line that was cut off is written anew."""
        with self._in_words(), self.twin.open("a+b") as twin:
            fcntl.flock(twin, fcntl.LOCK_EX)
            if missing := self.everything(_last(twin)):
                twin.write("".join(f"{one.line()}\n" for one in missing).encode())
                twin.flush()
                os.fsync(twin.fileno())

    def _append(self, connection: sa.Connection, told: Entry) -> Entry:
        newest = connection.execute(sa.select(sa.func.max(ENTRIES.c.version)).where(ENTRIES.c.id == told.id)).scalar()
        version = (newest or 0) + 1
        done = connection.execute(
            ENTRIES.insert().values({**_values(told), "version": version}).returning(ENTRIES.c.seq)
        )
        return Entry(**{**vars(told), "version": version, "seq": done.scalar_one()})

    def prepare(self, tables: sa.MetaData, seals: Iterable[str] = ()) -> None:
        """Make the tables that are not there yet, for whoever opens them first, readers included. What is there stays."""
        with self._turn() as connection:
            tables.create_all(connection)
            for seal in seals:
                connection.execute(sa.text(seal))

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Let one writer at a time in who may write: the one door through which all goes that people write.

        Raises CairnError when whoever asks may only read.
        """
        for asks in _ASKED_FIRST:
            asks()
        with self._turn() as connection:
            yield connection

    @contextlib.contextmanager
    def _turn(self) -> Iterator[sa.Connection]:
        """Let one at a time in, so that the order of acceptance is the order of the numbers."""
        with self._in_words(), self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("begin immediate")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN)))
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Let readers in, whoever writes meanwhile."""
        with self._in_words(), self.engine.connect() as connection:
            yield connection

    def _read(self, asked: sa.Select) -> list[Entry]:
        with self.reading() as connection:
            return [_entry(row) for row in connection.execute(asked).mappings()]

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, OSError) as error:
            told = str(getattr(error, "orig", error)).strip().splitlines()
            raise CairnError(
                f"The journal could not be read or written ({told[0] if told else type(error).__name__}).\n"
                f"What was accepted before is safe there and in {self.twin}. Mend the cause and save again."
            ) from error


@lru_cache(4)
def _opened(url: str, twin: Path) -> Journal:
    return Journal(url, twin)


def journal(which: Company | None = None) -> Journal:
    """Return the journal of a company, by default of the one whose edition is read. The sandbox never shares the team's."""
    place = folder(which or company())
    named = os.environ.get("CAIRN_JOURNAL") if place == folder("team") else None
    url = (named or "").replace("postgresql://", "postgresql+psycopg://", 1) or f"sqlite:///{place / 'journal.db'}"
    return _opened(url, place / "journal.jsonl")


def begun(which: Company | None = None) -> bool:
    """Tell if a company has a journal: reading does not begin one."""
    return bool(os.environ.get("CAIRN_JOURNAL")) or (folder(which or company()) / "journal.db").exists()


def read_twin(path: Path) -> list[Entry]:
    """Return the versions a twin or an export holds. Raises CairnError naming the line that is none."""
    found, text = [], path.read_text(encoding="utf-8")
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        try:
            told = json.loads(line)
            found.append(Entry(**{**told, "at": datetime.fromisoformat(told["at"])}))
        except (ValueError, TypeError, KeyError):
            raise CairnError(
                f"Line {number} of {path} is no entry of a journal, so nothing was read.\n"
                "Remove or mend that line and run again."
            ) from None
    return found


def _values(one: Entry) -> dict[str, Any]:
    body = None if one.body is None else json.dumps(one.body, ensure_ascii=False)
    return {"id": one.id, "base": one.base, "kind": one.kind, "body": body, "author": one.author, "at": one.at}


def _entry(row: Any) -> Entry:
    return Entry(**{**row, "body": None if row["body"] is None else json.loads(row["body"])})


def _text(answers: dict[str, Any]) -> str:
    return " ".join(str(value) for value in answers.values() if value is not None)


def _last(twin: Any) -> int:
    """Return the number of the last whole line of a twin, and cut off what a crash left after it."""
    size = twin.seek(0, os.SEEK_END)
    start, whole = size, b""
    while start and whole.count(b"\n") < 2:  # the last line lies between the last two ends of lines
        start = max(0, start - (1 << 16))
        twin.seek(start)
        whole = twin.read(size - start)
    kept = whole.rfind(b"\n") + 1
    if kept < len(whole):
        twin.truncate(start + kept)
    return int(json.loads(whole[:kept].split(b"\n")[-2])["seq"]) if kept else 0


def _as_safe_as_it_gets(connection: Any, _: Any) -> None:
    """Readers never wait for a writer, and what was accepted outlives a power cut."""
    connection.isolation_level = None  # we say ourselves where a transaction begins
    for setting in ("journal_mode = wal", "synchronous = full", "busy_timeout = 30000", "secure_delete = on"):
        connection.execute(f"pragma {setting}")
