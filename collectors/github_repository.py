"""What is read once a day per repository: environments, milestones, workflows, traffic, downloads and who owns which folder."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

from collectors.stream import Context, Page, Place, Stream, moment
from collectors.stream import rows as made
from collectors.wire import Forbidden, Missing, Refused
from data import Origin, Reject, Row

DAILY = timedelta(hours=20)  # a sync at the same time every day is never a minute too early
ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
SHORT = {  # lists that seldom have a second page: their first pages come in one answer
    "environments": "environments(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { id databaseId name } }",
    "milestones": """
        milestones(first: 49, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
            pageInfo { hasNextPage endCursor }
            nodes {
                id number title state dueOn createdAt updatedAt closedAt url
                openIssues: issues(first: 1, states: [OPEN]) { totalCount }
                closedIssues: issues(first: 1, states: [CLOSED]) { totalCount }
            }
        }
    """,  # as wide as one point allows with two lists in each
}
CODEOWNERS = """
query($owner: String!, $name: String!) {
    rateLimit { cost remaining resetAt }
    repository(owner: $owner, name: $name) {
        id
        github: object(expression: "HEAD:.github/CODEOWNERS") { ...File }
        root: object(expression: "HEAD:CODEOWNERS") { ...File }
        docs: object(expression: "HEAD:docs/CODEOWNERS") { ...File }
    }
}
fragment File on GitObject { oid ... on Blob { text } }
"""
PATHS = {"github": ".github/CODEOWNERS", "root": "CODEOWNERS", "docs": "docs/CODEOWNERS"}  # the first one counts
ASSETS = "pageInfo { hasNextPage endCursor } nodes { id name contentType size createdAt downloadCount }"
DOWNLOADS = f"""
query($owner: String!, $name: String!, $after: String) {{
    rateLimit {{ cost remaining resetAt }}
    repository(owner: $owner, name: $name) {{
        releases(first: 100, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
            pageInfo {{ hasNextPage endCursor }}
            nodes {{ id tagName releaseAssets(first: 20) {{ {ASSETS} }} }}
        }}
    }}
}}
"""
MORE_ASSETS = f"""
query($id: ID!, $after: String) {{
    rateLimit {{ cost remaining resetAt }}
    node(id: $id) {{ ... on Release {{ releaseAssets(first: 100, after: $after) {{ {ASSETS} }} }} }}
}}
"""
IDENTITY = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id } }"


def daily(
    name: str, ask: Callable[[Context], Awaitable[list[Row] | list[Row | Reject]]], *, whole: bool = True
) -> Stream:
    """Return a stream that is asked at most once a day. `whole`: what the answer no longer holds is gone."""

    async def read(at: Context, _: Place) -> AsyncIterator[Page]:
        rows = await ask(at)
        yield Page(rows, {}, done=True, expected=len(rows) if whole else None)
        if whole and all(row.id for row in rows):  # one without its id could be any of those that seem to be gone
            there, origin = {row.id for row in rows}, at.origin(name)
            at.store.gone(origin, [i for i in at.store.versions(origin) if i not in there], at.wire.now)

    return Stream(name=name, read=read, every=DAILY)


async def repository(at: Context, query: str, **more: Any) -> dict[str, Any]:
    """Return the repository of a GraphQL answer. Raises Missing when there is none."""
    owner, name = at.scope.split("/")
    data = await at.wire.graphql(query, {"owner": owner, "name": name, **more})
    if not data.get("repository"):
        raise Missing(
            f"GitHub has no repository {at.scope}, or this token may not see it."
            " Check the name in team.toml and the token's access; what was collected before is kept."
        )
    return data["repository"]


async def identity(at: Context) -> str:
    """Return the id of the repository, which stays when its name changes."""
    held = at.store.bodies(Origin(at.source, at.kind, "github_repositories", at.scope), "true")
    return held[0]["id"] if held else (await repository(at, IDENTITY))["id"]


async def connected(at: Context, query: str, field: str, begun: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return every node of a connection of the repository, whose first page may have `begun`. Raises Refused when this token may not read it."""
    nodes, told = [], begun or await repository(at, query, after=None)
    while True:
        if (found := told[field]) is None:
            raise Forbidden(
                f"GitHub does not let this token read the {field} of {at.scope}."
                " Give it read access to them; everything else is read all the same."
            )
        nodes += [node for node in found["nodes"] if node]
        if not found["pageInfo"]["hasNextPage"]:
            return nodes
        told = await repository(at, query, after=found["pageInfo"]["endCursor"])


