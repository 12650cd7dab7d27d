"""The published edition: what pages and commands read. They never wait for a collector, and none waits for them."""

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from data import rules
from data.errors import CairnError, NeverCollectedError, OlderError
from data.forgotten import person_key
from data.making import make
from data.store import DAMAGED, FORMAT, PAST, STORAGE, Company, Live, folder, home, lake_of, model, quoted
from data.team import SANDBOX, Team, read_team, team_file

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from data.lake import Lake
    from data.lake_editions import Arrivals, Kept

MOST_OF = 0.9  # of the last edition's items a store must hold again before it is published
LITTLE = 64_000_000  # bytes of raw answers: two connections of one thread make an edition sooner than one of two
TOGETHER = 2  # such connections
LARGE = 1_000_000_000  # bytes of them, for which an edition made in little memory would not come to an end
FEW, LATELY = 5, 600.0  # editions of the past stay here, the last that were asked, and all asked within so many seconds
AWAY = "The lake cannot be reached {}"
TIDY, MANY = timedelta(hours=1), 100  # after so long, or so many files, those of a lake are written together
KEPT = 3  # editions; an open page may still read the one before
OPEN = ".open"  # ends the name of what anybody may ask of an edition, see open_file.py
READ: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
Answer = TypeVar("Answer")
_BUILDING = threading.Lock()
_OPENING = threading.Lock()
_FETCHING = threading.Lock()
_ARRIVALS: dict[Path, "Arrivals"] = {}  # by the shelf to which they bring what is newest in a lake
_OPEN: dict[tuple[Path, tuple[int, int] | None], duckdb.DuckDBPyConnection] = {}  # the edition asked last, and no other


@dataclass(frozen=True)
class Edition:
    """One published copy of the nouns. Its name changes with every publication, so it belongs in every cache key."""

    name: str
    path: Path
    company: Company

    @property
    def at(self) -> datetime:
        """When it was made, zone-less UTC."""
        return datetime.strptime(self.name.partition("-")[0], "%Y%m%dT%H%M%S%f")  # noqa: DTZ007


_HELD: ContextVar[tuple[Edition, duckdb.DuckDBPyConnection] | None] = ContextVar("held", default=None)


def company() -> Company:
    """Return whose edition is read: the team's as soon as there is one, else the sandbox company's."""
    if not _pointer("team").exists() and _pointer("sandbox").exists() and not lake_of("team"):
        return "sandbox"
    return "team"


def team(which: Company | None = None) -> Team:
    """Return the words in force for a company: team.toml for the team, sandbox.toml for the sandbox.

    A team without a file has the defaults. Raises CairnError when the file has a mistake.
    """
    which = which or company()
    path = SANDBOX if which == "sandbox" else team_file()
    return read_team(path) if path.exists() else Team()


def edition() -> Edition | None:
    """Return the newest edition, or None if nothing was ever collected.

    Rules apply on read: when team.toml has changed since, the nouns are built again from raw, without a request.
    """
    which = company()
    found = brought(which)
    if found and not found.name.endswith(mark(team(which))):
        with _BUILDING:
            found = newest(which)
            held = lake_of(which) or (folder(which) / "live.duckdb").exists()
            if found and held and not found.name.endswith(mark(team(which))):
                # A running collector holds the file: it reads the rules anew when it publishes, the old edition serves till then.
                # Hosts of one lake whose rules differ would publish for ever, so this one keeps to itself what it makes here.
                with contextlib.suppress(CairnError), Live(which) as live:
                    found = publish(live, shared=False)
    return found


def brought(which: Company) -> Edition | None:
    """Return the newest edition of a company; where there is a lake, what is newest there is brought from it first."""
    if lake := lake_of(which):
        _arrivals(which, lake).look(lambda draft, name: _put(which, draft, name))
    return newest(which)


def lake_away(which: Company) -> str | None:
    """Return the sentence that tells since when the lake cannot be reached; None if it can, and where there is none."""
    lake = lake_of(which)
    since = lake and _arrivals(which, lake).away
    return since and f"{AWAY.format(since)}; this is the last edition brought from it."


