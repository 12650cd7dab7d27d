"""The default branch's history: every commit once, placed so that anyone can say whether a merge lies before a deployed commit."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any

from collectors.stream import Context, Page, Place, Stream, moment, stamp
from collectors.wire import Missing, TooWide
from data import Row

WIDTH = 100  # commits a page; with their parents one point
PENDING = 300  # parents that are still to come; more than this many open branches are rare

PAST = """
    oid
    ... on Commit {
        history(first: $first, after: $after) {
            totalCount
            pageInfo { hasNextPage endCursor }
            nodes { id oid committedDate authoredDate parents(first: 10) { nodes { oid } } }
        }
    }
"""
NEWEST = f"""
query($owner: String!, $name: String!, $first: Int!, $after: String) {{
    rateLimit {{ cost remaining resetAt }}
    repository(owner: $owner, name: $name) {{ defaultBranchRef {{ target {{ {PAST} }} }} }}
}}
"""
PINNED = f"""
query($owner: String!, $name: String!, $first: Int!, $after: String, $head: GitObjectID!) {{
    rateLimit {{ cost remaining resetAt }}
    repository(owner: $owner, name: $name) {{ target: object(oid: $head) {{ {PAST} }} }}
}}
"""


@dataclass
class Walk:
    """A way down the history from one head. `below` counts the first-parent line, on which pull requests are merged.

    A commit beside the line has the place of the merge that brought it in: `owed` says which merge a parent belongs to.
    """

    head: str
    total: int
    number: int
    line: str | None
    after: str | None = None
    below: int = 0
    new: int = 0
    met: bool = False
    owed: dict[str, int] = field(default_factory=dict)

    def place(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return a commit as it is kept: `walk` and `below` order the line, a later walk and a smaller `below` are newer."""
        parents = [parent["oid"] for parent in node["parents"]["nodes"] if parent]
        owed = self.owed.pop(node["oid"], None)
        on_line = node["oid"] == self.line
        if on_line:
            owner, self.below = self.below, self.below + 1
            self.line = parents[0] if parents else None
        else:
            owner = max(self.below - 1, 0) if owed is None else owed
        for parent in parents[on_line:]:
            self.owed[parent] = max(self.owed.get(parent, 0), owner)
        while len(self.owed) > PENDING:
            del self.owed[next(iter(self.owed))]
        kept = {name: node[name] for name in ("id", "oid", "committedDate", "authoredDate")}
        return kept | {"parents": parents, "walk": self.number, "below": owner, "line": on_line}


async def read(at: Context, place: Place) -> AsyncIterator[Page]:
    """Yield the commits of the default branch, newest first, down to the head that was read before.

    A first walk is kept page by page and gone on with after a stop. A later walk is kept in one piece: it ends at the
    known head, when as many commits have come as the branch has grown by. When the known head is not met, the branch was
    written anew: then the walk goes to the end, and commits that are no longer met are marked as gone.
    """
    if at.since and place.get("floor") and stamp(at.since) < place["floor"]:
        place = {}  # further back than was ever asked for
    if place.get("walk"):
        async for kept in walked(at, place, Walk(**place["walk"])):
            place = kept.place
            yield kept
    async for kept in walked(at, {name: value for name, value in place.items() if name != "walk"}, None):
        yield kept


async def walked(at: Context, place: Place, walk: Walk | None) -> AsyncIterator[Page]:
    """Yield the pages of one walk: the rest of one that was stopped, or a new one from today's head."""
    fresh, found = walk is None, await page(at, place, walk)
    if found is None or found["oid"] == place.get("head"):
        place = {name: value for name, value in place.items() if name != "walk"}  # its head may be no more
        yield Page([], place, done=fresh, expected=place.get("total"))
        return
    origin = at.origin("github_commits")
    known = at.store.versions(origin) if place.get("head") else {}
    walk = walk or Walk(found["oid"], found["history"]["totalCount"], place.get("number", 0) + 1, found["oid"])
    rows: list[Row] = []
    met: set[str] = set()
    while True:
        nodes = list({n["id"]: n for n in found["history"]["nodes"]}.values())  # a page may tell a commit twice
        new = [n for n in nodes if n["id"] not in known]
        rows += [Row(n["id"], moment(n["committedDate"]), walk.place(n), at.scope) for n in new]
        met |= {n["id"] for n in nodes if place.get("head")}
        walk.new += len(new)
        walk.met |= any(n["oid"] == place.get("head") for n in nodes)
        ahead = found["history"]["pageInfo"]
        walk.after = ahead["endCursor"] if ahead["hasNextPage"] else None
        if walk.after is None or ends(walk, place, nodes, at):
            break
        if not place.get("head"):
            yield Page(rows, {**place, "walk": asdict(walk)}, done=False, expected=walk.total)
            rows = []
        found = await page(at, place, walk)
        if found is None:
            raise Missing(f"The history of {at.scope} was written anew while it was read. Run again; nothing was lost.")
    if place.get("head") and not walk.met:
        at.store.gone(origin, [i for i in known if i not in met], at.wire.now)
    limited = {"floor": stamp(at.since)} if at.since and not place.get("head") else {}
    kept = {name: value for name, value in place.items() if name in {"width", "floor"}}
    place = {**kept, **limited, "head": walk.head, "total": walk.total, "number": walk.number}
    yield Page(rows, place, done=fresh, expected=walk.total)


def ends(walk: Walk, place: Place, nodes: list[dict[str, Any]], at: Context) -> bool:
    """Whether a walk has met all there is to meet, or is as far back as was asked for."""
    if place.get("head"):
        return walk.met and walk.new >= walk.total - place["total"]
    return bool(at.since and nodes and min(n["committedDate"] for n in nodes) < stamp(at.since))


async def page(at: Context, place: Place, walk: Walk | None) -> dict[str, Any] | None:
    """Return the next commits of a walk, or the first ones of a new walk; None where there are none."""
    owner, name = at.scope.split("/")
    while True:
        asked = {"owner": owner, "name": name, "first": place.get("width", WIDTH), "after": walk and walk.after}
        try:
            query, more = (PINNED, {"head": walk.head}) if walk else (NEWEST, {})
            data = await at.wire.graphql(query, asked | more, narrows=True)
            break
        except TooWide:
            if asked["first"] == 1:
                raise
            place["width"] = asked["first"] // 2
    repository = data.get("repository")
    if not repository:
        raise Missing(
            f"GitHub has no repository {at.scope}, or this token may not see it."
            " Check the name in team.toml and the token's access; what was collected before is kept."
        )
    found = repository["target"] if walk else (repository["defaultBranchRef"] or {}).get("target")
    return found if found and "history" in found else None


COMMITS = Stream(name="github_commits", read=read)
