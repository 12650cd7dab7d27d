"""Whoever watches Cairn hears whether its numbers are current: by a command and its exit code, and over HTTP where the guard lets in."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from data import editions, health
from data.editions import newest
from tests.test_browser import dashboard

HOUSE = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 6, 3, 12)  # noqa: DTZ001 zone-less UTC, as in an edition
PATIENCE = 60  # seconds: a dashboard says its address some time before it answers


def command(*words: str) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "data", "health", *words], cwd=HOUSE, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def reached(**kinds: str | None) -> list[dict]:
    """Return how far services were read, as the edition keeps it: several scopes of one are as far as the furthest."""
    return [
        {"source": f"{kind}.canary.example", "kind": kind, "stream": "s", "scope": scope, "complete_to": upto, "incomplete": 0}
        for kind, upto in kinds.items()
        for scope, upto in (("a", upto), ("b", None))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "word", "upto"),
    [
        ({"github": "2026-06-03", "jira": "2026-06-02"}, "ok", "2026-06-02T00:00:00Z"),
        ({"github": "2026-06-03", "jira": "2026-06-01 11:00"}, "stale", "2026-06-01T11:00:00Z"),
        ({"github": "2026-06-03", "jira": None}, "stale", None),
        ({"github": None, "jira": None}, "never", None),
        ({"github": "2026-06-03", "usage": "2026-01-01"}, "ok", "2026-06-03T00:00:00Z"),
    ],
)
def test_numbers_are_as_current_as_the_service_that_is_furthest_behind(nouns, kinds, word, upto):
    made = nouns()
    with editions.duckdb.connect(str(made.path)) as connection:
        connection.execute("delete from sources")
        for row in reached(**kinds):
            names = ", ".join(row)
            connection.execute(
                f"insert into sources ({names}) values ({', '.join('?' * len(row))})", list(row.values())
            )
    told = health.state(NOW)

    assert told.told() == {"state": word, "company": "team", "complete_to": upto}
    assert ("safe" in told.sentence() or "goes on" in told.sentence()) == (word != "ok")


def test_the_command_says_it_by_its_exit_code_and_names_nothing(nouns, monkeypatch, tmp_path):
    made = nouns(complete_to=f"{datetime.now() - timedelta(hours=3)}")  # noqa: DTZ005 a few hours do not matter here
    assert command()[0] == 0
    code, line = command("--json")
    assert (code, json.loads(line)["state"], set(json.loads(line))) == (0, "ok", {"state", "company", "complete_to"})

    with editions.duckdb.connect(str(made.path)) as connection:
        connection.execute("update sources set complete_to = '2026-01-02 03:04'")
    assert command() == (
        1,
        "The numbers are old: everything is read to 2026-01-02 03:04 UTC. Run 'python -m collectors sync'; what is there is safe.\n",
    )

    newest("team").path.write_bytes(b"no database")
    for older in made.path.parent.glob("*.duckdb"):
        older.write_bytes(b"no database")
    code, line = command("--json")
    assert (code, json.loads(line)["state"]) == (2, "unreadable")

    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "team.toml"))
    assert (command()[0], json.loads(command("--json")[1])["state"]) == (2, "unreadable"), "a file is no folder"
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "nowhere"))
    assert (command()[0], json.loads(command("--json")[1])["state"]) == (2, "never")


def test_over_http_it_answers_this_machine_with_a_status_for_each(nouns, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    made = nouns(complete_to=f"{datetime.now() - timedelta(hours=3)}")  # noqa: DTZ005
    with dashboard() as url:
        well = httpx.get(f"{url}/healthz", timeout=PATIENCE)
        elsewhere = httpx.get(f"{url}/healthz", timeout=PATIENCE, headers={"X-Forwarded-For": "203.0.113.7"})
        changed = httpx.post(f"{url}/healthz", timeout=PATIENCE)
        replacement = made.path.with_suffix(".next")
        replacement.write_bytes(made.path.read_bytes())
        with editions.duckdb.connect(str(replacement)) as connection:
            connection.execute("update sources set complete_to = '2026-01-02'")
        os.replace(replacement, made.path)  # noqa: PTH105
        old = httpx.get(f"{url}/healthz", timeout=PATIENCE)

    assert (well.status_code, well.json()["state"], well.headers["cache-control"]) == (200, "ok", "no-store")
    assert "content-security-policy" in well.headers
    assert (elsewhere.status_code, changed.status_code) == (403, 405)
    assert (old.status_code, old.json()) == (503, {"state": "stale", "company": "team", "complete_to": "2026-01-02T00:00:00Z"})  # fmt: skip


def test_over_http_it_answers_below_the_path_that_cairn_is_served_at(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("STREAMLIT_SERVER_BASE_URL_PATH", "cairn")
    with dashboard() as url:
        told = httpx.get(f"{url}/cairn/healthz", timeout=PATIENCE)

    assert (told.status_code, told.json()["state"]) == (503, "never")
