"""Breaks collecting in every way there is and counts what is lost, doubled or changed: nothing may be.

    python -m tests.torture [part ...] [--first N] [--last N] [--every N]

Every case has a number, so a long run goes on where it was stopped: `make torture ARGS="kills --first 40"`. The reduced sandbox
company answers, in this process or over loopback, a few items a page. What a clean collection holds is what every broken one
must hold once the fault is lifted and at most two more were made. Escapes, hostile words and canaries are the promises of
other files, run here by number as well. Writes what came of it to docs/torture.md.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import stamina

from collectors import source, sync
from collectors.sandbox import anchor, server
from collectors.source import Source
from collectors.wire import LARGEST, Wire
from data import CairnError, Live, edition, query
from data.editions import edition as newest
from data.journal import Journal, read_twin
from tests.tortured import Ran, write

HOUSE = Path(__file__).resolve().parent.parent
BORN = anchor(date(2026, 6, 15))
TOKEN = "canary-token-of-the-torture"
REPOSITORIES = ("marrowby/storefront", "marrowby/catalogue")
AGAIN = 2  # syncs after which all must be well
PLAIN = re.compile(r"\b(again|check|put|write|update|give|add|correct|ask|make|run|needs)\b", re.IGNORECASE)
SAFE = re.compile(r"\b(keep|kept|lost|safe|goes on|stays?|is read)\b", re.IGNORECASE)


# The reduced company


class Narrow(httpx.AsyncBaseTransport):
    """The company's door, a few items a page, so that a short life takes many requests. Counts them.

    What is `known` is answered as it was before: of a company in which nothing moves.
    """

    def __init__(self, app: Any, size: int, known: dict[tuple, tuple] | None = None) -> None:
        self.door, self.size, self.known, self.asked = httpx.ASGITransport(app=app), size, known, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        question = (request.method, str(request.url), request.content)
        if self.known is None or question not in self.known:
            reply = await self.door.handle_async_request(narrowed(request, self.size))
            told = (reply.status_code, tuple(reply.headers.multi_items()), await reply.aread())
            if self.known is not None:
                self.known[question] = told
        else:
            told = self.known[question]
        status, headers, content = told
        return httpx.Response(status, headers=headers, content=content)


def narrowed(request: httpx.Request, size: int) -> httpx.Request:
    """Return the same question for fewer items at a time, nested lists included."""
    body, url = request.content, request.url
    if body:
        asked = json.loads(body)
        if "query" in asked:
            asked["query"] = re.sub(r"\bfirst: (\d+)", lambda m: f"first: {min(int(m[1]), size)}", asked["query"])
        for part in (asked, asked.get("variables") or {}):
            part.update({name: min(part[name], size) for name in ("first", "maxResults") if name in part})
        body = json.dumps(asked).encode()
    if "per_page" in url.params:
        url = url.copy_set_param("per_page", min(int(url.params["per_page"]), size))
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    return httpx.Request(request.method, url, headers=headers, content=body)


class Patient(Source):
    """A source whose waits for limits take no time."""

    def wire(self) -> Wire:
        wire = super().wire()
        wire.sleep = lambda _: asyncio.sleep(0)
        return wire


@dataclasses.dataclass(frozen=True)
class Company:
    """The company as of so many days after its beginning, so many items a page."""

    days: int
    size: int

    def door(self) -> Narrow:
        return Narrow(company(self.days), self.size, answers(self))

    def sources(self, door: httpx.AsyncBaseTransport) -> list[Source]:
        found = people()
        told = {"transport": door, "github": (), "headers": {"Authorization": f"Bearer {TOKEN}"}}
        return [
            Patient(**{**vars(one), **told, "scopes": REPOSITORIES if one.kind == "github" else one.scopes})
            for one in found
        ]


@lru_cache(1)
def people() -> list[Source]:
    return source.sandbox(BORN + timedelta(days=1))[0]


@lru_cache(8)
def company(days: int) -> Any:
    return server.serve(BORN, BORN + timedelta(days=days), 7)


@lru_cache
def answers(_: Company) -> dict[tuple, tuple]:
    return {}


SHORT = Company(days=6, size=12)  # some 40 requests: the sample of every test run
WHOLE = Company(days=9, size=7)  # some 120 requests


class Ears:
    """Hears everything that is said to people."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def page(self, *_: Any) -> None: ...

    def done(self, *_: Any) -> None: ...

    def park(self, *_: Any) -> None: ...

    def say(self, line: str) -> None:
        self.heard.append(line)


class BrokenPromiseError(AssertionError):
    """Something was lost, doubled, changed, emptied or said badly."""


@contextlib.contextmanager
def home(start: Path | None = None) -> Iterator[Path]:
    """A home of its own, a copy of another if one is given; the environment points to it."""
    shelf = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 a disk in memory, where there is one
    with tempfile.TemporaryDirectory(dir=shelf) as place:
        path = Path(place) / "home"
        if start:
            shutil.copytree(start, path)
        before = {name: os.environ.get(name) for name in ("CAIRN_HOME", "CAIRN_CONFIG")}
        os.environ |= {"CAIRN_HOME": str(path), "CAIRN_CONFIG": str(Path(place) / "team.toml")}
        try:
            yield path
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def collect(told: Company, door: httpx.AsyncBaseTransport, *, published: bool = True) -> list[str]:
    """Run one sync and return everything it said. What is not an error for people is raised.

    Where nobody looks at an edition none is `published`: it takes as long as all the rest.
    """
    ears, press = Ears(), contextlib.nullcontext() if published else mock.patch.object(sync.Press, "now")
    try:
        with press, Live("sandbox") as store:
            outcomes = asyncio.run(sync.Run(store, ears).all(told.sources(door)))
    except CairnError as error:
        return [str(error)]
    return [sentence for one in outcomes for sentence in one.parked]


