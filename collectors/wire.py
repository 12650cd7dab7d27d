"""The one place that sends: obeys the services' limits, tries again what may pass, and says in words what will not."""

import asyncio
import base64
import contextlib
import hashlib
import ipaddress
import itertools
import json
import math
import os
import re
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
import stamina
import stamina.instrumentation

from data import CairnError

DEADLINE = 60.0  # seconds for one request, whatever the server does
LARGEST = 50 * 1024 * 1024  # bytes of one answer
DEEPEST = 200  # levels of one answer
ENDINGS = bytes.maketrans(b"]", b"}")
PATIENCE = 900.0  # seconds to wait for a limit to lift; beyond it the work is parked
HOUR = 3700.0  # seconds to wait for the hourly budget to come back
UNTOLD = 60.0  # seconds to wait for a limit that does not say how long, doubled each time
TRIES = 6
HEAVY = 2  # tries of a GraphQL question the service chokes on, before it is asked for less
TURNS = 20  # times one request waits for a limit, however short
LIMITED = 5  # tries of a request that a limit refuses without saying for how long
DOWN = 3  # requests in a row that nobody answered, after which the rest of the run is left for later
HOPS = 5  # redirects
WITHHELD = {
    "NOT_FOUND",
    "FORBIDDEN",
    "INSUFFICIENT_SCOPES",
}  # GraphQL errors that stand for a part this token may not see
ALIKE = 8  # times the very same question may be asked in one run
AT_ONCE = 8  # requests under way on one line; GitHub's rules allow 100


@dataclass
class Meter:
    """What one piece of work has cost so far."""

    requests: int = 0
    points: int = 0


stamina.instrumentation.set_on_retry_hooks(())  # people hear of what fails in the end, not of each try
METER: ContextVar[Meter | None] = ContextVar("meter", default=None)  # of the work at hand, whatever line it uses


class Refused(Exception):
    """A request that will not succeed by asking again. The text says what, why and what to do."""


class Unauthorised(Refused):
    """The token was refused: nothing else of this source can be read."""


class Forbidden(Refused):
    """The token may not read this; it may read other things."""


class Missing(Refused):
    """What was asked for is not there, or this token may not know that it is."""


class TooWide(Refused):
    """The service gave up on the size of the answer: ask for less at a time."""


class Expired(Refused):
    """The place to go on from is no longer known to the service: begin again from what was kept."""


class Parked(Refused):
    """A limit or a fault outlasts our patience; the next run goes on from here."""


class Stopped(Exception):
    """Somebody asked to stop: the page in hand was finished, and no other request is sent."""


class _Again(Exception):
    """An answer worth another try, after `wait` seconds if the service said so. `heavy`: less at a time may help."""

    def __init__(self, why: str, wait: float | None = None, *, heavy: bool = False) -> None:
        super().__init__(why)
        self.wait = wait
        self.heavy = heavy


