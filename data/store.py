"""What the APIs said, kept whole: rows and the place they were read up to go to disk together or not at all."""

import contextlib
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import duckdb

from data import addresses
from data.errors import CairnError
from data.forgotten import mark, person_key, without
from data.over import over

if TYPE_CHECKING:
    from data.lake import Lake

Company = Literal["team", "sandbox"]

ROOM = Path(__file__).resolve().parent
MODEL = tuple(  # in the order they are made: later ones read earlier ones
    ROOM / "nouns" / f"{noun}.sql"
    for noun in (
        "start", "calendar", "repositories", "reviews", "components", "releases", "milestones", "attempts", "services", "changes",
        "pull_requests", "knowledge", "workflow_runs", "jobs", "issues", "causes", "incidents", "deployments", "usage", "requests", "rule_matches",
    )
)  # fmt: skip
STORAGE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",  # raw JSON takes a thirtieth of the space in this format
    "memory_limit": "200MB",  # what does not fit goes to disk
    "threads": 1,
}
FORMAT = 1  # of the live file; a newer one is refused, see Live

TABLES = """
create schema if not exists raw;
create table if not exists about(key text, value text);
create table if not exists progress(
    source text, kind text, stream text, scope text,
    place json, complete_to timestamp, tried_at timestamp, expected bigint, error text
);
create table if not exists syncs(
    started_at timestamp, finished_at timestamp, source text,
    requests bigint, points bigint, new_rows bigint, changed_rows bigint, seconds double, outcome text
);
create table if not exists rejects(
    source text, stream text, scope text, id text, reason text, body text, "at" timestamp, tries integer, again boolean
);
create table if not exists fields(source text, stream text, name text, since timestamp);
create table if not exists forgotten(mark text);
"""
PAGE = """
select
    $source as source,
    unnest($ids) as id,
    unnest($scopes) as scope,
    unnest($parents) as parent,
    unnest($versions) as version,
    unnest($bodies) as body,
    unnest($complete) as complete,
"""
CHANGES = "s.version >= t.version and (t.body <> s.body or t.scope <> s.scope or t.gone_at is not null)"
MERGE = f"""
merge into {{table}} t
using ({PAGE}) s
on t.source = s.source and t.id = s.id
when matched and {CHANGES} then update set
    scope = s.scope,
    parent = s.parent,
    version = s.version,
    body = s.body,
    seen_at = $seen_at,
    gone_at = null,
    whole = case when s.complete then s.version end
when not matched{{old}} then insert values (
    s.source, s.id, s.scope, s.parent, s.version, s.body, $seen_at, null,
    case when s.complete then s.version end
)
"""
PAST = "past"  # the folder of editions of another day, brought from a lake
DAMAGED = re.compile("corrupt|not a valid duckdb|could not read enough bytes|replaying wal|checksum", re.IGNORECASE)
FULL = re.compile("no space|too large|quota", re.IGNORECASE)
OFTEN, SELDOM = 3, 7  # what was set aside is asked for again in each of the next runs, then every so many days
DUE = f'(again or tries < {OFTEN} or "at" <= $now::timestamp - interval {SELDOM} day)'


def home() -> Path:
    """Return the folder of the data files: CAIRN_HOME, or data/ in the checkout. A page asks a hundred times."""
    return Path(os.environ.get("CAIRN_HOME") or ROOM).absolute()


def folder(company: Company) -> Path:
    """Return the folder of one company's files: the sandbox never shares one with the team."""
    return home() / "sandbox" if company == "sandbox" else home()


def quoted(path: Path) -> str:
    """Return a path as it stands in SQL between quotes."""
    return str(path).replace("'", "''")


def lake_of(company: Company) -> "Lake | None":
    """Return the lake that CAIRN_STORE names for the team; None where it names none, and for the sandbox company.

    Raises CairnError when it does not name a lake.
    """
    if company == "sandbox" or not os.environ.get("CAIRN_STORE"):
        return None
    from data.lake import lake  # noqa: PLC0415 who has no lake pays nothing for it

    return lake(home())


@dataclass(frozen=True)
class Origin:
    """Where rows come from: a source and its kind, one of its streams, and a scope of it (a repository, or "*")."""

    source: str
    kind: str
    stream: str
    scope: str


@dataclass(frozen=True)
class Row:
    """One item as an API sent it. `version` is its own time of change in UTC; `complete` says that no part is missing."""

    id: str
    version: datetime
    body: dict[str, Any]
    scope: str
    complete: bool = True
    parent: str | None = None


@dataclass(frozen=True)
class Reject:
    """An item that cannot be kept as it is, or that the service does not give: set aside with the reason, never forgotten."""

    id: str
    reason: str
    scope: str
    body: Any = None


