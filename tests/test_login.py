"""Without login nothing but the login page answers, on every route, the WebSocket included; a viewer cannot write by any route.

Everything here is asked of a real dashboard, over real HTTP and WebSockets, with a real OpenID Connect provider on loopback.
"""

import asyncio
import json
import re
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from data import looked
from data.journal import journal
from tests.provider import CLIENT, FORGED
from tests.test_browser import browser, dashboard, settle
from tests.test_pages import happenings

__all__ = ["browser"]  # fixtures

HOUSE = Path(__file__).resolve().parent.parent
SECRET = "kept by nobody but this test and its dashboard"
ACCESS = '[access]\nviewers = ["*@example.org", "group:rnd"]\neditors = ["em@example.org", "group:leads"]\n'
PATIENCE = 60  # seconds: a dashboard says its address some time before it answers
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
WAYS_IN = ("/auth/login", "/auth/logout", "/oauth2callback")
ROUTES = "from app import app; app._runtime = app._create_runtime(); print(*(r.path for r in app._build_starlette_app().routes), sep='\\n')"
PAGES = (
    "",
    "hour",
    "outcomes",
    "flow",
    "knowledge",
    "plan",
    "memory",
    "experiments",
    "pulse",
    "explore",
    "health",
    "setup",
)


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard at which people log in, its provider, and its team.toml."""

    url: str
    provider: str
    words: Path
    said: list[str]
    clients: list[httpx.Client] = field(default_factory=list)

    def forge(self, how: str) -> None:
        httpx.put(f"{self.provider}/forge/{how}", timeout=PATIENCE).raise_for_status()

    def log_in(self, who: str) -> httpx.Client:
        """Return a browser of somebody who went the whole way to their provider and back."""
        client = httpx.Client(base_url=self.url, follow_redirects=True, timeout=PATIENCE)
        self.clients.append(client)
        asked = client.get("/auth/login")
        assert asked.url.path == "/oauth2/authorize", asked
        client.post(asked.url, data={"sub": who})
        return client


@contextmanager
def provided():
    """Run the provider, and yield its address."""
    command = [sys.executable, "-m", "tests.provider"]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        try:
            yield f"http://localhost:{run.stdout.readline().strip()}"
        finally:
            run.kill()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def secrets(place: Path, provider: str, redirect: str, **other: str | None) -> Path:
    """Write the login down in a home of its own, as somebody would who follows the README."""
    told = {
        "client_id": CLIENT,
        "client_secret": "opens nothing",
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
        "redirect_uri": redirect,
        "cookie_secret": SECRET,
        **other,
    }
    path = place / ".streamlit" / "secrets.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{name} = {json.dumps(value)}" for name, value in told.items() if value is not None)
    path.write_text("[auth]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def dashed(publish_nouns, tmp_path_factory):
    """The dashboard of this file, at which people log in."""
    place, port = tmp_path_factory.mktemp("login"), free_port()
    with pytest.MonkeyPatch.context() as patch, provided() as provider:
        publish_nouns(patch, place, ACCESS, **happenings())
        secrets(place, provider, f"http://127.0.0.1:{port}/oauth2callback")
        patch.setenv("HOME", str(place))
        with dashboard(port, said=(said := [])) as url:
            yield Dashboard(url, provider, place / "team.toml", said)


@pytest.fixture
def there(dashed):
    """The same, honest and with its own allow list again after each test."""
    before = dashed.words.read_text(encoding="utf-8")
    yield dashed
    dashed.words.write_text(before, encoding="utf-8")
    dashed.forge("nothing")
    while dashed.clients:
        dashed.clients.pop().close()


def routes() -> set[str]:
    """Return the path of every route of the server, Streamlit's own included, with something in each blank."""
    told = subprocess.run([sys.executable, "-c", ROUTES], cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    return {re.sub(r"{\w+(:\w+)?}", "index.html", path) or "/" for path in told.split("\n")}


def is_login_page(reply: httpx.Response) -> bool:
    """Tell if a reply is the login page, under the same content policy as every other, and nothing else."""
    strict = reply.headers.get("x-frame-options") == "DENY" and reply.headers["cache-control"] == "no-store"
    alone = 'href="/auth/login"' in reply.text and "Streamlit" not in reply.text
    return strict and alone and reply.status_code == 401


# A stranger


def test_to_a_stranger_no_route_answers_but_the_login(there):
    every = routes() | {
        *(f"/{page}" for page in PAGES), "/favicon.png", "/app/static/x", "/_stcore/script-health-check", "//", "/auth/login/",
        "/auth/login/../../_stcore/health", "/AUTH/LOGIN", "/auth%2flogin%2f..", "/oauth2callback/x", "/media/../_stcore/metrics",
    }  # fmt: skip
    assert {"/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/media/index.html"} <= every
    wrong = []
    with httpx.Client(base_url=there.url, timeout=PATIENCE) as client:
        for path in sorted(every):
            for method in METHODS:
                if method == "GET" and path in WAYS_IN:
                    continue
                reply = client.request(method, there.url + path)
                if reply.status_code != 401 or (method != "HEAD" and not is_login_page(reply)):
                    wrong.append((method, path, reply.status_code))

    assert len(every) > 30
    assert wrong == []


@pytest.mark.parametrize("way", WAYS_IN)
def test_the_ways_of_the_login_lead_a_stranger_to_the_provider_or_back_and_show_nothing(there, way):
    with httpx.Client(base_url=there.url, timeout=PATIENCE) as client:
        replies = [
            client.get(way),
            client.get(way, params={"provider": "forged", "code": "x", "state": "y", "error": "z"}),
        ]

    assert [reply.status_code for reply in replies] == [302, 302]
    assert all(reply.headers["location"].partition("?")[0] in {"/", "/auth/login"} for reply in replies)
    assert not any(reply.content for reply in replies)


def cookies_of_a_forger(port: int) -> list[dict[str, str]]:
    """Return what a stranger may try to pass for a login."""
    claims = {"is_logged_in": True, "email": "em@example.org", "email_verified": True, "aud": CLIENT}
    claims |= {"iat": datetime.now(UTC).timestamp(), "origin": f"http://127.0.0.1:{port}"}
    told = json.dumps(claims)
    name = "_streamlit_user"
    return [
        {},
        {name: told},
        {name: create_signed_value("another secret, of the same length as ours", name, told).decode()},
        {name: create_signed_value(SECRET, "another_cookie", told).decode()},
        {name: create_signed_value(SECRET, name, json.dumps({**claims, "origin": "http://127.0.0.1:1"})).decode()},
        {name: create_signed_value(SECRET, name, json.dumps([claims])).decode()},
        {name: create_signed_value(SECRET, name, json.dumps({**claims, "is_logged_in": "true"})).decode()},
        {name: create_signed_value(SECRET, name, json.dumps({**claims, "iat": claims["iat"] - 8 * 86_400})).decode()},
    ]


@pytest.mark.parametrize("nth", range(8))
def test_no_forged_cookie_opens_a_route_or_the_websocket(there, nth):
    cookies = cookies_of_a_forger(int(there.url.rpartition(":")[2]))[nth]
    told = "; ".join(f"{name}={json.dumps(value) if value[0] == '{' else value}" for name, value in cookies.items())
    reply = httpx.get(f"{there.url}/_stcore/health", timeout=PATIENCE, headers={"Cookie": told})

    assert is_login_page(reply)
    assert refused_at(there, told) == 403


def test_a_cookie_that_is_whole_opens_them(there):
    """The test above would be worth nothing if its cookies were refused for another reason."""
    good = json.loads(cookies_of_a_forger(int(there.url.rpartition(":")[2]))[1]["_streamlit_user"])
    told = f"_streamlit_user={create_signed_value(SECRET, '_streamlit_user', json.dumps(good)).decode()}"

    assert httpx.get(f"{there.url}/_stcore/health", timeout=PATIENCE, headers={"Cookie": told}).text == "ok"
    assert refused_at(there, told) == 0


def refused_at(there: Dashboard, cookies: str) -> int:
    """Return the status with which the WebSocket is refused, 0 when it opens."""

    async def tried() -> int:
        stream = f"{there.url.replace('http', 'ws', 1)}/_stcore/stream"
        try:
            async with connect(
                stream, subprotocols=["streamlit"], additional_headers={"Cookie": cookies}, open_timeout=PATIENCE
            ):
                return 0
        except InvalidStatus as error:
            return error.response.status_code

    return asyncio.run(tried())


# The provider's word


@pytest.mark.parametrize("who", ["editor", "viewer", "grouped"])
def test_whoever_the_team_lets_in_is_in(there, who):
    client = there.log_in(who)

    assert client.get("/").status_code == 200
    assert client.get("/_stcore/health").text == "ok"


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("stranger", "who@elsewhere.example, and that is nobody team.toml lets in"),
        ("unverified", "does not vouch that em@example.org is yours"),
        ("unsaid", "does not vouch that em@example.org is yours"),
        ("worded", "does not vouch that em@example.org is yours"),
        ("nameless", "does not say which e-mail is yours"),
    ],
)
def test_whoever_is_not_certain_or_not_listed_is_told_why_and_can_log_out(there, who, said):
    client = there.log_in(who)
    replies = [client.get(path) for path in ("/", "/_stcore/health", "/_stcore/host-config", "/explore")]

    assert [reply.status_code for reply in replies] == [403] * 4
    assert all(said in reply.text and 'href="/auth/logout"' in reply.text for reply in replies)
    assert refused_at(there, "; ".join(f"{name}={value}" for name, value in client.cookies.items())) == 403
    client.get("/auth/logout", follow_redirects=False)
    assert is_login_page(client.get("/"))