class _Limited(Exception):
    """A limit refused the request: for `wait` seconds if the service said so; `budget`: until the hourly budget is back."""

    def __init__(self, wait: float | None, *, budget: bool = False) -> None:
        super().__init__("a rate limit")
        self.wait = wait
        self.budget = budget


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
    auth: httpx.Auth | None = None
    deadline: float = DEADLINE
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep  # a test waits in its own way
    stopped: bool = False  # True: finish the page in hand and send nothing more
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None, microsecond=0))

    def __post_init__(self) -> None:
        self._closed = ""  # why nothing more can be asked in this run
        if self.transport is None:
            self._closed = _check_address(self.root)
        agent = {"User-Agent": "cairn", "Accept": "application/json"}
        limits = httpx.Limits(max_connections=AT_ONCE)
        self._client = httpx.AsyncClient(
            headers=agent | self.headers,
            auth=self.auth,
            verify=True if self.transport else _trust(),
            transport=self.transport,
            limits=limits,
            timeout=self.deadline,
            follow_redirects=False,
        )
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._open_again = 0.0  # loop time until which a limit keeps every request of this line waiting
        self._unanswered = 0  # requests in a row that nobody answered
        self._asked: Counter[str] = Counter()

    @property
    def key(self) -> str:
        """Eight letters that change with the token, and tell nothing of it."""
        return hashlib.sha256(self.headers.get("Authorization", "").encode()).hexdigest()[:8]

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

    async def graphql(
        self, query: str, variables: dict[str, Any], *, gaps: list[dict[str, Any]] | None = None, narrows: bool = False
    ) -> dict[str, Any]:
        """Return the data of a GraphQL query; parts the token may not see are null. Raises Refused and its kinds.

        Whole items that GitHub withholds from a list are an error, unless the caller minds the `gaps`: the list is given what
        GitHub says of each. What is found too wide is asked once more, unless the caller `narrows` it: the budget of the
        moment may have been the reason.
        """

        async def ask() -> Answer:
            return await self._send(
                "POST",
                self.graphql_at,
                judge=lambda answer: _graphql_fault(answer, self.name, gaps=gaps),
                json={"query": query, "variables": variables},
            )

        try:
            answer = await ask()
        except TooWide:
            if narrows:
                raise
            answer = await ask()
        data = answer.body["data"]
        limit = data.get("rateLimit") or {}
        self.points += limit.get("cost", 0)
        if meter := METER.get():
            meter.points += limit.get("cost", 0)
        self.left = limit.get("remaining", self.left)
        return data

    async def _send(self, method: str, path: str, judge: Callable[[Answer], None] | None = None, **what: Any) -> Answer:
        url = self._address(path)
        self._unless_endless(url, what)
        untold, waited = 0, 0.0
        for refused in itertools.count(1):
            try:
                return await self._tries(method, url, judge, what)
            except Refused as told:
                told.args = (self._without_secrets(str(told)),)
                raise
            except _Limited as limit:
                wait = UNTOLD * 2**untold if limit.wait is None else limit.wait
                untold, waited = untold + (limit.wait is None), waited + wait
                patience = HOUR if limit.budget else PATIENCE
                if untold >= LIMITED or refused > TURNS or wait > patience or waited > 2 * patience:
                    self._closed = (
                        f"{self.name} asks to wait {math.ceil(wait / 60)} minutes more than this run waits."
                        f" Reading resumes at {self._hour(wait)}: run again then; it goes on from here, and nothing was lost."
                    )
                    raise Parked(self._closed) from None
                self._hold(wait)
        raise AssertionError("counting never ends")

    def _without_secrets(self, said: str) -> str:
        """Return a sentence without this line's token: some services repeat what they were sent."""
        for value in self.headers.values():
            secret = value.rpartition(" ")[2]
            with contextlib.suppress(ValueError):  # a Jira login is sent as base64 of "address:token"
                secret += " " + base64.b64decode(secret, validate=True).decode().rpartition(":")[2]
            for part in secret.split():
                said = said.replace(part, "…") if len(part) > len("2022-11-28") else said
        return said

    async def _tries(self, method: str, url: str, judge: Callable[[Answer], None] | None, what: dict) -> Answer:
        """Return the answer, after some tries if need be. Raises Refused and its kinds, and _Limited."""
        heavy = 0

        async def once() -> Answer:
            nonlocal heavy
            try:
                answer = await self._ask(method, url, what)
                self._hear_limits(answer)
                self._judge(answer, url, graphql=judge is not None)
                if judge:
                    judge(answer)
            except _Again as again:
                heavy += again.heavy
                if heavy == HEAVY:
                    raise TooWide(
                        f"{self.name} could not work out its answer at {_place(url)}: {again}."
                        " Run again later; everything before it is kept."
                    ) from None
                raise
            return answer

        try:
            async for attempt in stamina.retry_context(
                on=_pause, attempts=TRIES, timeout=None, wait_initial=0.5, wait_max=30
            ):
                with attempt:
                    answer = await once()
                    self._unanswered = 0
                    return answer
        except _Again as again:
            raise Parked(self._gives_up(f"{self.name}: {again} ({_place(url)}).")) from None
        except httpx.RequestError as error:
            told = f"{self.name} could not be reached ({type(error).__name__} at {_place(url)}). {_remedy(error)}"
            raise Parked(self._gives_up(told)) from None
        raise AssertionError("a retry context returns or raises")

    def _gives_up(self, told: str) -> str:
        """Count a request that nobody answered, and return what to say of it."""
        self._unanswered += 1
        told += " Run again later; it goes on from here, and nothing was lost."
        if self._unanswered >= DOWN:
            self._closed = told
        return told

    def _address(self, path: str) -> str:
        """Return the whole address. Raises Refused for another host: the token is not shown there."""
        url = urljoin(self.root, path) if path.startswith(("http:", "https:")) else self.root + path
        if not _same_door(url, self.root, self.graphql_at):
            raise Refused(
                f"{self.name} points to another address, {urlsplit(url).hostname}. The token was not sent there."
                " Write the final address into team.toml, or ask who set up this redirect; nothing was lost."
            )
        return url

    def _unless_endless(self, url: str, what: dict[str, Any]) -> None:
        question = hashlib.blake2b(f"{url} {what}".encode("utf-8", "replace"), digest_size=16).hexdigest()
        self._asked[question] += 1
        if self._asked[question] > ALIKE:
            raise Refused(
                f"{self.name} leads back to the same page again and again at {_place(url)}."
                " Reading it stopped there; what was read is kept. Run again later."
            )

    async def _ask(self, method: str, url: str, what: dict[str, Any]) -> Answer:
        async with self._gate:
            for _ in range(HOPS):
                await self._wait_for_limits()
                self.requests += 1
                if meter := METER.get():
                    meter.requests += 1
                try:
                    async with asyncio.timeout(self.deadline), self._client.stream(method, url, **what) as reply:
                        content = await self._content(reply, url)
                except TimeoutError:
                    raise _Again(f"no whole answer within {self.deadline:.0f} seconds") from None
                self._hear_time(reply)
                if not reply.has_redirect_location or (method != "GET" and reply.status_code not in {307, 308}):
                    return Answer(_parsed(content, reply), reply.headers, reply.status_code)
                url, what = self._address(urljoin(url, reply.headers["location"])), {**what, "params": None}
        raise Refused(
            f"{self.name} leads from one address to the next without end at {_place(url)}. Check the url in team.toml and any proxy; nothing was lost."
        )

    async def _content(self, reply: httpx.Response, url: str) -> bytes:
        chunks, size = [], 0
        async for chunk in reply.aiter_bytes():
            size += len(chunk)
            if size > LARGEST:
                raise TooWide(
                    f"{self.name} sent more than {LARGEST >> 20} MiB at {_place(url)}."
                    " It was left unread; everything before it is kept. Run again later."
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _hear_time(self, reply: httpx.Response) -> None:
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            self.now = parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC).replace(tzinfo=None)

    def _hour(self, wait: float) -> str:
        """Return the time of day here in so many seconds, by the service's clock."""
        return f"{(self.now.replace(tzinfo=UTC) + timedelta(seconds=wait)).astimezone():%H:%M}"

    def _judge(self, answer: Answer, url: str, *, graphql: bool) -> None:
        """Raise what the status means; return when the answer is good."""
        status, place = answer.status, _place(url)
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return self._unless_whole(answer, place)
        if status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
            self._unless_limited(answer)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            heavy = graphql and status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
            wait = _seconds(answer.headers.get("retry-after"), self.now)
            if wait is not None and wait > PATIENCE:
                raise _Limited(wait)
            raise _Again(f"the service failed with {status}", wait, heavy=heavy)
        raise self._refusal(answer, place)

    def _refusal(self, answer: Answer, place: str) -> Refused:  # noqa: PLR0911 one sentence per status
        """Return what a status means that no second try will change."""
        status, told = answer.status, _told(answer.body)
        if status == HTTPStatus.UNAUTHORIZED:
            return Unauthorised(
                f"{self.name} refused the token (401 at {place}): it is wrong, expired or revoked."
                " Put a new one into the environment or .env and run again; nothing was lost."
            )
        if status == HTTPStatus.FORBIDDEN:
            return Forbidden(
                f"{self.name} does not let this token read {place} (403). {_permission(answer)},"
                " or take this out of team.toml; what was collected before is kept, and everything else is read."
            )
        if status == HTTPStatus.GONE and re.search("removed|no longer supported", told):
            return Refused(
                f"{self.name} has removed what was asked for at {place} (410: {told})."
                " Update Cairn: it asks in a way the service gave up. What was collected before is kept."
            )
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Missing(
                f"{self.name} has nothing at {place} ({status}), or this token may not see it."
                " Check the name in team.toml and the token's access; what was collected before is kept."
            )
        if status < HTTPStatus.BAD_REQUEST:
            return Refused(
                f"{self.name} points elsewhere from {place} ({status})."
                " Write the final address into team.toml; nothing was lost."
            )
        if re.search(r"cursor|page ?token", told, re.IGNORECASE):
            return Expired(
                f"{self.name} no longer knows the place to go on from at {place}."
                " Run again: it begins at what was kept; nothing was lost."
            )
        return Refused(
            f"{self.name} did not accept the question at {place} ({status}: {told})."
            " What was collected before is kept; if it stays so, update Cairn."
        )

    def _unless_whole(self, answer: Answer, place: str) -> None:
        """Raise when an answer with a good status is not what was asked for."""
        if isinstance(answer.body, (dict, list)):
            return
        kind = answer.headers.get("content-type", "no type").split(";")[0]
        if kind == "text/html":
            self._closed = (
                f"A web page answered instead of {self.name} at {place}."
                " Check the url in team.toml and whether a login page or proxy stands between; nothing was lost."
            )
            raise Refused(self._closed)
        raise _Again(f"the answer was not whole ({kind})")

    def _unless_limited(self, answer: Answer) -> None:
        """Raise when a refusal is a limit and not a lack of permission."""
        headers = answer.headers
        if "retry-after" in headers:
            raise _Limited(_seconds(headers["retry-after"], self.now))
        if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
            raise _Limited(_until(headers["x-ratelimit-reset"], self.now), budget=True)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in _told(answer.body).lower():
            raise _Limited(None)

    def _hear_limits(self, answer: Answer) -> None:
        left, reset = answer.headers.get("x-ratelimit-remaining", ""), answer.headers.get("x-ratelimit-reset", "")
        if left.isdigit():
            self.left = int(left)
        if left == "0" and reset.isdigit() and answer.status < HTTPStatus.BAD_REQUEST:
            self._hold(min(HOUR, _until(reset, self.now)))  # the next request would only be refused

    def _hold(self, seconds: float) -> None:
        self._open_again = max(self._open_again, asyncio.get_running_loop().time() + seconds)
        self.on_wait(f"{self.name} asks for a pause of {seconds:.0f} s; reading resumes at {self._hour(seconds)}")

    async def _wait_for_limits(self) -> None:
        pause = self._open_again - asyncio.get_running_loop().time()
        if pause > 0 and not (self._closed or self.stopped):
            await self.sleep(pause)
        if self.stopped:
            raise Stopped
        if self._closed:
            raise Parked(self._closed)


