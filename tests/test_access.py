"""Who may look and who may write, where the dashboard answers at all, and what is kept of who looked."""

import ast
import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import streamlit as st
from starlette.responses import PlainTextResponse
from typer.testing import CliRunner

from data import CairnError, looked, team_file
from data.editions import mark
from data.journal import _ASKED_FIRST, Journal, ask_first
from data.looked import Look
from data.pulse import Pulse
from data.team import Access, Team, read_team
from pages import login
from pages.guard import Guard
from pages.login import LASTS, NOT_YET, Person, admitted
from tests.test_browser import dashboard
from tests.test_login import PATIENCE, SECRET, free_port, secrets
from tests.test_pages import happenings, open_page, told

HOUSE = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
LISTED = Access(viewers=("*@example.org", "group:rnd"), editors=("em@example.org", "group:leads"))
GOOD = {
    "is_logged_in": True,
    "aud": "cairn",
    "iat": NOW.timestamp(),
    "email": "em@example.org",
    "email_verified": True,
}


def who(**other) -> Person | str:
    return admitted({**GOOD, **other}, "cairn", LISTED, NOW)


# Who somebody is


@pytest.mark.parametrize(
    ("other", "writes"),
    [
        ({}, True),
        ({"email": "EM@Example.org"}, True),
        ({"email": "look@example.org"}, False),
        ({"email": "guest@partner.example", "groups": ["staff", "rnd"]}, False),
        ({"email": "guest@partner.example", "groups": ["Leads"]}, True),
        ({"aud": ["cairn", "another"]}, True),
    ],
)
def test_e_mails_domains_and_groups_let_in_who_they_name(other, writes):
    assert who(**other) == Person({**GOOD, **other}["email"], writes)


@pytest.mark.parametrize(
    "other",
    [
        {"is_logged_in": False}, {"is_logged_in": "true"}, {"is_logged_in": None}, {"iat": None}, {"iat": "now"}, {"iat": float("nan")},
        {"iat": (NOW - LASTS).timestamp() - 1}, {"aud": "another"}, {"aud": ["another"]}, {"aud": None}, {"aud": {"cairn": 1}},
        {"aud": "cairn2"}, {"email_verified": False}, {"email_verified": "true"}, {"email_verified": 1}, {"email_verified": None},
        {"email": None}, {"email": ["em@example.org"]}, {"email": ""}, {"email": "em@example.org.evil.example"},
        {"email": "em@evil.example@example.org"}, {"email": "who@evil.example\n@example.org"}, {"email": "em @example.org"},
        {"email": "em@example.org\n"}, {"email": "ем@example.org"}, {"email": "em@example.\u212arg"},
        {"email": "who@evil.example", "groups": "rnd"}, {"email": "who@evil.example", "groups": ["group:rnd"]},
        {"email": "who@evil.example", "groups": ["x@example.org"]}, {"email": "who@evil.example", "groups": [["rnd"], None, 7]},
        {"email": "group:rnd"}, {"email": "who@evil.example", "groups": {"rnd": True}}, {"email": "who@evil.example", "groups": ["rnd2"]},
    ],
)  # fmt: skip
def test_whoever_is_not_certain_is_nobody(other):
    assert isinstance(who(**other), str)


def test_a_login_that_is_too_old_is_none_and_a_person_not_listed_is_told_so():
    assert who(iat=(NOW - LASTS).timestamp() - 1) == NOT_YET
    assert "who@evil.example" in str(who(email="who@evil.example"))


def test_without_an_allow_list_nobody_is_let_in():
    assert "names nobody" in str(admitted(GOOD, "cairn", Access(), NOW))


@pytest.mark.parametrize("entry", ["group:", "em", "example.org"])
def test_an_entry_of_the_allow_list_that_names_nobody_is_a_mistake(entry, tmp_path):
    path = tmp_path / "team.toml"
    path.write_text(f'[access]\nviewers = ["{entry}"]\n', encoding="utf-8")

    with pytest.raises(CairnError, match="access"):
        read_team(path)


def test_who_may_look_changes_no_number():
    assert mark(Team(access=LISTED)) == mark(Team())


# The one door of all writing


@pytest.fixture
def asks_first():
    """Let every write be asked for what the test says, and for nothing afterwards."""
    before = list(_ASKED_FIRST)
    yield ask_first
    _ASKED_FIRST[:] = before


