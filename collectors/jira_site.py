"""What a Jira is: its address for people, its flavour, what its statuses mean, and which of its fields matter here."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.stream import Context, Page, Place, rows
from data import Row

CLOUD, CENTER = "/rest/api/3", "/rest/api/2"
KINDS = {
    ":jsw-story-points": "points",
    ":gh-sprint": "sprint",
    ":gh-epic-link": "epic",
    ":vp-origin": "request",
    ":sd-sla-field": "sla",
}  # how the type of a custom field ends, and what it is to us
NAMES = {
    ("story points", ":float"): "points",
    ("story point estimate", ":float"): "points",
    ("flagged", ":multicheckboxes"): "flagged",
}


async def site(at: Context, _: Place) -> AsyncIterator[Page]:
    """Yield the site itself: its address for people and its flavour. Version 2 of the API is there on both."""
    found = (await at.wire.get(f"{CENTER}/serverInfo")).body
    body = {name: found.get(name) for name in ("baseUrl", "deploymentType", "version", "serverTitle")}
    yield Page([Row(at.source, at.wire.now, body, at.scope)], {}, done=True)


async def statuses(at: Context, _: Place) -> AsyncIterator[Page]:
    """Yield the site's statuses with their categories."""
    found = (await at.wire.get(f"{api(at)}/status")).body
    made = rows(found, lambda told: Row(str(told["id"]), at.wire.now, told, at.scope), at.scope)
    yield Page(made, {}, done=True, expected=len(found))


async def fields(at: Context, _: Place) -> AsyncIterator[Page]:
    """Yield the site's fields; `role` says what a custom field is to us, whatever number it has on this site."""
    found = (await at.wire.get(f"{api(at)}/field")).body
    made = rows(found, lambda told: Row(told["id"], at.wire.now, {**told, "role": role(told)}, at.scope), at.scope)
    yield Page(made, {}, done=True, expected=len(found))


def role(field: dict[str, Any]) -> str | None:
    """Return what a field is to us: points, sprint, epic, flagged, request, sla, or nothing."""
    kind = (field.get("schema") or {}).get("custom") or ""
    end = kind[kind.rfind(":") :]
    return KINDS.get(end) or NAMES.get(((field.get("name") or "").strip().lower(), end))


def roles(at: Context) -> dict[str, str]:
    """Return the custom fields that matter on this site, by id. What a board estimates in are points as well."""
    told = at.store.bodies(at.origin("jira_fields"), "body ->> '$.role' is not null")
    boards = at.store.bodies(at.origin("jira_boards"), "body ->> '$.estimation.fieldId' like 'customfield%'")
    return {b["estimation"]["fieldId"]: "points" for b in boards} | {f["id"]: f["role"] for f in told}


def is_cloud(at: Context) -> bool:
    """Return the flavour: whether the site is a Jira Cloud, which it is unless it says otherwise."""
    told = at.store.bodies(at.origin("jira_sites"), "true")
    return not told or on_cloud(told[0])


def on_cloud(told: dict[str, Any]) -> bool:
    """Return whether serverInfo speaks for a Jira Cloud."""
    return told.get("deploymentType") not in {"Server", "DataCenter", "Data Center"}


def api(at: Context) -> str:
    """Return the path below which the site's API lies."""
    return CLOUD if is_cloud(at) else CENTER


def projects(at: Context) -> list[str]:
    """Return the keys of the projects to be read, as Jira writes them."""
    return list(dict.fromkeys(p.strip().upper() for p in at.projects if p.strip()))


def due(at: Context, stream: str, place: Place, every: timedelta) -> bool:
    """Return whether a list with a rhythm of its own is due: its time has come, or a project has joined."""
    last = at.store.progress(at.origin(stream)).complete_to
    return last is None or at.wire.now - last >= every or not set(projects(at)) <= set(place.get("projects", ()))


def milliseconds(at: datetime | None) -> int:
    """Return a zone-less UTC time in epoch milliseconds, the only form Jira reads the same in every time zone."""
    return int(at.replace(tzinfo=UTC).timestamp() * 1000) if at else 0