def _pause(error: Exception) -> bool | float:
    if isinstance(error, _Again):
        return error.wait if error.wait is not None else True
    return isinstance(error, (httpx.TransportError, httpx.DecodingError)) and "certificate" not in str(error).lower()


def _remedy(error: httpx.RequestError) -> str:
    """Return which setting to look at when a service cannot be reached."""
    told = str(error).lower()
    if "certificate" in told or "ssl" in told:
        return "Its certificate is not trusted here: name your company's certificate in SSL_CERT_FILE."
    if isinstance(error, httpx.ProxyError):
        return "Check the proxy in HTTPS_PROXY, and its user and password."
    if "name" in told or "getaddrinfo" in told or "address" in told:
        return "Its name is not known on this network: check the url in team.toml and the connection."
    return "Check the url in team.toml and the network."


def _graphql_fault(answer: Answer, name: str, *, gaps: list[dict[str, Any]] | None) -> None:
    """Raise what the errors of a GraphQL answer mean; return when its data can be used."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    data, errors = body.get("data"), body.get("errors") or []
    if not isinstance(data, (dict, type(None))) or not isinstance(errors, list):
        raise _Again("the answer has a form nobody knows")
    if not errors and data is None:
        raise _Again("the answer held no data")
    told: list[dict[str, Any]] = [e if isinstance(e, dict) else {"message": str(e)} for e in errors]
    kinds = {str(e.get("type") or _code(e)) for e in told}
    said = " ".join(f"{told[0].get('message') if told else ''}".split())[:200]
    _graphql_limits(answer, name, kinds, said)
    if kinds - WITHHELD and (data is not None or re.search("went wrong|time|internal", said, re.IGNORECASE)):
        raise _Again(f"an error inside the answer: {said}", heavy=True)
    if kinds - WITHHELD:
        raise Refused(
            f"{name} did not accept the query: {said.rstrip('.')}. What was collected before is kept; update Cairn."
        )
    if gaps is not None and data is not None:
        gaps += told
    elif data is None or any(_is_item(error.get("path")) for error in told):
        raise Refused(
            f"{name} withholds something from this token: {said.rstrip('.')}. {_permission(answer)}; what was collected before is kept."
        )
    # what is left are parts that are null (NOT_FOUND, FORBIDDEN); whoever asked sees the gap and says so


def _graphql_limits(answer: Answer, name: str, kinds: set[str], said: str) -> None:
    """Raise when the errors of a GraphQL answer speak of its size, of a budget, or of a forgotten place."""
    if kinds & {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"}:
        raise TooWide(
            f"{name} found the question too wide: {said.rstrip('.')}. Run again later; everything before it is kept."
        )
    if "RATE_LIMITED" in kinds or "rate limit" in said.lower():
        reset = answer.headers.get("x-ratelimit-reset", "")
        spent = "RATE_LIMITED" in kinds and reset.isdigit()
        raise _Limited(_until(reset, _date(answer)) if spent else None, budget=spent)
    if "INVALID_CURSOR_ARGUMENTS" in kinds:
        raise Expired(
            f"{name} no longer knows the place to go on from: {said.rstrip('.')}. Run again; it begins at what was kept."
        )


def _code(error: dict[str, Any]) -> str | None:
    more = error.get("extensions")
    return more.get("code") if isinstance(more, dict) else None


def _permission(answer: Answer) -> str:
    """Return what the token needs, by the service's own word if it gives one."""
    needs = answer.headers.get("x-accepted-github-permissions")
    return f"Add the permission {needs}" if needs else "Give it read access"


