"""How a GraphQL connection is read: wide pages that shrink when refused, and nested lists that overflow read to their end."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from collectors.stream import Batch, Context, Page, Stream, moment, newest_first, stamp
from collectors.wire import Missing, Refused, TooWide
from data import Due, Landed, Row

ROUND = 200  # items whose overflow is planned at once
TOGETHER = 10  # items whose overflow is fetched in one request, by alias
CLEAN = 20  # pages without complaint after which a narrowed page is widened one step


@dataclass(frozen=True)
class Nested:
    """A list inside an item: its first `first` entries come with the item, the rest by overflow requests."""

    name: str
    first: int
    fields: str
    arguments: str = ""

    def ask(self, first: int, after: str = "") -> str:
        """Return the GraphQL of this list."""
        arguments = ", ".join(filter(None, (f"first: {first}", after, self.arguments)))
        return (
            f"{self.name}({arguments}) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {self.fields} }} }}"
        )


@dataclass(frozen=True)
class Connection:
    """A connection of a repository: what is asked of each item, in which order, how many at a time."""

    stream: str
    field: str
    item: str  # the GraphQL type, for overflow and for second visits
    fields: str
    order: str = "UPDATED_AT"
    time: str = "updatedAt"
    version: str = "updatedAt"
    width: int = 50
    nested: tuple[Nested, ...] = ()
    fragments: str = ""
    overlap: timedelta = timedelta(minutes=10)
    unfinished: str = ""  # SQL condition on raw rows that must be visited again whatever their age
    compare: timedelta = timedelta(days=7)  # how often ids and versions are compared with the whole list

    @property
    def parts(self) -> str:
        """The raw table of what overflowed."""
        return f"{self.stream.removesuffix('s')}_parts"

    def declared(self) -> Stream:
        """Return this connection as a stream."""
        return Stream(name=self.stream, read=self.read, finish=self.finish, unfinished=self.unfinished)

    def look(self) -> str:
        """Return the GraphQL that tells in a glance whether anything in the list is new."""
        newest = f"{self.field}(first: 1, orderBy: {{field: {self.order}, direction: DESC}})"
        return f"{newest} {{ totalCount nodes {{ id {self.version} }} }}"

    def node(self) -> str:
        """Return the GraphQL of one item with the first entries of its nested lists."""
        return f"id {self.fields} {' '.join(n.ask(n.first) for n in self.nested)}"

    def query(self) -> str:
        """Return the query of one page."""
        return (
            "query($owner: String!, $name: String!, $first: Int!, $after: String) {"
            " rateLimit { cost remaining resetAt }"
            " repository(owner: $owner, name: $name) {"
            f" {self.field}(first: $first, after: $after, orderBy: {{field: {self.order}, direction: DESC}}) {{"
            f" totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {self.node()} }} }} }} }} {self.fragments}"
        )

    async def read(self, at: Context, place: dict[str, Any]) -> AsyncIterator[Page]:
        """Yield pages, newest first, at the width this repository was last seen to bear."""

        async def fetch(after: str | None, place: dict[str, Any]) -> Batch:
            found = await self.page(at, after, place)
            nodes = [n for n in found["nodes"] if n]
            if len(nodes) < len(found["nodes"]):
                raise Refused(
                    f"GitHub withheld {len(found['nodes']) - len(nodes)} items of {self.field} in {at.scope}."
                    " The token may lack a permission; nothing after them was read, run 'python -m collectors check'."
                )
            ahead = found["pageInfo"]
            return Batch(
                rows=[self.row(n, at.scope) for n in nodes],
                times=[n[self.time] for n in nodes],
                after=ahead["endCursor"] if ahead["hasNextPage"] else None,
                expected=found.get("totalCount"),
            )

        async for page in newest_first(fetch, place, self.overlap, at.since):
            yield page

    async def page(self, at: Context, after: str | None, place: dict[str, Any]) -> dict[str, Any]:
        """Return one page; halves the width while the service finds it too wide, and remembers what it bore in `place`."""
        owner, name = at.scope.split("/")
        width, clean = place.get("width", self.width), place.get("clean", 0)
        if clean >= CLEAN and width < self.width:
            width, clean = min(self.width, width * 2), 0
        while True:
            asked = {"owner": owner, "name": name, "first": width, "after": after}
            try:
                data = await at.wire.graphql(self.query(), asked)
                break
            except TooWide as refused:
                if width == 1:
                    raise Refused(
                        f"GitHub cannot answer for a single item of {self.field} in {at.scope}: {refused}"
                        " Run again later; everything before it is kept."
                    ) from None
                width, clean = max(1, width // 2), 0
        place["width"], place["clean"] = width, clean + 1
        if not data.get("repository"):
            raise Missing(
                f"GitHub has no repository {at.scope}, or this token may not see it."
                " Check the name in team.toml and the token's access; what was collected before is kept."
            )
        return data["repository"][self.field]

    def row(self, node: dict[str, Any], scope: str) -> Row:
        """Return an item as a row; it is complete when no nested list goes on."""
        whole = not any(ahead(node, n.name) for n in self.nested)
        return Row(id=node["id"], version=moment(node[self.version]), body=node, scope=scope, complete=whole)

    async def finish(self, at: Context) -> Landed:
        """Visit unfinished items again, then read nested lists that overflowed to their end. Returns what changed.

        Where the list's total differs from what is held, or the last comparison is old, ids and versions are compared.
        """
        origin, changed = at.origin(self.stream), Landed()
        if self.unfinished:
            changed += await self.refetch(at, [body["id"] for body in at.store.bodies(origin, self.unfinished)])
        changed += await self.overflow(at)
        known = at.store.progress(origin)
        place = known.place or {}
        compared = place.get("compared")
        short = known.expected is not None and known.expected != len(at.store.versions(origin))
        if place.get("floor") or (compared is None and not short):  # read in part on purpose, or whole just now
            compared = stamp(at.wire.now)
        elif short or compared is None or at.wire.now - moment(compared) >= self.compare:
            changed += await self.census(at)
            changed += await self.overflow(at)
            compared = stamp(at.wire.now)
        at.store.land(origin, [], replace(known, place={**place, "compared": compared}), at.wire.now)
        return changed

    async def refetch(self, at: Context, ids: list[str]) -> Landed:
        """Read some items anew, by id, and keep what they are now. Returns what changed."""
        origin, changed = at.origin(self.stream), Landed()
        for some in chunks(ids, self.width):
            data = await at.wire.graphql(self.again, {"ids": some})
            rows = [self.row(node, at.scope) for node in data["nodes"] if node]
            changed += at.store.land(origin, rows, at.store.progress(origin), at.wire.now)
            at.store.visited(origin, some, at.wire.now)
        return changed

    @property
    def again(self) -> str:
        """The query that reads items by id."""
        return (
            "query($ids: [ID!]!) { rateLimit { cost remaining resetAt }"
            f" nodes(ids: $ids) {{ ... on {self.item} {{ {self.node()} }} }} }} {self.fragments}"
        )

    async def census(self, at: Context) -> Landed:
        """Compare ids and versions with the whole list: read what is new or changed, mark what is gone. Returns what changed.

        It finds what no list of changes tells: deleted and transferred items, and changes that move no date.
        """
        owner, name = at.scope.split("/")
        query = (
            "query($owner: String!, $name: String!, $after: String) { rateLimit { cost remaining resetAt }"
            f" repository(owner: $owner, name: $name) {{ id {self.field}(first: 100, after: $after,"
            " orderBy: {field: CREATED_AT, direction: ASC})"
            f" {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id {self.version} }} }} }} }}"
        )
        there: dict[str, datetime] = {}
        after, home = None, None
        while True:
            data = await at.wire.graphql(query, {"owner": owner, "name": name, "after": after})
            home = data["repository"]["id"]
            found = data["repository"][self.field]
            there |= {n["id"]: moment(n[self.version]) for n in found["nodes"] if n}
            if not found["pageInfo"]["hasNextPage"]:
                break
            after = found["pageInfo"]["endCursor"]
        here = at.store.versions(at.origin(self.stream))
        changed = await self.refetch(at, [i for i, version in there.items() if here.get(i) != version])
        return changed + await self.missing(at, home, [i for i in here if i not in there])

    async def missing(self, at: Context, home: str, ids: list[str]) -> Landed:
        """Mark those of some items as gone that do not exist any more, or belong to another repository now."""
        gone = []
        for some in chunks(ids, 100):
            query = (
                "query($ids: [ID!]!) { rateLimit { cost remaining resetAt }"
                f" nodes(ids: $ids) {{ ... on {self.item} {{ id repository {{ id }} }} }} }}"
            )
            data = await at.wire.graphql(query, {"ids": some})
            left = {n["id"] for n in data["nodes"] if n and n.get("repository", {}).get("id") == home}
            gone += [i for i in some if i not in left]
        return at.store.gone(at.origin(self.stream), gone, at.wire.now)

    async def overflow(self, at: Context) -> Landed:
        """Read the rest of every nested list that overflowed, a few items per request. Returns what changed.

        An item is kept when all its lists are at their end; its place in the request goes to the next one.
        """
        origin, changed = at.origin(self.stream), Landed()
        queue = at.store.due(origin, ROUND)
        under_way: dict[str, Rest] = {}
        whole: list[Rest] = []
        lost = 0
        while queue or under_way:
            while queue and len(under_way) < TOGETHER:
                due = queue.pop(0)
                under_way[due.id] = Rest(
                    due, {n.name: cursor for n in self.nested if (cursor := ahead(due.body, n.name))}
                )
            data = await at.wire.graphql(
                self.rest_query(list(under_way.values())), {f"i{k}": i for k, i in enumerate(under_way)}
            )
            for k, rest in enumerate(list(under_way.values())):
                node = data.get(f"n{k}")
                if node:
                    rest.add(node, at.scope)
                if node is None or not rest.cursors:
                    del under_way[rest.due.id]
                    whole += [rest] if node else []
                    lost += node is None
            if whole and (len(whole) >= TOGETHER or not (queue or under_way)):
                rows = [row for rest in whole for row in rest.rows]
                changed += at.store.land_parts(origin, self.parts, [rest.due for rest in whole], rows, at.wire.now)
                whole = []
            if not (queue or under_way or lost):
                queue = at.store.due(origin, ROUND)
        if lost:
            raise Refused(
                f"GitHub did not give the rest of {lost} items of {self.field} in {at.scope}."
                " They count as incomplete; run again later."
            )
        return changed

    def rest_query(self, rests: list["Rest"]) -> str:
        """Return the query for the next entries of nested lists, one alias per item."""
        asked = " ".join(
            f"n{k}: node(id: $i{k}) {{ ... on {self.item} {{ id "
            + " ".join(n.ask(100, f'after: "{rest.cursors[n.name]}"') for n in self.nested if n.name in rest.cursors)
            + " } }"
            for k, rest in enumerate(rests)
        )
        variables = ", ".join(f"$i{k}: ID!" for k in range(len(rests)))
        fragments = self.fragments if "..." + "Event" in asked else ""  # an unused fragment is an error
        return f"query({variables}) {{ rateLimit {{ cost remaining resetAt }} {asked} }} {fragments}"


@dataclass
class Rest:
    """The rest of one item's nested lists: where each goes on, and what has come so far."""

    due: Due
    cursors: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    def add(self, node: dict[str, Any], scope: str) -> None:
        """Take the next entries."""
        self.rows.append(Row(f"{self.due.id}/{len(self.rows)}", self.due.version, node, scope, parent=self.due.id))
        self.cursors = {name: cursor for name in self.cursors if (cursor := ahead(node, name))}


def ahead(node: dict[str, Any], name: str) -> str | None:
    """Return where a nested list goes on, or None at its end."""
    info = (node.get(name) or {}).get("pageInfo") or {}
    return info["endCursor"] if info.get("hasNextPage") else None


def chunks(items: list, size: int) -> Iterator[list]:
    """Yield the items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
