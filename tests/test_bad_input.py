"""What goes wrong at the door is said in one to three lines: what, where, what to do. Nothing is lost, nothing is a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=HOUSE, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def complaint(told: subprocess.CompletedProcess[str]) -> str:
    """Return the error text, after making sure that it is short, no traceback, and holds no token."""
    lines = [line for line in told.stderr.splitlines() if line.strip() and not line.startswith("  bitcoin-core/gui ")]
    assert "Traceback" not in told.stderr
    assert "canary-token" not in told.stderr + told.stdout
    assert 1 <= len(lines) <= 4, told.stderr
    return told.stderr


def rewrite(place: Path, old: str, new: str) -> None:
    path = place / "team.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.mark.usefixtures("replay")
def test_a_wrong_token_is_named_and_nothing_is_tried_twice():
    told = run("collectors", "sync", "--source", "github", GITHUB_TOKEN="canary-token")

    assert told.returncode == 2
    assert "refused the token" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_an_unknown_repository_is_named(tmp_path):
    rewrite(tmp_path, "bitcoin-core/gui", "bitcoin-core/gone")
    told = run("collectors", "sync", "--source", "github")

    assert told.returncode == 2
    assert "bitcoin-core/gone" in complaint(told)
    assert "team.toml" in told.stderr


@pytest.mark.usefixtures("replay")
def test_of_many_that_cannot_be_read_a_dozen_is_named_and_the_others_are_counted(tmp_path):
    rewrite(tmp_path, '"bitcoin-core/gui"', ", ".join(f'"bitcoin-core/gone-{n}"' for n in range(30)))
    told = run("collectors", "sync", "--source", "github")

    assert told.stderr.count("bitcoin-core/gone-") == 12
    assert "And 18 more; 'sync --json' and the page Health name them all." in told.stderr


@pytest.mark.usefixtures("replay")
def test_a_web_page_instead_of_jira_is_recognised(replay):
    replay.faults({"match": {"source": "jira"}, "fault": "html", "status": 200})
    told = run("collectors", "sync", "--source", "jira")

    assert told.returncode == 2
    assert "web page answered instead of Jira" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_a_misspelt_key_is_told_with_the_right_one(tmp_path):
    rewrite(tmp_path, "repositories", "repositorys")
    told = run("collectors", "sync")

    assert told.returncode == 2
    assert "'repositorys' in [github]. Did you mean 'repositories'?" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_a_broken_team_file_names_the_line(tmp_path):
    rewrite(tmp_path, "[jira]", "[jira")
    told = run("collectors", "check")

    assert told.returncode == 2
    assert "line" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_an_address_that_is_not_public_needs_a_word_of_trust():
    told = run("collectors", "sync", CAIRN_INSECURE_HOSTS="")

    assert told.returncode == 2
    assert "CAIRN_INSECURE_HOSTS=127.0.0.1" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_a_missing_token_says_which_one():
    told = run("collectors", "sync", JIRA_TOKEN="", JIRA_EMAIL="")

    assert told.returncode == 2
    assert "JIRA_EMAIL and JIRA_TOKEN" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_a_token_without_a_team_file_says_where_to_put_one(tmp_path):
    (tmp_path / "team.toml").unlink()
    told = run("collectors", "sync")

    assert told.returncode == 2
    assert "team.example.toml" in complaint(told)


@pytest.mark.usefixtures("replay")
def test_a_question_before_anything_was_collected_says_what_to_run():
    told = run("data", "query", "from deployments")

    assert told.returncode == 2
    assert "make run" in complaint(told)


def test_a_bad_question_is_answered_in_words(nouns):
    nouns()
    told = run("data", "query", "from deploymints")

    assert told.returncode == 2
    assert "deploymints" in complaint(told)
