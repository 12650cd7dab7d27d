"""A support bundle lists first what it holds, and holds nothing of the team: no row, name, address, title or secret."""

import json
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from data import CairnError, Live, Origin, Progress, Row, bundle, journal, publish
from data.bundle import members, without_names

HOUSE = Path(__file__).resolve().parent.parent
CANARY = "xyzzycanary"  # in every name, address, title and secret below, and in nothing of Cairn's own
DAY = datetime(2026, 6, 1, 8)  # noqa: DTZ001 zone-less UTC, as in the store
WORDS = f"""
name = "Team {CANARY}"
timezone = "Europe/Berlin"
[[github]]
url = "https://github.{CANARY}.example"
repositories = ["{CANARY}-org/{CANARY}-shop", "{CANARY}-org/tools"]
organisations = ["{CANARY}-other"]
[[jira]]
url = "https://{CANARY}.atlassian.example"
projects = ["{CANARY.upper()}"]
[[teams]]
name = "{CANARY} team"
repositories = ["{CANARY}-org/{CANARY}-shop"]
[access]
viewers = ["*@{CANARY}.example"]
editors = ["em@{CANARY}.example"]
[calendar]
special = [{{ since = 2026-01-01, until = 2026-01-05, what = "{CANARY} days" }}]
"""
SAID = (
    f"GitHub (github.{CANARY}.example) does not show {CANARY}-org/{CANARY}-shop to this token: '{CANARY} says no'"
    f" (403, em@{CANARY}.example, https://github.{CANARY}.example/a?token=ghp_{CANARY}). Give it read access and run again."
)


@pytest.fixture
def company(monkeypatch, tmp_path) -> Path:
    """A team with a canary in all it says of itself, collected, and something went wrong."""
    home = tmp_path / f"home-{CANARY}"
    for name, value in {
        "CAIRN_HOME": f"{home}", "CAIRN_CONFIG": f"{tmp_path / CANARY}.toml", "GITHUB_TOKEN": f"ghp_{CANARY}",
        "JIRA_EMAIL": f"em@{CANARY}.example", "JIRA_TOKEN": f"secret-{CANARY}", f"CAIRN_{CANARY.upper()}": CANARY,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / f"{CANARY}.toml").write_text(WORDS, encoding="utf-8")
    shop = f"{CANARY}-org/{CANARY}-shop"
    body = {"title": f"{CANARY} title", "author": {"login": f"{CANARY}-person"}, "url": f"https://{CANARY}.example"}
    with Live("team") as live:
        source = f"github.{CANARY}.example"
        for stream in ("github_pull_requests", "github_issues", "jira_issues"):
            kind = stream.partition("_")[0]
            row = Row(f"{CANARY}-1", DAY, body, shop)
            live.land(Origin(source, kind, stream, shop), [row], Progress(complete_to=DAY), DAY)
        live.failed(Origin(source, "github", "github_issues", shop), SAID, DAY)
        live.synced(
            started_at=DAY, finished_at=DAY, source=source, requests=7, points=1, new_rows=3, changed_rows=0, seconds=1.5, outcome="partial",
        )  # fmt: skip
        publish(live)
    journal.journal("team").write("note", {"what": CANARY, "day": "2026-06-01", "kind": "other"}, f"{CANARY} author")
    (home / "usage").mkdir()
    (home / "usage" / f"{CANARY}.csv").write_text("happened_at,feature\n", encoding="utf-8")
    return tmp_path


def run(*words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "data", "bundle", *words]
    return subprocess.run(command, cwd=HOUSE, input=answer, capture_output=True, text=True, check=False)


