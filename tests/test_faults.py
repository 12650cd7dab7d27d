"""Each way in which a service, a disk or a person can get in the way, and what Cairn does then: waits, goes on, or says it in words.

The numbers are those of the list of faults that collectors are built against. What takes a whole sync, a kill or a full disk
is in test_torture.py; two at once, readers while a sync runs and newer files are in test_store.py.
"""

import asyncio
import gzip
import json
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina

from collectors import jira, stream, wire
from collectors.stream import Batch, Context, Page, Stream, collect, moment, newest_first
from collectors.wire import Expired, Forbidden, Missing, Parked, Refused, TooWide, Unauthorised, Wire
from data import CairnError, Live, Origin, Progress, Reject, Row, publish
from data.store import Due
from tests import torture

HOUSE = Path(__file__).resolve().parent.parent
NOON = datetime(2026, 3, 2, 12)  # noqa: DTZ001 zone-less UTC, like everything in the store
TOKEN = "canary-token-of-the-faults"
PULLS = Origin("github.com", "github", "github_pull_requests", "acme/shop")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    stamina.set_testing(True, attempts=6, cap=True)
    yield
    stamina.set_testing(False)


class Door(httpx.AsyncBaseTransport):
    """A service that gives one answer after the other, the last one for ever. An answer may be an error, or made from the question."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[httpx.Request]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(status: int = 200, body: Any = None, at: datetime = NOON, **headers: str) -> Callable[[Any], httpx.Response]:
    content = body if isinstance(body, bytes) else json.dumps({"ok": 1} if body is None else body).encode()
    told = {"date": formatdate(at.replace(tzinfo=UTC).timestamp(), usegmt=True), "content-type": "application/json"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, headers=told, stream=httpx.ByteStream(content))


def line(*answers: Any) -> tuple[Wire, list[float]]:
    """Return a line to a service, and how long it has slept."""
    slept: list[float] = []
    one = Wire("GitHub (github.com)", "https://api.example", {"Authorization": f"Bearer {TOKEN}"}, "https://api.example/graphql",
               Door(*answers))  # fmt: skip

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds))
        one._open_again = 0.0

    one.sleep = sleep
    return one, slept


def asked(one: Wire, question: str = "get", path: str = "/things") -> Any:
    """Ask, and return the answer or the refusal."""

    async def ask() -> Any:
        async with one:
            if question == "graphql":
                return await one.graphql("query { rateLimit { cost } }", {}, narrows=True)
            return (await one.get(path)).body

    try:
        return asyncio.run(ask())
    except Refused as refused:
        torture.unless_clear([str(refused).replace(TOKEN, torture.TOKEN)])
        return refused


GOOD = reply()
LIMIT = {"message": "You have exceeded a secondary rate limit."}
HTML = b"<html><body>Sign in</body></html>"


def drip(_: httpx.Request) -> httpx.Response:
    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self):
            while True:
                yield b" "
                await asyncio.sleep(0.01)

    return httpx.Response(200, stream=Slow())


def broken(kind: type[httpx.TransportError], part: bytes = b'{"ok"') -> Callable[[httpx.Request], httpx.Response]:
    class Half(httpx.AsyncByteStream):
        async def __aiter__(self):
            yield part
            raise kind("the line broke")

    return lambda _: httpx.Response(200, stream=Half())


def errors(kind: str | None, message: str, data: Any = None) -> Callable[[Any], httpx.Response]:
    return reply(body={"data": data, "errors": [{"message": message} | ({"type": kind} if kind else {})]})


# What is refused, at once or after some tries: the words, the kind and how often it was asked

REFUSED = {
    "F01 a wrong token is not tried twice": (reply(401), Unauthorised, 1, "refused the token", "wrong, expired or revoked"),
    "F03 a missing permission is named": (
        reply(403, x_accepted_github_permissions="actions=read"), Forbidden, 1, "/things", "Add the permission actions=read"),
    "F04 a limit beyond our patience parks the work": (reply(429, retry_after="3600"), Parked, 1, "resumes at", "it goes on from here"),
    "F07 what is gone is kept": (reply(404), Missing, 1, "nothing at /things", "what was collected before is kept"),
    "F08 a loop of redirects ends": (reply(301, location="/things"), Refused, 5, "without end"),
    "F09 a removed search is named": (
        reply(410, {"errorMessages": ["The requested API has been removed."]}), Refused, 1, "has removed", "Update Cairn"),
    "F10 a failing service is asked six times": (reply(500), Parked, 6, "failed with 500", "it goes on from here"),
    "F10 a service that asks to come back tomorrow parks": (reply(503, retry_after="86400"), Parked, 1, "resumes at"),
    "F11 silence is met six times": (httpx.ReadTimeout(""), Parked, 6, "could not be reached", "Check the url"),
    "F13 a reset in the middle is met six times": (broken(httpx.ReadError), Parked, 6, "could not be reached"),
    "F14 a short body is met six times": (broken(httpx.RemoteProtocolError), Parked, 6, "could not be reached"),
    "F15 a cut body is no answer": (reply(body=b'{"items": [1, 2'), Parked, 6, "not whole"),
    "F16 a login page is recognised": (
        reply(body=HTML, content_type="text/html"), Refused, 1, "A web page answered instead of GitHub", "login page or proxy"),
    "F17 an empty answer is no answer": (reply(body=b""), Parked, 6, "not whole"),
    "F17 null is no answer": (reply(body=b"null"), Parked, 6, "not whole"),
    "F18 bad gzip is met six times": (reply(body=b"\x1f\x8bgarbage", content_encoding="gzip"), Parked, 6, "could not be reached"),
    "F18 a gzip bomb is left unread": (
        reply(body=gzip.compress(bytes(wire.LARGEST + 1)), content_encoding="gzip"), TooWide, 1, "more than 50 MiB", "left unread"),
    "F19 NaN is not JSON": (reply(body=b'{"n": NaN}'), Parked, 6, "not whole"),
    "F19 a depth of three thousand is not JSON": (reply(body=b"[" * 3000 + b"]" * 3000), Parked, 6, "not whole"),
    "F19 a depth of three hundred is not JSON": (reply(body=b'{"a":[' * 150 + b"]}" * 150), Parked, 6, "not whole"),
    "F22 a forgotten place is named": (reply(422, {"message": "Invalid cursor"}), Expired, 1, "no longer knows the place"),
    "F36 a redirect to another host is not followed": (
        reply(302, location="https://elsewhere.example/"), Refused, 1, "another address, elsewhere.example", "not sent there"),
    "F36 a redirect to the machine itself is not followed": (
        reply(307, location="http://169.254.169.254/latest"), Refused, 1, "another address, 169.254.169.254"),
    "F36 a redirect without https is not followed": (reply(301, location="http://api.example/x"), Refused, 1, "another address"),
    "F37 a proxy's refusal names the setting": (httpx.ProxyError("407 Proxy Authentication Required"), Parked, 6, "HTTPS_PROXY"),
    "F37 an unknown name names the url": (httpx.ConnectError("[Errno -2] Name or service not known"), Parked, 6, "check the url"),
    "F37 an untrusted certificate is not tried twice": (
        httpx.ConnectError(str(ssl.SSLCertVerificationError("certificate verify failed"))), Parked, 1, "SSL_CERT_FILE"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_of_the_wire_is_said_in_words(fault: str):
    answer, kind, times, *words = REFUSED[fault]
    one, _ = line(answer)
    told = asked(one)

    assert type(told) is kind, told
    assert len(one.transport.asked) == times
    assert all(word in str(told) for word in words), told


# What passes: the answers before the good one, and how long was waited for it

PASSING = {
    "F04 a limit is waited for exactly as long as it asks": ([reply(403, LIMIT, retry_after="7")], [7]),
    "F04 a limit may name a date, by the service's clock": (
        [reply(429, retry_after=formatdate((NOON + timedelta(seconds=30)).replace(tzinfo=UTC).timestamp(), usegmt=True))], [30]),
    "F05 a limit without a word is met by a minute, doubled": ([reply(403, LIMIT)] * 3, [60, 120, 240]),
    "F06 a spent budget is waited for by the service's clock": (
        [reply(403, x_ratelimit_remaining="0", x_ratelimit_reset=f"{NOON.replace(tzinfo=UTC).timestamp() + 600:.0f}")], [601]),
    "F10 a failing service is asked again": ([reply(502, HTML, content_type="text/html"), reply(503), reply(504, b"")], []),
    "F13 a reset is asked again": ([broken(httpx.ReadError)], []),
    "F15 a cut body is asked again": ([reply(body=b'{"ok": ')], []),
    "F08 a redirect on the same host is followed": ([reply(301, location="https://api.example/repositories/7")], []),
}  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_not_even_noticed(fault: str):
    answers, waited = PASSING[fault]
    one, slept = line(*answers, GOOD)

    assert asked(one) == {"ok": 1}
    assert slept == waited
    assert {request.url.host for request in one.transport.asked} == {"api.example"}


def test_f05_five_refusals_without_a_word_park_the_work_and_close_the_line():
    one, slept = line(reply(403, LIMIT))
    told = asked(one)

    assert isinstance(told, Parked)
    assert (len(one.transport.asked), slept) == (5, [60, 120, 240, 480])
    assert "resumes at" in str(told)


def test_f06_the_last_request_of_a_budget_makes_the_next_one_wait():
    reset = f"{NOON.replace(tzinfo=UTC).timestamp() + 60:.0f}"
    one, slept = line(reply(x_ratelimit_remaining="0", x_ratelimit_reset=reset), GOOD)

    async def twice() -> None:
        async with one:
            await one.get("/a")
            await one.get("/b")

    asyncio.run(twice())
    assert slept == [61]


def test_f11_after_three_requests_that_nobody_answered_the_rest_is_left_for_later():
    one, _ = line(httpx.ConnectTimeout(""))

    async def many() -> list[BaseException]:
        async with one:
            return [(await asyncio.gather(one.get(f"/{n}"), return_exceptions=True))[0] for n in range(20)]

    assert all(isinstance(told, Parked) for told in asyncio.run(many()))
    assert len(one.transport.asked) == 3 * 6


def test_f12_a_slow_loris_holds_nobody_longer_than_the_deadline():
    one, _ = line(drip)
    one.deadline = 0.05
    began = time.monotonic()

    assert "no whole answer within" in str(asked(one))
    assert time.monotonic() - began < 5


GRAPHQL = {
    "too wide": (errors("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded."), TooWide, 1),
    "F10 a question the service chokes on twice is made smaller": (reply(502), TooWide, 2),
    "F10 something went wrong twice": (errors(None, "Something went wrong while executing your query."), TooWide, 2),
    "a query it does not know": (errors(None, "Field 'x' doesn't exist on type 'Y'"), Refused, 1),
    "F22 a forgotten cursor": (
        errors("INVALID_CURSOR_ARGUMENTS", "`x` does not appear to be a valid cursor."),
        Expired,
        1,
    ),
    "F17 a list instead of an object": (reply(body=[]), Parked, 6),
    "F17 no data": (reply(body={"data": None}), Parked, 6),
    "withheld": (errors("FORBIDDEN", "Resource not accessible by personal access token"), Refused, 1),
}


@pytest.mark.parametrize("fault", GRAPHQL)
def test_an_error_inside_a_graphql_answer_is_said_in_words(fault: str):
    answer, kind, times = GRAPHQL[fault]
    one, _ = line(answer)
    told = asked(one, "graphql")

    assert type(told) is kind, told
    assert len(one.transport.asked) == times


def test_what_nobody_can_ask_smaller_is_asked_once_more_when_it_is_found_too_wide():
    one, _ = line(
        errors("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded."), reply(body={"data": {"a": 1}})
    )

    async def ask() -> Any:
        async with one:
            return await one.graphql("query { a }", {})

    assert asyncio.run(ask()) == {"a": 1}


def test_f04_a_spent_graphql_budget_is_waited_for():
    spent = reply(
        body={"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
        x_ratelimit_remaining="0", x_ratelimit_reset=f"{NOON.replace(tzinfo=UTC).timestamp() + 90:.0f}",
    )  # fmt: skip
    one, slept = line(spent, reply(body={"data": {"a": 1}}))

    assert asked(one, "graphql") == {"a": 1}
    assert slept == [91]


def test_a_part_the_token_may_not_see_is_unknown_and_the_rest_is_taken():
    path = ["repository", "pullRequests", "nodes", 0, "timelineItems", "nodes", 2, "requestedReviewer"]
    body = {"data": {"a": 1}, "errors": [{"type": "FORBIDDEN", "path": path, "message": "Resource not accessible"}]}
    one, _ = line(reply(body=body))

    assert asked(one, "graphql") == {"a": 1}


def test_f20_a_list_that_leads_back_to_itself_ends():
    one, _ = line(GOOD)

    async def endless() -> None:
        async with one:
            while True:
                await one.get("/things", page=2)

    with pytest.raises(Refused, match="same page again and again"):
        asyncio.run(endless())


def walk(items: dict[str, str], size: int, **place: Any) -> list[Page]:
    """Walk a newest-first list of ids and times."""

    async def fetch(after: int | None, _: dict) -> Batch:
        told = sorted(items.items(), key=lambda one: one[1], reverse=True)
        start = after or 0
        page = told[start : start + size]
        rows = [Row(name, moment(at), {"at": at}, "s") for name, at in page]
        return Batch(rows, [at for _, at in page], start + size if start + size < len(told) else None)

    async def pages() -> list[Page]:
        return [page async for page in newest_first(fetch, place, timedelta(minutes=10), None, lambda: NOON)]

    return asyncio.run(pages())


def test_f20_the_same_page_without_end_is_noticed():
    async def fetch(after: int | None, _: dict) -> Batch:
        return Batch([Row("1", NOON, {}, "s")], ["2026-03-02T00:00:00Z"], (after or 0) + 1)

    async def pages() -> None:
        async for _ in newest_first(fetch, {}, timedelta(minutes=10), None):
            pass

    with pytest.raises(Refused, match="has no end"):
        asyncio.run(pages())


def test_f23_what_shows_up_late_is_caught_by_the_overlap():
    pages = walk({"new": "2026-03-02T11:00:00Z", "late": "2026-03-02T10:51:00Z", "old": "2026-03-02T10:40:00Z"}, 2,
                 newest="2026-03-02T11:00:00Z")  # fmt: skip

    assert [row.id for page in pages for row in page.rows][:2] == ["new", "late"]
    assert timedelta(minutes=30) <= jira.OVERLAP


def test_f25_an_item_from_the_future_is_kept_and_hides_nothing():
    pages = walk({"future": "2026-03-09T00:00:00Z", "now": "2026-03-02T11:00:00Z"}, 5)

    assert [row.id for page in pages for row in page.rows] == ["future", "now"]
    assert pages[-1].place["newest"] == "2026-03-02T11:00:00Z"


def test_f25_the_time_is_the_services():
    one, _ = line(reply(at=datetime(2031, 1, 1)))  # noqa: DTZ001
    asked(one)

    assert one.now == datetime(2031, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-03-04T22:00:00.500+0530", "2026-03-04T16:30:00.500000"),
        ("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00"),  # an hour that Berlin skips
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00"),  # one that it has twice
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00"),
        ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00"),
        ("2026-01-01T00:00:00-12:00", "2026-01-01T12:00:00"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00"),
    ],
)
def test_f26_a_time_of_any_zone_is_utc(told: str, meant: str):
    assert moment(told) == datetime.fromisoformat(meant)


def test_f24_what_was_deleted_comes_back_when_it_is_seen_again():
    with Live("team") as store:
        row = Row("1", NOON, {"key": "SHOP-1"}, "acme/shop")
        store.land(PULLS, [row], Progress(), NOON)
        store.gone(PULLS, ["1"], NOON)
        store.gone(PULLS, ["1"], NOON)  # once more: it is gone once
        assert store.versions(PULLS) == {}
        assert store.lost[PULLS.source, PULLS.stream] == 1
        store.land(PULLS, [row], Progress(), NOON)
        assert store.versions(PULLS) == {"1": NOON}


def test_f28_without_its_last_unsaved_moments_the_store_opens_where_it_was(tmp_path):
    with Live("team") as store:
        store.land(PULLS, [Row("1", NOON, {}, "acme/shop")], Progress({"page": 1}), NOON)
        store.connection.execute("begin")
        store.connection.execute("insert into raw.github_pull_requests (source, id) values ('github.com', '2')")
        (tmp_path / "other").mkdir()
        for name in ("live.duckdb", "live.duckdb.wal"):
            shutil.copy(store.path.with_name(name), tmp_path / "other" / name)
        store.connection.execute("rollback")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAIRN_HOME", str(tmp_path / "other"))
        with Live("team") as store:
            assert (store.progress(PULLS).place, list(store.versions(PULLS))) == ({"page": 1}, ["1"])


def test_f29_a_full_disk_is_said_and_what_was_kept_stays():
    program = """
