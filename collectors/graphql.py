"""How a GraphQL connection is read: wide pages that shrink when refused, and nested lists that overflow read to their end."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from collectors.stream import STRANGE, Batch, Context, Page, Stream, moment, newest_first, oddity, rows, stamp
from collectors.wire import Missing, Refused, TooWide
from data import Due, Landed, Reject, Row

ROUND = 200  # items whose overflow is planned at once
TOGETHER = 10  # items whose overflow is fetched in one request, by alias
CLEAN = 20  # pages without complaint after which a narrowed page is widened one step, then 40, then 80
WITHHELD = "GitHub withholds parts of it from this token, or cannot answer for it"


@dataclass(frozen=True)
class Nested:
    """A list inside an item: its first `first` entries come with the item, the rest by overflow requests.

    `key` tells an entry from the others of its list; an entry without it has no form we know.
    """

    name: str
    first: int
    fields: str
    arguments: str = ""
    key: Callable[[dict[str, Any]], Any] = itemgetter("id")

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
        return Stream(name=self.stream, read=self.read, finish=self.finish, unfinished=self.unfinished, by_id=True)

    def look(self) -> str:
        """Return the GraphQL that tells in a glance whether anything in the list is new."""
        newest = f"{self.field}(first: 1, orderBy: {{field: {self.order}, direction: DESC}})"
        return f"{newest} {{ totalCount nodes {{ id {self.version} }} }}"

    def node(self) -> str:
        """Return the GraphQL of one item with the first entries of its nested lists."""
        return f"id {self.fields} {' '.join(n.ask(n.first) for n in self.nested)}"

    def query(self, *, light: bool = False) -> str:
        """Return the query of one page; a light one asks for ids alone."""
        node, fragments = ("id", "") if light else (self.node(), self.fragments)
        return (
            "query($owner: String!, $name: String!, $first: Int!, $after: String) {"
            " rateLimit { cost remaining resetAt }"
            " repository(owner: $owner, name: $name) {"
            f" {self.field}(first: $first, after: $after, orderBy: {{field: {self.order}, direction: DESC}}) {{"
            f" totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {node} }} }} }} }} {fragments}"
        )

    async def read(self, at: Context, place: dict[str, Any]) -> AsyncIterator[Page]:
        """Yield pages, newest first, at the width this repository was last seen to bear.

        Items that came without all their parts, or not at all, are left to the comparison in `finish`.
        """

        async def fetch(after: str | None, place: dict[str, Any]) -> Batch:
            found, aside = await self.page(at, after, place)
            ahead, nodes = found["pageInfo"], [n for n in found["nodes"] if n]
            if len(nodes) < len(found["nodes"]):
                place["torn"] = True
            made = rows(nodes, lambda node: self.row(node, at.scope), at.scope)
            return Batch(
                rows=[*made, *aside],
                times=[str(n.get(self.time)) for n, row in zip(nodes, made, strict=True) if isinstance(row, Row)],
                after=ahead["endCursor"] if ahead["hasNextPage"] else None,
                expected=found.get("totalCount"),
            )

        async for page in newest_first(fetch, place, self.overlap, at.since, lambda: at.wire.now):
            yield page

    async def page(
        self, at: Context, after: str | None, place: dict[str, Any]
    ) -> tuple[dict[str, Any], list[Row | Reject]]:
        """Return one page, and what had to be passed over; `place` remembers the width that was borne.

        While the service finds a page too wide it is narrowed by a third. Alone, an item it cannot answer for is passed over.
        """
        width, clean = place.get("width", self.width), place.get("clean", 0)
        wait = place.get("wait", CLEAN)
        if clean >= wait and width < self.width:
            width, clean, wait = min(self.width, width * 3 // 2 + 1), 0, wait * 2
        while True:
            try:
                found = await self.ask(at, self.query(), width, after)
                break
            except TooWide:
                if width == 1:
                    return await self.pass_over(at, after)
                width, clean = max(1, width * 2 // 3), 0
        place["width"], place["clean"], place["wait"] = width, clean + 1, wait
        return found, []

    async def pass_over(self, at: Context, after: str | None) -> tuple[dict[str, Any], list[Row | Reject]]:
        """Return an empty page that leads past one item, set aside. Raises Refused if not even its id can be had."""
        found = await self.ask(at, self.query(light=True), 1, after)
        aside: list[Row | Reject] = [Reject(node["id"], WITHHELD, at.scope) for node in found["nodes"] if node]
        return {**found, "nodes": []}, aside

    async def ask(self, at: Context, query: str, width: int, after: str | None) -> dict[str, Any]:
        """Return one page of the connection. Raises Missing when there is no such repository."""
        owner, name = at.scope.split("/")
        asked = {"owner": owner, "name": name, "first": width, "after": after}
        gaps: list[dict[str, Any]] = []
        data = await at.wire.graphql(query, asked, gaps=gaps, narrows=True)
        if not data.get("repository"):
            raise Missing(
                f"GitHub has no repository {at.scope}, or this token may not see it."
                " Check the name in team.toml and the token's access; what was collected before is kept."
            )
        if data["repository"].get(self.field) is None:
            raise Refused(
                f"GitHub does not let this token read {self.field} of {at.scope}."
                " Give it read access to them; everything else is read all the same."
            )
        found, touched = data["repository"][self.field], touches(gaps, 3)
        return {**found, "nodes": [None if self.torn(n, i in touched) else n for i, n in enumerate(found["nodes"])]}

    def torn(self, node: dict[str, Any] | None, touched: bool) -> bool:
        """Whether an item lacks parts that GitHub has. `touched`: an error speaks of it; without one, null is the answer."""
        return node is None or (touched and any(_gap(node[n.name]) for n in self.nested if n.name in node))

    def row(self, node: dict[str, Any], scope: str) -> Row:
        """Return an item as a row; it is complete when no nested list goes on."""
        node = {**node, **{n.name: once(n, node[n.name], set()) for n in self.nested if node.get(n.name)}}
        whole = not any(ahead(node, n.name) for n in self.nested)
        return Row(id=node["id"], version=moment(node[self.version]), body=node, scope=scope, complete=whole)

    async def finish(self, at: Context) -> Landed:
        """Visit unfinished items again, then read nested lists that overflowed to their end. Returns what changed.

        Where the list's total differs from what is held, items came torn, or the last comparison is old, ids and versions
        are compared. What was set aside is asked for by its id.
        """
        origin, changed = at.origin(self.stream), Landed()
        if self.unfinished:
            changed += await self.refetch(at, [body["id"] for body in at.store.bodies(origin, self.unfinished)])
        again = at.store.set_aside(origin, again=True)
        changed += await self.refetch(at, [i for i in again if not i.startswith("?")])
        changed += await self.overflow(at)
        known = at.store.progress(origin)
        place = known.place or {}
        compared, kept = place.get("compared"), at.store.kept_from
        floor = max(filter(None, (place.get("floor"), kept and stamp(kept))), default=None)
        in_part = place.get("floor") and not (kept and place["floor"] <= stamp(kept))
        short = not floor and known.expected is not None and known.expected != at.store.held(origin)
        old = compared is not None and at.wire.now - moment(compared) >= self.compare
        if short or place.get("torn") or any(i.startswith("?") for i in again) or (old and not in_part):
            changed += await self.census(at, moment(floor) if floor else None)
            changed += await self.overflow(at)
            compared = None
        if in_part or compared is None:  # read in part on purpose, or whole just now
            compared = stamp(at.wire.now)
        place = {name: value for name, value in place.items() if name != "torn"} | {"compared": compared}
        at.store.land(origin, [], replace(known, place=place), at.wire.now)
        return changed

    async def refetch(self, at: Context, ids: list[str]) -> Landed:
        """Read some items anew, by id, and keep what they are now. Returns what changed.

        What does not come whole is set aside too: this was the narrowest question there is.
        """
        origin, changed = at.origin(self.stream), Landed()
        queue, width = list(ids), self.width
        while queue:
            some = queue[:width]
            gaps: list[dict[str, Any]] = []
            try:
                nodes = (await at.wire.graphql(self.again, {"ids": some}, gaps=gaps, narrows=True))["nodes"]
            except TooWide:
                if width > 1:
                    width = max(1, width * 2 // 3)
                    continue
                nodes, gaps = [None], [{"path": ["nodes", 0]}] if await self.there(at, some) else []
            queue, touched = queue[width:], touches(gaps, 1)
            made = rows(filter(None, nodes), lambda node: self.row(node, at.scope), at.scope)
            torn = [some[i] for i, n in enumerate(nodes) if i in touched and self.torn(n, touched=True)]
            aside = [Reject(i, WITHHELD, at.scope) for i in torn]
            changed += at.store.land(origin, [*made, *aside], at.store.progress(origin), at.wire.now)
            at.store.visited(origin, some, at.wire.now)
        return changed

    @property
    def again(self) -> str:
        """The query that reads items by id."""
        return (
            "query($ids: [ID!]!) { rateLimit { cost remaining resetAt }"
            f" nodes(ids: $ids) {{ ... on {self.item} {{ {self.node()} }} }} }} {self.fragments}"
        )

    async def census(self, at: Context, since: datetime | None = None) -> Landed:
        """Compare ids and versions with the whole list: read what is new or changed, mark what is gone. Returns what changed.

        It finds what no list of changes tells: deleted and transferred items, and changes that move no date. Of what has not
        changed `since`, nothing is read.
        """
        owner, name = at.scope.split("/")
        query = (
            "query($owner: String!, $name: String!, $first: Int!, $after: String) { rateLimit { cost remaining resetAt }"
            f" repository(owner: $owner, name: $name) {{ id {self.field}(first: $first, after: $after,"
            " orderBy: {field: CREATED_AT, direction: ASC})"
            f" {{ pageInfo {{ hasNextPage endCursor }} nodes {{ id {self.version} }} }} }} }}"
        )
        origin, there, unnamed = at.origin(self.stream), dict[str, datetime | None](), list[Row | Reject]()
        after, home, width = None, "", 100
        while True:
            asked = {"owner": owner, "name": name, "first": width, "after": after}
            try:
                data = await at.wire.graphql(query, asked, gaps=[], narrows=True)
            except TooWide:
                if width == 1:
                    raise
                width //= 2
                continue
            home, found = data["repository"]["id"], data["repository"][self.field]
            there |= {n["id"]: _moment(n.get(self.version)) for n in found["nodes"] if n}
            unnamed += [Reject(f"?{after}#{i}", WITHHELD, at.scope) for i, n in enumerate(found["nodes"]) if not n]
            if not found["pageInfo"]["hasNextPage"]:
                break
            after = found["pageInfo"]["endCursor"]
        here = at.store.versions(origin)
        changed = at.store.land(origin, unnamed, at.store.progress(origin), at.wire.now)
        late = [
            i for i, version in there.items() if here.get(i) != version and not (since and version and version < since)
        ]
        changed += await self.refetch(at, late)
        return changed + await self.missing(at, home, [i for i in here if i not in there])

    async def missing(self, at: Context, home: str, ids: list[str]) -> Landed:
        """Mark those of some items as gone that do not exist any more, or belong to another repository now."""
        gone = []
        for some in chunks(ids, 100):
            left = await self.there(at, some)
            gone += [i for i in some if i not in left or left[i] not in {home, None}]
        return at.store.gone(at.origin(self.stream), gone, at.wire.now)

    async def there(self, at: Context, ids: list[str]) -> dict[str, str | None]:
        """Return those of some items that exist, with the repository they are in now: None when GitHub withholds them."""
        query = (
            "query($ids: [ID!]!) { rateLimit { cost remaining resetAt }"
            f" nodes(ids: $ids) {{ ... on {self.item} {{ id repository {{ id }} }} }} }}"
        )
        gaps: list[dict[str, Any]] = []
        nodes = (await at.wire.graphql(query, {"ids": ids}, gaps=gaps))["nodes"]
        withheld = touches([gap for gap in gaps if gap.get("type") != "NOT_FOUND"], 1)
        return {
            i: (node.get("repository") or {}).get("id") if node else None
            for k, (i, node) in enumerate(zip(ids, nodes, strict=True))
            if node or k in withheld
        }

    async def overflow(self, at: Context) -> Landed:
        """Read the rest of every nested list that overflowed, a few items per request. Returns what changed.

        An item is kept when all its lists are at their end; its place in the request goes to the next one. What the service
        does not give, however little is asked for, is set aside.
        """
        origin, changed = at.origin(self.stream), Landed()
        queue = at.store.due(origin, ROUND)
        under_way: dict[str, Rest] = {}
        together, first = TOGETHER, 100
        while queue or under_way:
            while queue and len(under_way) < TOGETHER:
                due = queue.pop(0)
                under_way[due.id] = Rest(
                    due, {n.name: cursor for n in self.nested if (cursor := ahead(due.body, n.name))}
                )
            some, gaps = [rest for rest in under_way.values() if rest.cursors][:together], list[dict[str, Any]]()
            try:
                data = await at.wire.graphql(
                    self.rest_query(some, first),
                    {f"i{k}": r.due.id for k, r in enumerate(some)},
                    gaps=gaps,
                    narrows=True,
                )
            except TooWide:
                if together > 1 or first > 1:
                    together, first = max(1, together // 2), max(1, first // 2 if together == 1 else first)
                    continue
                await self.there(at, [some[0].due.id])  # raises when it is not the item that is too much
                data = {}
            lost = self.take(some, data, gaps, at.scope)
            for one in lost:
                del under_way[one.id]
            whole = [rest for rest in under_way.values() if not rest.cursors]
            if len(whole) >= TOGETHER or len(whole) == len(under_way):
                parts = [row for rest in whole for row in rest.rows]
                changed += at.store.land_parts(origin, self.parts, [rest.due for rest in whole], parts, at.wire.now)
                under_way = {i: rest for i, rest in under_way.items() if rest.cursors}
            if lost:
                changed += at.store.land(origin, lost, at.store.progress(origin), at.wire.now)
            if not (queue or under_way):
                queue = at.store.due(origin, ROUND)
        return changed

    def take(
        self, some: list["Rest"], data: dict[str, Any], gaps: list[dict[str, Any]], scope: str
    ) -> list[Row | Reject]:
        """Give each item the entries that came for it. Returns those that got none, or some of no known form, to be set aside."""
        lost: list[Row | Reject] = []
        for k, rest in enumerate(some):
            node = data.get(f"n{k}")
            if self.torn(node, f"n{k}" in touches(gaps, 0)):
                lost.append(Reject(rest.due.id, WITHHELD, scope))
            elif node:
                try:
                    rest.add(node, self.nested, scope)
                except STRANGE as error:
                    lost.append(Reject(rest.due.id, oddity(error), scope))
        return lost

    def rest_query(self, rests: list["Rest"], first: int) -> str:
        """Return the query for the next entries of nested lists, one alias per item."""
        asked = " ".join(
            f"n{k}: node(id: $i{k}) {{ ... on {self.item} {{ id "
            + " ".join(n.ask(first, f'after: "{rest.cursors[n.name]}"') for n in self.nested if n.name in rest.cursors)
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
    seen: dict[str, set[Any]] = field(default_factory=dict)

    def add(self, node: dict[str, Any], nested: tuple[Nested, ...], scope: str) -> None:
        """Take the next entries, but none twice: a list may have moved since its beginning was read.

        Raises one of STRANGE when an entry has no form we know.
        """
        for one in (n for n in nested if n.name in self.cursors):
            held = (self.due.body.get(one.name) or {}).get("nodes") or []
            seen = self.seen.setdefault(one.name, {one.key(entry) for entry in held if entry})
            node = {**node, one.name: once(one, node[one.name], seen)} if node.get(one.name) else node
        self.rows.append(Row(f"{self.due.id}/{len(self.rows)}", self.due.version, node, scope, parent=self.due.id))
        self.cursors = {name: cursor for name in self.cursors if (cursor := ahead(node, name))}


def once(nested: Nested, entries: dict[str, Any], seen: set[Any]) -> dict[str, Any]:
    """Return a page of a list without the entries that came before; `seen` grows by those that are new."""
    kept = []
    for entry in entries["nodes"]:
        key = nested.key(entry) if entry else None
        if key is None or key not in seen:
            kept.append(entry)
            seen |= {key} if key is not None else set()
    return {**entries, "nodes": kept}


def ahead(node: dict[str, Any], name: str) -> str | None:
    """Return where a nested list goes on, or None at its end."""
    info = (node.get(name) or {}).get("pageInfo") or {}
    return info["endCursor"] if info.get("hasNextPage") else None


def touches(gaps: list[dict[str, Any]], depth: int) -> set[Any]:
    """Return which items of a list errors speak of; `depth` is where their paths tell its place."""
    paths = [gap.get("path") or () for gap in gaps]
    return {path[depth] for path in paths if len(path) > depth}


def _moment(told: Any) -> datetime | None:
    """Return a time, or None when it is none: the item is then read, and set aside with the reason."""
    try:
        return moment(told)
    except (TypeError, ValueError):
        return None


def _gap(entries: dict[str, Any] | None) -> bool:
    return entries is None or any(entry is None for entry in entries.get("nodes") or ())


def chunks(items: list, size: int) -> Iterator[list]:
    """Yield the items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
