"""How a GraphQL connection is read: wide pages that shrink when refused, and nested lists that overflow read to their end."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from collectors.stream import Batch, Context, Page, Stream, moment, newest_first
from collectors.wire import Missing, Refused, TooWide
from data import Due, Row

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

    @property
    def parts(self) -> str:
        """The raw table of what overflowed."""
        return f"{self.stream.removesuffix('s')}_parts"

    def declared(self) -> Stream:
        """Return this connection as a stream."""
        return Stream(name=self.stream, read=self.read, finish=self.finish if self.nested or self.unfinished else None)

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
        whole = not any((node.get(n.name) or {}).get("pageInfo", {}).get("hasNextPage") for n in self.nested)
        return Row(id=node["id"], version=moment(node[self.version]), body=node, scope=scope, complete=whole)

    async def finish(self, at: Context) -> int:
        """Visit unfinished items again, then read the rest of every nested list that overflowed. Returns the rows kept."""
        kept = await self.revisit(at) if self.unfinished else 0
        while due := at.store.due(at.origin(self.stream), TOGETHER * 5):
            for group in chunks(due, TOGETHER):
                kept += await self.overflow(at, group)
        return kept

    async def revisit(self, at: Context) -> int:
        """Ask again for items that were not final when last seen."""
        known = [body["id"] for body in at.store.bodies(at.origin(self.stream), self.unfinished)]
        kept = 0
        for ids in chunks(known, self.width):
            query = (
                "query($ids: [ID!]!) { rateLimit { cost remaining resetAt }"
                f" nodes(ids: $ids) {{ ... on {self.item} {{ {self.node()} }} }} }} {self.fragments}"
            )
            data = await at.wire.graphql(query, {"ids": ids})
            rows = [self.row(n, at.scope) for n in data["nodes"] if n]
            origin = at.origin(self.stream)
            landed = at.store.land(origin, rows, at.store.progress(origin), at.wire.now)
            kept += landed.new + landed.changed
        return kept

    async def overflow(self, at: Context, due: list[Due]) -> int:
        """Read the rest of the nested lists of a few items together, round by round, and keep it all at once."""
        ahead = {
            (d.id, n.name): d.body[n.name]["pageInfo"]["endCursor"]
            for d in due
            for n in self.nested
            if (d.body.get(n.name) or {}).get("pageInfo", {}).get("hasNextPage")
        }
        rows, lost = [], set()
        for turn in range(10_000):
            if not ahead:
                break
            ids = list(dict.fromkeys(i for i, _ in ahead))
            data = await at.wire.graphql(self.rest_query(ids, ahead), {f"i{k}": i for k, i in enumerate(ids)})
            for k, i in enumerate(ids):
                node, owner = data.get(f"n{k}"), next(d for d in due if d.id == i)
                if not node:
                    lost.add(i)
                    ahead = {key: cursor for key, cursor in ahead.items() if key[0] != i}
                    continue
                rows.append(Row(f"{i}/{turn}", owner.version, node, at.scope, parent=i))
                for n in self.nested:
                    ahead.pop((i, n.name), None)
                    if (info := node.get(n.name, {}).get("pageInfo", {})).get("hasNextPage"):
                        ahead[i, n.name] = info["endCursor"]
        landed = at.store.land_parts(
            at.origin(self.stream), self.parts, [d for d in due if d.id not in lost], rows, at.wire.now
        )
        if lost:
            raise Refused(
                f"GitHub did not give the rest of {len(lost)} items of {self.field} in {at.scope}. Run again later."
            )
        return landed.new + landed.changed

    def rest_query(self, ids: list[str], ahead: dict[tuple[str, str], str]) -> str:
        """Return the query for the next entries of nested lists, one alias per item."""
        asked = " ".join(
            f"n{k}: node(id: $i{k}) {{ ... on {self.item} {{ id "
            + " ".join(n.ask(100, f'after: "{ahead[i, n.name]}"') for n in self.nested if (i, n.name) in ahead)
            + " } }"
            for k, i in enumerate(ids)
        )
        variables = ", ".join(f"$i{k}: ID!" for k in range(len(ids)))
        fragments = self.fragments if "..." + "Event" in asked else ""  # an unused fragment is an error
        return f"query({variables}) {{ rateLimit {{ cost remaining resetAt }} {asked} }} {fragments}"


def chunks(items: list, size: int) -> Iterator[list]:
    """Yield the items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