@pytest.mark.parametrize("how", FORGED)
def test_no_forged_expired_or_borrowed_token_is_a_login(there, how):
    there.forge(how)
    client = there.log_in("editor")

    assert client.get("/").status_code == (403 if how == "audience_by_way_of_us" else 401)
    assert client.get("/_stcore/health").text != "ok"
    assert refused_at(there, "; ".join(f"{name}={value}" for name, value in client.cookies.items())) == 403
    there.forge("nothing")
    assert there.log_in("editor").get("/_stcore/health").text == "ok"


def test_a_link_leads_on_to_its_page_after_the_login_and_never_elsewhere(there):
    with httpx.Client(base_url=there.url, follow_redirects=True, timeout=PATIENCE) as client:
        client.get("/explore?metric=Bugs+opened&every=month")
        client.post(client.get("/auth/login").url, data={"sub": "viewer"})
        for way in (
            "//evil.example",
            "https://evil.example/x",
            "/auth/logout",
            "/\\evil.example",
            "/explore\r\nx: y",
            "evil",
        ):
            client.cookies.set("cairn_came_for", quote(way, safe=""), domain="127.0.0.1", path="/")
            reply = client.get("/", follow_redirects=False)
            assert (reply.status_code, reply.headers["location"]) == (302, "/"), way
            assert "cairn_came_for" not in client.cookies

    with httpx.Client(base_url=there.url, follow_redirects=True, timeout=PATIENCE) as client:
        client.get("/explore?metric=Bugs+opened&every=month")
        came = client.post(client.get("/auth/login").url, data={"sub": "viewer"})
        again = client.get("/")

    assert (came.url.path, came.url.query) == ("/explore", b"metric=Bugs+opened&every=month")
    assert again.url.path == "/"