async def short(at: Context, field: str) -> list[dict[str, Any]]:
    """Return every node of one of the short lists. Those that are read at the same time begin with one request."""
    begun = await at.once("short lists", lambda: repository(at, asking(*SHORT), after=None))
    return await connected(at, asking(field), field, begun)


def asking(*fields: str) -> str:
    """Return the query for a page of some short lists."""
    lists = " ".join(SHORT[field] for field in fields)
    return (
        "query($owner: String!, $name: String!, $after: String) { rateLimit { cost remaining resetAt }"
        f" repository(owner: $owner, name: $name) {{ {lists} }} }}"
    )


async def environments(at: Context) -> list[Row]:
    """Return the environments a repository has."""
    return [Row(node["id"], at.wire.now, node, at.scope) for node in await short(at, "environments")]


async def milestones(at: Context) -> list[Row | Reject]:
    """Return the milestones a repository has. All of them each time: an issue that is closed moves no date of theirs for sure."""
    return made(
        await short(at, "milestones"),
        lambda node: Row(node["id"], moment(node["updatedAt"]), node, at.scope),
        at.scope,
    )


async def workflows(at: Context) -> list[Row]:
    """Return the workflows a repository has: file, name, whether it is switched on."""
    rows, page = [], 1
    while True:
        answer = await rest(at, "actions/workflows", "Actions", per_page=100, page=page)
        wanted = ("id", "name", "path", "state", "created_at", "updated_at", "html_url")
        rows += [
            Row(str(one["id"]), moment(one["updated_at"]), {name: one.get(name) for name in wanted}, at.scope)
            for one in answer.body["workflows"]
        ]
        if not answer.next:
            return rows
        page += 1


async def traffic(at: Context) -> list[Row]:
    """Return views and clones per day, as far back as GitHub remembers: a fortnight. The store remembers them for good."""
    home, rows = await identity(at), []
    for kind in ("views", "clones"):
        answer = await rest(at, f"traffic/{kind}", "Administration", per="day")
        for day in answer.body[kind]:
            told = moment(day["timestamp"])
            body = {"kind": kind, "day": told.date().isoformat(), "count": day["count"], "uniques": day["uniques"]}
            rows.append(Row(f"{home}/{kind}/{body['day']}", told, body, at.scope))
    return rows


async def rest(at: Context, path: str, permission: str, **params: Any) -> Any:
    """Return the answer to a GET below the repository. A 404 means a missing permission: the repository itself is there."""
    try:
        return await at.wire.get(f"/repos/{at.scope}/{path}", **params)
    except Missing:
        raise Refused(
            f"GitHub does not show {path} of {at.scope} to this token (404)."
            f" It needs the permission '{permission}: read'; everything else is read all the same."
        ) from None


async def codeowners(at: Context) -> list[Row]:
    """Return the file that says who owns which folder, from the first of the three places GitHub looks at."""
    found = await repository(at, CODEOWNERS)
    for place, path in PATHS.items():
        if (file := found[place]) and file.get("text") is not None:
            text = ADDRESS.sub("(an e-mail address)", file["text"])
            return [
                Row(f"{found['id']}/{path}", at.wire.now, {"path": path, "oid": file["oid"], "text": text}, at.scope)
            ]
    return []


async def downloads(at: Context) -> list[Row]:
    """Return how often each file of each release has been downloaded by now: GitHub tells the running total alone."""
    day, rows = at.wire.now.replace(hour=0, minute=0, second=0), []
    for release in await connected(at, DOWNLOADS, "releases"):
        assets = release["releaseAssets"]
        while True:
            for asset in filter(None, assets["nodes"]):
                body = {"release": release["id"], "tagName": release["tagName"], "day": day.date().isoformat(), **asset}
                rows.append(Row(f"{release['id']}/{asset['id']}/{body['day']}", day, body, at.scope))
            if not assets["pageInfo"]["hasNextPage"]:
                break
            asked = {"id": release["id"], "after": assets["pageInfo"]["endCursor"]}
            assets = (await at.wire.graphql(MORE_ASSETS, asked))["node"]["releaseAssets"]
    return rows


STREAMS = (
    daily("github_environments", environments),
    daily("github_milestones", milestones),
    daily("github_workflows", workflows),
    daily("github_codeowners", codeowners),
    daily("github_release_downloads", downloads, whole=False),
    daily("github_traffic", traffic, whole=False),
)
