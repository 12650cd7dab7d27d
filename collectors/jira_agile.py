"""How the work is cut into sprints: the boards of the projects and their sprints, read on a rhythm of their own.

An issue's time of change does not move when its sprint opens or closes, so nothing else would tell.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from collectors.jira_site import due, projects
from collectors.stream import Context, Page, Place, rows
from collectors.wire import Missing, Refused, Unauthorised
from data import Row

API = "/rest/agile/1.0"
PAGE = 50
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MOVING = ("active", "future")


async def boards(at: Context, place: Place) -> AsyncIterator[Page]:
    """Yield the boards of the projects; with what they estimate in, where the names of the fields leave that open."""
    if not due(at, "jira_boards", place, DAY):
        return
    told = at.store.bodies(at.origin("jira_fields"), "body ->> '$.role' = 'points'")
    found, silent = dict[Any, dict[str, Any]](), []
    wanted = projects(at)
    lists = await asyncio.gather(*(_values(at, f"{API}/board", projectKeyOrId=project) for project in wanted))
    for project, listed in zip(wanted, lists, strict=True):
        silent += [] if listed else [project]
        for board in listed or ():
            if board["id"] in found:
                continue
            found[board["id"]] = body = {name: board.get(name) for name in ("id", "name", "type")}
            body["project"] = (board.get("location") or {}).get("projectKey") or project
            if len(told) != 1 and board.get("type") == "scrum":
                ruled = await _ask(at, f"{API}/board/{board['id']}/configuration")
                body["estimation"] = (ruled.get("estimation") or {}).get("field")
    made = [Row(str(i), at.wire.now, body, at.scope) for i, body in found.items()]
    certain = set(silent) <= set(
        place.get("silent", ())
    )  # that a project has no board is believed when it is told twice
    yield Page(made, {"projects": projects(at), "silent": silent}, done=certain, expected=len(made))


async def sprints(at: Context, place: Place) -> AsyncIterator[Page]:
    """Yield all sprints once a day; in between, while one is open or planned, those of its board that may still move."""
    read = {b["id"] for b in at.store.bodies(at.origin("jira_boards"), "body ->> '$.type' is distinct from 'kanban'")}
    whole = "whole" not in place or at.wire.now - datetime.fromisoformat(place["whole"]) >= DAY
    whole = whole or place.get("projects") != projects(at) or place.get("boards") != sorted(read)
    if not whole and not due(at, "jira_sprints", place, HOUR):
        return
    known = {s["id"]: s for s in at.store.bodies(at.origin("jira_sprints"), "true")}
    moving = {i for i, s in known.items() if s.get("state") in MOVING}
    if not whole and not moving:
        return
    began, found = at.wire.now, {}
    asked = sorted(read if whole else read & {known[i].get("originBoardId") for i in moving})
    states = {} if whole else {"state": ",".join(MOVING)}
    lists = await asyncio.gather(*(_values(at, f"{API}/board/{board}/sprint", **states) for board in asked))
    found |= {s["id"]: s for listed in lists for s in listed or ()}
    silent = {board for board, listed in zip(asked, lists, strict=True) if listed is None}
    certain = silent <= set(place.get("silent", ()))  # that a board has no sprints is believed when it is told twice
    named = set((at.store.progress(at.origin("jira_issues")).place or {}).get("sprints", ())) - set(known)
    listed = {i for i, s in known.items() if s.get("originBoardId") in read} if whole else set()
    lost = set(place.get("lost", ()))
    alone = sorted((named | moving | listed) - set(found) - lost)
    told = dict(zip(alone, await asyncio.gather(*(_one(at, ident) for ident in alone)), strict=True))
    found |= {ident: body for ident, body in told.items() if body is not None}
    missing = {ident for ident, body in told.items() if body is None}
    doubted = (missing & set(known)) - set(place.get("doubted", ()))  # nor that one is gone which was there
    lost |= missing - doubted
    certain = certain and not doubted
    at.store.gone(at.origin("jira_sprints"), [str(i) for i in sorted(lost)], at.wire.now)
    kept = {
        **({"whole": began.isoformat() if whole else place["whole"]} if certain else {}),
        "silent": sorted(silent | (set(place.get("silent", ())) - set(asked))),
        "doubted": sorted(doubted),
        "lost": sorted(lost),
        "projects": projects(at),
        "boards": sorted(read),
    }
    yield Page(rows(found.values(), lambda told: _row(at, told), at.scope), kept, done=certain)


async def _one(at: Context, ident: Any) -> dict[str, Any] | None:
    """Return a sprint by its number, None where there is none."""
    try:
        return await _ask(at, f"{API}/sprint/{ident}")
    except Missing:
        return None


async def _values(at: Context, path: str, **asked: Any) -> list[dict[str, Any]] | None:
    """Return what a list holds; None where there is no such list (no Jira Software, a board without sprints)."""
    values: list[dict[str, Any]] = []
    while True:
        try:
            page = await _ask(at, path, startAt=len(values), maxResults=PAGE, **asked)
        except Missing:
            return None
        except Refused as refused:
            if "(400" in str(refused) and path.endswith("/sprint"):
                return None
            raise
        values += page["values"]
        if page.get("isLast") or not page["values"] or len(values) >= page.get("total", len(values) + 1):
            return values


async def _ask(at: Context, path: str, **asked: Any) -> Any:
    """Return an answer of the agile API. A token without its scopes may still read all else, so that is said softly."""
    try:
        return (await at.wire.get(path, **asked)).body
    except Unauthorised as refused:
        raise Refused(
            f"{at.wire.name} does not let this token read boards and sprints (401 at {path})."
            " Give it the scopes read:board-scope:jira-software and read:sprint:jira-software; all else is read."
        ) from refused


def _row(at: Context, sprint: dict[str, Any]) -> Row:
    return Row(str(sprint["id"]), at.wire.now, {k: v for k, v in sprint.items() if k != "self"}, at.scope)