def test_what_the_dashboard_prints_names_nobody_and_holds_no_secret(there):
    for who in ("editor", "viewer", "stranger"):
        there.log_in(who).get("/health")
    for how in ("expired", "other_key"):
        there.forge(how)
        there.log_in("editor")
    said = "".join(there.said)

    assert "exchange failed" in said  # what went wrong is told to whoever runs it
    assert not [one for one in ("@example.org", "elsewhere.example", SECRET, "opens nothing", "eyJ") if one in said]


def test_without_an_allow_list_nobody_gets_in_and_it_is_said_in_words(there):
    client = there.log_in("editor")
    there.words.write_text(there.words.read_text(encoding="utf-8").replace(ACCESS, ""), encoding="utf-8")
    reply = client.get("/")

    assert (reply.status_code, "names nobody under [access]" in reply.text) == (403, True)


def test_with_a_mistake_in_the_allow_list_nobody_gets_in_and_the_mistake_is_not_shown(there):
    client = there.log_in("editor")
    there.words.write_text('[access]\nviewer = ["em@example.org"]\n', encoding="utf-8")
    reply = client.get("/")

    assert (reply.status_code, "cannot be read" in reply.text, "viewer =" in reply.text) == (403, True, False)


# Over the WebSocket


def session_of(there: Dashboard, client: httpx.Client) -> connect:
    """Return a session as the browser of somebody opens it, to be used with `async with`."""
    client.get("/_stcore/host-config")
    client.get("/_stcore/health")
    told = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    stream = f"{there.url.replace('http', 'ws', 1)}/_stcore/stream"
    subprotocols = ["streamlit", client.cookies["_streamlit_xsrf"]]
    headers = {"Cookie": told, "Origin": there.url}
    return connect(stream, subprotocols=subprotocols, additional_headers=headers, max_size=None, open_timeout=PATIENCE)