@dataclass(frozen=True)
class Landed:
    """How many rows a page changed, how many it set aside, and how many fields nobody had seen before."""

    new: int = 0
    changed: int = 0
    rejected: int = 0
    fields: int = 0

    def __add__(self, other: "Landed") -> "Landed":
        mine, others = vars(self), vars(other)
        return Landed(**{name: mine[name] + others[name] for name in mine})


@dataclass(frozen=True)
class Progress:
    """How far one stream of one scope has been read."""

    place: dict[str, Any] | None = None
    complete_to: datetime | None = None
    expected: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Due:
    """An item whose parts have not been read for its present version."""

    id: str
    scope: str
    version: datetime
    body: dict[str, Any]


def raw_tables() -> list[str]:
    """Return the raw tables the model reads, in alphabetical order."""
    return sorted(set(re.findall(r"\blive\.raw\.(\w+)", model())))


def model() -> str:
    """Return the SQL that makes the nouns."""
    return _model(tuple((path, path.stat().st_mtime_ns) for path in MODEL))


@lru_cache(2)
def _model(files: tuple[tuple[Path, int], ...]) -> str:
    return "\n\n".join(path.read_text(encoding="utf-8") for path, _ in files)


class Live:
    """The collector's own file. One process holds it; everyone else reads the published edition.

    Where CAIRN_STORE names a lake it is that instead: any number of processes have it open, and they write in turn.
    Raises CairnError when another process holds the file, when the file is damaged or when a newer program wrote it, and when
    the lake cannot be reached.
    """

    def __init__(self, company: Company) -> None:
        self.company: Company = company
        self.path = folder(company) / "live.duckdb"
        self.lake = lake_of(company)
        self._holder = self.path.with_name("live.holder")
        self.kept_from: datetime | None = None  # what ended before, and is not here, is not kept (retention.py)
        self._known: set[str] = set()
        self._fields: dict[tuple[str, str], set[str]] = {}
        self._far: dict[tuple[str, str, str], tuple] | None = None  # the table progress, once it was read
        self._within = False  # a transaction
        self._seen = -1  # the newest version of a lake that is known here
        self._claims = 0  # sources of a lake that nobody else reads now
        self.lost: Counter[tuple[str, str]] = (
            Counter()
        )  # items found to be no more since the file was opened, by source and stream
        with self._in_words():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        """Open the file. What is damaged is moved aside: first the log of the last moments alone, then the whole file."""
        if self.lake:
            return self._begin()
        log, told = self.path.with_name(self.path.name + ".wal"), ""
        remedies = [[log]] if log.exists() else []
        remedies.append([self.path, log])
        while True:
            try:
                connection = self._begin()
                break
            except duckdb.Error as error:
                if not remedies or not DAMAGED.search(str(error)):
                    raise
                told = self.move_aside(*remedies.pop(0))
        if told:
            self.tell("anew", told)
        return connection

    def _begin(self) -> duckdb.DuckDBPyConnection:
        self.connection = connection = self._connect()
        try:
            connection.execute("set timezone = 'UTC'")
            self._refuse_newer()
            with self.transaction():
                connection.execute(TABLES)
                self._known = set(self.tables())
                for table in raw_tables():
                    self._ensure(table)
            if self.about("format") is None:
                self.tell("format", str(FORMAT))
            if self.lake:
                self._refuse_other_key()
            self._recall()
        except BaseException:
            self._close()
            raise
        return connection

    def _recall(self) -> None:
        """Read what every run needs; damage shows where it is read, so this comes before anything else."""
        self._far = None
        self._fields.clear()
        self._aside = bool(self.connection.execute("select 1 from rejects limit 1").fetchall())
        self._recall_forgotten()

    def _recall_forgotten(self) -> None:
        found = self.connection.execute("select mark from forgotten").fetchall()
        self._forgotten = frozenset(told for (told,) in found)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self.lake:
            return self._connect_lake(self.lake)
        try:
            connection = duckdb.connect(str(self.path), config=STORAGE)
        except duckdb.Error as error:
            if holder := re.search(r"PID (\d+)", str(error)):
                raise CairnError(
                    f"Another program (process {holder[1]}{self._since(holder[1])}) is writing {self.path}:"
                    " a sync is already running.\n"
                    "Wait for it to end and run again. Nothing was changed; the pages go on showing the last edition."
                ) from None
            raise
        self.path.chmod(0o600)
        self._holder.write_text(f"{os.getpid()} {datetime.now().astimezone():%H:%M}", encoding="utf-8")
        return connection

    def _connect_lake(self, lake: "Lake") -> duckdb.DuckDBPyConnection:
        from data.lake import RAW, Turns, options  # noqa: PLC0415

        self.turns = Turns(lake)
        try:
            with self.turns.writing(RAW):
                connection = lake.connect(RAW)
                options(connection)
        except BaseException:
            self.turns.close()
            raise
        return connection

    def _close(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self.connection.close()
        if self.lake:
            self.turns.close()
        else:
            self._holder.unlink(missing_ok=True)

    def _since(self, process: str) -> str:
        """Return since when a process has been writing, if it said so."""
        with contextlib.suppress(OSError, ValueError):
            known, since = self._holder.read_text(encoding="utf-8").split()
            return f", since {since}" if known == process else ""
        return ""

    def move_aside(self, *paths: Path) -> str:
        """Give damaged files a name that says so. Returns what happened, in words."""
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        for path in paths:
            if path.exists():
                path.replace(path.with_name(f"{path.name}.damaged-{stamp}"))
        return (
            f"{self.path} was damaged and is kept as {paths[0].name}.damaged-{stamp}. Everything in it is collected anew"
            " from GitHub and Jira; the pages keep the last edition until that is done."
        )

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn what a disk or a database complains of into an error for people."""
        if self.lake:
            with self.lake.in_words():
                yield
            return
        try:
            yield
        except (duckdb.Error, OSError) as error:
            told = str(error).splitlines()[0]
            cause = "The disk is full" if FULL.search(str(error)) else f"{self.path} cannot be written ({told})"
            raise CairnError(
                f"{cause}, so nothing more can be kept in {self.path.parent}.\n"
                "What was kept before is safe, and the pages keep the last edition."
                " Make room or mend the cause and run again: it goes on from there."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._close()
        told = str(error) if error and not self.lake else ""
        damage = error if isinstance(error, duckdb.Error) else error and error.__cause__
        if DAMAGED.search(told) and isinstance(
            damage, (duckdb.IOException, duckdb.InternalException, duckdb.FatalException)
        ):
            self.move_aside(self.path, self.path.with_name(self.path.name + ".wal"))
            raise CairnError(
                f"{self.path} is damaged ({told.splitlines()[0][:160]}).\n"
                "It was moved aside under a name that says so and is kept; the pages keep the last edition."
                " Run 'python -m collectors sync' again: it collects everything anew."
            ) from None
        if isinstance(error, duckdb.Error):
            with self._in_words():
                raise error

    def _ensure(self, stream: str) -> str:
        if stream not in self._known:
            if not re.fullmatch(r"[a-z_]+", stream):
                raise ValueError(f"'{stream}' is not a name for a stream; use small letters and underscores")
            with self.transaction():
                self.connection.execute(
                    f"create table if not exists raw.{stream}(source text, id text, scope text, parent text, version timestamp,"
                    " body text, seen_at timestamp, gone_at timestamp, whole timestamp)"
                )
            self._known.add(stream)
        return f"raw.{stream}"

    def _refuse_newer(self) -> None:
        """Raise CairnError before anything is changed in a file whose tables this program may not know."""
        known = self._first("select 1 from duckdb_tables() where table_name = 'about'")
        found = self.about("format") if known else None
        if found and int(found) > FORMAT:
            self.connection.close()
            raise CairnError(
                f"{self.place} was written by a newer Cairn (format {found}, this program knows {FORMAT}).\n"
                "Update this checkout, or point CAIRN_HOME at another folder. Nothing was changed."
            )

    def tidy(self) -> None:
        """In a lake, write small files together and let go of what nobody reads any more."""
        if self.lake:
            from data import lake_files  # noqa: PLC0415

            with self._in_turn(), self._in_words():
                lake_files.compact(self.connection)
            self.tell("tidied", datetime.now(UTC).isoformat(timespec="seconds"))

    def _refuse_other_key(self) -> None:
        """Raise CairnError where people are hashed otherwise than by the other hosts of a lake; of the key only a hash is kept there."""
        told = mark("person.key", person_key(home()))
        with self.transaction():
            known = self.about("key")
            if known is None:
                self.tell("key", told)
        if known not in {None, told}:
            raise CairnError(
                f"{home() / 'person.key'} is another key than the one the people in this lake are hashed with.\n"
                "Put the file of the host that collected first in its place, readable by you alone. Nothing was changed."
            )

    def size(self) -> int:
        """Return how many bytes what was collected takes on the disk."""
        if self.lake:
            [(told,)] = self.connection.execute(
                "select coalesce(sum(file_size_bytes), 0)::bigint from ducklake_table_info('live')"
            ).fetchall()
            return told
        return self.path.stat().st_size

    @contextlib.contextmanager
    def still_image(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection in which live does not change: an edition is made of one moment, whoever writes meanwhile."""
        if not self.lake:
            yield self.connection
            return
        from data.lake import RAW  # noqa: PLC0415

        self.imaged = self.turns.version(RAW)
        with contextlib.closing(self.lake.connect(RAW, version=self.imaged, writes=False)) as connection:
            yield connection

    @property
    def place(self) -> str:
        """Where what was collected is, in words."""
        return f"The lake {self.lake.name}" if self.lake else str(self.path)

    def fingerprint(self, image: duckdb.DuckDBPyConnection) -> str:
        """Return a few digits that change whenever a row of raw does, for the moment an image is of."""
        tables = " union all ".join(
            f"select bit_xor(hash('{table}', source, id, scope, parent, version, seen_at, gone_at, whole)) as h from live.raw.{table}"
            for table in self.tables(image)
        )
        found = image.execute(f"select coalesce(bit_xor(h), 0) from ({tables})").fetchone()
        return str(found[0]) if found else ""

    def count(self, source: str) -> int:
        """Return how many items of a source there are, in all its streams."""
        told = " union all ".join(
            f"select count(*) as n from raw.{table} where source = $source and gone_at is null"
            for table in self.tables()
        )
        found = self._first(f"select sum(n)::bigint from ({told})", {"source": source})
        return found[0] if found else 0

    def extent(self, source: str) -> dict[str, dict[str, int | None]]:
        """Return how much there is of each stream of a source: items, those whose parts are not all read, and expected.

        `expected` is what the source itself said there should be, null where it does not say.
        """
        found = self.connection.execute(
            "select stream, sum(expected)::bigint from progress where source = $source group by stream order by stream",
            {"source": source},
        ).fetchall()
        told: dict[str, dict[str, int | None]] = {}
        for stream, expected in found:
            counted = self._first(
                f"select count(*), count(*) filter (whole is distinct from version) from {self._ensure(stream)}"
                " where source = $source and gone_at is null",
                {"source": source},
            )
            items, incomplete = counted or (0, 0)
            told[stream] = {"items": items, "incomplete": incomplete, "expected": expected}
        return told

    def tables(self, image: duckdb.DuckDBPyConnection | None = None) -> list[str]:
        """Return the raw tables there are, or were in a still image, in alphabetical order."""
        found = (
            (image or self.connection)
            .execute(
                "select table_name from information_schema.tables where table_catalog = 'live' and table_schema = 'raw' order by 1"
            )
            .fetchall()
        )
        return [name for (name,) in found]

    def _first(self, sql: str, bound: dict[str, Any] | None = None) -> tuple | None:
        """Return the first row of an answer, read to its end: one that is not keeps a lake's catalog waiting."""
        return next(iter(self.connection.execute(sql, bound or {}).fetchall()), None)

    def about(self, key: str) -> str | None:
        """Return a fact about the store itself, or None."""
        found = self._first("select value from about where key = $key", {"key": key})
        return found[0] if found else None

    def tell(self, key: str, value: str) -> None:
        """Keep a fact about the store itself."""
        with self.transaction():
            self.connection.execute("delete from about where key = $key", {"key": key})
            self.connection.execute("insert into about values ($key, $value)", {"key": key, "value": value})

    def clear(self) -> None:
        """Forget everything collected. Only for the sandbox, whose life can be told again."""
        self._far = None
        with self.transaction():
            for table in ("progress", "syncs", "rejects", "fields", *(f"raw.{table}" for table in self.tables())):
                self.connection.execute(f"delete from {table}")

    def progress(self, origin: Origin) -> Progress:
        """Return how far a stream has been read; an empty Progress if it never was."""
        key = (origin.source, origin.stream, origin.scope)
        place, complete_to, expected, error = self._progress().get(key, (None,) * 4)
        return Progress(json.loads(place) if place else None, complete_to, expected, error)

    def _progress(self) -> dict[tuple[str, str, str], tuple]:
        """Return the table progress, read at once: some hundred repositories have some thousand streams."""
        if self._far is None:
            rows = self.connection.execute(
                "select source, stream, scope, place, complete_to, expected, error from progress"
            ).fetchall()
            self._far = {row[:3]: row[3:] for row in rows}
        return self._far

    def land(self, origin: Origin, rows: Sequence[Row | Reject], progress: Progress, seen_at: datetime) -> Landed:
        """Keep one page and the place it was read up to, in one transaction. Returns what changed.

        The newest version of an item wins, whatever the order of arrival; a row that says nothing new is not written.
        What is no row, or has no id or time of its own, is set aside. Times are zone-less UTC.
        """
        table, checked = self._ensure(origin.stream), [_checked(row) for row in rows]
        whole = [row for row in checked if isinstance(row, Row)]
        aside = [row for row in checked if isinstance(row, Reject)]
        with self.transaction():
            landed = self._merge(table, origin.source, whole, seen_at)
            self._settle(origin, [row.id for row in whole])
            self._set_aside(origin, aside, seen_at)
            self._keep_progress(origin, progress, seen_at)
            new = self._new_fields(origin, whole, seen_at)
        return replace(landed, rejected=len(aside), fields=new)

    def land_parts(
        self, origin: Origin, parts: str, parents: Iterable[Due], rows: Sequence[Row], seen_at: datetime
    ) -> Landed:
        """Keep the parts of whole parents, replacing the parts they had, and mark the parents whole; one transaction."""
        table, owners = self._ensure(parts), self._ensure(origin.stream)
        bound = {"source": origin.source, "ids": [p.id for p in parents], "versions": [p.version for p in parents]}
        with self.transaction():
            landed = self._merge(table, origin.source, rows, seen_at)
            self.connection.execute(
                f"delete from {table} where source = $source and parent in (select unnest($ids)) and id not in"
                " (select unnest($kept))",
                {"source": origin.source, "ids": bound["ids"], "kept": [r.id for r in rows]},
            )
            self.connection.execute(
                f"update {owners} t set whole = s.version from (select unnest($ids) as id, unnest($versions) as version) s"
                " where t.source = $source and t.id = s.id",
                bound,
            )
            self._settle(origin, bound["ids"])
        return landed

    def _set_aside(self, origin: Origin, rejects: Sequence[Reject], at: datetime) -> None:
        for one in rejects:
            self._aside = True
            bound = {"source": origin.source, "stream": origin.stream, "id": _clean(one.id)}
            its = "rejects where source = $source and stream = $stream and id = $id"
            before = self._first(f"select tries from {its}", bound)
            self.connection.execute(f"delete from {its}", bound)
            self.connection.execute(
                "insert into rejects values ($source, $stream, $scope, $id, $reason, $body, $at, $tries, false)",
                bound
                | {
                    "scope": one.scope,
                    "reason": _clean(one.reason),
                    "body": None if one.body is None else self._text(one.body),
                    "at": at,
                    "tries": before[0] + 1 if before else 1,
                },
            )

    def _settle(self, origin: Origin, ids: Sequence[str]) -> None:
        """Forget that items were set aside: they have been kept now."""
        if not self._aside:
            return
        self.connection.execute(
            "delete from rejects where source = $source and stream = $stream and id in (select unnest($ids))",
            {"source": origin.source, "stream": origin.stream, "ids": list(ids)},
        )

    def _new_fields(self, origin: Origin, rows: Sequence[Row], at: datetime) -> int:
        """Keep which fields the items of a stream have. Returns how many came since it was first read."""
        key = (origin.source, origin.stream)
        if key not in self._fields:
            found = self.connection.execute("select name from fields where source = ? and stream = ?", key).fetchall()
            self._fields[key] = {name for (name,) in found}
        known = self._fields[key]
        new = sorted({_clean(name) for row in rows for name in row.body} - known)
        if new:
            self.connection.execute(
                "insert into fields select $source, $stream, unnest($names), $at",
                {"source": origin.source, "stream": origin.stream, "names": new, "at": at},
            )
        first = not known
        self._fields[key] = known | set(new)
        return 0 if first else len(new)

    def release(self, origin: Origin, now: datetime) -> list[str]:
        """Return the ids of what was set aside and is to be asked for again now."""
        if not self._aside:
            return []
        bound = {"source": origin.source, "stream": origin.stream, "scope": origin.scope, "now": now}
        its = f"source = $source and stream = $stream and scope = $scope and {DUE}"
        found = self.connection.execute(f"select id from rejects where {its}", bound).fetchall()
        if found:
            with self.transaction():
                self.connection.execute(f"update rejects set again = true where {its}", bound)
        return [i for (i,) in found]

    def set_aside(self, origin: Origin, *, again: bool) -> list[str]:
        """Return the ids of what is set aside: all of it, or what was released to be asked for `again` and did not come."""
        if not self._aside:
            return []
        found = self.connection.execute(
            "select id from rejects where source = $source and stream = $stream and scope = $scope and (again or not $again)",
            {"source": origin.source, "stream": origin.stream, "scope": origin.scope, "again": again},
        ).fetchall()
        return [i for (i,) in found]

    def reason(self, origin: Origin) -> str:
        """Return why the item that was set aside last was."""
        found = self._first(
            "select reason from rejects where source = $source and stream = $stream and scope = $scope"
            ' order by "at" desc limit 1',
            {"source": origin.source, "stream": origin.stream, "scope": origin.scope},
        )
        return found[0] if found else "no reason given"

    def settled(self, origin: Origin) -> None:
        """Forget what was asked for again and is no more: the whole list was read without it."""
        if found := self.set_aside(origin, again=True):
            self._settle(origin, found)

    def due(self, origin: Origin, limit: int) -> list[Due]:
        """Return up to `limit` items whose parts have not been read for their present version, newest first."""
        found = self.connection.execute(
            f"select id, scope, version, body from {self._ensure(origin.stream)} where source = $source and scope = $scope"
            " and whole is distinct from version and gone_at is null"
            " and id not in (select id from rejects where source = $source and stream = $stream and not again)"
            " order by version desc, id limit $limit",
            {"source": origin.source, "stream": origin.stream, "scope": origin.scope, "limit": limit},
        ).fetchall()
        return [Due(i, scope, version, json.loads(body)) for i, scope, version, body in found]

    def bodies(self, origin: Origin, where: str) -> list[dict[str, Any]]:
        """Return the bodies of a stream's rows that still exist; `where` is a constant condition of the caller's."""
        found = self.connection.execute(
            f"select body from {self._ensure(origin.stream)} where source = $source and scope = $scope and gone_at is null"
            f" and ({where}) order by version desc",
            {"source": origin.source, "scope": origin.scope},
        ).fetchall()
        return [json.loads(body) for (body,) in found]

    def versions(self, origin: Origin) -> dict[str, datetime]:
        """Return the version of every item of a scope that still exists, by id."""
        found = self.connection.execute(
            f"select id, version from {self._ensure(origin.stream)}"
            " where source = $source and scope = $scope and gone_at is null",
            {"source": origin.source, "scope": origin.scope},
        ).fetchall()
        return dict(found)

    def held(self, origin: Origin) -> int:
        """Return how many items of a scope are accounted for: they still exist, or were set aside."""
        found = self._first(
            f"select count(*) from (select id from {self._ensure(origin.stream)} where source = $source and scope = $scope"
            " and gone_at is null union select id from rejects where source = $source and stream = $stream and scope = $scope)",
            {"source": origin.source, "stream": origin.stream, "scope": origin.scope},
        )
        return found[0] if found else 0

    def values(self, origin: Origin, path: str) -> dict[str, Any]:
        """Return, by id, the text at a JSON path of every item of a scope that still exists."""
        found = self.connection.execute(
            f"select id, body ->> $path from {self._ensure(origin.stream)}"
            " where source = $source and scope = $scope and gone_at is null",
            {"source": origin.source, "scope": origin.scope, "path": path},
        ).fetchall()
        return dict(found)

    def gone(self, origin: Origin, ids: Sequence[str], at: datetime, parts: str | None = None) -> Landed:
        """Mark items that no longer exist at the source, and their parts, kept in a table of their own.

        They are kept, out of every number, and come back when seen again; their parts are then due again.
        """
        if not ids:
            return Landed()
        bound = {"source": origin.source, "ids": list(ids), "at": at}
        with self.transaction():
            [(lost,)] = self.connection.execute(
                f"update {self._ensure(origin.stream)} set gone_at = $at{', whole = null' if parts else ''}"
                " where source = $source and gone_at is null and id in (select unnest($ids))",
                bound,
            ).fetchall()
            if parts:
                self.connection.execute(
                    f"update {self._ensure(parts)} set gone_at = $at"
                    " where source = $source and gone_at is null and parent in (select unnest($ids))",
                    bound,
                )
        self.lost[origin.source, origin.stream] += lost
        return Landed(changed=lost)

    def repositories(self, source: str) -> dict[str, dict[str, Any]]:
        """Return what is known of the repositories of a GitHub that still exist, by id."""
        found = self.connection.execute(
            f"select id, body from {self._ensure('github_repositories')} where source = $source and gone_at is null",
            {"source": source},
        ).fetchall()
        return {i: json.loads(body) for i, body in found}

    def names(self, source: str) -> dict[str, dict[str, Any]]:
        """Return the repositories that had another name before, by that name: id and nameWithOwner of today."""
        found = self.connection.execute(
            f"select id, body from {self._ensure('github_repository_names')} where source = $source",
            {"source": source},
        ).fetchall()
        return {i: json.loads(body) for i, body in found}

    def rename(self, source: str, was: str, now: str) -> None:
        """Keep under its new name all that was collected of a repository, and how far that is; one transaction."""
        bound = {"source": source, "was": was, "now": now}
        self._far = None
        with self.transaction():
            for table in self.tables():
                self.connection.execute(
                    f"update raw.{table} set scope = $now where source = $source and scope = $was", bound
                )
            self.connection.execute(
                "delete from progress where source = $source and scope = $was and stream in"
                " (select stream from progress where source = $source and scope = $now)",
                bound,
            )
            for table in ("progress", "rejects"):
                self.connection.execute(
                    f"update {table} set scope = $now where source = $source and scope = $was", bound
                )

    def restless(self, source: str, stream: str, unfinished: str, now: datetime) -> set[str]:
        """Return the scopes in which something is due: parts to be read, or items not final and not seen for a while.

        An item is visited again after a tenth of its age: often while it is young, seldom when it will never end.
        """
        found = self.connection.execute(
            f"select distinct scope from {self._ensure(stream)} where source = $source and gone_at is null"
            f" and (whole is distinct from version or (({unfinished or 'false'})"
            " and epoch($now::timestamp) - epoch(seen_at) >= (epoch($now::timestamp) - epoch(version)) / 10))"
            " and id not in (select id from rejects where source = $source and stream = $stream)"
            f" union select scope from rejects where source = $source and stream = $stream and {DUE}",
            {"source": source, "stream": stream, "now": now},
        ).fetchall()
        return {scope for (scope,) in found}

    def visited(self, origin: Origin, ids: Sequence[str], at: datetime) -> None:
        """Keep that items were looked at, changed or not."""
        table = self._ensure(origin.stream)
        with self.transaction():
            self.connection.execute(
                f"update {table} set seen_at = $at where source = $source and id in (select unnest($ids))",
                {"source": origin.source, "ids": list(ids), "at": at},
            )

    def still(self, source: str, scopes: Sequence[str], streams: Sequence[str], at: datetime) -> None:
        """Keep that streams were found unchanged: they are complete up to now."""
        self._far = None
        with self.transaction():
            self.connection.execute(
                "update progress set complete_to = $at, tried_at = $at where source = $source"
                " and scope in (select unnest($scopes)) and stream in (select unnest($streams))",
                {"source": source, "scopes": list(scopes), "streams": list(streams), "at": at},
            )

    def rewrite(self) -> None:
        """Write everything anew and drop the old, so that nothing overwritten lingers in free space."""
        if self.lake:
            from data import lake_files  # noqa: PLC0415

            with self._in_turn(), self._in_words():
                lake_files.anew(self.connection)
            return
        fresh = self.path.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        told = str(fresh).replace("'", "''")
        self.connection.execute(f"attach '{told}' as fresh (storage_version 'v1.5.0')")
        self.connection.execute("copy from database live to fresh")
        self.connection.execute("detach fresh")
        self.connection.close()
        fresh.replace(self.path)
        self.connection = self._connect()
        self.connection.execute("set timezone = 'UTC'")

    def failed(self, origin: Origin, error: str, tried_at: datetime) -> None:
        """Keep the reason why a stream could not be read; its rows and its place stay as they are."""
        with self.transaction():
            self._keep_progress(origin, replace(self.progress(origin), error=error), tried_at)

    def synced(self, **figures: Any) -> None:
        """Keep the figures of one sync of one source."""
        names = "started_at finished_at source requests points new_rows changed_rows seconds outcome".split()
        with self.transaction():
            self.connection.execute(
                f"insert into syncs values ({', '.join('$' + name for name in names)})",
                {name: figures[name] for name in names},
            )

    def forget(self, login: str) -> None:
        """Keep that a login is never to be kept again; of the login itself only a keyed hash is."""
        told = mark(login, person_key(home()))
        if told not in self._forgotten:
            with self.transaction():
                self.connection.execute("insert into forgotten values ($mark)", {"mark": told})
            self._forgotten |= {told}

    def _text(self, body: Any) -> str:
        return _text(without(body, self._forgotten, person_key(home())) if self._forgotten else body)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commits at the end, rolls back on any error. One within another is part of it."""
        if self._within:
            yield
            return
        with self._in_turn():
            self.connection.execute("begin")
            self._within = True
            try:
                yield
                if self.lake:
                    self.turns.unless_lost()
                self.connection.execute("commit")
            except BaseException:
                self._far = None
                with contextlib.suppress(duckdb.Error):  # a commit that failed has rolled back by itself
                    self.connection.execute("rollback")
                raise
            finally:
                self._within = False

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        """In a lake, wait for the turn to write, and read anew what others have written meanwhile."""
        if not self.lake:
            yield
            return
        from data.lake import RAW  # noqa: PLC0415

        with self.turns.writing(RAW):
            if self._known and self._seen != self.turns.version(RAW):
                # of a source that is claimed nobody else has changed a row
                (self._recall_forgotten if self._claims else self._recall)()
            yield
            self._seen = self.turns.version(RAW)

    @contextlib.contextmanager
    def claim(self, source: str) -> Iterator[bool]:
        """Take a source for oneself as long as this lasts, and tell if it was free: a lake has more than one collector."""
        if not self.lake:
            yield True
            return
        with self.turns.claimed(source) as ours:
            self._recall()  # whoever had it before has read on
            self._claims += ours
            try:
                yield ours
            finally:
                self._claims -= ours

    def _merge(self, table: str, source: str, rows: Sequence[Row], seen_at: datetime) -> Landed:
        newest: dict[str, Row] = {}
        for row in rows:
            if row.id not in newest or row.version >= newest[row.id].version:
                newest[row.id] = row
        if not newest:
            return Landed()
        kept = list(newest.values())
        page = {
            "source": source,
            "ids": [r.id for r in kept],
            "scopes": [r.scope for r in kept],
            "parents": [r.parent for r in kept],
            "versions": [r.version for r in kept],
            "bodies": [self._text(r.body) for r in kept],
            "complete": [r.complete for r in kept],
        }
        old = f" and not {over(table.removeprefix('raw.'), 's.')}" if self.kept_from else ""
        page |= {"kept_from": self.kept_from} if "$kept_from" in old else {}
        sql, bound = MERGE.format(table=table, old=old), page | {"seen_at": seen_at}
        if not self.lake:
            actions = self.connection.execute(f"{sql} returning merge_action", bound).fetchall()
            new = sum(action == "INSERT" for (action,) in actions)
            return Landed(new, len(actions) - new)
        # a lake does not tell what a merge did, so it is asked before; nobody else can write in between
        [(new, changed)] = self.connection.execute(
            f"select count(*) filter (t.id is null{old}), count(*) filter ({CHANGES}) from ({PAGE}) s"
            f" left join {table} t on t.source = s.source and t.id = s.id",
            page,
        ).fetchall()
        if new or changed:
            self.connection.execute(sql, bound)
        return Landed(new, changed)

    def _keep_progress(self, origin: Origin, progress: Progress, tried_at: datetime) -> None:
        known, key = self._progress(), (origin.source, origin.stream, origin.scope)
        place = json.dumps(progress.place) if progress.place is not None else None
        self.connection.execute(
            "update progress set kind = $kind, place = $place, complete_to = $complete_to, tried_at = $tried_at,"
            " expected = $expected, error = $error where source = $source and stream = $stream and scope = $scope"
            if key in known
            else "insert into progress values"
            " ($source, $kind, $stream, $scope, $place, $complete_to, $tried_at, $expected, $error)",
            {
                **vars(origin),
                "place": place,
                "complete_to": progress.complete_to,
                "tried_at": tried_at,
                "expected": progress.expected,
                "error": progress.error,
            },
        )
        known[key] = (place, progress.complete_to, progress.expected, progress.error)


def _checked(row: Row | Reject) -> Row | Reject:
    """Return a row as it can be kept, or what is wrong with it."""
    if isinstance(row, Reject):
        return row if row.id else replace(row, id=_nameless(row.body))
    if (
        not isinstance(row.id, str)
        or not row.id
        or not isinstance(row.version, datetime)
        or not isinstance(row.body, dict)
    ):
        wrong = "no id" if not row.id or not isinstance(row.id, str) else "no time of change, or no fields"
        return Reject(str(row.id or _nameless(row.body)), f"it has {wrong} of a known form", row.scope, row.body)
    if row.body and all(value is None for value in row.body.values()):
        return Reject(row.id, "it says nothing of itself", row.scope, row.body)
    if row.id.isascii():
        return row
    return replace(row, id=_clean(row.id), parent=row.parent and _clean(row.parent))


def _nameless(body: Any) -> str:
    """Return a name for an item without an id: always the same for the same item."""
    return "?" + hashlib.sha256(_text(body).encode()).hexdigest()[:16]


def _clean(text: str) -> str:
    """Return text as a database can hold it: half a surrogate pair, valid in JSON but in no file, becomes U+FFFD."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _text(body: Any) -> str:
    """Return the body as JSON text, without the addresses and pictures of people that came with it."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if addresses.TRACE.search(text):
        text = json.dumps(addresses.without_addresses(body), ensure_ascii=False, separators=(",", ":"))
    return _clean(text)