import resource, sys
from datetime import datetime
from data import CairnError, Live, Origin, Progress, Row
origin, day = Origin("github.com", "github", "github_pull_requests", "acme/shop"), datetime(2026, 3, 2)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    with Live("team") as store:
        for page in range(1000):
            store.land(origin, [Row(f"{page}-{n}", day, {"t": f"{page * n}" * 9000}, "s") for n in range(9)], Progress({"page": page}), day)
            print(page)
except CairnError as error:
    sys.exit(str(error))
"""
    told = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, capture_output=True, text=True, check=False)
    with Live("team") as store:
        kept, last = (
            len(store.versions(Origin("github.com", "github", "github_pull_requests", "s"))),
            int(told.stdout.split()[-1]),
        )

    assert told.stderr.startswith("The disk is full")
    assert "What was kept before is safe" in told.stderr
    assert kept == 9 * (last + 1)


def test_f30_an_edition_that_is_damaged_is_moved_aside_and_the_one_before_answers():
    from data import edition, query

    with Live("team") as store:
        before, made = publish(store), publish(store)
    made.path.write_bytes(b"<html>" * 5000)

    assert query("select count(*) as n from about").n[0] > 0
    assert edition() == before
    assert made.path.with_suffix(".damaged").exists()


def test_f31_a_second_collector_hears_who_is_first_and_since_when():
    with Live("team"):
        other = subprocess.run(
            [sys.executable, "-m", "data", "rebuild"], cwd=HOUSE, capture_output=True, text=True, check=False
        )

    assert other.returncode == 2
    assert "a sync is already running" in other.stderr
    assert ", since " in other.stderr


def drift(*items: dict[str, Any]) -> tuple[Live, stream.Tally | Refused]:
    """Collect a stream of these items, as they are now; the store stays open."""

    async def read(at: Context, _: dict) -> Any:
        made = stream.rows(items, lambda one: Row(one["id"], moment(one["updated"]), one, at.scope), at.scope)
        yield Page(made, {"page": 1}, done=True, expected=len(items))

    store, (one, _) = Live("team"), line(GOOD)
    at = Context(one, store, "github.com", "github", "acme/shop")
    try:
        return store, asyncio.run(collect(Stream("github_pull_requests", read), at, lambda _: None))
    except Refused as refused:
        torture.unless_clear([str(refused)])
        return store, refused


ITEMS = [{"id": f"{n}", "updated": "2026-03-02T00:00:00Z"} for n in range(60)]


@pytest.mark.parametrize(
    "strange",
    [
        {"id": "x"},
        {"id": 7, "updated": "2026-03-02T00:00:00Z"},
        {"id": "x", "updated": None},
        {"id": "x", "updated": "soon"},
    ],
)
def test_f33_an_item_of_an_unknown_form_is_set_aside_and_the_others_go_on(strange: dict[str, Any]):
    store, tally = drift(*ITEMS, strange)
    with store:
        rejects = store.connection.execute("select source, stream, scope, reason, body from rejects").fetchall()
        assert len(store.versions(PULLS)) == 60
    assert tally.rejected == 1
    assert rejects[0][:3] == ("github.com", "github_pull_requests", "acme/shop")
    assert json.loads(rejects[0][4]) == strange
    store, tally = drift(*ITEMS, {**strange, "id": "x", "updated": "2026-03-02T00:00:00Z"})
    with store:
        assert len(store.versions(PULLS)) == 61
        assert store.connection.execute("select count(*) from rejects").fetchone() == (0,)


def test_f33_more_than_a_twentieth_of_unknown_form_stops_the_stream_with_words():
    store, told = drift(*ITEMS, *({"id": f"x{n}"} for n in range(6)))
    with store:
        assert len(store.versions(PULLS)) == 60
    assert "6 of 66 items of pull requests of acme/shop have a form this program does not know (no 'updated')" in str(
        told
    )


def test_f33_a_new_field_is_kept_and_counted():
    drift(*ITEMS)[0].connection.close()
    store, tally = drift({**ITEMS[0], "updated": "2026-03-03T00:00:00Z", "mood": "good"}, *ITEMS[1:])
    with store:
        kept = store.connection.execute("select body->>'mood' from raw.github_pull_requests where id = '0'").fetchone()

    assert tally.fields == 1
    assert kept == ("good",)


def test_f17_an_answer_of_another_form_is_asked_for_again_and_then_said_in_words():
    async def read(at: Context, _: dict) -> Any:
        found = (await at.wire.get("/things")).body["things"]
        yield Page([Row(one, NOON, {}, at.scope) for one in found], {}, done=True)

    with Live("team") as store:
        one, _ = line(reply(body=[]), reply(body={"things": ["1"]}))
        at = Context(one, store, "github.com", "github", "acme/shop")
        tally = asyncio.run(collect(Stream("github_pull_requests", read), at, lambda _: None))
        assert tally.new == 1
        one, _ = line(reply(body=[]))
        at = Context(one, store, "github.com", "github", "acme/shop")
        with pytest.raises(Refused, match="a form this program does not know") as told:
            asyncio.run(collect(Stream("github_pull_requests", read), at, lambda _: None))
    torture.unless_clear([str(told.value)])
    assert len(one.transport.asked) == 3


def test_f22_a_forgotten_place_begins_again_from_what_was_kept():
    began: list[Any] = []

    async def read(at: Context, place: dict) -> Any:
        began.append(place)
        if len(began) == 1:
            yield Page(
                [Row("1", NOON, {}, at.scope)],
                {"spans": [{"after": "x", "until": "u", "top": "t"}], "newest": "n"},
                done=False,
            )
            raise Expired("forgotten")
        yield Page([], place, done=True)

    with Live("team") as store:
        at = Context(line(GOOD)[0], store, "github.com", "github", "acme/shop")
        asyncio.run(collect(Stream("github_pull_requests", read), at, lambda _: None))

    assert began[1] == {"spans": [{"after": None, "until": "u", "top": "t"}], "newest": "n"}


def test_f34_a_huge_item_is_kept_whole():
    body = {"text": "x" * 2_000_000, "labels": [f"label {n}" for n in range(10_000)]}
    with Live("team") as store:
        store.land(PULLS, [Row("1", NOON, body, "acme/shop")], Progress(), NOON)

        assert store.bodies(PULLS, "true") == [body]


def test_f35_letters_no_file_can_hold_are_cleaned_by_one_rule():
    one, _ = line(reply(body=b'{"t": "caf\xe9 \\ud800 \\u0000 \xe2\x80\xae"}'))
    told = asked(one)
    with Live("team") as store:
        for _ in range(2):
            store.land(PULLS, [Row("\ud800", NOON, told, "acme/shop")], Progress(), NOON)
        kept = store.connection.execute("select id, body from raw.github_pull_requests").fetchall()

    assert kept == [("\ufffd", '{"t":"caf\ufffd \ufffd \\u0000 \u202e"}')]


def test_an_item_the_service_cannot_answer_for_is_passed_over_and_asked_for_again_now_and_then():
    week = timedelta(days=7)
    with Live("team") as store:
        for tries in range(1, 5):
            store.land(PULLS, [Reject("9", "it is too much", "acme/shop")], Progress(), NOON)
            assert store.release(PULLS, NOON) == (["9"] if tries < 3 else [])
            assert store.restless("github.com", PULLS.stream, "", NOON) == ({"acme/shop"} if tries < 3 else set())
        assert store.release(PULLS, NOON + week) == ["9"]
        assert store.held(PULLS) == 1


def test_parts_that_cannot_be_read_are_not_asked_for_without_end():
    with Live("team") as store:
        store.land(PULLS, [Row("1", NOON, {}, "acme/shop", complete=False)], Progress(), NOON)
        assert store.due(PULLS, 5) == [Due("1", "acme/shop", NOON, {})]
        store.land(PULLS, [Reject("1", "it is too much", "acme/shop")], Progress(), NOON)
        assert store.due(PULLS, 5) == []
        store.release(PULLS, NOON)
        assert [one.id for one in store.due(PULLS, 5)] == ["1"]


def test_f37_a_name_that_is_not_known_parks_its_source_and_no_other(monkeypatch):
    def unknown(*_: Any) -> Any:
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    one = Wire("Jira (x)", "https://jira.nowhere.example", {})
    told = asked(one)

    assert isinstance(told, Parked)
    assert "jira.nowhere.example could not be reached" in str(told)


# A whole sync


@pytest.fixture(scope="module")
def ground():
    with torture.ground(torture.SHORT) as at:
        yield at


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("401", "refused the token"),
        ("403 permission", "Add the permission actions=read"),
        ("no connection", "could not be reached"),
    ],
)
def test_f02_what_was_read_before_is_kept_and_the_next_sync_needs_less(ground, fault: str, words: str):
    stamina.set_testing(True, attempts=6, cap=True)
    with torture.home():
        said = torture.collect(ground.told, torture.Spoilt(ground.told, {ground.requests // 2: (fault, True)}))
        kept = sum(int(told.split()[0]) for told in torture.held().values())
        door = ground.told.door()
        again = torture.collect(ground.told, door)

        assert any(words in sentence for sentence in said)
        assert kept > 50
        assert (again, torture.held() == ground.truths[True]) == ([], True)
        assert door.asked < ground.requests


def test_f40_ctrl_c_finishes_the_page_publishes_and_says_where_it_goes_on():
    with torture.town(torture.SHORT) as town, torture.home() as path:
        town.settle(path)
        with town.command() as running:
            while torture.size(path / "live.duckdb.wal") < 300_000 and running.poll() is None:
                time.sleep(0.01)
            began = time.monotonic()
            running.send_signal(signal.SIGINT)
            said, _ = running.communicate(timeout=60)
        took = time.monotonic() - began

        assert running.returncode == 130, said
        assert "The next sync resumes" in said
        assert took < 15
        assert "Traceback" not in said
        assert torture.shown() >= 0
        town.unless_mended(torture.shown())


def test_the_token_is_written_nowhere_and_names_stay_in_raw(tmp_path):
    """The canary's name and token: looked for in everything said, and in every file but the raw answers."""
    people = {b"odi-sorrel", b"bram-teasel", b"inu-yarrow"}
    with torture.town(torture.SHORT) as town, torture.home() as path:
        town.settle(path)
        _, said = town.sync()
        files = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        hits = [file.name for file, content in files.items() if torture.TOKEN.encode() in content]
        named = [file.name for file, content in files.items() for name in people if name in content]

        assert torture.TOKEN not in said
        assert not any(name.decode() in said for name in people)
        assert hits == []
        assert {name for name in named if not name.startswith("live.duckdb")} == set()


def test_an_error_never_shows_a_token_even_when_the_service_repeats_it():
    one, _ = line(reply(400, {"message": f"bad header Authorization: Bearer {TOKEN}"}))

    assert TOKEN not in str(asked(one))


def test_a_mistake_for_people_is_three_lines_at_most(tmp_path):
    with Live("team"), pytest.raises(CairnError) as told:
        raise CairnError("one\ntwo")
    assert str(told.value).count("\n") < 3
