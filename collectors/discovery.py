"""Which repositories are read: those team.toml names, under whatever name they have now, and those found in its organisations."""

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

from collectors.github_repository import DAILY
from collectors.graphql import chunks
from collectors.stream import Context, Page, Place, Stream
from collectors.wire import Forbidden, Missing, Wire
from data import Live, Origin, Progress, Row
from data.rules import finds
from data.team import GitHub

REPOSITORY = "id nameWithOwner url isArchived createdAt defaultBranchRef { name }"
REPOSITORIES = f"""
query($login: String!, $after: String) {{
    rateLimit {{ cost remaining resetAt }}
    organization(login: $login) {{
        repositories(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {REPOSITORY} }} }}
    }}
}}
"""
STILL_THERE = f"""
query($ids: [ID!]!) {{
    rateLimit {{ cost remaining resetAt }}
    nodes(ids: $ids) {{ ... on Repository {{ {REPOSITORY} }} }}
}}
"""
MEMBERS = "members(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { login } }"
TEAMS = f"""
query($login: String!, $teams: String, $after: String) {{
    rateLimit {{ cost remaining resetAt }}
    repositoryOwner(login: $login) {{
        __typename
        ... on Organization {{
            teams(first: 50, after: $teams) {{
                pageInfo {{ hasNextPage endCursor }}
                nodes {{ id slug name parentTeam {{ slug }} {MEMBERS} }}
            }}
        }}
    }}
}}
"""
MORE_MEMBERS = f"""
query($id: ID!, $after: String) {{
    rateLimit {{ cost remaining resetAt }}
    node(id: $id) {{ ... on Team {{ {MEMBERS} }} }}
}}
"""
LISTED, NAMES = "github_repositories", "github_repository_names"


async def repositories(wire: Wire, login: str) -> list[dict[str, Any]]:
    """Return what GitHub lists as the repositories of an organisation. Raises Missing when there is no such organisation."""
    listed, after = [], None
    while True:
        data = await wire.graphql(REPOSITORIES, {"login": login, "after": after})
        if not data.get("organization"):
            raise Missing(
                f"GitHub has no organisation {login}, or this token may not see it."
                " Check the name in team.toml and the token's access; what was collected before is kept."
            )
        found = data["organization"]["repositories"]
        listed += [node for node in found["nodes"] if node]
        if not found["pageInfo"]["hasNextPage"]:
            return listed
        after = found["pageInfo"]["endCursor"]


async def named(wire: Wire, tables: Iterable[GitHub]) -> list[str]:
    """Return the repositories team.toml means, asked anew and kept nowhere: for a look before anything is collected."""
    names = []
    for table in tables:
        names += table.repositories
        for login in table.organisations:
            found = await repositories(wire, login)
            names += [
                one["nameWithOwner"] for one in found if finds(table, one["nameWithOwner"], archived=one["isArchived"])
            ]
    return list({name.lower(): name for name in names}.values())


async def discover(at: Context, _: Place) -> AsyncIterator[Page]:
    """Keep the list of an organisation's repositories. One that left it is gone, or goes on under its new owner's name."""
    listed = await repositories(at.wire, at.scope)
    held = at.store.repositories(at.source)
    there = {node["id"] for node in listed}
    left = [i for i, one in held.items() if _owner(one["nameWithOwner"]) == at.scope.lower() and i not in there]
    for some in chunks(left, 100):
        listed += [node for node in (await at.wire.graphql(STILL_THERE, {"ids": some}))["nodes"] if node]
    there = {node["id"] for node in listed}
    at.store.gone(at.origin(LISTED), [i for i in left if i not in there], at.wire.now)
    rows = []
    for node in listed:
        was = held.get(node["id"])
        if was and was["nameWithOwner"] != node["nameWithOwner"]:
            at.store.rename(at.source, was["nameWithOwner"], node["nameWithOwner"])
        if not was or any(was.get(key) != node[key] for key in ("nameWithOwner", "url", "isArchived")):
            rows.append(Row(node["id"], at.wire.now, node, node["nameWithOwner"]))
    yield Page(rows, {}, done=True)


