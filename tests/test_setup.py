"""Setup says what is connected, what is missing and what to do next, by names alone, and only to whoever may know."""

import pandas as pd
import pytest
import streamlit as st

from data.team import Team
from pages import door
from pages.connection import TOLD, WAYS, Step, connections, names_set, steps
from tests.test_pages import open_page, told

NAMES = [name for ways in WAYS.values() for way in ways for name in way]
WORDS = {
    "github": {"repositories": ["acme/checkout"], "organisations": ["acme-labs"]},
    "jira": {"url": "https://jira.example", "projects": ["SHOP"]},
}


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    for name in (*NAMES, TOLD):
        monkeypatch.delenv(name, raising=False)


def test_each_source_names_what_it_lacks_by_the_way_that_was_begun():
    github, jira = connections(Team.model_validate(WORDS), {"JIRA_EMAIL", "GITHUB_APP_ID"})

    assert (github.source, github.reads) == ("github.com", ("acme/checkout", "all of acme-labs"))
    assert github.missing == ("GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY")
    assert (jira.there, jira.missing) == (("JIRA_EMAIL",), ("JIRA_TOKEN",))
    assert connections(Team.model_validate(WORDS), {"JIRA_PAT", "JIRA_EMAIL"})[1].missing == ()


def test_the_next_step_follows_from_what_is_there():
    words = Team.model_validate(WORDS)
    unread = pd.DataFrame({"kind": ["jira"], "stream": ["jira_issues"]})

    assert steps(None, set(), None)[0].command.endswith("collectors init")
    assert "[github]" in steps(Team(), set(), None)[0].what
    assert [one.what.partition(",")[0] for one in steps(words, {"JIRA_PAT"}, None)][:1] == [
        "github.com: set GITHUB_TOKEN"
    ]
    assert steps(words, {"JIRA_PAT", "GITHUB_TOKEN"}, None)[-1] == Step(
        "Collect, and open the dashboard on what was read.", "make run"
    )
    assert "Read Jira to the end" in steps(words, {"JIRA_PAT", "GITHUB_TOKEN"}, unread)[0].what
    assert steps(words, {"JIRA_PAT", "GITHUB_TOKEN"}, unread.head(0)) == []


def test_a_dashboard_that_was_not_told_claims_nothing_about_secrets():
    assert names_set() is None
    assert not any("set GITHUB_TOKEN" in one.what for one in steps(Team.model_validate(WORDS), None, None))


def test_setup_opens_before_anything_was_collected(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    app = open_page("setup.py")

    assert [one.value for one in app.title] == ["Setup"]
    assert [one.value for one in app.code] == [".venv/bin/python -m collectors init"]


def test_setup_tells_names_and_never_a_value_and_what_the_rules_match(nouns, monkeypatch):
    nouns(
        sources=[
            {"source": "github.com", "kind": "github", "stream": "all", "complete_to": "2026-06-01", "incomplete": 0}
        ],
        syncs=[{"started_at": "2026-06-01", "source": "github.com", "requests": 214, "seconds": 31.2}],
        rule_matches=[{"rule": "production", "matched": "preprod", "items": 7, "applies": None}],
    )
    monkeypatch.setenv(TOLD, "JIRA_EMAIL JIRA_TOKEN")
    monkeypatch.setenv("GITHUB_TOKEN", "canary-6d1f")
    app = open_page("setup.py")
    connected, rules = (one.value for one in app.dataframe)

    assert connected["names"].tolist() == ["GITHUB_TOKEN is set", "JIRA_EMAIL is set, JIRA_TOKEN is set"]
    assert connected["read_to"].tolist() == ["Mon 1 Jun 00:00", "not read to its end yet"]
    assert rules[["matched", "applies"]].to_numpy().tolist() == [["preprod", "nothing"]]
    assert "github.com: the last sync took 214 requests and 31 seconds." in told(app)
    assert "canary-6d1f" not in str([one.proto for one in app.main.children.values()])


# From elsewhere


@pytest.mark.parametrize(
    ("address", "headers", "is_near"),
    [
        ("127.0.0.1", {"Host": "127.0.0.1:8501"}, True),
        ("127.0.0.1", {"Host": "localhost:8501"}, True),
        ("192.168.0.5", {"Host": "127.0.0.1:8501"}, False),
        (None, {"Host": "127.0.0.1:8501"}, False),
        ("127.0.0.1", {"Host": "cairn.example"}, False),
        ("127.0.0.1", {"Host": "localhost.evil.example:8501"}, False),
        ("127.0.0.1", {"Host": "127.0.0.1:8501", "X-Forwarded-For": "203.0.113.7"}, False),
    ],
)
def test_only_who_sits_at_this_machine_is_near(address, headers, is_near, monkeypatch):
    monkeypatch.setattr(st, "get_option", lambda _: address)
    monkeypatch.setattr(type(st.context), "headers", headers)

    assert door.nearby() is is_near


def test_from_elsewhere_setup_asks_for_a_code_that_opens_once(nouns, monkeypatch, capsys):
    nouns(rule_matches=[{"rule": "production", "matched": "preprod", "items": 7}])
    monkeypatch.setattr(door, "nearby", lambda: False)
    door._code.cache_clear()
    app = open_page("setup.py")
    code = capsys.readouterr().out.strip().rpartition(" ")[2]
    assert "asks for the code" in told(app)
    assert not app.dataframe

    app.text_input[0].input("guess").run()
    assert "That is not the code." in told(app)
    assert not app.dataframe
    app.text_input[0].input(code).run()
    assert app.dataframe
    app.run()
    assert app.dataframe

    other = open_page("setup.py")
    other.text_input[0].input(code).run()
    assert not other.dataframe