def held(which: str = "sandbox") -> dict[str, str]:
    """Return a hash of every raw table: ids, versions, bodies, what is whole and what is gone, in one order."""
    with Live(which) as store:
        return {
            table: store.connection.execute(
                "select count(*) || ' ' || coalesce(md5(string_agg(concat_ws('|', source, id, scope, parent, version, md5(body),"
                f" whole = version, gone_at is null), ',' order by source, id)), '') from raw.{table}"
            ).fetchone()[0]
            for table in store.tables()
        }


def doubled(which: str) -> int:
    with Live(which) as store:
        return sum(
            store.connection.execute(f"select count(*) - count(distinct (source, id)) from raw.{table}").fetchone()[0]
            for table in store.tables()
        )


def shown() -> int:
    """Return how many items the pages can show; 0 without an edition."""
    if not edition():
        return 0
    return int(query("select (select count(*) from pull_requests) + (select count(*) from issues) as n").n[0])


def standing() -> int:
    """Return how many items an edition made now would show."""
    with Live("sandbox") as store:
        return sum(
            store.connection.execute(f"select count(*) from raw.{table} where gone_at is null").fetchone()[0]
            for table in ("github_pull_requests", "github_issues", "jira_issues")
        )


def unless_clear(told: list[str]) -> None:
    """Raise unless what was said names the cause and the next step in a few lines, and no secret."""
    for sentence in told:
        wrong = [
            reason
            for reason, is_so in (
                ("is too long", sentence.count("\n") > 2 or len(sentence) > 600),
                ("holds the token", TOKEN in sentence),
                ("is a traceback", "Traceback" in sentence),
                ("names no next step", not PLAIN.search(sentence)),
                ("does not say what is safe", not SAFE.search(sentence)),
            )
            if is_so
        ]
        if wrong:
            raise BrokenPromiseError(f"'{sentence}' {' and '.join(wrong)}")


@dataclasses.dataclass
class Ground:
    """What cases start from and are compared with: a home from three days earlier, and what a clean sync holds."""

    told: Company
    place: Path
    truths: dict[bool, dict[str, str]]  # by whether the home was empty
    requests: int
    shown: int
    standing: int

    @property
    def earlier(self) -> Path:
        return self.place / "earlier"


@contextlib.contextmanager
def ground(told: Company) -> Iterator[Ground]:
    stamina.set_testing(True, attempts=6, cap=True)
    with tempfile.TemporaryDirectory() as place:
        with home() as path:
            early = dataclasses.replace(told, days=told.days - 4)
            said = collect(early, early.door())
            first, stood = shown(), standing()
            shutil.copytree(path, Path(place) / "earlier")
        truths = {}
        for empty in (False, True):
            with home(None if empty else Path(place) / "earlier"):
                door = told.door()
                said += collect(told, door, published=False)
                truths[empty] = held()
                if doubled("sandbox"):  # what equals it holds nothing twice either
                    raise BrokenPromiseError("a clean sync holds rows twice")
        if said or not first:
            raise BrokenPromiseError(f"a clean sync says {said}")
        yield Ground(told, Path(place), truths, door.asked, first, stood)
    stamina.set_testing(False)


def unless_mended(at: Ground, *, empty: bool) -> None:
    """Raise unless everything is there again after at most two syncs without a fault."""
    said, truth = [], at.truths[empty]
    for now, before, what in ((shown, at.shown, "view"), (standing, at.standing, "store")):
        if not empty and now() < before:
            raise BrokenPromiseError(f"the old {what} was emptied: {now()} items instead of {before}")
    for _ in range(AGAIN):
        said = collect(at.told, at.told.door(), published=False)
        now = held()
        if now == truth:
            break
    differing = [name for name in truth if now.get(name) != truth[name]]
    if differing:
        told = {name: (now.get(name, "")[:12], truth[name][:12]) for name in differing}
        raise BrokenPromiseError(f"after {AGAIN} more syncs these differ: {told}; said {said}")


# Faults of the wire: each gets the question, the true answer and the one before it, and gives what comes instead

Answer = httpx.Response
Fault = Callable[[httpx.Request, Answer, Answer | None], Answer]


def says(status: int, body: Any, **headers: str) -> Fault:
    def fault(request: httpx.Request, true: Answer, _: Answer | None) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(
            status, headers={"date": true.headers["date"], "content-type": "application/json", **told}, content=content
        )

    return fault


def limited(status: int, **headers: Callable[[float], str]) -> Fault:
    """A limit, with headers that count from the service's clock."""

    def fault(request: httpx.Request, true: Answer, before: Answer | None) -> Answer:
        now = source_time(true)
        told = {name: made(now) for name, made in headers.items()}
        return says(status, {"message": "You have exceeded a secondary rate limit."}, **told)(request, true, before)

    return fault


def raises(error: Callable[[httpx.Request], Exception]) -> Fault:
    def fault(request: httpx.Request, _: Answer, __: Answer | None) -> Answer:
        raise error(request)

    return fault


def torn(kind: type[httpx.TransportError], share: float) -> Fault:
    """A body that breaks off in the middle."""

    class Half(httpx.AsyncByteStream):
        def __init__(self, content: bytes, request: httpx.Request) -> None:
            self.content, self.request = content, request

        async def __aiter__(self):
            yield self.content
            raise kind("the line broke", request=self.request)

    def fault(request: httpx.Request, true: Answer, _: Answer | None) -> Answer:
        part = true.content[: int(len(true.content) * share)]
        return Answer(true.status_code, headers=clean(true), stream=Half(part, request))

    return fault


def remade(change: Callable[[bytes], bytes], **headers: str) -> Fault:
    def fault(_: httpx.Request, true: Answer, __: Answer | None) -> Answer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(true.status_code, headers=clean(true) | told, content=change(true.content))

    return fault