async def teams(at: Context, _: Place) -> AsyncIterator[Page]:
    """Keep the teams of whoever owns the repositories, with their members. A person's account has none."""
    found, after = [], None
    while True:
        data = await at.wire.graphql(TEAMS, {"login": at.scope, "teams": after, "after": None})
        owner = data.get("repositoryOwner") or {"__typename": "Organization", "teams": None}
        if owner["__typename"] != "Organization":
            break
        if owner["teams"] is None:
            raise Forbidden(
                f"GitHub does not let this token read the teams of {at.scope}."
                " It needs the organisation permission 'Members: read'; everything else is read all the same."
            )
        found += [node for node in owner["teams"]["nodes"] if node]
        if not owner["teams"]["pageInfo"]["hasNextPage"]:
            break
        after = owner["teams"]["pageInfo"]["endCursor"]
    rows = [Row(team["id"], at.wire.now, await _with_members(at, team), at.scope) for team in found]
    yield Page(rows, {}, done=True, expected=len(rows))
    there, origin = {row.id for row in rows}, at.origin("github_teams")
    at.store.gone(origin, [i for i in at.store.versions(origin) if i not in there], at.wire.now)


async def _with_members(at: Context, team: dict[str, Any]) -> dict[str, Any]:
    """Return a team as it is kept: with the logins of all its members."""
    page = team["members"]
    logins = []
    while True:
        logins += [member["login"] for member in page["nodes"] if member]
        if not page["pageInfo"]["hasNextPage"]:
            break
        asked = {"id": team["id"], "after": page["pageInfo"]["endCursor"]}
        page = (await at.wire.graphql(MORE_MEMBERS, asked))["node"]["members"]
    parent = team["parentTeam"] and team["parentTeam"]["slug"]
    return {**{key: team[key] for key in ("id", "slug", "name")}, "parent": parent, "members": sorted(logins)}


def scopes(store: Live, source: str, tables: Iterable[GitHub]) -> tuple[str, ...]:
    """Return the full names of the repositories to read, each once, under the names they have now. Asks nobody."""
    held = store.repositories(source)
    now = {was: held.get(body["id"], body)["nameWithOwner"] for was, body in store.names(source).items()}
    found: dict[str, str] = {}
    for table in tables:
        for name in table.repositories:
            known = now.get(name.lower(), name)
            found.setdefault(known.lower(), known)
        for one in held.values():
            if finds(table, one["nameWithOwner"], archived=one["isArchived"]):
                found.setdefault(one["nameWithOwner"].lower(), one["nameWithOwner"])
    return tuple(found.values())


def renamed(at: Context, marks: dict[str, str]) -> dict[str, str]:
    """Return the marks of a glance under the names the repositories have now; a new name takes over all that was kept."""
    kept: dict[str, str] = {}
    for name, mark in marks.items():
        body = json.loads(mark) if mark else None
        now = body["nameWithOwner"] if body and body["nameWithOwner"].lower() != name.lower() else name
        if body and now != name:
            at.store.rename(at.source, name, now)
            alias = Row(name.lower(), at.wire.now, {"id": body["id"], "nameWithOwner": now}, now)
            at.store.land(Origin(at.source, at.kind, NAMES, now), [alias], Progress(None, at.wire.now), at.wire.now)
        kept[now] = mark
    return kept


def owners(names: Iterable[str]) -> list[str]:
    """Return who owns some repositories, each once."""
    return list({_owner(name): name.partition("/")[0] for name in names}.values())


def _owner(name: str) -> str:
    return name.partition("/")[0].lower()


ORGANISATION = (Stream(name=LISTED, read=discover, every=DAILY),)
OWNER = (Stream(name="github_teams", read=teams, every=DAILY),)
