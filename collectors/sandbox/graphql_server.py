"""Answers GraphQL as GitHub does: official names, its page rules, prices and error texts, over plain records."""

import base64
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    Undefined,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    parse,
    validate,
    value_from_ast_untyped,
)
from graphql.execution.values import get_variable_values

from collectors.sandbox.github_shapes import GitHub, Shape, actor

ORDERS = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "NAME": "name"}
WIDEST, MOST_NODES = 100, 500_000
SCHEMA = build_schema((Path(__file__).parent / "github.graphql").read_text(encoding="utf-8"))


class Refused(Exception):
    """A query GitHub would refuse, with the type it gives."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@lru_cache(200)
def _read(text: str):
    """Parse and check a query once: its operation, its fragments by name, and what is wrong with it."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, {}, [{"message": f"Parse error: {error.message}"}]
    found = [{"message": error.message} for error in validate(SCHEMA, document)]
    fragments = {part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)}
    return (
        next((part for part in document.definitions if isinstance(part, OperationDefinitionNode)), None),
        fragments,
        found,
    )


@lru_cache(200)
def _item_type(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def _token(value: list) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def page(items: list[Shape], args: Shape) -> Shape:
    """Return one page of a connection. A cursor names an item by its sort value and id: it keeps its place when others move."""
    size, after, total = args.get("first"), args.get("after"), len(items)
    if size is None:
        raise Refused(
            "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate."
        )
    if not 0 <= size <= WIDEST:
        raise Refused(
            "EXCESSIVE_PAGINATION", f"Requesting {size} records exceeds the `first` limit of {WIDEST} records."
        )
    items = _filtered(items, args | (args.get("filterBy") or {}))
    order = args.get("orderBy")
    field, down = (ORDERS[order["field"]], order["direction"] == "DESC") if order else (None, False)

    def place(item: Shape) -> list:
        return [item[field] if field else "", item.get("id") or item.get("oid") or item.get("path")]

    if field:
        items = sorted(items, key=place, reverse=down)
    start = 0
    try:
        known = json.loads(base64.b64decode(after, validate=True)) if after else None
        if known and field:
            start = sum(place(item) >= known if down else place(item) <= known for item in items)
        elif known:
            start = 1 + next(n for n, item in enumerate(items) if place(item) == known)
    except (ValueError, StopIteration):
        raise Refused("INVALID_CURSOR_ARGUMENTS", f"`{after}` does not appear to be a valid cursor.") from None
    nodes = items[start : start + size]
    first, last = (_token(place(node)) for node in (nodes[0], nodes[-1])) if nodes else (None, None)
    info = {
        "hasNextPage": start + size < len(items),
        "hasPreviousPage": start > 0,
        "startCursor": first,
        "endCursor": last,
    }
    everything = total if args.get("itemTypes") else len(items)
    return {"nodes": nodes, "pageInfo": info, "totalCount": everything, "filteredCount": len(items)}


def _filtered(items: list[Shape], wanted: Shape) -> list[Shape]:
    if types := wanted.get("itemTypes"):
        items = [item for item in items if _item_type(item["__typename"]) in types]
    if states := wanted.get("states"):
        items = [item for item in items if item["state"] in states]
    if environments := wanted.get("environments"):
        items = [item for item in items if item["environment"] in environments]
    if since := wanted.get("since"):
        items = [item for item in items if item["updatedAt"] >= since]
    return items


class Answer:
    """The answer to one query: a plan of readers is made from the text, then run over the records."""

    def __init__(self, github: GitHub, reset: str, left: int, fragments: Shape, variables: Shape) -> None:
        self.github, self.reset, self.left = github, reset, left
        self.fragments, self.variables = fragments, variables
        self.errors: list[Shape] = []
        self.price: tuple[int, int] = (1, 0)

    def args(self, node: Any) -> Shape:
        """Return the arguments of a field as plain values, variables filled in."""
        given = {one.name.value: value_from_ast_untyped(one.value, self.variables) for one in node.arguments or ()}
        return {name: value for name, value in given.items() if value is not Undefined}

    def fields(self, type_: Any, selections: Any, found: dict[str, list] | None = None) -> dict[str, list]:
        """Return the fields asked for on an object of a type, by the name they answer to."""
        found = {} if found is None else found
        for one in selections:
            if one.kind == "field":
                found.setdefault(one.alias.value if one.alias else one.name.value, []).append(one)
                continue
            part = self.fragments[one.name.value] if one.kind == "fragment_spread" else one
            wanted = SCHEMA.type_map[part.type_condition.name.value] if part.type_condition else type_
            if wanted is type_ or (is_abstract_type(wanted) and SCHEMA.is_sub_type(wanted, type_)):
                self.fields(type_, part.selection_set.selections, found)
        return found

    def plan(self, type_: Any, nodes: list) -> list[tuple]:
        """Return how each field of a type is read from its record."""
        selections = [one for node in nodes for one in node.selection_set.selections]
        return [(key, self.reader(type_, key, found)) for key, found in self.fields(type_, selections).items()]

    def reader(self, type_: Any, key: str, nodes: list) -> Any:
        """Return a function from a record to the value of one field."""
        name = nodes[0].name.value
        if name == "__typename":
            return lambda _record: type_.name
        args = self.args(nodes[0])
        own = OWN.get((type_.name, name))
        read = (lambda record: own(self, record, args, key)) if own else (lambda record: record.get(name))
        kind = type_.fields[name].type
        named = get_named_type(kind)
        if is_leaf_type(named):
            return read
        inner = self.completion(named, nodes)
        if named.name.endswith("Connection"):
            return lambda record: inner(page(read(record) or [], args))
        if is_list_type(get_nullable_type(kind)):
            return lambda record: [inner(one) for one in read(record)]
        return lambda record: inner(read(record))

    def completion(self, named: Any, nodes: list) -> Any:
        """Return a function from a record to the object that answers for it."""
        plans: dict[str, list[tuple]] = {}
        abstract = is_abstract_type(named)

        def complete(record: Shape | None) -> Shape | None:
            if record is None:
                return None
            name = record["__typename"] if abstract else named.name
            if name not in plans:
                plans[name] = self.plan(SCHEMA.type_map[name], nodes)
            return {key: read(record) for key, read in plans[name]}

        return complete

    def cost(self, type_: Any, selections: Any, times: int = 1) -> tuple[int, int]:
        """Return requests and nodes by GitHub's published formula: every page is taken as full."""
        requests = nodes = 0
        for one in selections:
            part, inner = self.fragments[one.name.value] if one.kind == "fragment_spread" else one, times
            if not part.selection_set:
                continue
            if one.kind == "field":
                below = get_named_type(type_.fields[one.name.value].type)
                if below.name.endswith("Connection"):
                    inner = times * (self.args(one).get("first") or 0)
                    requests, nodes = requests + times, nodes + inner
            else:
                below = SCHEMA.type_map[part.type_condition.name.value] if part.type_condition else type_
            more = self.cost(below, part.selection_set.selections, inner)
            requests, nodes = requests + more[0], nodes + more[1]
        return requests, nodes

    def missing(self, path: list, message: str) -> None:
        """Note that something asked for is not there."""
        self.errors.append({"type": "NOT_FOUND", "path": path, "message": message})


def _repository(answer: Answer, _record: Shape, args: Shape, key: str) -> Shape | None:
    full = f"{args['owner']}/{args['name']}"
    found = answer.github.repositories.get(full.lower())
    return found or answer.missing([key], f"Could not resolve to a Repository with the name '{full}'.")


def _organization(answer: Answer, _record: Shape, args: Shape, key: str) -> Shape | None:
    found = answer.github.organization if args["login"] == answer.github.organization["login"] else None
    return found or answer.missing([key], f"Could not resolve to an Organization with the login of '{args['login']}'.")


def _owner(answer: Answer, _record: Shape, args: Shape, key: str) -> Shape | None:
    found = answer.github.organization if args["login"] == answer.github.organization["login"] else None
    return found or answer.missing(
        [key], f"Could not resolve to a RepositoryOwner with the login of '{args['login']}'."
    )


def _object(_answer: Answer, record: Shape, args: Shape, _key: str) -> Shape | None:
    """Return CODEOWNERS, or a commit of the default branch with the history below it."""
    if args.get("expression") == "HEAD:.github/CODEOWNERS":
        return record["codeowners"]
    history = ((record.get("defaultBranchRef") or {}).get("target") or {}).get("history", ())
    place = next((n for n, commit in enumerate(history) if commit["oid"] == args.get("oid")), None)
    return None if place is None else {**history[place], "history": history[place:]}


def _node(answer: Answer, _record: Shape, args: Shape, *path: Any) -> Shape | None:
    found = answer.github.nodes.get(args["id"])
    return found or answer.missing(list(path), f"Could not resolve to a node with the global id of '{args['id']}'")


def _nodes(answer: Answer, record: Shape, args: Shape, key: str) -> list[Shape | None]:
    if len(args["ids"]) > WIDEST:
        raise Refused(
            "ARGUMENT_LIMIT", f"You may not provide more than {WIDEST} node ids; you provided {len(args['ids'])}."
        )
    return [_node(answer, record, {"id": one}, key, place) for place, one in enumerate(args["ids"])]


def _rate(answer: Answer, *_: Any) -> Shape:
    (cost, nodes), left = answer.price, answer.left
    return {
        "limit": 5000,
        "cost": cost,
        "nodeCount": nodes,
        "remaining": left,
        "used": 5000 - left,
        "resetAt": answer.reset,
    }


def _numbered(field: str, word: str) -> Any:
    def read(answer: Answer, record: Shape, args: Shape, key: str) -> Shape | None:
        found = next((one for one in record[field] if one["number"] == args["number"]), None)
        return found or answer.missing(
            ["repository", key], f"Could not resolve to {word} with the number of {args['number']}."
        )

    return read


OWN = {
    ("Query", "repository"): _repository,
    ("Query", "organization"): _organization,
    ("Query", "node"): _node,
    ("Query", "nodes"): _nodes,
    ("Query", "rateLimit"): _rate,
    ("Query", "viewer"): lambda *_: actor("sandbox-reader"),
    ("Query", "repositoryOwner"): _owner,
    ("Repository", "object"): _object,
    ("Repository", "pullRequest"): _numbered("pullRequests", "a PullRequest"),
    ("Repository", "issue"): _numbered("issues", "an Issue"),
}


def answer(github: GitHub, text: str, variables: Shape, reset: str, left: int) -> tuple[Shape, int]:
    """Return GitHub's answer to a query, and its price in points. Errors come inside the answer, as GitHub's do."""
    operation, fragments, errors = _read(text)
    if errors or operation is None:
        return {"errors": errors or [{"message": "A query attribute must be specified and must be a string."}]}, 1
    values = get_variable_values(SCHEMA, operation.variable_definitions or (), variables)
    if isinstance(values, list):
        return {"errors": [{"message": error.message} for error in values]}, 1
    run = Answer(github, reset, left, fragments, dict(values.coerced))
    requests, nodes = run.cost(SCHEMA.query_type, operation.selection_set.selections)
    run.price = max(1, int(requests / 100 + 0.5)), nodes
    if nodes > MOST_NODES:
        message = f"This query requests up to {nodes:,} possible nodes."
        return {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}]}, 1
    try:
        data = run.completion(SCHEMA.query_type, [operation])({})
    except Refused as refused:
        return {"data": None, "errors": [{"type": refused.kind, "message": str(refused)}]}, run.price[0]
    return {"data": data, **({"errors": run.errors} if run.errors else {})}, run.price[0]
