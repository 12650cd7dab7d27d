"""A support bundle: what somebody who helps needs to know of this Cairn, and nothing of the team: no row, name, address or secret.

Every file in it is made of what Cairn itself names (tables, streams, settings, versions) and of numbers and times. Errors are the
one text that may quote what a service said, so only words are left in them that Cairn's own sentences are made of.
"""

import ast
import json
import os
import platform
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from data import health
from data.editions import company, newest, query
from data.errors import CairnError
from data.store import FORMAT, ROOM, STORAGE, folder
from data.team import read_team, team_file

LATELY = 50  # syncs
OURS = re.compile(r"(?:CAIRN|GITHUB|JIRA)_[A-Z_]+")
LEFT_OUT = "…"
KNOWN_FILES = ("live.duckdb", "live.duckdb.wal", "journal.db", "journal.jsonl", "looked.db", "asked.db", "person.key")


@dataclass(frozen=True)
class Member:
    """One file of a bundle: its name, what is in it in words, and its text."""

    name: str
    what: str
    text: str


def members() -> tuple[Member, ...]:
    """Return what a bundle would hold now. What cannot be read says so in its place: a bundle is wanted where something is broken."""
    return (
        Member("versions.json", "versions of Cairn's formats, of Python and of the operating system", _told(_versions)),
        Member("packages.txt", "the packages of the environment, with their versions", _packages()),
        Member("settings.json", "which settings of team.toml and which variables are set, and none of their values", _told(_settings)),
        Member("health.json", "how far each stream has been read, without saying of what", _told(_health)),
        Member("counts.json", "how many rows each table of the edition has", _told(_counts)),
        Member("syncs.json", f"the last {LATELY} syncs: when, how much, what came of them", _told(_syncs)),
        Member("errors.json", "what went wrong lately, in Cairn's own words alone", _told(_errors)),
        Member("files.json", "how large Cairn's own files are, and how many were damaged", _told(_files)),  # asking moves those aside
    )  # fmt: skip


def write(path: Path, held: tuple[Member, ...]) -> None:
    """Write a bundle that only its owner can read. Raises CairnError when the file is there already or cannot be written."""
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
                for one in held:
                    kept.writestr(one.name, one.text)
    except FileExistsError:
        raise CairnError(f"{path} is there already, and a bundle never writes over it.\nName another file.") from None
    except OSError as error:
        raise CairnError(
            f"{path} cannot be written ({error.strerror}).\nName another file; nothing else was changed."
        ) from None


def _told(made: Callable[[], Any]) -> str:
    """Return what was made as JSON, or the kind of error that kept it from being made: its text may quote anything."""
    try:
        told = made()
    except (CairnError, duckdb.Error, OSError, ValueError) as error:
        told = {"could not be read": type(error).__name__}
    return json.dumps(told, indent=1, default=str) + "\n"


def _versions() -> dict[str, Any]:
    return {
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "store": FORMAT,
        "storage": STORAGE["storage_compatibility_version"],
        "duckdb": duckdb.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
    }


def _packages() -> str:
    """Return what of the lock is installed; another package may have a name that tells of the team."""
    locked = re.findall(
        r"^([a-z0-9._-]+)==", (ROOM.parent / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    there = {re.sub(r"[-_.]+", "-", one.name).lower(): one.version for one in metadata.distributions()}
    return "".join(f"{name}=={there[name]}\n" for name in locked if name in there)


def _settings() -> dict[str, Any]:
    set_here = sorted(name for name, value in os.environ.items() if value and OURS.fullmatch(name))
    path = team_file()
    return {
        "variables": [name for name in set_here if name in _named()],
        "team.toml": _shape(read_team(path)) if path.exists() else None,
    }


def _shape(value: Any) -> Any:
    """Return which settings are set and how many there are of each, never what they say."""
    if isinstance(value, BaseModel):
        return {name: _shape(getattr(value, name)) for name in sorted(value.model_fields_set)}
    if isinstance(value, tuple | list) and value and isinstance(value[0], BaseModel):
        return [_shape(one) for one in value]
    return len(value) if isinstance(value, tuple | list | dict | set | frozenset) else "set"


def _files() -> dict[str, Any]:
    place = folder(company())
    sizes = {name: (place / name).stat().st_size for name in KNOWN_FILES if (place / name).exists()}
    editions = [path.stat().st_size for path in sorted((place / "published").glob("*.duckdb"))]
    aside = len(list(place.glob("*.damaged-*"))) + len(list((place / "published").glob("*.damaged")))
    return {**sizes, "editions": editions, "damaged": aside, "usage files": len(list((place / "usage").glob("*")))}


def _health() -> dict[str, Any]:
    streams = _asked(
        "select kind, stream, count(*) as scopes, min(complete_to) as complete_to, max(tried_at) as tried_at,"
        " sum(items)::bigint as items, sum(incomplete)::bigint as incomplete, sum(gone)::bigint as gone,"
        " sum(set_aside)::bigint as set_aside, sum(expected)::bigint as expected, count(error) as errors"
        " from sources group by kind, stream order by kind, stream",
    )
    return {**health.state(datetime.now(UTC).replace(tzinfo=None)).told(), "streams": streams}


def _counts() -> dict[str, int]:
    tables = _asked("select table_name as name from information_schema.tables where table_schema = 'main' order by 1")
    return {one["name"]: _asked(f"select count(*) as n from {one['name']}")[0]["n"] for one in tables}


def _syncs() -> list[dict[str, Any]]:
    return _asked(
        "select started_at, coalesce((select any_value(kind) from sources s where s.source = t.source), 'other') as kind,"
        " requests, points, new_rows, changed_rows, seconds, outcome from syncs t order by started_at desc limit $newest",
        newest=LATELY,
    )


def _errors() -> list[dict[str, Any]]:
    told = _asked(
        "select kind, stream, tried_at, source, scope, error from sources where error is not null order by tried_at desc",
    )
    return [
        {"kind": one["kind"], "stream": one["stream"], "tried_at": one["tried_at"], "error": without_names(one["error"], one["source"], one["scope"])}
        for one in told
    ]  # fmt: skip


def without_names(text: str, *names: str) -> str:
    """Return a sentence in which only Cairn's own words and small numbers are left."""
    for name in filter(None, names):
        text = text.replace(name, LEFT_OUT)
    kept = re.sub(r"[^\s.,:;()'\"]+", lambda found: found[0] if _plain(found[0]) else LEFT_OUT, text)
    return re.sub(rf"{LEFT_OUT}(?:[\s.,:;()'\"]*{LEFT_OUT})+", LEFT_OUT, kept)


def _plain(word: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}", word)) or word in _vocabulary()


@cache
def _vocabulary() -> frozenset[str]:
    """Return the words of all sentences that collectors say."""
    return frozenset(word for text in _literals("collectors") for word in re.findall(r"[A-Za-z][A-Za-z_-]*", text))


@cache
def _named() -> frozenset[str]:
    """Return the variables that Cairn reads: another may carry a name of the team in its own."""
    told = (text for room in ("collectors", "data", "pages", "metrics") for text in _literals(room))
    return frozenset(text for text in told if OURS.fullmatch(text))


def _literals(room: str) -> Iterator[str]:
    for path in sorted((ROOM.parent / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _asked(sql: str, **params: Any) -> list[dict[str, Any]]:
    """Return the rows of an answer, none where there is no edition. Times are zone-less UTC."""
    found = newest(company())
    if found is None:
        return []
    return json.loads(query(sql, params, edition=found).to_json(orient="records", date_format="iso", date_unit="s"))
