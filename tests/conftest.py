"""What more than one test file needs."""

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import httpx
import pytest

from collectors import source, sync
from data import Edition, Live, Origin, Progress, edition, publish, team
from data.store import model
from tests import postgres as server

HOUSE = Path(__file__).resolve().parent.parent

SOURCES = (
    '\n[[github]]\nrepositories = ["acme/checkout"]\n\n[[jira]]\nurl = "https://jira.example"\nprojects = ["SHOP"]\n'
)


FOLLOWING = ("issue_status_times", "bug_turns")  # nouns made of nouns that a test puts in as rows


@pytest.fixture(scope="session")
def publish_nouns(tmp_path_factory):
    """Return a function that publishes an edition, in a folder of its own, whose nouns are the rows given."""
    empty: dict[str, Path] = {}  # by the words of team.toml: a home in which nothing has happened yet, made once

    def nothing_yet(words: str, home: Path) -> Edition:
        fresh = not home.exists()
        if words not in empty or not fresh:
            with Live("team") as live:
                made = publish(live, afresh=True)  # what was put into the last edition is not taken over
            if fresh:
                empty[words] = tmp_path_factory.mktemp("empty") / "home"
                shutil.copytree(home, empty[words])
            return made
        shutil.copytree(empty[words], home)
        (whole,) = (home / "published").glob("*.duckdb")
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{whole.stem.partition('-')[2]}"  # no two editions share one
        whole.rename(whole.with_stem(name))
        (home / "published" / "current").write_text(name, encoding="utf-8")
        made = edition()
        assert made
        return made

    def published(
        patch: pytest.MonkeyPatch,
        place: Path,
        words: str = "",
        *,
        complete_to: str | None = "2026-06-01",
        **tables: Any,
    ) -> Edition:
        patch.setenv("CAIRN_HOME", str(place / "home"))
        patch.setenv("CAIRN_CONFIG", str(place / "team.toml"))
        (place / "team.toml").write_text(words + SOURCES, encoding="utf-8")
        made = nothing_yet(words, place / "home")
        sources = [
            {"source": kind, "kind": kind, "stream": "all", "scope": "all", "complete_to": complete_to, "incomplete": 0}
            for kind in ("github", "jira")
        ]
        with duckdb.connect(str(made.path)) as connection:
            connection.execute("begin")
            for table, rows in {"sources": sources, **tables}.items():
                for names, those in groupby(rows, tuple):
                    told = f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})"
                    connection.executemany(told, [list(row.values()) for row in those])
            for noun in FOLLOWING if "issues" in tables else ():
                made_of = re.search(rf"^create table {noun} as\n(.*?);\n", model(), re.DOTALL | re.MULTILINE)
                connection.execute(f"insert into {noun} {made_of[1]}")
            connection.execute("commit")
        return made

    return published


@pytest.fixture
def nouns(publish_nouns, monkeypatch, tmp_path):
    """Return a function: nouns(words of team.toml, complete_to=…, table=[rows as dicts], …) publishes exactly that, in UTC."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))

    def told(words: str = "", **tables: Any) -> Edition:
        return publish_nouns(monkeypatch, tmp_path, words, **tables)

    return told


@pytest.fixture
def landed(monkeypatch, tmp_path):
    """Return a function: landed(words of team.toml, complete_to=…, stream=[rows], …) keeps raw rows and publishes them."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))

    def told(words: str = "", *, complete_to: str = "2026-06-01", **streams: Any) -> Edition:
        (tmp_path / "team.toml").write_text(words + SOURCES, encoding="utf-8")
        read_to = datetime.fromisoformat(complete_to)
        with Live("team") as live:
            for stream, rows in {"github_issues": [], "jira_issues": [], **streams}.items():
                kind = stream.partition("_")[0]
                source, scope = (
                    ("github.com", "acme/checkout") if kind == "github" else ("jira.example", "jira.example")
                )
                origin = Origin(source, kind, stream, scope)
                live.land(origin, rows, Progress(complete_to=read_to), read_to)
            return publish(live)

    return told


