"""What the APIs said, kept whole: rows and the place they were read up to go to disk together or not at all."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

import duckdb

from data.errors import CairnError

Company = Literal["team", "sandbox"]

ROOM = Path(__file__).resolve().parent
MODEL = ROOM / "model.sql"
STORAGE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0"
}  # raw JSON takes a thirtieth of the space in this format
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
"""


def home() -> Path:
    """Return the folder of the data files: CAIRN_HOME, or data/ in the checkout."""
    return Path(os.environ.get("CAIRN_HOME") or ROOM).resolve()


def folder(company: Company) -> Path:
    """Return the folder of one company's files: the sandbox never shares one with the team."""
    return home() / "sandbox" if company == "sandbox" else home()


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
class Landed:
    """How many rows a page changed."""

    new: int = 0
    changed: int = 0

    def __add__(self, other: "Landed") -> "Landed":
        return Landed(self.new + other.new, self.changed + other.changed)


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
    return sorted(set(re.findall(r"\blive\.raw\.(\w+)", MODEL.read_text(encoding="utf-8"))))


class Live:
    """The collector's own file. One process holds it; everyone else reads the published edition.

    Raises CairnError when another process holds the file, when the file is damaged or when a newer program wrote it.
    """

    def __init__(self, company: Company) -> None:
        self.company: Company = company
        self.path = folder(company) / "live.duckdb"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = self._connect()
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute(TABLES)
        self._known: set[str] = set()
        for table in raw_tables():
            self._ensure(table)
        self._refuse_newer()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        try:
            connection = duckdb.connect(str(self.path), config=STORAGE)
        except duckdb.Error as error:
            told = str(error).splitlines()[0]
            if holder := re.search(r"PID (\d+)", str(error)):
                raise CairnError(
                    f"Another program (process {holder[1]}) is writing {self.path}: a sync is already running.\n"
                    "Wait for it to end and run again. Nothing was changed; the pages go on showing the last edition."
                ) from None
            raise CairnError(
                f"{self.path} cannot be opened: {told}\n"
                "Move it aside and sync again: everything in it comes from GitHub and Jira. It was not changed,"
                " and the pages keep the last edition."
            ) from None
        self.path.chmod(0o600)
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _ensure(self, stream: str) -> str:
        if stream not in self._known:
            if not re.fullmatch(r"[a-z_]+", stream):
                raise ValueError(f"'{stream}' is not a name for a stream; use small letters and underscores")
            self.connection.execute(
                f"create table if not exists raw.{stream}(source text, id text, scope text, parent text, version timestamp,"
                " body text, seen_at timestamp, gone_at timestamp, whole timestamp)"
            )
            self._known.add(stream)
        return f"raw.{stream}"

    def _refuse_newer(self) -> None:
        found = self.about("format")
        if found is None:
            self.tell("format", str(FORMAT))
        elif int(found) > FORMAT:
            self.connection.close()
            raise CairnError(
                f"{self.path} was written by a newer Cairn (format {found}, this program knows {FORMAT}).\n"
                "Update this checkout, or point CAIRN_HOME at another folder. Nothing was changed."
            )

    def fingerprint(self) -> str:
        """Return a few digits that change whenever a row of raw does."""
        tables = " union all ".join(
            f"select bit_xor(hash('{table}', source, id, scope, parent, version, seen_at, gone_at, whole)) as h from raw.{table}"
            for table in self.tables()
        )
        found = self.connection.execute(f"select coalesce(bit_xor(h), 0) from ({tables})").fetchone()
        return str(found[0]) if found else ""

    def tables(self) -> list[str]:
        """Return the raw tables there are, in alphabetical order."""
        found = self.connection.execute(
            "select table_name from information_schema.tables where table_catalog = 'live' and table_schema = 'raw' order by 1"
        ).fetchall()
        return [name for (name,) in found]

    def about(self, key: str) -> str | None:
        """Return a fact about the store itself, or None."""
        found = self.connection.execute("select value from about where key = $key", {"key": key}).fetchone()
        return found[0] if found else None

    def tell(self, key: str, value: str) -> None:
        """Keep a fact about the store itself."""
        self.connection.execute("begin")
        self.connection.execute("delete from about where key = $key", {"key": key})
        self.connection.execute("insert into about values ($key, $value)", {"key": key, "value": value})
        self.connection.execute("commit")

    def clear(self) -> None:
        """Forget everything collected. Only for the sandbox, whose life can be told again."""
        for table in ("progress", "syncs", *(f"raw.{table}" for table in self.tables())):
            self.connection.execute(f"delete from {table}")

    def progress(self, origin: Origin) -> Progress:
        """Return how far a stream has been read; an empty Progress if it never was."""
        found = self.connection.execute(
            "select place, complete_to, expected, error from progress"
            " where source = $source and stream = $stream and scope = $scope",
            {"source": origin.source, "stream": origin.stream, "scope": origin.scope},
        ).fetchone()
        if not found:
            return Progress()
        place, complete_to, expected, error = found
        return Progress(json.loads(place) if place else None, complete_to, expected, error)

    def land(self, origin: Origin, rows: Sequence[Row], progress: Progress, seen_at: datetime) -> Landed:
        """Keep one page and the place it was read up to, in one transaction. Returns what changed.

        The newest version of an item wins, whatever the order of arrival; a row that says nothing new is not written.
        Times are zone-less UTC.
        """
        table = self._ensure(origin.stream)
        with self._transaction():
            landed = self._merge(table, origin.source, rows, seen_at)
            self._keep_progress(origin, progress, seen_at)
        return landed

    def land_parts(
        self, origin: Origin, parts: str, parents: Iterable[Due], rows: Sequence[Row], seen_at: datetime
    ) -> Landed:
        """Keep the parts of whole parents, replacing the parts they had, and mark the parents whole; one transaction."""
        table, owners = self._ensure(parts), self._ensure(origin.stream)
        bound = {"source": origin.source, "ids": [p.id for p in parents], "versions": [p.version for p in parents]}
        with self._transaction():
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
        return landed

    def due(self, origin: Origin, limit: int) -> list[Due]:
        """Return up to `limit` items whose parts have not been read for their present version, newest first."""
        found = self.connection.execute(
            f"select id, scope, version, body from {self._ensure(origin.stream)} where source = $source and scope = $scope"
            " and whole is distinct from version and gone_at is null order by version desc, id limit $limit",
            {"source": origin.source, "scope": origin.scope, "limit": limit},
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

    def gone(self, origin: Origin, ids: Sequence[str], at: datetime) -> Landed:
        """Mark items that no longer exist at the source. They are kept, out of every number, and come back when seen again."""
        if not ids:
            return Landed()
        self.connection.execute(
            f"update {self._ensure(origin.stream)} set gone_at = $at"
            " where source = $source and gone_at is null and id in (select unnest($ids))",
            {"source": origin.source, "ids": list(ids), "at": at},
        )
        return Landed(changed=len(ids))

    def restless(self, source: str, stream: str, unfinished: str, now: datetime) -> set[str]:
        """Return the scopes in which something is due: parts to be read, or items not final and not seen for a while.

        An item is visited again after a tenth of its age: often while it is young, seldom when it will never end.
        """
        found = self.connection.execute(
            f"select distinct scope from {self._ensure(stream)} where source = $source and gone_at is null"
            f" and (whole is distinct from version or (({unfinished or 'false'})"
            " and epoch($now::timestamp) - epoch(seen_at) >= (epoch($now::timestamp) - epoch(version)) / 10))",
            {"source": source, "now": now},
        ).fetchall()
        return {scope for (scope,) in found}

    def visited(self, origin: Origin, ids: Sequence[str], at: datetime) -> None:
        """Keep that items were looked at, changed or not."""
        self.connection.execute(
            f"update {self._ensure(origin.stream)} set seen_at = $at where source = $source and id in (select unnest($ids))",
            {"source": origin.source, "ids": list(ids), "at": at},
        )

    def still(self, source: str, scopes: Sequence[str], streams: Sequence[str], at: datetime) -> None:
        """Keep that streams were found unchanged: they are complete up to now."""
        self.connection.execute(
            "update progress set complete_to = $at, tried_at = $at where source = $source"
            " and scope in (select unnest($scopes)) and stream in (select unnest($streams))",
            {"source": source, "scopes": list(scopes), "streams": list(streams), "at": at},
        )

    def failed(self, origin: Origin, error: str, tried_at: datetime) -> None:
        """Keep the reason why a stream could not be read; its rows and its place stay as they are."""
        with self._transaction():
            self._keep_progress(origin, replace(self.progress(origin), error=error), tried_at)

    def synced(self, **figures: Any) -> None:
        """Keep the figures of one sync of one source."""
        names = "started_at finished_at source requests points new_rows changed_rows seconds outcome".split()
        self.connection.execute(
            f"insert into syncs values ({', '.join('$' + name for name in names)})",
            {name: figures[name] for name in names},
        )

    def _transaction(self) -> "_Transaction":
        return _Transaction(self.connection)

    def _merge(self, table: str, source: str, rows: Sequence[Row], seen_at: datetime) -> Landed:
        newest: dict[str, Row] = {}
        for row in rows:
            if row.id not in newest or row.version >= newest[row.id].version:
                newest[row.id] = row
        if not newest:
            return Landed()
        kept = list(newest.values())
        actions = self.connection.execute(
            f"""
            merge into {table} t
            using (
                select
                    $source as source,
                    unnest($ids) as id,
                    unnest($scopes) as scope,
                    unnest($parents) as parent,
                    unnest($versions) as version,
                    unnest($bodies) as body,
                    unnest($complete) as complete,
            ) s
            on t.source = s.source and t.id = s.id
            when matched and s.version >= t.version
                and (t.body <> s.body or t.scope <> s.scope or t.gone_at is not null) then update set
                scope = s.scope,
                parent = s.parent,
                version = s.version,
                body = s.body,
                seen_at = $seen_at,
                gone_at = null,
                whole = case when s.complete then s.version else t.whole end
            when not matched then insert values (
                s.source, s.id, s.scope, s.parent, s.version, s.body, $seen_at, null,
                case when s.complete then s.version end
            )
            returning merge_action
            """,
            {
                "source": source,
                "seen_at": seen_at,
                "ids": [r.id for r in kept],
                "scopes": [r.scope for r in kept],
                "parents": [r.parent for r in kept],
                "versions": [r.version for r in kept],
                "bodies": [_text(r.body) for r in kept],
                "complete": [r.complete for r in kept],
            },
        ).fetchall()
        new = sum(action == "INSERT" for (action,) in actions)
        return Landed(new, len(actions) - new)

    def _keep_progress(self, origin: Origin, progress: Progress, tried_at: datetime) -> None:
        key = {"source": origin.source, "stream": origin.stream, "scope": origin.scope}
        self.connection.execute(
            "delete from progress where source = $source and stream = $stream and scope = $scope", key
        )
        self.connection.execute(
            "insert into progress values ($source, $kind, $stream, $scope, $place, $complete_to, $tried_at, $expected, $error)",
            {
                **key,
                "kind": origin.kind,
                "place": json.dumps(progress.place) if progress.place is not None else None,
                "complete_to": progress.complete_to,
                "tried_at": tried_at,
                "expected": progress.expected,
                "error": progress.error,
            },
        )


class _Transaction:
    """All or nothing: commits at the end, rolls back on any error."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.execute("begin")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.connection.execute("commit")
        else:
            self.connection.execute("rollback")


def _text(body: dict[str, Any]) -> str:
    """Return the body as JSON text. A lone surrogate, valid in JSON but in no database, becomes U+FFFD."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode("utf-8")