def refuses() -> None:
    raise CairnError("You may only read.")


def test_whoever_may_only_read_writes_by_no_way_there_is(asks_first, tmp_path):
    kept = Journal(f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "journal.jsonl")
    pulse = Pulse(kept)
    (code, *_) = pulse.ask(5, TODAY)
    one = kept.write("note", {"title": "Here"}, "Ada")
    before = (kept.everything(), pulse.asking(TODAY))
    asks_first(refuses)

    ways = (
        lambda: kept.write("note", {"title": "There"}, "Bo"),
        lambda: kept.write("note", None, "Bo", entry=one.id, base=1),
        lambda: kept.undo(one.id, "Bo"),
        lambda: kept.adopt([one]),
        lambda: pulse.ask(5, TODAY + timedelta(days=40)),
        lambda: pulse.answer(code, {"focus": 1}, TODAY),
        lambda: pulse.adopt([]),
    )
    for way in ways:
        with pytest.raises(CairnError, match="only read"):
            way()
    assert (kept.everything(), pulse.asking(TODAY)) == before
    assert Pulse(Journal(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other.jsonl")).asking(TODAY) is None


def test_no_other_place_opens_a_way_to_write():
    """What a page or a room wants to write goes through Journal.writing(), which asks first."""
    rooms = [place for room in ("data", "metrics", "pages") for place in HOUSE.glob(f"{room}/*.py")]
    found = {
        (place.relative_to(HOUSE).as_posix(), node.attr)
        for place in rooms
        for node in ast.walk(ast.parse(place.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"begin", "engine", "_turn", "create_engine", "_append"}
    }

    assert {one for one in found if one[0] != "data/journal.py"} == {
        ("data/pulse.py", "engine"),  # leaves no trace
        ("data/console.py", "begin"),  # the list of questions: nothing of what people wrote
    }


# Where it answers


def start(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the dashboard as somebody would, and wait for its end."""
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.headless=true",
        f"--server.port={free_port()}",
    ]
    told = {**os.environ, "HOME": str(home), "CAIRN_HOME": str(home / "data"), "CAIRN_WARM": "0", **environment}
    return subprocess.run(
        [*command, *words], cwd=HOUSE, env=told, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("address", ["0.0.0.0", "::", ""])  # noqa: S104  what is refused
def test_beyond_this_machine_it_does_not_start_without_login_and_says_why(address, tmp_path):
    ended = start(f"--server.address={address}", home=tmp_path)

    assert ended.returncode == 2, ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 3
    assert "did not start" in lines[0]
    assert "CAIRN_TRUST_PROXY=1" in lines[2]


def test_a_proxy_that_is_trusted_by_name_may_stand_in_front_of_it(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_TRUST_PROXY", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")  # noqa: S104
    with dashboard() as url:
        assert (
            httpx.get(f"{url}/_stcore/health", timeout=PATIENCE, headers={"X-Forwarded-For": "203.0.113.7"}).text
            == "ok"
        )


def test_without_login_what_a_proxy_passes_on_from_elsewhere_is_not_answered(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "data"))
    with dashboard() as url:
        assert httpx.get(f"{url}/_stcore/health", timeout=PATIENCE).text == "ok"
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host"):
            reply = httpx.get(f"{url}/_stcore/health", timeout=PATIENCE, headers={header: "203.0.113.7"})
            assert (reply.status_code, "CAIRN_TRUST_PROXY=1" in reply.text) == (403, True)


async def app(scope, receive, send):
    """Answer everything, as the dashboard behind the guard would."""
    assert scope["type"] == "http"
    await PlainTextResponse("numbers")(scope, receive, send)


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8", 200),
        ("::1", 200),
        ("192.168.0.5", 403),
        ("203.0.113.7", 403),
        ("2001:db8::1", 403),
        ("", 403),
    ],
)
def test_without_login_another_machine_gets_no_answer_whatever_server_it_runs_on(client, status):
    """Whoever starts it with a server of their own says there where it listens; the guard looks who asks."""

    async def asked() -> httpx.Response:
        through = httpx.ASGITransport(app=Guard(app, None), client=(client, 1234))
        async with httpx.AsyncClient(transport=through, base_url="http://127.0.0.1") as browser:
            return await browser.get("/explore")

    reply = asyncio.run(asked())
    assert (reply.status_code, "numbers" in reply.text) == (status, status == 200)


def test_without_login_another_machine_opens_no_websocket():
    sent = []

    async def send(message) -> None:
        sent.append(message)

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "headers": [],
        "query_string": b"",
        "client": ("203.0.113.7", 1),
    }
    asyncio.run(Guard(app, None)(scope, receive, send))

    assert [(one["type"], one["code"]) for one in sent] == [("websocket.close", 1008)]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"client_id": None}, "lacks client_id"),
        ({"client_secret": ""}, "lacks client_secret"),
        ({"cookie_secret": None}, "lacks cookie_secret"),
        ({"cookie_secret": "short"}, "fewer than 32 characters"),
        ({"server_metadata_url": "http://login.example.org/x"}, "server_metadata_url is not https"),
        ({"redirect_uri": "http://cairn.example.org/oauth2callback"}, "redirect_uri is not https"),
        ({"redirect_uri": "https://127.0.0.1/elsewhere"}, "redirect_uri does not end in /oauth2callback"),
        ({"redirect_uri": "https://cairn.example.org/oauth2callback"}, "allowedHosts in .streamlit/config.toml lacks cairn.example.org"),
    ],
)  # fmt: skip
def test_half_a_login_is_none_and_said_in_words(other, said, monkeypatch, tmp_path):
    with pytest.raises(CairnError, match=re.escape(said)) as error:
        written(monkeypatch, tmp_path, **other)
    assert SECRET not in str(error.value)
    assert len(str(error.value).splitlines()) <= 3


def written(monkeypatch, place: Path, **other) -> login.Settings | None:
    """Return the login that secrets.toml describes."""
    path = secrets(place, "https://login.example.org", "http://127.0.0.1:{port}/oauth2callback", **other)
    monkeypatch.setattr(st.secrets, "_secrets", None)
    options = {"secrets.files": [str(path)], "server.allowedHosts": ["127.0.0.1"]}
    monkeypatch.setattr("streamlit.config.get_option", lambda name, known=st.get_option: options.get(name, known(name)))
    monkeypatch.setattr(st, "get_option", lambda name, known=st.get_option: options.get(name, known(name)))
    login.settings.cache_clear()
    try:
        return login.settings()
    finally:
        login.settings.cache_clear()
        st.secrets._reset()


def test_a_whole_login_is_one(monkeypatch, tmp_path):
    found = written(monkeypatch, tmp_path)

    assert found
    assert found.client == "cairn"
    assert found.origin.startswith("http://127.0.0.1:")
    assert "{port}" not in found.origin


def test_secrets_that_others_can_read_or_nobody_can_keep_it_from_starting(tmp_path):
    path = secrets(tmp_path, "https://login.example.org", "http://127.0.0.1/oauth2callback")
    path.chmod(0o640)
    open_to_others = start(home=tmp_path)
    path.write_text("[auth\n", encoding="utf-8")
    broken = start(home=tmp_path)

    assert (open_to_others.returncode, broken.returncode) == (2, 2)
    assert "chmod 600" in open_to_others.stderr
    assert "cannot be read" in broken.stderr
    assert "Traceback" not in open_to_others.stderr + broken.stderr


def test_headers_that_anybody_could_send_are_not_taken_for_a_login(tmp_path):
    secrets(tmp_path, "https://login.example.org", "http://127.0.0.1:8501/oauth2callback")
    ended = start(home=tmp_path, STREAMLIT_SERVER_TRUSTED_USER_HEADERS='{"X-Forwarded-Email": "email"}')

    assert ended.returncode == 2, ended.stderr
    assert "trustedUserHeaders" in ended.stderr


def test_a_login_nobody_is_let_in_by_is_said_when_it_starts(monkeypatch, tmp_path):
    port = free_port()
    secrets(tmp_path, "https://login.example.org", f"http://127.0.0.1:{port}/oauth2callback")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "data"))
    assert not team_file().exists()
    with dashboard(port) as url:
        reply = httpx.get(url, timeout=PATIENCE)

    assert (reply.status_code, "/auth/login" in reply.text) == (401, True)


SAFE = {
    "server": {
        "address": "127.0.0.1", "allowedHosts": ["127.0.0.1", "localhost"], "enableCORS": True, "enableXsrfProtection": True,
        "enableStaticServing": False, "enableAgentApi": False, "fileWatcherType": "none", "maxUploadSize": 10,
    },
    "browser": {"gatherUsageStats": False},
    "client": {"toolbarMode": "minimal", "disableDataExport": True, "showErrorDetails": "none", "showErrorLinks": False},
}  # fmt: skip


def test_the_shipped_settings_are_the_safe_ones_and_each_says_why():
    text = (HOUSE / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    shipped = tomllib.loads(text)
    head = text.partition("[theme]")[0]
    silent = [line for line in head.splitlines() if re.match(r"\w+ = ", line) and not re.search(r"  # \w+", line)]

    assert {table: {name: shipped[table].get(name) for name in names} for table, names in SAFE.items()} == SAFE
    assert silent == []


# Who looked


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.usefixtures("home")
def test_a_look_is_kept_once_a_day_and_page_for_ninety_days():
    for days in (0, 0, 1, 89, 90, 200):
        looked.note(Look(TODAY - timedelta(days=days), "Plan", "em@example.org"))
    looked.note(Look(TODAY, "Plan", "em@example.org"))
    looked.note(Look(TODAY, "Health", "zoe@example.org"))

    found = looked.lately(TODAY)
    assert [(TODAY - one.day).days for one in found] == [0, 0, 1, 89]
    assert [one.page for one in found][:2] == ["Health", "Plan"]
    assert len(looked.of("em@example.org")) == 3  # what is older is gone, and not only hidden


def test_nothing_tells_how_often_or_at_what_time(home):
    looked.note(Look(TODAY, "Plan", "em@example.org"))
    once = (home / "looked.db").read_bytes()
    looked.note(Look(TODAY, "Plan", "em@example.org"))

    assert looked.Look.__dataclass_fields__.keys() == {"day", "page", "who"}
    assert len(looked.lately(TODAY)) == 1
    assert b"em@example.org" in once


def test_whoever_is_forgotten_is_in_no_byte_of_it(home):
    looked.note(Look(TODAY, "Plan", "em@example.org"))
    looked.note(Look(TODAY, "Plan", "zoe@example.org"))

    assert looked.forget("EM@example.org") == 1
    assert [one.who for one in looked.lately(TODAY)] == ["zoe@example.org"]
    assert not any(b"em@example.org" in path.read_bytes() for path in home.glob("looked.db*"))


def test_the_commands_show_and_forget_who_looked_as_well(landed):
    landed()
    today = datetime.now(UTC).date()
    looked.note(Look(today, "Plan", "em@example.org"))
    looked.note(Look(today, "Plan", "zoe@example.org"))
    runner, commands = CliRunner(), importlib.import_module("data.__main__").main

    shown = runner.invoke(commands, ["show-me", "em@example.org", "--json"])
    assert json.loads(shown.stdout) == [{"table": "looked", "id": f"{today}", "places": ["Plan"]}]
    assert "1 rows named em@example.org" in runner.invoke(commands, ["forget", "em@example.org", "--yes"]).stdout
    assert [one.who for one in looked.lately(today)] == ["zoe@example.org"]


@pytest.mark.usefixtures("home")
def test_many_who_look_at_once_are_all_kept():
    wrong: list[Exception] = []

    def look(nth: int) -> None:
        try:
            looked.note(Look(TODAY, "Plan", f"{nth}@example.org"))
        except Exception as error:  # noqa: BLE001  whatever it is, it is told below
            wrong.append(error)

    looking = [threading.Thread(target=look, args=(nth,)) for nth in range(24)]
    for one in looking:
        one.start()
    for one in looking:
        one.join()

    assert wrong == []
    assert len(looked.lately(TODAY)) == 24


def test_a_log_that_cannot_be_kept_is_said_in_words(home):
    home.mkdir()
    (home / "looked.db").write_bytes(b"no database at all, and long enough to be told from one" * 20)

    with pytest.raises(CairnError, match="all else is safe"):
        looked.note(Look(date(2026, 6, 1), "Plan", "em@example.org"))


def test_without_login_nothing_is_kept_of_who_looks_and_health_says_so(nouns, tmp_path):
    nouns(**happenings())
    page = open_page("health.py")

    assert "nothing is kept of who looks" in told(page)
    assert not (tmp_path / "home" / "looked.db").exists()