def _arrivals(which: Company, lake: "Lake") -> "Arrivals":
    from data.lake_editions import Arrivals  # noqa: PLC0415

    shelf = folder(which) / "published"
    if shelf not in _ARRIVALS or _ARRIVALS[shelf].lake != lake:
        _ARRIVALS[shelf] = Arrivals(lake, shelf)
    return _ARRIVALS[shelf]


def kept_since(which: Company) -> datetime | None:
    """Return since when a lake keeps editions, as it was last looked at, in zone-less UTC; None if nobody could look yet.

    Raises CairnError when there is no lake.
    """
    found = _of_lake(which).kept
    return found[0].at if found else None


def as_of(moment: datetime) -> Edition:
    """Return the edition that was the newest at a moment in zone-less UTC, as it was published then: a lake keeps them.

    Raises CairnError when there is no lake, it is away, or it keeps none of that age. What was brought before is not shown
    before the lake has said in the last seconds that it keeps it still: it may hold what was to be forgotten.
    """
    which = company()
    arrivals = _of_lake(which)
    arrivals.look(lambda draft, name: _put(which, draft, name), wait=True)
    if arrivals.away:
        raise CairnError(
            f"{AWAY.format(arrivals.away)}, and what was seen on another day lies there.\n"
            "Try again in a minute, or ask without a day: the last edition brought from it is here."
        )
    from data import lake_editions  # noqa: PLC0415

    one = lake_editions.before(arrivals.kept, moment)
    shelved = folder(which) / "published" / f"{one.name}.duckdb"
    return Edition(one.name, shelved if shelved.exists() else _fetched(arrivals.lake, which, one), which)


def _fetched(lake: "Lake", which: Company, one: "Kept") -> Path:
    """Return the file of an edition of a lake, brought from there unless it was before. A few of them stay."""
    from data import lake_editions  # noqa: PLC0415

    path = folder(which) / PAST / f"{one.name}.duckdb"
    with _FETCHING:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}.tmp")
            try:
                lake_editions.fetch(lake, one, draft)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # asked now; the file is the same
        there = sorted((it.stat().st_atime, it) for it in path.parent.iterdir() if it != path)
        for last, old in there[: max(len(there) + 1 - FEW, 0)]:
            if last < time.time() - LATELY:
                with contextlib.suppress(OSError):  # Windows keeps a file that somebody reads; the next one takes it
                    old.unlink()
    return path


def _of_lake(which: Company) -> "Arrivals":
    if lake := lake_of(which):
        return _arrivals(which, lake)
    raise CairnError(
        f"Only a lake keeps the editions of the past, and the last {KEPT} alone are here.\n"
        "docs/operating.md says how to move into one; what is collected is kept from then on. Ask without a day."
    )


def newest_of_all() -> Edition:
    """Return the newest edition. Raises NeverCollectedError if nothing was ever collected."""
    found = edition()
    if found is None:
        raise NeverCollectedError(
            f"Nothing has been collected yet into {home()}.\nRun 'make run', or 'python -m collectors sync', and ask again."
        )
    return found


def query(sql: str, params: dict[str, Any] | None = None, *, edition: Edition | None = None) -> "pd.DataFrame":
    """Return the answer of one read-only question to an edition, the newest by default.

    `params` are bound as $name. Times are zone-less UTC. Raises NeverCollectedError if there is no edition, OlderError where one of
    the past, made by an older Cairn, does not hold what is asked for.
    A damaged edition is moved aside, and the one before it answers.
    """
    return _told(sql, params, edition, lambda told: told.df())


def flattened(sql: str, params: dict[str, Any] | None = None) -> "tuple[pd.DataFrame, dict[str, NDArray[Any]]]":
    """Return what query() returns but its columns of lists, and what is in all the lists of each of those, one after the other.

    An array for each of many rows takes longer to make than to ask for. Days are datetime.date here.
    """
    return _told(sql, params, None, _flattened)