def test_nothing_of_the_team_is_in_a_bundle_and_what_helps_is(company):
    file = company / "support.zip"
    ran = run(str(file), answer="y\n")
    assert ran.returncode == 0, ran.stderr
    with zipfile.ZipFile(file) as kept:
        held = {one.filename: kept.read(one).decode() for one in kept.infolist()}
    whole = "\n".join([*held, *held.values()]).lower()

    assert CANARY in WORDS
    assert CANARY not in whole
    assert CANARY.encode() not in file.read_bytes().lower()
    assert not any(told in whole for told in ("berlin", str(company).lower(), "@"))
    told = {name: json.loads(text) for name, text in held.items() if name.endswith(".json")}
    assert all("could not be read" not in one for one in told.values())
    assert told["settings.json"]["variables"] == [
        "CAIRN_CONFIG", "CAIRN_HOME", "GITHUB_TOKEN", "JIRA_EMAIL", "JIRA_TOKEN",
    ]  # fmt: skip
    assert told["settings.json"]["team.toml"]["github"] == [{"organisations": 1, "repositories": 2, "url": "set"}]
    assert told["counts.json"]["issues"] >= 0
    assert told["syncs.json"][0]["outcome"] == "partial"
    assert told["syncs.json"][0]["kind"] in {"github", "jira"}
    assert told["health.json"]["state"] == "stale"
    assert {one["stream"] for one in told["health.json"]["streams"]} == {"github_pull_requests", "github_issues", "jira_issues"}  # fmt: skip
    assert "403" in told["errors.json"][0]["error"]
    assert "read access" in told["errors.json"][0]["error"]
    assert "duckdb==1.5.5\n" in held["packages.txt"]
    assert file.stat().st_mode & 0o077 == 0


def test_it_says_first_what_it_would_hold_file_by_file_and_a_no_writes_nothing(company):
    file = company / "support.zip"
    ran = run(str(file), answer="n\n")

    assert ran.returncode == 1
    assert not file.exists()
    for one in members():
        assert f"{one.name} " in ran.stdout
        assert one.what in ran.stdout
    assert ran.stdout.index("files.json") < ran.stdout.index("Nothing is sent anywhere.")


def test_it_holds_what_it_said_and_writes_over_nothing(company):
    file = company / "support.zip"
    held = members()
    bundle.write(file, held)
    before = file.read_bytes()
    with zipfile.ZipFile(file) as kept:
        assert {one.filename: one.file_size for one in kept.infolist()} == {
            one.name: len(one.text.encode()) for one in held
        }

    assert run(str(file), "--yes").returncode == 2
    assert file.read_bytes() == before
    with pytest.raises(CairnError, match="cannot be written"):
        bundle.write(company / "nowhere" / "x.zip", held)


def test_where_something_is_broken_the_rest_is_told_and_no_word_of_what_broke_it(company):
    (company / f"{CANARY}.toml").write_text(f'[{CANARY}]\nname = "{CANARY}"\n', encoding="utf-8")
    for edition in (company / f"home-{CANARY}" / "published").glob("*.duckdb"):
        edition.write_bytes(f"<html>{CANARY}".encode() * 1000)
    held = {one.name: one.text for one in members()}

    assert CANARY not in "".join(held.values())
    assert json.loads(held["settings.json"]) == {"could not be read": "CairnError"}
    assert json.loads(held["health.json"]) == {"could not be read": "NeverCollectedError"}
    assert json.loads(held["files.json"])["damaged"] == 1
    assert json.loads(held["versions.json"])["duckdb"] == "1.5.5"


def test_where_the_folder_of_the_data_cannot_be_opened_the_rest_is_told_too(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    held = {one.name: json.loads(one.text) for one in members() if one.name.endswith(".json")}

    assert held["counts.json"] == {"could not be read": "NotADirectoryError"}
    assert held["versions.json"]["duckdb"] == "1.5.5"


def test_a_new_machine_without_anything_has_a_bundle_too(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    held = {one.name: json.loads(one.text) for one in members() if one.name.endswith(".json")}

    assert held["health.json"] == {"state": "never", "company": "team", "complete_to": None, "streams": []}
    assert (held["counts.json"], held["syncs.json"], held["errors.json"]) == ({}, [], [])
    assert held["settings.json"]["team.toml"] is None


def test_in_an_error_only_our_own_words_and_small_numbers_are_left():
    told = without_names(
        "GitHub answered 403 for acme/check-out: Żółć 1234567 secret99 Wait and run again.", "acme/check-out"
    )

    assert told.startswith("GitHub answered 403 for …")
    assert told.endswith("run again.")
    assert not any(word in told for word in ("acme", "Żółć", "1234567", "secret99"))
