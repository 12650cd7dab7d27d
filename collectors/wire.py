"""The one place that sends: obeys the services' limits, tries again what may pass, and says in words what will not."""

import asyncio
import ipaddress
import json
import os
import socket
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import stamina

from data import CairnError

DEADLINE = 60.0  # seconds for one request, whatever the server does
LARGEST = 50 * 1024 * 1024  # bytes of one answer
PATIENCE = 900.0  # seconds to wait for a limit to lift; beyond it the work is parked
TRIES = 6
AT_ONCE = 8  # requests under way on one line; GitHub's rules allow 100


@dataclass
class Meter:
    """What one piece of work has cost so far."""

    requests: int = 0
    points: int = 0


METER: ContextVar[Meter | None] = ContextVar("meter", default=None)  # of the work at hand, whatever line it uses


class Refused(Exception):
    """A request that will not succeed by asking again. The text says what, why and what to do."""


class Unauthorised(Refused):
    """The token was refused: nothing else of this source can be read."""


class Missing(Refused):
    """What was asked for is not there, or this token may not know that it is."""


class TooWide(Refused):
    """The service gave up on the size of the answer: ask for less at a time."""


class Parked(Refused):
    """A limit or a fault outlasts our patience; the next run goes on from here."""


class _Again(Exception):
    """An answer worth another try, after `wait` seconds if the service said so."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True)
class Answer:
    """What came back: the parsed JSON, the headers and the status."""

    body: Any
    headers: httpx.Headers
    status: int

    @property
    def next(self) -> str | None:
        """The address of the next page, by the service's own word."""
        for part in self.headers.get("link", "").split(","):
            if 'rel="next"' in part:
                return part[part.find("<") + 1 : part.find(">")]
        return None