def _flattened(told: duckdb.DuckDBPyConnection) -> "tuple[pd.DataFrame, dict[str, NDArray[Any]]]":
    table = told.to_arrow_table()
    lists = [one.name for one in table.schema if str(one.type).startswith("list")]
    flat = {name: table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False) for name in lists}
    return table.drop_columns(lists).to_pandas(), flat


def _told(
    sql: str,
    params: dict[str, Any] | None,
    edition: Edition | None,
    fetch: Callable[[duckdb.DuckDBPyConnection], Answer],
) -> Answer:
    found, held = (None if edition else _HELD.get()) or (edition or newest_of_all(), None)
    try:
        with contextlib.nullcontext(held) if held else _open(found) as connection:
            return fetch(connection.execute(sql, params or {}))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        there = newest(found.company)
        if there is None or there.name == found.name:
            raise
        raise OlderError(
            "What this asks for was not kept yet on that day: an older Cairn made this edition. Choose a later day."
        ) from error
    except (duckdb.IOException, duckdb.InternalException, duckdb.FatalException) as error:
        let_go()
        if not DAMAGED.search(str(error)) or not found.path.exists():
            raise
        found.path.replace(found.path.with_suffix(".damaged"))  # the edition before it serves until the next sync
        return _told(sql, params, newest_of_all(), fetch)


@contextlib.contextmanager
def asking(edition: Edition | None = None) -> Iterator[None]:
    """Let all questions asked within go to one edition over one connection: many small ones then take half the time.

    It is the newest by default, or the one that is asked already.
    """
    if _HELD.get() and not edition:
        yield
        return
    found = edition or newest_of_all()
    with _open(found) as connection:
        token = _HELD.set((found, connection))
        try:
            yield
        finally:
            _HELD.reset(token)


def _open(found: Edition) -> duckdb.DuckDBPyConnection:
    """Return a connection of the caller's own to an edition.

    The edition asked last stays open, so that what was read of its file need not be read again. Nobody writes to an edition;
    a file that is another than it was is opened anew.
    """
    told = found.path.stat() if found.path.exists() else None
    which = (found.path, told and (told.st_ino, told.st_mtime_ns))
    with _OPENING:
        if which not in _OPEN:
            _OPEN.clear()
            _OPEN[which] = duckdb.connect(str(found.path), read_only=True, config=READ)
        connection = _OPEN[which].cursor()
    connection.execute("set timezone = 'UTC'")
    return connection


def asked() -> Edition | None:
    """Return the edition that questions go to now: the one they are all asked of, else the newest."""
    held = _HELD.get()
    return held[0] if held else edition()


def let_go() -> None:
    """Close the edition that was left open; who is still asking it gets an answer."""
    with _OPENING:
        _OPEN.clear()


def mark(words: Team) -> str:
    """Return eight letters that change when the rules or the model change."""
    rules_alone = words.model_dump_json(exclude={"access", "keep"})  # neither changes a rule
    told = [str(FORMAT), rules_alone, model(), Path(rules.__file__).read_text(encoding="utf-8")]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]


def publish(live: Live, *, anyway: bool = False, afresh: bool = False, shared: bool = True) -> Edition:
    """Build the nouns from raw into a file of their own and point to it; readers see the old edition or the new, never half.

    When no row has changed since the last edition, its nouns are taken over and only its freshness is new; not where it is to
    be built `afresh`. A store that is collected anew is published when it holds about as much as the last edition, or `anyway`;
    until then that one stays. Where there is a lake, it is `shared` with all its hosts.
    Returns the new edition. Raises CairnError when the disk is full or the nouns cannot be built; the old edition stays.
    """
    words = team(live.company)
    shelf = folder(live.company) / "published"
    shelf.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{mark(words)}"
    path, draft = shelf / f"{name}.duckdb", shelf / f"{name}.tmp"
    last = newest(live.company)
    if last and live.about("anew") and not anyway and _holds_less(live, last):
        return last
    try:
        with live.still_image() as image:
            made_of = f"{mark(words)} {live.fingerprint(image)}"
            known = last and not afresh and live.about("published") == f"{last.name} {made_of}"
            if not (last and known and _taken_over(live, image, last, draft, words)):
                _build_thriftily(live, image, draft, words)
    except (duckdb.Error, OSError, ValueError) as error:
        draft.unlink(missing_ok=True)
        raise CairnError(
            f"The new edition could not be built in {shelf}: {str(error).splitlines()[0]}\n"
            "What was collected is safe in the store, and the pages keep the last edition."
            " Mend the cause and run 'python -m data rebuild'."
        ) from error
    _put(live.company, draft, name)
    if shared or not live.lake:
        live.tell("published", f"{name} {made_of}")
        live.tell("anew", "")
        _share(live, path)
    return Edition(name, path, live.company)


