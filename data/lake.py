"""The lake: what was collected and every edition of it in DuckLake, for any number of collectors and dashboards on any hosts.

CAIRN_STORE names its catalog in PostgreSQL; its rows are Parquet in the folder or the S3 bucket that CAIRN_LAKE names. It has two
parts: what was collected, of which the newest is all there is, and the nouns, of which each version is an edition.
"""

import contextlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from data.errors import CairnError

BEGINS = "ducklake:postgres:"
RAW, NOUNS = "cairn_raw", "cairn_nouns"  # the schemas of the catalog in which DuckLake keeps its two parts
OURS = zlib.crc32(b"cairn") >> 1  # the first of the two numbers of every turn in that database
WAIT = "15min"  # for a turn
DAYS = 90  # CAIRN_LAKE_DAYS, if nobody says otherwise
TRY = 5  # seconds, for PostgreSQL to answer
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "storage_compatibility_version": "v1.5.0",
    "memory_limit": "1GB",
    "threads": 1,
}
OPTIONS = {
    "parquet_compression": "zstd",
    "parquet_row_group_size": "16384",  # raw answers are large, and a group of them is held in memory
}
ALIVE = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3, "application_name": "cairn"}
ALIVE_THERE = "set tcp_keepalives_idle = 20; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"


@dataclass(frozen=True)
class Lake:
    """Where a lake is: its catalog in the words of libpq, the password to it, and the folder or the bucket of its files."""

    catalog: str
    password: str
    files: str
    days: int  # for which the last edition of each is kept
    spill: Path  # where what does not fit into memory goes for a moment

    @property
    def name(self) -> str:
        """The database of the catalog, as people may be told."""
        told = conninfo_to_dict(self.catalog)
        return f"{told.get('dbname') or told.get('user') or 'postgres'} at {told.get('host') or 'this machine'}"

    def connect(self, part: str, *, version: int | None = None, writes: bool = True) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own in which the part is called live: as it is, or as it was in a version.

        Raises CairnError when the catalog or the files cannot be reached.
        """
        connection = duckdb.connect(config=CONFIG | {"temp_directory": str(self.spill)})
        remote = self.files.startswith("s3://")
        options: dict[str, str | int] = {
            "meta_secret": "catalog",
            "data_path": f"{self.files}/{part}/",
            "metadata_schema": part,
        }
        if version is not None:
            options["snapshot_version"] = version
        told = ", ".join(
            f"{name} {value if isinstance(value, int) else _text(value)}" for name, value in options.items()
        )
        with self.in_words():
            for name in ("ducklake", "postgres_scanner", *(["httpfs"] if remote else [])):
                connection.execute(f"load {_text(extension(name))}")
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"create secret catalog (type postgres, password {_text(self.password)})")
            if remote:
                connection.execute(_bucket())
            connection.execute(
                f"attach {_text(BEGINS + self.catalog)} as live ({told}{'' if writes else ', read_only'})"
            )
            connection.execute("use live")
        return connection

    @contextlib.contextmanager
    def in_words(self) -> Iterator[None]:
        """Turn what the catalog, the files or a turn complain of into an error for people."""
        try:
            yield
        except (duckdb.Error, psycopg.Error, OSError) as error:
            raise CairnError(
                f"The lake {self.name} could not be read or written ({self._said(error)}).\n"
                "What was kept before is safe, and the pages keep the last edition. Mend the cause and run again."
            ) from error

    def _said(self, error: Exception) -> str:
        """Return the last word of a complaint: before it stands where the catalog is, and perhaps a secret."""
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"):
            told = told.replace(os.environ.get(name) or "\0", "…")
        told = told.replace(self.password or "\0", "…").replace(self.catalog, "…")
        return told.rpartition('": ')[2][:200]


def lake(home: Path) -> Lake:
    """Return the lake that CAIRN_STORE names. Raises CairnError when that is none, or its settings lack something."""
    return named(os.environ["CAIRN_STORE"], home)


def named(store: str, home: Path) -> Lake:
    """Return the lake of a name like that of CAIRN_STORE. Raises CairnError when it is none."""
    files = (os.environ.get("CAIRN_LAKE") or str(home / "lake")).rstrip("/")
    try:
        words: dict[str, Any] = conninfo_to_dict(store.removeprefix(BEGINS) if store.startswith(BEGINS) else "no words")
    except psycopg.Error:
        raise CairnError(
            f"CAIRN_STORE does not name a lake. It is {BEGINS} and then where PostgreSQL is, for example\n"
            f"{BEGINS}host=db.example dbname=cairn user=cairn, with the password in PGPASSWORD. Nothing was changed."
        ) from None
    if not files.startswith("s3://"):
        files = str(Path(files).resolve())
    password = words.pop("password", None) or os.environ.get("PGPASSWORD", "")
    days = os.environ.get("CAIRN_LAKE_DAYS") or f"{DAYS}"
    if not days.isdecimal():
        raise CairnError(f"CAIRN_LAKE_DAYS is not a number of days: {days[:20]}. Correct it; nothing was changed.")
    return Lake(make_conninfo(**words), password, files, int(days), home / "lake.tmp")


def extension(name: str) -> Path:
    """Return the file of an extension of DuckDB, which a package of its own brings: nothing is ever fetched."""
    package = find_spec(f"duckdb_extension_{name}")
    places = package.submodule_search_locations if package else None
    return next(file for place in places or () for file in Path(place).glob(f"extensions/*/{name}.duckdb_extension"))


def options(connection: duckdb.DuckDBPyConnection) -> None:
    """Tell a lake once how its files are written."""
    for name, value in OPTIONS.items():
        known = "select 1 from ducklake_options('live') where option_name = $name and value = $value"
        if not connection.execute(known, {"name": name, "value": value}).fetchall():
            connection.execute(f"call live.set_option({_text(name)}, {_text(value)})")


class Turns:
    """Who may write to a lake, and who reads which source: locks that PostgreSQL itself takes back when their holder dies.

    DuckLake sees it when two change the same row, and not when two bring the same new one. So one writes at a time, whatever the
    host, and knows before each commit that the turn is still its own.
    """

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        with lake.in_words():
            password = {"password": lake.password} if lake.password else {}
            self.connection = psycopg.connect(
                lake.catalog,
                autocommit=True,
                connect_timeout=TRY,
                **password,
                **ALIVE,  # pyright: ignore[reportArgumentType]
            )
            self.connection.execute(f"{ALIVE_THERE}; set lock_timeout = '{WAIT}'".encode())

    @contextlib.contextmanager
    def writing(self, part: str) -> Iterator[None]:
        """Wait for the turn to write to a part and keep it until the end; whoever has it may take it once more."""
        self._ask("select pg_advisory_lock(%s, %s)", part)
        try:
            yield
        finally:
            with contextlib.suppress(CairnError):  # with the connection the turn is gone as well
                self._ask("select pg_advisory_unlock(%s, %s)", part)

    @contextlib.contextmanager
    def claimed(self, what: str) -> Iterator[bool]:
        """Take something for as long as this lasts, and tell if it was free."""
        ours = self._ask("select pg_try_advisory_lock(%s, %s)", what)
        try:
            yield bool(ours)
        finally:
            if ours:
                with contextlib.suppress(CairnError):
                    self._ask("select pg_advisory_unlock(%s, %s)", what)

    def unless_lost(self) -> None:
        """Raise CairnError when the connection that held the turn, and with it the turn, is gone."""
        with self.lake.in_words():
            self.connection.execute("select 1")

    def version(self, part: str) -> int:
        """Return the number of the newest version of a part; it changes with every commit of anybody."""
        with self.lake.in_words():
            row = self.connection.execute(f"select max(snapshot_id) from {part}.ducklake_snapshot".encode()).fetchone()
        return row[0] if row and row[0] is not None else -1

    def files(self) -> int:
        """Return of how many files what was collected now consists."""
        with self.lake.in_words():
            counted = f"select count(*) from {RAW}.ducklake_data_file where end_snapshot is null"
            row = self.connection.execute(counted.encode()).fetchone()
        return row[0] if row else 0

    def sweep(self, part: str) -> None:
        """Let PostgreSQL write the catalog of a part anew, so that nothing overwritten lingers in it."""
        with self.lake.in_words():
            tables = self.connection.execute(
                "select tablename from pg_tables where schemaname = %s", (part,)
            ).fetchall()
            for (table,) in tables:
                self.connection.execute(f"vacuum (full, analyze) {part}.{table}".encode())
            self.connection.execute("vacuum full pg_catalog.pg_statistic")  # the planner's samples quote rows

    def close(self) -> None:
        """Give everything back."""
        self.connection.close()

    def _ask(self, sql: str, what: str) -> Any:
        with self.lake.in_words():
            row = self.connection.execute(sql.encode(), (OURS, zlib.crc32(what.encode()) - 2**31)).fetchone()
        return row and row[0]


def _bucket() -> str:
    """Return the statement that lets DuckDB into the bucket. Raises CairnError for plain http to a host nobody named."""
    told = {
        "key_id": os.environ.get("AWS_ACCESS_KEY_ID"),
        "secret": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": os.environ.get("AWS_SESSION_TOKEN"),
        "region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
    }
    plain = ""
    if url := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        where = urlsplit(url)
        trusted = {host.strip() for host in os.environ.get("CAIRN_INSECURE_HOSTS", "").split(",")}
        if where.scheme != "https" and where.hostname not in trusted:
            raise CairnError(
                f"AWS_ENDPOINT_URL is not https, so what was collected would travel in the open. Nothing was changed.\n"
                f"Correct it, or name the host in CAIRN_INSECURE_HOSTS={where.hostname or 'host'} if you trust it."
            )
        told |= {"endpoint": where.netloc, "url_style": "path"}
        plain = "" if where.scheme == "https" else ", use_ssl false"
    return f"create secret bucket (type s3, {', '.join(f'{k} {_text(v)}' for k, v in told.items() if v)}{plain})"


def _text(value: str | Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"