def _is_item(path: Any) -> bool:
    """Whether an error stands for a whole item of a connection's list."""
    return isinstance(path, list) and len(path) > 2 and path[-2] == "nodes" and isinstance(path[-1], int)


def _date(answer: Answer) -> datetime:
    """Return the time of an answer by the service's clock, or ours when it tells none."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, TypeError):
        return datetime.now(UTC).replace(tzinfo=None)


def _parsed(content: bytes, reply: httpx.Response) -> Any:
    """Return the JSON of an answer, or None when it is none (cut off, HTML, empty, too deep). Broken letters become U+FFFD."""
    try:
        found = json.loads(content.decode("utf-8-sig", "replace"), parse_constant=_no_constant)
        if b"}" * DEEPEST in content.translate(ENDINGS, b" \t\r\n"):
            _unless_deep(found)
    except (ValueError, RecursionError):
        return content[:200].decode("utf-8", "replace") if reply.status_code >= HTTPStatus.BAD_REQUEST else None
    return found


def _unless_deep(found: Any) -> None:
    level = [found]
    for _ in range(DEEPEST):
        level = [
            v
            for one in level
            if isinstance(one, (dict, list))
            for v in (one.values() if isinstance(one, dict) else one)
        ]
    if level:
        raise ValueError("too deep")


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
        return min(max(0.0, float(told)), 1e6)
    except ValueError:
        try:
            return max(0.0, (parsedate_to_datetime(told).astimezone(UTC).replace(tzinfo=None) - now).total_seconds())
        except ValueError:
            return 60.0


def _until(reset: str, now: datetime) -> float:
    """Return the seconds until a reset given in epoch seconds, by the service's clock."""
    return max(1.0, int(reset[:12]) - now.replace(tzinfo=UTC).timestamp() + 1)