@pytest.fixture(scope="session")
def sandbox_of(tmp_path_factory):
    """Return a function: sandbox_of(patch, day, place) makes a home in which the sandbox company was collected up to a day.

    It is collected once for all who ask, on whichever core, and copied for each of them.
    """
    base = tmp_path_factory.getbasetemp()
    ours = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def collected(patch: pytest.MonkeyPatch, day: date, place: Path) -> None:
        patch.setenv("CAIRN_HOME", str(place / "home"))
        patch.setenv("CAIRN_CONFIG", str(place / "team.toml"))
        once = ours / f"sandbox-{day}"
        with once.with_suffix(".turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not once.exists():
                told = {**os.environ, "CAIRN_HOME": str(place / "made"), "CAIRN_SANDBOX_DAY": f"{day}"}
                command = [sys.executable, "-m", "collectors", "sync"]
                subprocess.run(command, cwd=HOUSE, env=told, check=True, capture_output=True)
                (place / "made").rename(once)
        shutil.copytree(once, place / "home")

    return collected


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own, and the address of a database in it."""
    if not server.PLACE:
        pytest.skip("no PostgreSQL is installed (Debian: apt-get install postgresql)")
    with server.server() as address:
        yield address


@pytest.fixture
def lake(postgres, monkeypatch, tmp_path) -> str:
    """An empty lake, named by the environment: a database of its own and a folder for its files. Returns its name."""
    name = server.lake(postgres)
    monkeypatch.setenv("CAIRN_STORE", name)
    monkeypatch.setenv("CAIRN_LAKE", str(tmp_path / "lake"))
    return name


class Replay:
    """The recorded GitHub and Jira on loopback: its address, its control plane, and what a perfect collector would hold."""

    TOKEN = "recorded"

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = httpx.request(
            "POST" if body is not None else "GET", f"{self.url}/_control/{path}", json=body, timeout=120
        )
        reply.raise_for_status()
        return reply.json()

    def reset(self) -> None:
        self.ask("reset", {"data": True, "faults": True})

    def mutate(self, *ops: dict[str, Any]) -> None:
        self.ask("mutate", {"ops": list(ops)})

    def faults(self, *rules: dict[str, Any]) -> None:
        self.ask("faults", {"rules": list(rules)})

    def truth(self, stream: str) -> list[str]:
        return sorted(self.ask(f"truth?stream={stream}")["streams"][stream]["lines"])


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """The server itself, started once; take `replay` in a test."""
    place = HOUSE.parent / "shared" / "replay"
    if not place.exists():
        pytest.skip("the recorded GitHub and Jira (../shared/replay) are not beside this checkout")
    told = tmp_path_factory.mktemp("replay") / "port"
    command = [sys.executable, "serve.py", "--data", "data", "--port-file", str(told), "--token", Replay.TOKEN]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as server:
        assert "ready" in server.stdout.readline()
        yield Replay(int(told.read_text()))
        server.terminate()


@pytest.fixture
def replay(recorded, monkeypatch, tmp_path):
    """The recorded GitHub and Jira with nothing changed, and a team that reads them into an empty home."""
    recorded.reset()
    words = f"""
        [github]
        url = "{recorded.url}"
        repositories = ["bitcoin-core/gui"]
        [jira]
        url = "{recorded.url}/jira"
        projects = ["AC", "ALOY", "MOD", "DAEMON", "OPS"]
    """
    (tmp_path / "team.toml").write_text(words, encoding="utf-8")
    settings = {
        "CAIRN_HOME": str(tmp_path / "home"),
        "CAIRN_CONFIG": str(tmp_path / "team.toml"),
        "CAIRN_INSECURE_HOSTS": "127.0.0.1",
        "GITHUB_TOKEN": Replay.TOKEN,
        "JIRA_EMAIL": "someone@example.org",
        "JIRA_TOKEN": Replay.TOKEN,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return recorded


LONG = (  # files that take minutes: begun first, so that no core waits for the last of them
    "test_torture test_filters test_faults test_stories test_states test_golden_path test_recorded test_browser test_signals"
    " test_drill_browser test_drill test_github_streams test_login test_pages test_jira test_frame test_journal test_memory test_docs"
).split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONG)))


class Silent:
    """Hears everything and says nothing."""

    def page(self, *_: Any) -> None: ...

    def done(self, *_: Any) -> None: ...

    def park(self, *_: Any) -> None: ...

    def say(self, *_: Any) -> None: ...


@pytest.fixture
def collect():
    """Return a function that runs one sync of the team in this process and returns its outcomes.

    An edition is published where a test asks for one: it takes as long as all the rest.
    """

    def synced(kind: str | None = None, since: Any = None, *, published: bool = False) -> list[sync.Outcome]:
        chosen = [s for s in source.sources(team("team")) if kind in (None, s.kind)]
        press = contextlib.nullcontext() if published else mock.patch.object(sync.Press, "now")
        with press, Live("team") as store:
            return asyncio.run(sync.Run(store, Silent(), since).all(chosen))

    return synced