def clean(true: Answer) -> dict[str, str]:
    return {name: value for name, value in true.headers.items() if name != "content-length"}


def source_time(true: Answer) -> float:
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(true.headers["date"]).timestamp()


def graphql(instead: Callable[[Any], Any], otherwise: Fault) -> Fault:
    """A fault of GraphQL answers; others get another one."""

    def fault(request: httpx.Request, true: Answer, before: Answer | None) -> Answer:
        if not request.url.path.endswith("graphql"):
            return otherwise(request, true, before)
        return Answer(200, headers=clean(true), content=json.dumps(instead(json.loads(true.content))).encode())

    return fault


def error(kind: str | None, message: str) -> Callable[[Any], Any]:
    return lambda _: {"data": None, "errors": [{"message": message} | ({"type": kind} if kind else {})]}


def first_list(value: Any, path: tuple = ()) -> tuple[tuple, list] | None:
    """Return the first list of objects with ids in an answer, and where it is."""
    if isinstance(value, list):
        return (path, value) if value and isinstance(value[0], dict) and "id" in value[0] else None
    if isinstance(value, dict):
        for name, inner in value.items():
            if found := first_list(inner, (*path, name)):
                return found
    return None


def withheld(body: Any) -> Any:
    """Whole items are null, and errors say so."""
    if found := first_list(body.get("data")):
        path, items = found
        items[0] = None
        body["errors"] = [{"type": "FORBIDDEN", "path": [*path, 0], "message": "Resource not accessible"}]
    return body


def holes(body: Any) -> Any:
    """Nested lists are null, and errors say so."""
    if found := first_list(body.get("data")):
        path, items = found
        for name in [n for n, v in items[0].items() if isinstance(v, dict) and "nodes" in v]:
            items[0][name] = None
            body.setdefault("errors", []).append(
                {"type": "FORBIDDEN", "path": [*path, 0, name], "message": "Resource not accessible"}
            )
    return body


def drifted(content: bytes) -> bytes:
    """One item has lost its id, another its time of change."""
    body = json.loads(content)
    if found := first_list(body):
        items = found[1]
        items[0].pop("id")
        for name in ("updatedAt", "updated_at", "created_at"):
            items[-1].pop(name, None)
        if isinstance(items[-1].get("fields"), dict):
            items[-1]["fields"].pop("updated", None)
    return json.dumps(body).encode()


def repeated(request: httpx.Request, true: Answer, before: Answer | None) -> Answer:
    """The page before comes once more."""
    return before or true


def overlapping(content: bytes) -> bytes:
    """The last item of the page comes twice, as if the list had moved by one."""
    body = json.loads(content)
    if found := first_list(body):
        found[1].append(found[1][-1])
    return json.dumps(body).encode()


def other_form(content: bytes) -> bytes:
    return b"[]" if content.lstrip().startswith(b"{") else b"{}"


def in_words(request: httpx.Request, true: Answer, before: Answer | None) -> Answer:
    """The place to go on from is no longer known, in each service's own words."""
    if request.url.path.endswith("graphql"):
        told = {"type": "INVALID_CURSOR_ARGUMENTS", "message": "`expired` does not appear to be a valid cursor."}
        return says(200, {"data": None, "errors": [told]})(request, true, before)
    if "/rest/" in request.url.path:
        words = {"errorMessages": ["The provided next page token is invalid or expired."], "errors": {}}
        return says(400, words)(request, true, before)
    return says(422, {"message": "Invalid cursor"})(request, true, before)


HTML = b"<html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
WENT_WRONG = "Something went wrong while executing your query. This may be the result of a timeout."
WIDE = "Resource limits for this query exceeded."

