"""What is held of a person, shown to them and forgotten for them. Nothing else in the store speaks of people by name."""

import json
import re
from dataclasses import dataclass
from typing import Any

from data.forgotten import NOBODY
from data.store import Live


@dataclass(frozen=True)
class Held:
    """One raw row that names somebody: its table, its id, and where in it the name stands."""

    table: str
    id: str
    places: tuple[str, ...]


def held(store: Live, login: str) -> list[Held]:
    """Return every raw row that names a login or an account id, whole or inside a text, in any case."""
    found = []
    for table in (*(f"raw.{table}" for table in store.tables()), "rejects"):
        rows = store.connection.execute(
            f"select id, body from {table} where contains(lower(body), lower($login)) order by id", {"login": login}
        ).fetchall()
        told = ((i, tuple(_places(json.loads(body), _name(login)))) for i, body in rows)
        found += [Held(table.removeprefix("raw."), i, places) for i, places in told if places]
    return found


def forget(store: Live, login: str) -> int:
    """Write a login or account id out of every raw row. Returns how many rows named it; none does afterwards.

    What the person did stays as the work of somebody; who it was can no longer be told. Names typed by people into
    titles are written out too, and what names the person from now on is kept without the name. The file is written anew,
    so that nothing of it lingers in free space.
    """
    name, rows = _name(login), held(store, login)
    with store.transaction():
        for told in sorted({row.table for row in rows}):
            table = told if told == "rejects" else f"raw.{told}"
            bodies = store.connection.execute(
                f"select distinct body from {table} where contains(lower(body), lower($login))", {"login": login}
            ).fetchall()
            now = [
                json.dumps(_without(json.loads(one), name), ensure_ascii=False, separators=(",", ":"))
                for (one,) in bodies
            ]
            store.connection.execute(
                f"update {table} t set body = s.now from (select unnest($was) as was, unnest($now) as now) s where t.body = s.was",
                {"was": [one for (one,) in bodies], "now": now},
            )
        store.forget(login)
    store.rewrite()
    return len(rows)


def _name(login: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(login)}(?![\w-])", re.IGNORECASE)


def _places(body: Any, name: re.Pattern[str], path: str = "") -> list[str]:
    if isinstance(body, dict):
        return [place for key, value in body.items() for place in _places(value, name, f"{path}.{key}".lstrip("."))]
    if isinstance(body, list):
        return list(dict.fromkeys(place for value in body for place in _places(value, name, f"{path}[]")))
    return [path] if isinstance(body, str) and name.search(body) else []


def _without(body: Any, name: re.Pattern[str]) -> Any:
    if isinstance(body, dict):
        return {key: _without(value, name) for key, value in body.items()}
    if isinstance(body, list):
        return [_without(one, name) for one in body]
    return name.sub(NOBODY, body) if isinstance(body, str) else body