async def run(session, page: str, query: str = "", press: str = "") -> tuple[str, dict[str, str]]:
    """Open a page, or press a button on it; return what is said there, and the ids of its buttons by their labels."""
    ask, said, buttons = BackMsg(), [], {}
    ask.rerun_script.page_name, ask.rerun_script.query_string = page, query
    if press:
        ask.rerun_script.widget_states.widgets.add(id=press, trigger_value=True)
    await session.send(ask.SerializeToString())
    async with asyncio.timeout(120):
        async for told in session:
            message = ForwardMsg.FromString(told)
            element = message.delta.new_element
            said.append(re.sub(r"<[^>]+>", "", element.html.body) + element.heading.body)
            if element.HasField("button"):
                buttons[element.button.label] = element.button.id
            if message.HasField("script_finished") and message.script_finished != message.FINISHED_EARLY_FOR_RERUN:
                break
    return "\n".join(said), buttons


WRITES = {  # pages and what is written with on them, as an editor sees it
    ("hour", ""): "Begin the hour",
    ("memory", "write=decision"): "Keep it",
    ("plan", "section=Big+rocks"): "",
    ("pulse", ""): "Begin this month's pulse",
    ("pulse", "feels=Gut+check"): "Answer",
}


def test_a_viewer_reads_every_page_and_finds_nothing_to_write_with(there):
    async def seen(who: str) -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
        client, found = there.log_in(who), {}
        for page, query in [*((page, "") for page in PAGES), *WRITES]:
            async with session_of(there, client) as session:
                found[page, query] = await run(session, page, query)
        return found

    editor, viewer = (asyncio.run(seen(who)) for who in ("editor", "viewer"))

    for where, label in WRITES.items():
        if label:
            assert label in editor[where][1], where
            assert label not in viewer[where][1], where
        assert "You look as a viewer" in viewer[where][0], where
        assert "You look as a viewer" not in editor[where][0], where
    assert all("Data complete:" in said for said, _ in viewer.values())


def test_what_a_viewer_presses_that_was_drawn_for_an_editor_writes_nothing(there):
    """An editor whose rights end while a page is open still has its buttons: the journal refuses, whoever presses them."""

    async def pressed() -> tuple[int, int, int]:
        async with session_of(there, there.log_in("editor")) as session:
            _, buttons = await run(session, "hour")
            before = journal().last()
            there.words.write_text(
                there.words.read_text(encoding="utf-8").replace('["em@example.org", ', "["), encoding="utf-8"
            )
            said, _ = await run(session, "hour", press=buttons["Begin the hour"])
            assert "Nothing was written: you look as a viewer." in said
            refused = journal().last()
            there.words.write_text(
                there.words.read_text(encoding="utf-8").replace("editors = [", 'editors = ["em@example.org", '),
                encoding="utf-8",
            )
            _, buttons = await run(session, "hour")
            await run(session, "hour", press=buttons["Begin the hour"])
            return before, refused, journal().last()

    before, refused, written = asyncio.run(pressed())

    assert (refused, written) == (before, before + 1)