FAULTS: dict[str, Fault] = {
    "401": says(401, {"message": "Bad credentials"}),
    "403 permission": says(403, {"message": "Resource not accessible"}, x_accepted_github_permissions="actions=read"),
    "403 retry-after": says(403, SECONDARY, retry_after="7"),
    "429 retry-after, a date": limited(429, **{"retry-after": lambda now: formatdate(now + 9, usegmt=True)}),
    "429 retry-after, an hour": says(429, {}, retry_after="3600"),
    "403 secondary limit": says(403, SECONDARY),
    "403 budget spent": limited(
        403, **{"x-ratelimit-remaining": lambda _: "0", "x-ratelimit-reset": lambda now: f"{now + 90:.0f}"}
    ),
    "200 budget spent": graphql(error("RATE_LIMITED", "API rate limit exceeded"), says(429, {}, retry_after="3")),
    "404": says(404, {"message": "Not Found"}),
    "410": says(410, {"errorMessages": ["The requested API has been removed."]}),
    "500": says(500, {"message": "Oops"}),
    "502 in HTML": says(502, HTML, content_type="text/html"),
    "503 retry-after": says(503, {}, retry_after="2"),
    "504": says(504, b""),
    "no connection": raises(lambda r: httpx.ConnectError("refused", request=r)),
    "no answer": raises(lambda r: httpx.ReadTimeout("silence", request=r)),
    "slow loris": raises(lambda _: TimeoutError()),
    "proxy refuses": raises(lambda r: httpx.ProxyError("407 Proxy Authentication Required", request=r)),
    "reset": torn(httpx.ReadError, 0.5),
    "short body": torn(httpx.RemoteProtocolError, 0.9),
    "cut body": remade(lambda content: content[: len(content) // 2]),
    "login page": says(200, HTML, content_type="text/html"),
    "empty": remade(lambda _: b""),
    "null": remade(lambda _: b"null"),
    "other form": remade(other_form),
    "bad gzip": remade(lambda content: b"\x1f\x8b\x08\x00garbage" + content[:200], content_encoding="gzip"),
    "gzip bomb": remade(lambda _: bomb(), content_encoding="gzip"),
    "NaN": remade(lambda content: content[:-1] + b',"more":NaN}'),
    "deep": remade(lambda _: b'{"a":' * 3000 + b"1" + b"}" * 3000),
    "page before": repeated,
    "overlapping page": remade(overlapping),
    "expired cursor": in_words,
    "redirect": says(302, b"", location="https://elsewhere.example/steal"),
    "too wide": graphql(error("RESOURCE_LIMITS_EXCEEDED", WIDE), says(500, {})),
    "went wrong": graphql(error(None, WENT_WRONG), says(502, {})),
    "withheld items": graphql(withheld, says(403, {"message": "Forbidden"})),
    "withheld parts": graphql(holes, says(403, {"message": "Forbidden"})),
    "drift": remade(drifted),
}


PASSING = set(FAULTS) - {
    "401", "403 permission", "429 retry-after, an hour", "404", "410", "login page", "gzip bomb", "redirect",
    "expired cursor", "withheld items", "withheld parts", "drift",
}  # fmt: skip


@lru_cache(1)
def bomb() -> bytes:
    return gzip.compress(b" " * (LARGEST + 1_000_000), 1)


def one_list(request: httpx.Request) -> str:
    """Return what tells a list from others, whichever of its pages is asked for."""
    asked = json.loads(request.content) if request.content else {}
    for part in (asked, asked.get("variables") or {}):
        for name in ("nextPageToken", "startAt", "after"):
            part.pop(name, None)
    return f"{request.url.copy_remove_param('startAt').copy_remove_param('page')} {json.dumps(asked, sort_keys=True)}"


class Spoilt(Narrow):
    """The company's door with a fault: at one request, or from one on (`lasting`)."""

    def __init__(self, told: Company, spoils: dict[int, tuple[str, bool]]) -> None:
        super().__init__(company(told.days), told.size, answers(told))
        self.spoils, self.before, self.fired = spoils, dict[str, httpx.Response](), 0
        self.leaked = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        true = await super().handle_async_request(request)
        self.leaked |= request.url.host.startswith("elsewhere")
        path, number = str(request.url.path), self.asked
        which = one_list(request)
        before, self.before[which] = self.before.get(which), true
        for first, (name, lasting) in self.spoils.items():
            truthful = name in {"404", "410"} and re.search(
                r"/runs/\d+$", path
            )  # that one run is gone: its word is taken
            if (number == first or (lasting and number > first)) and not truthful:
                self.fired += 1
                return FAULTS[name](request, true, before)
        return true


# The parts


def wire_cases(requests: int) -> list[tuple[int, str]]:
    """Return every request with every fault, the requests spread so that any stretch of cases sees all of them."""
    return [(n, name) for n in range(1, requests + 1) for name in FAULTS]


def wire(at: Ground, number: int) -> None:
    """Spoil one request in one way, once or from then on."""
    n, name = wire_cases(at.requests)[number]
    spoil(at, [{n: (name, bool((n + len(name)) % 2))}], empty=(n // 2) % 2 == 0, published=number % 10 == 0)


def pairs(at: Ground, number: int) -> None:
    """Spoil two requests, in the same sync or in two that follow each other."""
    luck = random.Random(f"pair {number}")
    one, two = ({luck.randint(1, at.requests): (luck.choice(list(FAULTS)), luck.random() < 0.4)} for _ in range(2))
    spoil(at, [one | two] if luck.random() < 0.5 else [one, two], empty=luck.random() < 0.5, published=number % 10 == 0)


def spoil(at: Ground, syncs: list[dict[int, tuple[str, bool]]], *, empty: bool, published: bool = True) -> None:
    """Run syncs with faults, then without, from an empty home or from one of some days before.

    An edition is made of what the store holds alone, and takes as long as all the rest: only some cases are `published`.
    """
    with home(None if empty else at.earlier):
        for spoils in syncs:
            door = Spoilt(at.told, spoils)
            said = collect(at.told, door, published=published and not empty)
            unless_clear(said)
            unnoticed = all(name in PASSING and not lasting for name, lasting in spoils.values())
            if said and unnoticed and len(spoils) == 1:
                raise BrokenPromiseError(f"a moment's trouble is not worth saying {said}")
            if door.leaked:
                raise BrokenPromiseError("the token went to another host")
        unless_mended(at, empty=empty)


def shifts(at: Ground, number: int) -> None:
    """Change, add, delete and reorder items between the pages of a sync; the next ones hold exactly what is there."""
    luck = random.Random(f"shift {number}")
    told = dataclasses.replace(at.told, days=at.told.days)
    moving = server.Company(BORN, BORN + timedelta(days=told.days), 7)
    for records in moving.github.repositories.values():
        for kind in ("pullRequests", "issues"):
            records[kind] = [dict(one) for one in records[kind]]
            moving.github.nodes.update({one["id"]: one for one in records[kind]})
    door = Narrow(app_of(moving), told.size)
    with home(None if luck.random() < 0.5 else at.earlier):
        for rate in (luck.choice((0.1, 0.3, 0.6)), 0.0, 0.0):
            mover = Moving(door, moving, luck, rate)
            said = collect(told, mover, published=False)
            unless_clear(said)
        with Live("sandbox") as store:
            for table, kind in (("github_pull_requests", "pullRequests"), ("github_issues", "issues")):
                found = store.connection.execute(
                    f"select id, body->>'updatedAt', body->>'title' from raw.{table} where gone_at is null order by id"
                ).fetchall()
                there = sorted(
                    (one["id"], one["updatedAt"], one["title"])
                    for name in REPOSITORIES
                    for one in moving.github.repositories[name][kind]
                )
                if found != there:
                    raise BrokenPromiseError(f"{table}: {sorted(set(found) ^ set(there))[:3]}")


def app_of(moving: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Route

    return Starlette(
        routes=[
            Route("/api/graphql", moving.answer_graphql, methods=["POST"]),
            Route("/api/v3/{path:path}", moving.answer_rest),
            Route("/rest/{path:path}", moving.answer_jira, methods=["GET", "POST"]),
        ]
    )


class Moving(httpx.AsyncBaseTransport):
    """A door behind which things change while one reads."""

    def __init__(self, door: Narrow, moving: Any, luck: random.Random, rate: float) -> None:
        self.door, self.moving, self.luck, self.rate = door, moving, luck, rate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.luck.random() < self.rate:
            self.change()
        return await self.door.handle_async_request(request)

    def change(self) -> None:
        self.moving.now += 1
        stamp = datetime.fromtimestamp(self.moving.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        records = self.moving.github.repositories[self.luck.choice(REPOSITORIES)]
        kind = self.luck.choice(("pullRequests", "issues"))
        items = records[kind]
        match self.luck.choice(("touch", "touch", "add", "delete")):
            case "touch" if items:
                self.luck.choice(items).update(updatedAt=stamp, title=f"changed at {stamp}")
            case "add" if items:
                new = {
                    **self.luck.choice(items),
                    "id": f"NEW_{self.moving.now}",
                    "createdAt": stamp,
                    "updatedAt": stamp,
                }
                items.append(new)
                self.moving.github.nodes[new["id"]] = new
            case "delete" if len(items) > 3 and kind == "issues":  # a pull request cannot be deleted
                lost = items.pop(self.luck.randrange(len(items)))
                self.moving.github.nodes.pop(lost["id"], None)


# Parts that need a process of their own: the company answers over loopback, and the command itself is run


@contextlib.contextmanager
def served(told: Company) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as place:
        port = Path(place) / "port"
        command = [sys.executable, "-m", "tests.torture", "serve", str(port), str(told.days), str(told.size)]
        with subprocess.Popen(command, cwd=HOUSE) as running:
            try:
                while not size(port):
                    time.sleep(0.02)
                yield f"http://127.0.0.1:{port.read_text()}"
            finally:
                running.kill()  # it holds nothing, and would wait for a client that was itself killed


def serve(port_file: str, days: str, size: str) -> None:
    """Answer for the company over HTTP until terminated."""
    import socket

    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import Response
    from starlette.routing import Route

    door = Narrow(company(int(days)), int(size))

    async def answer(request: Request) -> Response:
        try:
            content = await request.body()
        except ClientDisconnect:  # the one who asked was killed
            return Response()
        told = httpx.Request(request.method, str(request.url), headers=dict(request.headers), content=content)
        reply = await door.handle_async_request(told)
        return Response(
            reply.content, reply.status_code, {k: v for k, v in reply.headers.items() if k != "content-length"}
        )

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:  # so that asyncio sends an answer's parts at once
        listening.bind(("127.0.0.1", 0))
        running = uvicorn.Server(uvicorn.Config(app, log_level="error", date_header=False, server_header=False))
        Path(port_file).write_text(str(listening.getsockname()[1]))
        asyncio.run(running.serve(sockets=[listening]))


@dataclasses.dataclass
class Town:
    """The served company, a team that reads it, and what a clean sync of it holds."""

    told: Company
    url: str
    place: Path
    truth: dict[str, str] = dataclasses.field(default_factory=dict)
    shown: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> Path:
        return self.place / "clean"

    def settle(self, path: Path) -> None:
        """Write the team file of a home."""
        words = f"""
            [github]
            url = "{self.url}"
            repositories = {json.dumps(REPOSITORIES)}
            [jira]
            url = "{self.url}"
            projects = ["SHOP", "PAY", "OPS"]
        """
        path.with_name("team.toml").write_text(words, encoding="utf-8")

    def command(self, **more: Any) -> subprocess.Popen[str]:
        settings = {
            "CAIRN_INSECURE_HOSTS": "127.0.0.1", "GITHUB_TOKEN": TOKEN, "JIRA_EMAIL": "someone@example.org", "JIRA_TOKEN": TOKEN,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "collectors", "sync"], cwd=HOUSE, env={**os.environ, **settings},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more,
        )  # fmt: skip

    def sync(self, **more: Any) -> tuple[int, str]:
        with self.command(**more) as running:
            said, _ = running.communicate(timeout=300)
        if "Traceback" in said or TOKEN in said:
            raise BrokenPromiseError(f"a sync says {said[-800:]}")
        return running.returncode, said

    def unless_mended(self, before: int) -> None:
        if shown() < before:
            raise BrokenPromiseError(f"the old view was emptied: {shown()} items instead of {before}")
        code, said = 0, ""
        for _ in range(AGAIN):
            code, said = self.sync()
            now = held("team")
            if now == self.truth and code == 0:
                return
        differing = [name for name in self.truth if now.get(name) != self.truth[name]]
        raise BrokenPromiseError(
            f"after {AGAIN} more syncs {differing or 'nothing'} differ, exit {code}: {said[-500:]}"
        )


@contextlib.contextmanager
def town(told: Company) -> Iterator[Town]:
    with tempfile.TemporaryDirectory() as place, served(told) as url, home() as path:
        one = Town(told, url, Path(place))
        one.settle(path)
        began = time.monotonic()
        code, said = one.sync()
        one.seconds, one.truth, one.shown = time.monotonic() - began, held("team"), shown()
        if code:
            raise BrokenPromiseError(f"a clean sync says {said}")
        shutil.copytree(path, one.clean)
        yield one


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def marks(path: Path) -> dict[str, Callable[[], Any]]:
    """Return what to look at from outside to know where a sync is: it is killed when the value changes."""
    shelf = path / "published"
    return {
        "a commit": lambda: size(path / "live.duckdb.wal"),
        "the log is written": lambda: size(path / "live.duckdb.wal") > 0,
        "a checkpoint": lambda: size(path / "live.duckdb"),
        "a draft begins": lambda: any(shelf.glob("*.tmp")),
        "a draft grows": lambda: max((size(one) for one in shelf.glob("*.tmp")), default=0) >> 18,
        "a draft is renamed": lambda: len(list(shelf.glob("*.duckdb"))),
        "a pointer is ready": (shelf / "current.new").exists,
        "a pointer is replaced": lambda: (shelf / "current").read_bytes() if (shelf / "current").exists() else b"",
    }


def kills(at: Town, number: int, turns: int = 4) -> None:
    """Kill a sync at an instant, or at a marked point, and go on, four times; then it may finish."""
    luck = random.Random(f"kill {number}")
    with home() as path:
        at.settle(path)
        for turn in range(turns):
            before = shown()
            with at.command() as running:
                if (number + turn) % 2:
                    time.sleep(luck.uniform(0.05, 1.0) * at.seconds)
                else:
                    look = luck.choice(list(marks(path).values()))
                    for _ in range(luck.choice((1, 1, 2, 5, 12))):
                        seen = look()
                        while look() == seen and running.poll() is None:
                            pass
                running.kill()
                running.communicate()
            if doubled("team") or shown() < before:
                raise BrokenPromiseError(f"kill {turn}: rows twice, or the old view was emptied")
        at.unless_mended(shown())


def disk(at: Town, number: int) -> None:
    """Let no file grow beyond a size, as a full disk does, and then give room again."""
    limit = 4096 + number * (16 << 10)
    with home() as path:
        at.settle(path)
        code, said = at.sync(preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)))
        if code not in {0, 1, 2}:
            raise BrokenPromiseError(f"a full disk ends with {code}: {said[-500:]}")
        if code == 2:
            lines = [line for line in said.splitlines() if line and "requests," not in line]
            unless_clear(["\n".join(lines[-2:])])
        at.unless_mended(shown())


def damage(at: Town, number: int) -> None:
    """Flip a byte of the live file, of its log or of an edition, or cut one short; nothing wrong is ever shown."""
    luck = random.Random(f"damage {number}")
    with home(at.clean if number % 3 else None) as path:
        at.settle(path)
        if not number % 3:  # a log is there when a sync was killed
            with at.command() as running:
                while size(path / "live.duckdb.wal") < 200_000 and running.poll() is None:
                    time.sleep(0.002)
                running.kill()
                running.communicate()
        before = shown()
        files = [path / "live.duckdb.wal", path / "live.duckdb", newest().path if before else path / "live.duckdb"]
        hurt = next(one for one in (files[number % 3], files[1]) if size(one))
        with hurt.open("r+b") as handle:
            place = luck.randrange(size(hurt))
            if number % 10 == 0:
                handle.truncate(place)
            else:
                handle.seek(place)
                old = handle.read(1)[0]
                handle.seek(place)
                handle.write(bytes([old ^ (1 << luck.randrange(8))]))
        is_edition = hurt.parent.name == "published"
        code, said = at.sync()
        if code == 2:
            unless_clear(["\n".join(said.strip().splitlines()[-2:])])
        at.unless_mended(0 if is_edition else before)
        if shown() < at.shown:
            raise BrokenPromiseError(f"{shown()} of {at.shown} items are shown")


SCRIBBLE = """
import itertools, sys
from pathlib import Path
from data.journal import Journal

url, twin, accepted, writer = sys.argv[1:]
journal = Journal(url, Path(twin))
with open(accepted, "a") as kept:
    for k in itertools.count():
        one = journal.write("note", {"what": f"{writer} {k}"}, f"writer {writer}")
        print(one.id, file=kept, flush=True)
"""
WRITERS = 10


def writers(place: Path, number: int) -> None:
    """Kill ten that write into one journal, one after the other, each at an instant of its own; all they accepted is there."""
    luck = random.Random(f"writers {number}")
    with tempfile.TemporaryDirectory(dir=place) as home:
        kept = Journal(f"sqlite:///{home}/journal.db", Path(home) / "journal.jsonl")
        unless_kept(kept, Path(home), luck)


def unless_kept(kept: Journal, place: Path, luck: random.Random) -> None:
    """Raise unless a journal that ten write into, while they are killed, holds whatever was accepted, once and twice over."""
    url = kept.engine.url.render_as_string(hide_password=False)
    told = [
        [sys.executable, "-c", SCRIBBLE, url, str(kept.twin), str(place / f"accepted.{k}"), f"{k}"]
        for k in range(WRITERS)
    ]
    writing = [subprocess.Popen(words, cwd=HOUSE) for words in told]
    for one in luck.sample(writing, WRITERS):
        there = kept.last()
        while kept.last() < there + luck.randrange(1, 12):
            if all(one.poll() is not None for one in writing):
                raise BrokenPromiseError("the writers gave up")
        one.kill()
        one.wait()
    accepted = {line for found in place.glob("accepted.*") for line in found.read_text().split("\n")[:-1]}
    again = Journal(url, kept.twin)
    there, twice = again.everything(), read_twin(again.twin)
    again.engine.dispose()
    if lost := accepted - {one.id for one in there}:
        raise BrokenPromiseError(f"{len(lost)} of {len(accepted)} accepted entries are lost")
    if [one.line() for one in there] != [one.line() for one in twice] or len({one.id for one in there}) != len(there):
        raise BrokenPromiseError("the second copy differs from the journal, or an entry is there twice")


@contextlib.contextmanager
def desk(_: Company) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


# Several collectors and dashboards on one lake

CROWD = 4  # collectors, and as many dashboards


def look(seed: str, pages: str) -> None:
    """Look at what is there until terminated, as people at a dashboard do; tell what was seen, and whatever went wrong."""
    from data import NeverCollectedError
    from metrics import METRICS, trend

    app, last, luck = None, 0, random.Random(seed)
    while True:
        time.sleep(luck.uniform(0.2, 2))  # somebody reads it
        try:
            if edition() is None:
                continue
            now = int(query("select (select count(*) from pull_requests) + (select count(*) from issues) as n").n[0])
            if now < last:
                raise BrokenPromiseError(f"{last} items became {now}")  # noqa: TRY301
            last = now
            trend(luck.choice(METRICS))
            if pages:
                from streamlit.testing.v1 import AppTest

                app = (app or AppTest.from_file(str(HOUSE / "pages" / "menu.py"), default_timeout=120)).run()
                if app.exception:
                    raise BrokenPromiseError(f"a page says {app.exception}")  # noqa: TRY301
            told = f"seen {last}"
        except NeverCollectedError:
            continue
        except Exception as error:  # noqa: BLE001 whatever it is, it must not happen
            told = f"error {type(error).__name__} {error}"
        sys.stdout.write(told + "\n")
        sys.stdout.flush()


@dataclasses.dataclass
class Shore:
    """A lake's PostgreSQL, two companies with a GitHub and a Jira each, and what a clean sync into a file holds of them."""

    postgres: str
    towns: list[Town]
    truth: dict[str, str]
    shown: int
    kills: int = 8
    pages: str = "pages"
    figures: dict[str, int] = dataclasses.field(default_factory=dict)

    def settle(self, place: Path, key: bytes | None) -> None:
        """Make a host of its own in a folder."""
        (place / "home").mkdir(parents=True)
        if key:
            (place / "home" / "person.key").write_bytes(key)
        both = [
            f'[[github]]\nurl = "{town.url}"\nrepositories = {json.dumps(REPOSITORIES)}\n'
            f'[[jira]]\nurl = "{town.url}"\nprojects = ["SHOP", "PAY", "OPS"]\n'
            for town in self.towns
        ]
        (place / "team.toml").write_text("".join(both), encoding="utf-8")

    def count(self, what: str, n: int = 1) -> None:
        self.figures[what] = self.figures.get(what, 0) + n


@contextlib.contextmanager
def host(place: Path) -> Iterator[None]:
    with mock.patch.dict(os.environ, {"CAIRN_HOME": str(place / "home"), "CAIRN_CONFIG": str(place / "team.toml")}):
        yield


@contextlib.contextmanager
def shore(told: Company) -> Iterator[Shore]:
    from tests import postgres

    with (
        postgres.server() as address,
        tempfile.TemporaryDirectory() as place,
        served(told) as one,
        served(dataclasses.replace(told, days=told.days + 1)) as two,
    ):
        at = Shore(address, [Town(told, url, Path(place)) for url in (one, two)], {}, 0)
        at.settle(Path(place) / "clean", None)
        with host(Path(place) / "clean"):
            code, said = at.towns[0].sync()
            at.truth, at.shown = held("team"), shown()
        if code:
            raise BrokenPromiseError(f"a clean sync says {said}")
        yield at


def lake(at: Shore, number: int) -> None:
    """Let four collectors and four dashboards share an empty lake, kill them at random, and hold the lake against a file."""
    from tests import postgres

    luck = random.Random(f"lake {number}")
    with tempfile.TemporaryDirectory() as shelf:
        place = Path(shelf)
        store = {"CAIRN_STORE": postgres.lake(at.postgres), "CAIRN_LAKE": str(place / "lake")}
        hosts = [place / f"{kind} {n}" for kind in ("collector", "dashboard") for n in range(CROWD)]
        for one in hosts:
            at.settle(one, b"0" * 64)
        with mock.patch.dict(os.environ, store):
            crowd = {one: began(at, one) for one in hosts}
            try:
                disturb(at, crowd, luck)
                mended(at, hosts[0])
                waited(at, crowd, hosts[CROWD:])
            finally:
                for running in crowd.values():
                    running.kill()
                    running.wait()
        for one in hosts[CROWD:]:
            lines = (one / "seen").read_text(encoding="utf-8").splitlines()
            at.count("looks", sum(line.startswith("seen") for line in lines))
            at.count("errors", len(wrong := [line for line in lines if not line.startswith("seen")]))
            if wrong:
                raise BrokenPromiseError(f"a dashboard met {wrong[:3]}")


def began(at: Shore, one: Path) -> subprocess.Popen[str]:
    """Start what runs on a host."""
    with host(one), (one / "said").open("a") as said, (one / "seen").open("a") as seen:
        if one.name.startswith("collector"):
            settings = {
                "CAIRN_INSECURE_HOSTS": "127.0.0.1",
                "GITHUB_TOKEN": TOKEN,
                "JIRA_EMAIL": "a@example.org",
                "JIRA_TOKEN": TOKEN,
            }
            command, env = [sys.executable, "-m", "collectors", "sync"], {**os.environ, **settings}
            return subprocess.Popen(command, cwd=HOUSE, env=env, stdout=said, stderr=said, text=True)
        command = [sys.executable, "-m", "tests.torture", "look", one.name, at.pages]
        return subprocess.Popen(command, cwd=HOUSE, stdout=seen, stderr=said, text=True)


def disturb(at: Shore, crowd: dict[Path, subprocess.Popen[str]], luck: random.Random) -> None:
    """Kill one after the other, collectors and dashboards in turn, and start them again; so does a collector that has ended."""
    for nth in range(at.kills):
        until = time.monotonic() + luck.uniform(1, 8)
        while time.monotonic() < until:
            for one, running in crowd.items():
                if running.poll() is not None:
                    ended(at, one, running)
                    crowd[one] = began(at, one)
            time.sleep(0.05)
        of = list(crowd)[CROWD * (nth % 2) :][:CROWD]
        one = luck.choice([name for name in of if crowd[name].poll() is None] or of)
        at.count("kills", crowd[one].poll() is None)
        crowd[one].kill()
        crowd[one].wait()
        crowd[one] = began(at, one)


def ended(at: Shore, one: Path, running: subprocess.Popen[str]) -> None:
    """Raise unless a collector ended well; a dashboard does not end."""
    said = (one / "said").read_text(encoding="utf-8")
    at.count("syncs")
    if one.name.startswith("dashboard") or running.returncode not in {0, 1} or "Traceback" in said or TOKEN in said:
        raise BrokenPromiseError(f"{one.name} ended with {running.returncode}: {said[-800:]}")


def mended(at: Shore, one: Path) -> None:
    """Let one collector finish what the others left, and hold the lake against the file."""
    with host(one):
        code, said, until = 1, "another collector", time.monotonic() + 400
        while (code or "another collector" in said) and time.monotonic() < until:  # the others may have a source each
            time.sleep(1)
            code, said = at.towns[0].sync()
        if doubled("team"):
            raise BrokenPromiseError(f"{doubled('team')} rows are there twice")
        now = held("team")
    differing = {
        name: (now.get(name, "")[:12], truth[:12]) for name, truth in at.truth.items() if now.get(name) != truth
    }
    if differing:
        raise BrokenPromiseError(f"the lake and the file differ: {differing}; {said[-300:]}")
    at.count("rows", sum(int(told.split()[0]) for told in now.values()))


def waited(at: Shore, crowd: dict[Path, subprocess.Popen[str]], dashboards: list[Path]) -> None:
    """Raise unless every dashboard shows all there is within a minute or two."""
    until = time.monotonic() + 120
    for one in dashboards:
        while f"seen {at.shown}\n" not in (one / "seen").read_text(encoding="utf-8"):
            if time.monotonic() > until or crowd[one].poll() is not None:
                raise BrokenPromiseError(
                    f"{one.name} never showed all {at.shown} items: {(one / 'said').read_text()[-500:]}"
                )
            time.sleep(0.2)


PARTS: dict[str, tuple[Callable[[Any, int], None], int, str]] = {
    "wire": (wire, 0, "spoilt requests"),
    "pairs": (pairs, 2000, "pairs of faults"),
    "shifts": (shifts, 1000, "syncs while everything moved"),
    "kills": (kills, 250, "chains of four kills"),
    "disk": (disk, 200, "full disks"),
    "damage": (damage, 1100, "damaged files"),
    "writers": (writers, 50, "times ten writers of a journal killed one by one"),
    "lake": (lake, 12, "lakes with four collectors and four dashboards, killed at random"),
}


PROMISED: dict[str, tuple[str, str]] = {  # which promises, as pytest chooses them, and what their cases are
    "escapes": ("test_console.py or test_console_page", "questions in SQL that want out"),
    "hostile": ("test_safe or test_bad_input or (hostile and not test_console)", "hostile words, addresses and files"),
    "canaries": (
        "test_people or test_privacy or test_bundle or no_login or no_secret or nowhere or shows_a_token or is_forgotten",
        "looks for a name or secret where none may be, and for groups below five",
    ),
}


def promised(part: str, first: int, last: int, every: int) -> Ran:
    """Run the promises of a part in a process of their own and return what came of them."""
    words, what = PROMISED[part]
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.chosen", words, *map(str, (first, last, every))]
    ended = subprocess.run(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"The promises of {part} could not be run; see above.")
    told = json.loads(ended.stdout.splitlines()[-1])
    took = time.monotonic() - began
    return Ran(part, what, told["cases"], told["numbers"], told["broken"], took, len(told["left_out"]))


def run(part: str, first: int, last: int, every: int = 1) -> Ran:
    """Run the cases of a part and return what came of it."""
    if part in PROMISED:
        return promised(part, first, last, every)
    case, count, what = PARTS[part]
    began, broken = time.monotonic(), []
    begins = {"kills": town, "disk": town, "damage": town, "writers": desk, "lake": shore}
    with begins.get(part, ground)(WHOLE) as at:
        if part == "wire":
            count = len(wire_cases(at.requests))
        numbers = range(first, min(last, count), every)
        for number in numbers:
            try:
                case(at, number)
            except Exception as error:  # noqa: BLE001 whatever it is, it is counted and the next case goes on
                broken.append(number)
                sys.stderr.write(f"{part} {number}: {type(error).__name__}: {error}\n")
            if (number - first) % (20 * every) == 0:
                sys.stderr.write(
                    f"{part} {number} of {count}, {len(broken)} broken, {time.monotonic() - began:.0f} s\n"
                )
    seen = getattr(at, "figures", {})
    return Ran(part, what, count, numbers, broken, time.monotonic() - began, seen=seen)


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        return serve(*sys.argv[2:5])
    if sys.argv[1:2] == ["look"]:
        return look(*sys.argv[2:4])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = {part: (what, count) for part, (_, count, what) in PARTS.items()}
    parts |= {part: (what, 0) for part, (_, what) in PROMISED.items()}
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("parts", nargs="*", default=list(parts), metavar="part", help=", ".join(parts))
    reader.add_argument("--first", type=int, default=0)
    reader.add_argument("--last", type=int, default=10**9)
    reader.add_argument("--every", type=int, default=1, help="only every so manieth case")
    asked = reader.parse_args()
    if unknown := set(asked.parts) - set(parts):
        reader.error(f"there is no part '{min(unknown)}'; there are {', '.join(parts)}")
    told = []
    for part in asked.parts:
        told.append(run(part, asked.first, asked.last, asked.every))
        write(told[-1:], parts)
    sentences = "\n".join(one.words() for one in told)
    sys.stdout.write(f"\n## {datetime.now(UTC):%Y-%m-%d}\n\n**Torture.** {sentences}\n")
    if any(one.broken for one in told):
        raise SystemExit(1)
    return None


if __name__ == "__main__":
    main()
