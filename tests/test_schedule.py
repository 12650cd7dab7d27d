"""A schedule collects again and again: no failure ends it, only a stop does, at once and with nothing lost."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from collectors import schedule
from data import CairnError, Live
from tests import torture

HOUSE = Path(__file__).resolve().parent.parent
AT = datetime(2026, 11, 22, 7, 5, tzinfo=UTC)
TOKEN = "canary-token-of-the-schedule"
PATIENCE = 20  # seconds: less than a sync takes to give up on a service that does not answer


@contextmanager
def scheduled(*words: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run a schedule that waits about a second between its syncs; it is ended with the test."""
    command = [sys.executable, "-m", "collectors", "schedule", "--every", "1s", *words]
    known = {**os.environ, "CAIRN_INSECURE_HOSTS": "127.0.0.1", "GITHUB_TOKEN": TOKEN, **settings}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=HOUSE, env=known, **pipes) as running:
        try:
            yield running
        finally:
            running.kill()


def until(running: subprocess.Popen[str], outcome: str) -> dict:
    """Return the first line of JSON with that outcome."""
    for line in running.stdout:
        told = json.loads(line)
        if told["outcome"] == outcome:
            return told
    raise AssertionError(running.stderr.read())


@pytest.fixture
def place(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    return tmp_path


def test_neither_a_failure_nor_another_sync_ends_it_and_what_mends_them_is_taken_up(place):
    company = torture.Company(days=2, size=100)
    with torture.served(company) as url, scheduled("--json", JIRA_EMAIL="a@example.org", JIRA_TOKEN=TOKEN) as running:
        assert "there is no" in until(running, "could not start")["said"][0]
        with Live("team"):
            torture.Town(company, url, place).settle(place / "home")
            while "a sync is already running" not in " ".join(told := until(running, "could not start")["said"]):
                assert told
        done = until(running, "complete")
        again = until(running, "complete")
        running.send_signal(signal.SIGTERM)
        rest, said = running.communicate()

    assert done["new"] > 0
    assert done["requests"] > 0
    assert again["new"] == 0
    assert (done["at"], done["said"]) < (again["at"], done["said"])
    assert running.returncode == 0
    assert "Every page read so far is kept" in said
    assert TOKEN not in rest + said + json.dumps([done, again])


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_it_at_once_with_0_even_in_the_middle_of_a_sync_and_nothing_is_left_locked(place, asked):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        words = f'[github]\nurl = "http://127.0.0.1:{silent.getsockname()[1]}"\nrepositories = ["acme/shop"]\n'
        (place / "team.toml").write_text(words, encoding="utf-8")
        with scheduled() as running:
            asking, _ = silent.accept()  # a sync is under way, and will get no answer
            with asking:
                running.send_signal(asked)
                out, said = running.communicate(timeout=PATIENCE)

    assert (running.returncode, out) == (0, "")
    assert said == "Stopped. Every page read so far is kept; the next sync goes on from there.\n"
    with Live("team") as live:
        assert live.about("anew") in {None, ""}


def test_hosts_that_were_started_together_do_not_ask_together(monkeypatch):
    done = iter(range(100))

    def waits(seed: int) -> list[float]:
        told = schedule.turns(3600, lambda: schedule.Turn(AT, f"{next(done)}"), random.Random(seed))
        return [pause for _, pause in islice(told, 20)]

    one, other = waits(1), waits(2)

    assert all(3240 <= pause <= 3960 for pause in one + other)
    assert max(one) - min(one) > 360
    assert sum(abs(a - b) > 60 for a, b in zip(one, other, strict=True)) > 10


def test_each_sync_is_one_line_that_says_when_what_and_how_much(monkeypatch, capsys):
    figures = {"new": 12, "changed": 3, "requests": 40, "points": 7, "seconds": 5.21, "edition": "x"}
    parked = json.dumps({**figures, "sources": [{"parked": ["Jira said no.\nAsk again."]}, {"parked": ["b", "c"]}]})
    ended = [
        schedule.told(AT, 0, json.dumps({**figures, "sources": [{"parked": []}]}), "  page 1\n"),
        schedule.told(AT, 1, f"{parked}\n", "Jira (x): said no.\n"),
        schedule.told(AT, 2, "", "  page 1\nA sync is already running.\nWait for it.\n"),
        schedule.told(AT, -9, "", "  page 1\n"),
        schedule.told(AT, 1, "", f"Traceback (most recent call last):\nValueError: {TOKEN}\n"),
    ]
    turns = iter(ended)
    monkeypatch.setattr(schedule, "one_sync", lambda: next(turns))
    monkeypatch.setattr(schedule, "time", type("Still", (), {"sleep": staticmethod(lambda _: None)}))
    with pytest.raises(RuntimeError, match="StopIteration"):  # turns has none left: nothing else ends it
        schedule.command("1h", as_json=False)
    lines = capsys.readouterr().err.splitlines()

    assert [line.rpartition(" Next at ")[0] for line in lines] == [
        "2026-11-22 07:05 UTC: complete, 12 new and 3 changed rows, 40 requests, 5.2 s.",
        "2026-11-22 07:05 UTC: something left unread, 12 new and 3 changed rows, 40 requests, 5.2 s. Jira said no. Ask again. And 2 more; the page Health names them all.",
        "2026-11-22 07:05 UTC: could not start. A sync is already running. Wait for it.",
        "2026-11-22 07:05 UTC: broke off. It ended with -9. 'python -m collectors sync' shows why; what was read before is kept.",
        "2026-11-22 07:05 UTC: broke off. It ended with 1. 'python -m collectors sync' shows why; what was read before is kept.",
    ]


@pytest.mark.parametrize(("words", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400)])
def test_how_long_to_wait_is_said_in_seconds_minutes_hours_or_days(words, seconds):
    assert schedule.interval(words) == seconds


@pytest.mark.parametrize("words", ["", "0m", "30", "-1h", "1.5h", "1h30m", "m", "30 m", "9999999s"])
def test_a_wait_that_cannot_be_meant_is_refused_in_words(words):
    with pytest.raises(CairnError, match=r"is no time to wait.\nSay --every 30m"):
        schedule.interval(words)