def _put(which: Company, draft: Path, name: str) -> None:
    """Put a draft on the shelf and point to it."""
    pointer = _pointer(which)
    _sync_to_disk(draft)
    draft.replace(pointer.with_name(f"{name}.duckdb"))
    aside = pointer.with_suffix(".new")
    aside.write_text(name + "\n", encoding="utf-8")
    _sync_to_disk(aside)
    aside.replace(pointer)
    _tidy(pointer.parent, name)


def _share(live: Live, path: Path) -> None:
    """Keep an edition in the lake, if there is one."""
    if not live.lake:
        return
    from data import lake_editions  # noqa: PLC0415

    if lake_editions.keep(live.lake, path, path.stem, live.imaged):
        path.with_name(lake_editions.TAKEN).write_text(path.stem, encoding="utf-8")
    tidied = live.about("tidied")
    old = not tidied or datetime.now(UTC) - datetime.fromisoformat(tidied) > TIDY
    if old or live.turns.files() > MANY:
        live.tidy()


def _holds_less(live: Live, last: Edition) -> bool:
    """Whether the store holds clearly less of any source than an edition was made of."""
    try:
        with duckdb.connect(str(last.path), read_only=True, config=READ) as connection:
            before = connection.execute("select source, sum(items)::bigint from sources group by source").fetchall()
    except duckdb.IOException:  # damaged: anything is better
        return False
    return any(live.count(source) < MOST_OF * items for source, items in before)


def _taken_over(live: Live, image: duckdb.DuckDBPyConnection, last: Edition, draft: Path, words: Team) -> bool:
    """Make a draft of the last edition's nouns. Returns False when that one turns out to be damaged."""
    try:
        shutil.copyfile(last.path, draft)
        _build(live, image, draft, words)
    except duckdb.IOException as error:
        draft.unlink(missing_ok=True)
        if DAMAGED.search(str(error)):
            return False
        raise
    return True


def _build_thriftily(live: Live, image: duckdb.DuckDBPyConnection, draft: Path, words: Team) -> None:
    """Write a draft in little memory; of a large store in as much as it fills, or in more where that is too little to sort in."""
    large = live.size()
    try:
        _build(live, image, draft, words, f"{large}B" if large > LARGE else None)
    except duckdb.OutOfMemoryException:
        draft.unlink(missing_ok=True)
        _build(live, image, draft, words, "4GB")


def _build(live: Live, image: duckdb.DuckDBPyConnection, draft: Path, words: Team, memory: str | None = None) -> None:
    """Write nouns, unless the draft has them already, and freshness into a draft of an edition."""
    taken_over, little = draft.exists(), live.size() < LITTLE
    # a page is kept sooner by one thread, and a large edition made by two
    image.execute(f"set threads = {1 if little else 2}")
    if memory:
        image.execute(f"set memory_limit = '{memory}'")
    image.execute(f"attach '{quoted(draft)}' as next (storage_version 'v1.5.0'); attach ':memory:' as scratch")
    try:
        with contextlib.ExitStack() as ending:
            sessions = [ending.enter_context(image.cursor()) for _ in range(TOGETHER if little else 1)]
            for session in sessions:
                session.execute("set timezone = 'UTC'; set search_path = 'next,scratch'")
                if not taken_over:
                    rules.prepare(session, words, person_key(home()))
            if not taken_over:
                make(sessions, model())
            _describe(sessions[0], live, words)
            sessions[0].execute("checkpoint next")
    finally:
        image.execute("detach next; detach scratch; set threads = 1")
        if memory:
            image.execute(f"set memory_limit = '{STORAGE['memory_limit']}'")


