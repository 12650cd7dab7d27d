"""One glance over a hundred repositories: which of them have anything new since they were last read."""

import json
from typing import Any

from collectors.github import LISTS
from collectors.graphql import chunks
from collectors.stream import Stream
from collectors.wire import Wire
from data import Live, Origin, Progress, Row

TOGETHER = 100  # repositories in one question
PROBE = "github_repositories"
LOOK = f"""
    id nameWithOwner url isArchived createdAt pushedAt
    defaultBranchRef {{ name target {{ oid ... on Commit {{ checkSuites(first: 1) {{ totalCount }} }} }} }}
    {" ".join(one.look() for one in LISTS)}
"""
KEPT = ("id", "nameWithOwner", "url", "isArchived", "createdAt", "defaultBranchRef")


async def glance(
    wire: Wire, store: Live, source: str, scopes: tuple[str, ...], streams: tuple[Stream, ...]
) -> dict[str, str]:
    """Return a mark for every repository that has something to read; the others are complete as they are.

    The mark is what GitHub said of it just before the reading; keep it with `seen` when everything was read.
    A repository is quiet when its mark is the one it was last read at and nothing in it is unfinished.
    """
    restless = set().union(*(store.restless(source, s.name, s.unfinished, wire.now) for s in streams if not s.every))
    marks, quiet = {}, []
    for some in chunks(list(scopes), TOGETHER):
        asked = " ".join(
            f"r{k}: repository(owner: {json.dumps(scope.split('/')[0])}, name: {json.dumps(scope.split('/')[1])}) {{ {LOOK} }}"
            for k, scope in enumerate(some)
        )
        data = await wire.graphql(f"query {{ rateLimit {{ cost remaining resetAt }} {asked} }}", {}, narrows=True)
        for k, scope in enumerate(some):
            body: dict[str, Any] | None = data.get(f"r{k}")
            origin = Origin(source, "github", PROBE, scope)
            known = store.progress(origin)
            marks[scope] = json.dumps(body, sort_keys=True)
            if body and scope not in restless and (known.place or {}).get("mark") == marks[scope]:
                quiet.append(scope)
            elif body:
                row = Row(body["id"], wire.now, {name: body[name] for name in KEPT}, scope)
                store.land(origin, [row], Progress(known.place, known.complete_to), wire.now)
    store.still(source, quiet, [PROBE, *(s.name for s in streams if not s.every)], wire.now)
    return {scope: mark for scope, mark in marks.items() if scope not in quiet}


def seen(wire: Wire, store: Live, source: str, scope: str, mark: str) -> None:
    """Keep that a repository was read completely at this mark."""
    store.land(Origin(source, "github", PROBE, scope), [], Progress({"mark": mark}, wire.now), wire.now)
