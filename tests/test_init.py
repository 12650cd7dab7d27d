"""The first words: `python -m collectors init` asks a few questions, writes a commented team.toml and never overwrites one."""

import subprocess
import sys
from pathlib import Path

import pytest

from data import Team, read_team

HOUSE = Path(__file__).resolve().parent.parent


@pytest.fixture
def init(tmp_path):
    """Return a function that answers the questions line by line and returns what was written, or said."""

    def answered(*answers: str) -> Team | str:
        path = tmp_path / "team.toml"
        told = subprocess.run(
            [sys.executable, "-m", "collectors", "init"],
            cwd=HOUSE,
            env={"CAIRN_CONFIG": str(path), "PATH": ""},
            input="".join(f"{answer}\n" for answer in answers),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in told.stderr
        assert told.returncode == (2 if told.stderr else 0), told.stderr
        assert [p.name for p in tmp_path.iterdir()] == ["team.toml"] * path.exists()
        return told.stderr or read_team(path)

    return answered


def test_the_answers_become_a_team_file_that_explains_itself(init, tmp_path):
    words = init(
        'Ada\'s "team"', "Europe/Berlin", "", "acme/shop, https://github.com/acme/ledger other",
        "acme.atlassian.net/", "SHOP,PAY",
    )  # fmt: skip

    assert (words.name, words.timezone) == ('Ada\'s "team"', "Europe/Berlin")
    assert words.github[0].repositories == ("acme/shop", "acme/ledger")
    assert words.github[0].organisations == ("other",)
    assert (words.jira[0].url, words.jira[0].projects) == ("https://acme.atlassian.net", ("SHOP", "PAY"))
    assert words.deployments == Team().deployments
    assert (tmp_path / "team.toml").read_text(encoding="utf-8").count("\n#") > 30


def test_answers_may_end_early(init):
    words = init("", "", "https://git.example.com", "acme/shop")

    assert (words.name, words.timezone) == ("Our team", "UTC")
    assert words.github[0].url == "https://git.example.com"
    assert words.jira == ()


def test_a_team_with_jira_alone_or_an_organisation_alone_is_one(init, tmp_path):
    assert init("", "", "", "", "https://acme.atlassian.net", "SHOP").github == ()
    (tmp_path / "team.toml").unlink()
    assert init("", "", "", "acme").github[0].organisations == ("acme",)


def test_a_file_that_is_there_is_never_touched(init, tmp_path):
    (tmp_path / "team.toml").write_text("mine", encoding="utf-8")

    assert "never overwritten" in init("", "", "", "acme/shop")
    assert (tmp_path / "team.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (("", "Berlin"), "'Berlin' is not a time zone"),
        (("", "", "", "a/b/c"), "'a/b/c' is neither"),
        (("", "", "ftp://x"), "not an address"),
        (("", "", "", ""), "nothing to read"),
    ],
)
def test_an_answer_that_cannot_be_used_is_said_and_nothing_is_written(init, tmp_path, answers, said):
    assert said in init(*answers)
    assert not (tmp_path / "team.toml").exists()