def _describe(connection: duckdb.DuckDBPyConnection, live: Live, words: Team) -> None:
    """Write into the edition how complete it is and whose it is."""
    counts = " union all ".join(
        f"select source, '{stream}' as stream, scope, count(*) filter (gone_at is null) as items,"
        " count(*) filter (gone_at is null and whole is distinct from version) as incomplete,"
        f" count(gone_at) as gone from live.raw.{stream} group by all"
        for stream in live.tables(connection)
    )
    connection.execute(
        f"""
        create or replace table sources as
        select
            p.source,
            p.kind,
            p.stream,
            p.scope,
            -- files of usage tell up to the day of their last row, however late they were read
            if(
                p.kind = 'usage',
                least(p.complete_to, (select date_trunc('day', max(happened_at)) + interval 1 day from usage)),
                p.complete_to
            ) as complete_to,
            p.tried_at,
            coalesce(c.items, 0) as items,
            coalesce(c.incomplete, 0) as incomplete,
            coalesce(c.gone, 0) as gone,
            coalesce(r.set_aside, 0) as set_aside,
            p.expected,
            p.error,
        from live.progress p
        left join ({counts}) c using (source, stream, scope)
        left join (select source, stream, scope, count(*) as set_aside from live.rejects group by all) r
            using (source, stream, scope)
        -- what is read no more, because it is gone or team.toml no longer names it, is not behind
        where not exists (from repositories r where r.source = p.source and r.repo = p.scope and (r.gone or not r.shown))
            and (
                p.kind <> 'github' or contains(p.scope, '/') or p.error is not null
                or exists (from repositories r where r.shown and lower(split_part(r.repo, '/', 1)) = lower(p.scope))
            )
        order by all
        """
    )
    connection.execute("create or replace table syncs as from live.syncs order by started_at")
    connection.execute("create or replace table about(key text, value text)")
    facts = {
        "company": live.company,
        "name": words.name,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rules": mark(words),
    }
    for key, value in facts.items():
        connection.execute("insert into about values ($key, $value)", {"key": key, "value": value})


def _pointer(which: Company) -> Path:
    return folder(which) / "published" / "current"


def newest(which: Company) -> Edition | None:
    """Return the newest edition of a company as it lies there, without making one; None if nothing was ever collected."""
    pointer = _pointer(which)
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        name = ""
    path = pointer.with_name(f"{name}.duckdb")
    if not re.fullmatch(r"[\w-]+", name) or not path.exists():  # damaged: the newest of those that are left
        path = max(pointer.parent.glob("*.duckdb"), default=None)
    return Edition(path.stem, path, which) if path else None


def drop_old_editions(which: Company) -> None:
    """Remove every edition but the one pointed to: the others may hold what was to be forgotten."""
    let_go()
    found = newest(which)
    for path in (folder(which) / "published").glob("*.duckdb"):
        if found and path != found.path:
            path.unlink(missing_ok=True)
    _drop_copies(folder(which) / "published")
    shutil.rmtree(folder(which) / PAST, ignore_errors=True)
    if lake := lake_of(which):
        from data import lake_editions  # noqa: PLC0415

        lake_editions.forget_the_past(lake)


def _sync_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    os.fsync(handle)
    os.close(handle)


def _tidy(shelf: Path, current: str) -> None:
    old = sorted(p for p in shelf.iterdir() if p.suffix in {".duckdb", ".tmp"} and p.stem != current)
    for path in old[: -(KEPT - 1)]:
        with contextlib.suppress(OSError):  # Windows keeps a file that somebody reads; the next tidying takes it
            path.unlink()
    _drop_copies(shelf)


def _drop_copies(shelf: Path) -> None:
    """Remove what was copied of editions that are no more, drafts of it that a crash left among them."""
    for path in shelf.glob(f"*{OPEN}"):
        if not path.with_name(f"{path.name.partition('.')[0]}.duckdb").exists():
            with contextlib.suppress(OSError):
                path.unlink()