@dataclass
class Wire:
    """A line to one service, with its token in the headers and nowhere else.

    Counts what it sends: `requests`, and `points` of GitHub's GraphQL budget. `now` is the service's own clock in UTC.
    """

    name: str
    root: str
    headers: dict[str, str]
    graphql_at: str = ""
    transport: httpx.AsyncBaseTransport | None = None
    on_wait: Callable[[str], None] = lambda _: None
    requests: int = 0
    points: int = 0
    left: int | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None, microsecond=0))

    def __post_init__(self) -> None:
        if self.transport is None:
            _check_address(self.root)
        agent = {"User-Agent": "cairn", "Accept": "application/json"}
        limits = httpx.Limits(max_connections=AT_ONCE)
        self._client = httpx.AsyncClient(
            headers=agent | self.headers,
            transport=self.transport,
            limits=limits,
            timeout=DEADLINE,
            follow_redirects=False,
        )
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._open_again = 0.0  # loop time until which a limit keeps every request of this line waiting

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str, **params: Any) -> Answer:
        """Return the answer to a GET. Raises Refused and its kinds."""
        return await self._send("GET", path, params={k: v for k, v in params.items() if v is not None})

    async def post(self, path: str, body: Any) -> Answer:
        """Return the answer to a POST that only reads. Raises Refused and its kinds."""
        return await self._send("POST", path, json=body)

    async def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the data of a GraphQL query; parts the token may not see are null. Raises Refused and its kinds."""
        answer = await self._send(
            "POST", self.graphql_at, judge=_graphql_fault, json={"query": query, "variables": variables}
        )
        data = answer.body.get("data") or {}
        limit = data.get("rateLimit") or {}
        self.points += limit.get("cost", 0)
        if meter := METER.get():
            meter.points += limit.get("cost", 0)
        self.left = limit.get("remaining", self.left)
        return data

    async def _send(self, method: str, path: str, judge: Callable[[Answer], None] | None = None, **what: Any) -> Answer:
        url = path if path.startswith("http") else self.root + path

        async def once() -> Answer:
            await self._wait_for_limits()
            async with self._gate:
                answer = await self._ask(method, url, what)
            self._hear_limits(answer)
            self._judge(answer, url)
            if judge:
                judge(answer)
            return answer

        try:
            async for attempt in stamina.retry_context(
                on=_pause, attempts=TRIES, timeout=None, wait_initial=0.5, wait_max=30
            ):
                with attempt:
                    return await once()
        except _Again as again:
            raise Parked(f"{self.name}: {again} ({_place(url)}). Run again later; it goes on from here.") from None
        except httpx.RequestError as error:
            raise Parked(
                f"{self.name} could not be reached ({type(error).__name__} at {_place(url)})."
                " Check the address and the network, then run again; it goes on from here."
            ) from None
        raise AssertionError("a retry context returns or raises")

    async def _ask(self, method: str, url: str, what: dict[str, Any]) -> Answer:
        self.requests += 1
        if meter := METER.get():
            meter.requests += 1
        try:
            async with asyncio.timeout(DEADLINE), self._client.stream(method, url, **what) as reply:
                chunks, size = [], 0
                async for chunk in reply.aiter_bytes():
                    size += len(chunk)
                    if size > LARGEST:
                        raise Parked(
                            f"{self.name} sent more than {LARGEST >> 20} MiB at {_place(url)}. It was left unread."
                        )
                    chunks.append(chunk)
        except TimeoutError:
            raise _Again(f"no whole answer within {DEADLINE:.0f} seconds") from None
        told = reply.headers.get("date")
        if told:
            self.now = parsedate_to_datetime(told).astimezone(UTC).replace(tzinfo=None)
        return Answer(_parsed(b"".join(chunks), reply), reply.headers, reply.status_code)

    def _judge(self, answer: Answer, url: str) -> None:
        """Raise what the status means; return when the answer is good."""
        status, place = answer.status, _place(url)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return self._unless_whole(answer, place)
        if status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS} and (wait := self._limit(answer)) is not None:
            if wait > PATIENCE:
                raise Parked(f"{self.name} asks to wait {wait / 60:.0f} minutes. Run again then; it goes on from here.")
            self._hold(wait)
            raise _Again("the rate limit did not lift", wait)
        if status == HTTPStatus.UNAUTHORIZED:
            raise Unauthorised(
                f"{self.name} refused the token (401 at {place}): it is wrong, expired or revoked."
                " Put a new one into the environment or .env and run again; nothing was lost."
            )
        if status == HTTPStatus.FORBIDDEN:
            needs = answer.headers.get("x-accepted-github-permissions")
            raise Refused(
                f"{self.name} does not let this token read {place} (403)."
                f" {'Add the permission ' + needs if needs else 'Give it read access'}, or take this out of team.toml."
            )
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise Missing(
                f"{self.name} has nothing at {place} ({status}), or this token may not see it."
                " Check the name in team.toml and the token's access; what was collected before is kept."
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Again(f"the service failed with {status}", _seconds(answer.headers.get("retry-after"), self.now))
        if status < HTTPStatus.BAD_REQUEST:
            raise Refused(
                f"{self.name} points elsewhere from {place} ({status}). Write the final address into team.toml."
            )
        raise Refused(f"{self.name} did not accept the question at {place} ({status}: {_told(answer.body)}).")

    def _unless_whole(self, answer: Answer, place: str) -> None:
        """Raise when an answer with a good status is not what was asked for."""
        if isinstance(answer.body, (dict, list)):
            return
        kind = answer.headers.get("content-type", "no type").split(";")[0]
        if kind == "text/html":
            raise Refused(
                f"A web page answered instead of {self.name} at {place}."
                " Check the url in team.toml and whether a login page or proxy stands between; nothing was lost."
            )
        raise _Again(f"the answer was not whole ({kind})")

    def _limit(self, answer: Answer) -> float | None:
        """Return the seconds a rate limit asks for, or None when the refusal is no limit."""
        headers = answer.headers
        if "retry-after" in headers:
            return _seconds(headers["retry-after"], self.now)
        if headers.get("x-ratelimit-remaining") == "0":
            return _until(headers.get("x-ratelimit-reset"), self.now)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in _told(answer.body).lower():
            return 60.0
        return None

    def _hear_limits(self, answer: Answer) -> None:
        left = answer.headers.get("x-ratelimit-remaining", "")
        if left.isdigit():
            self.left = int(left)

    def _hold(self, seconds: float) -> None:
        self._open_again = max(self._open_again, asyncio.get_running_loop().time() + seconds)
        self.on_wait(f"{self.name} asks for a pause of {seconds:.0f} s")

    async def _wait_for_limits(self) -> None:
        pause = self._open_again - asyncio.get_running_loop().time()
        if pause > 0:
            await asyncio.sleep(pause)


def _pause(error: Exception) -> bool | float:
    if isinstance(error, _Again):
        return error.wait if error.wait is not None else True
    return isinstance(error, (httpx.TransportError, httpx.DecodingError))


def _graphql_fault(answer: Answer) -> None:
    """Raise what the errors of a GraphQL answer mean; return when its data can be used."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    errors = body.get("errors") or []
    if not errors:
        if body.get("data") is None:
            raise _Again("the answer held no data")
        return
    first, kinds = (
        errors[0].get("message", ""),
        {e.get("type") or (e.get("extensions") or {}).get("code") for e in errors},
    )
    if kinds & {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"} or "timeout" in first.lower():
        raise TooWide(first)
    if "RATE_LIMITED" in kinds:
        raise _Again("the rate limit did not lift", _until(answer.headers.get("x-ratelimit-reset"), None))
    if body.get("data") is None or kinds & {"INVALID_CURSOR_ARGUMENTS"}:
        raise Refused(f"GitHub did not accept the query: {first}")
    # data with errors: parts are null (NOT_FOUND, FORBIDDEN); whoever asked sees the gap and says so


def _parsed(content: bytes, reply: httpx.Response) -> Any:
    """Return the JSON of an answer, or None when it is none (cut off, HTML, empty)."""
    try:
        return json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return content[:200].decode("utf-8", "replace") if reply.status_code >= HTTPStatus.BAD_REQUEST else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _told(body: Any) -> str:
    """Return what a service said went wrong, in one line."""
    if isinstance(body, dict):
        body = body.get("message") or "; ".join(body.get("errorMessages") or ()) or "no reason given"
    return " ".join(str(body or "no reason given").split())[:200]


def _seconds(told: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After, which may be a number or a date."""
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        try:
            return max(0.0, (parsedate_to_datetime(told).astimezone(UTC).replace(tzinfo=None) - now).total_seconds())
        except ValueError:
            return 60.0


def _until(reset: str | None, now: datetime | None) -> float:
    """Return the seconds until a reset given in epoch seconds, by the service's clock."""
    if reset is None or not reset.isdigit():
        return 60.0
    start = now or datetime.now(UTC).replace(tzinfo=None)
    return max(
        1.0,
        (datetime.fromtimestamp(int(reset), UTC).replace(tzinfo=None) - start + timedelta(seconds=1)).total_seconds(),
    )


def _place(url: str) -> str:
    """Return the path of an address: enough to find it, no query that could carry a secret."""
    return urlsplit(url).path


def _check_address(root: str) -> None:
    """Refuse an address that is not https or not public, unless CAIRN_INSECURE_HOSTS names its host."""
    parts = urlsplit(root)
    host = parts.hostname or ""
    allowed = {h.strip() for h in os.environ.get("CAIRN_INSECURE_HOSTS", "").split(",")} - {""}
    if host in allowed or parts.netloc in allowed:
        return
    remedy = f"Correct the url in team.toml, or name the host in CAIRN_INSECURE_HOSTS={host or 'host'} if you trust it."
    if parts.scheme != "https" or parts.username or not host:
        raise CairnError(f"{root} is not a plain https address; a token would travel unprotected.\n{remedy}")
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, parts.port or 443)}
    except OSError:
        raise CairnError(
            f"{host} cannot be found on the network.\nCheck the url in team.toml and your connection; nothing was lost."
        ) from None
    if not all(ipaddress.ip_address(str(address).split("%")[0]).is_global for address in found):
        raise CairnError(f"{host} is not a public address.\n{remedy}")