def test_an_open_session_ends_with_the_right_to_look(there):
    async def ended() -> int:
        async with session_of(there, there.log_in("viewer")) as session:
            await run(session, "health")
            there.words.write_text(
                there.words.read_text(encoding="utf-8").replace('"*@example.org", ', ""), encoding="utf-8"
            )
            with suppress(ConnectionClosed):
                await run(session, "health")
            return session.close_code

    assert asyncio.run(ended()) == 1008


def test_without_the_token_against_forged_requests_a_session_is_nobodys(there):
    """A page elsewhere may make a browser open a WebSocket; without the token of our own pages nothing is drawn for it."""
    client = there.log_in("editor")
    told = "; ".join(f"{name}={value}" for name, value in client.cookies.items())

    async def seen() -> str:
        stream = f"{there.url.replace('http', 'ws', 1)}/_stcore/stream"
        async with connect(
            stream, subprotocols=["streamlit"], additional_headers={"Cookie": told}, max_size=None
        ) as session:
            return (await run(session, "health"))[0]

    said = asyncio.run(seen())
    assert "Log in" in said
    assert "Data complete:" not in said


@pytest.mark.parametrize("method", [one for one in METHODS if one not in {"GET", "HEAD", "OPTIONS"}])
def test_a_viewer_sends_no_file_by_any_method(there, method):
    client = there.log_in("viewer")
    reply = client.request(method, "/_stcore/upload_file/session/file", content=b"x")

    assert (reply.status_code, "you look as a viewer" in reply.text) == (403, True)
    assert "you look as a viewer" not in there.log_in("editor").request(method, "/_stcore/upload_file/s/f").text


# In a browser


def log_in(page: Page, there: Dashboard, who: str, path: str = "/") -> None:
    page.goto(f"{there.url}{path}")
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("button", name=who, exact=True).click()


@pytest.fixture
def page(browser):
    """A page of a browser that nobody used before; whatever its own scripts or the content policy complain of fails the test."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
    yield page
    context.close()
    assert wrong == []


def test_an_editor_logs_in_writes_and_logs_out(there, page):
    log_in(page, there, "editor")
    settle(page)
    page.goto(f"{there.url}/memory?write=note")
    settle(page)
    expect(page.get_by_role("button", name="Keep it")).to_be_visible()
    page.get_by_role("button", name="You are logged in as an editor").click()
    expect(page.get_by_text("You look as an editor")).to_be_visible()
    expect(page.get_by_text("em@example.org")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/oauth2/end_session**")  # the provider asks as well whether to end its own

    page.goto(there.url)
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_a_viewer_logs_in_reads_finds_no_way_to_write_and_is_seen_to_have_looked(there, page):
    log_in(page, there, "viewer")
    settle(page)
    page.goto(f"{there.url}/memory?write=note")
    settle(page)
    expect(page.get_by_text("You look as a viewer")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it")).to_have_count(0)
    page.goto(f"{there.url}/health")
    settle(page)
    expect(page.get_by_text("Who looked")).to_be_visible()

    seen = {(one.page, one.who) for one in looked.of("look@example.org")}
    assert {("This week", "Look@Example.org"), ("Memory", "Look@Example.org"), ("Health", "Look@Example.org")} <= seen


def test_a_stranger_is_told_why_and_sees_nothing_else(there, page):
    log_in(page, there, "stranger")

    expect(page.get_by_text("who@elsewhere.example, and that is nobody team.toml lets in")).to_be_visible()
    expect(page.get_by_role("link", name="Log out")).to_be_visible()
    assert page.locator("script").count() == 0
    assert looked.of("who@elsewhere.example") == []


def test_the_login_page_can_be_used_by_everybody(there, page):
    page.goto(there.url)

    assert not Axe().run(page).violations_count