def _same_door(url: str, *doors: str) -> bool:
    """Whether an address lies behind one of the doors the token belongs to: the same scheme, host and port."""
    return _door(url) in map(_door, doors)


def _door(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _place(url: str) -> str:
    """Return the path of an address: enough to find it, no query that could carry a secret."""
    return urlsplit(url).path


@cache
def _trust() -> ssl.SSLContext:
    """Return whom to trust, read once: it takes as long as two requests."""
    return httpx.create_ssl_context()


def _check_address(root: str) -> str:
    """Refuse an address that is not https or not public, unless CAIRN_INSECURE_HOSTS names its host.

    Returns, in words, why it cannot be reached at all, or nothing. Raises CairnError.
    """
    parts = urlsplit(root)
    host = parts.hostname or ""
    allowed = {h.strip() for h in os.environ.get("CAIRN_INSECURE_HOSTS", "").split(",")} - {""}
    if host in allowed or parts.netloc in allowed:
        return ""
    remedy = f"Correct the url in team.toml, or name the host in CAIRN_INSECURE_HOSTS={host or 'host'} if you trust it."
    if parts.scheme != "https" or parts.username or not host:
        raise CairnError(f"{root} is not a plain https address; a token would travel unprotected.\n{remedy}")
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, parts.port or 443)}
    except OSError:
        return (
            f"{host} could not be reached: its name is not known on this network."
            " Check the url in team.toml and your connection, then run again; nothing was lost."
        )
    if not all(ipaddress.ip_address(str(address).split("%")[0]).is_global for address in found):
        raise CairnError(f"{host} is not a public address.\n{remedy}")
    return ""
