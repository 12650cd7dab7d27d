"""The documents tell the truth: what they list is what there is, what they claim a test keeps, and what they quote is said."""

import importlib
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import get_args, get_type_hints

import duckdb
import pytest
import typer

from collectors import why
from data import Live, Origin, Progress, Row, editions, looked, people, pulse
from metrics import METRICS, Metric, privacy
from metrics import pulse as told_pulse
from pages import login

HOUSE = Path(__file__).resolve().parent.parent


def document(name: str) -> str:
    return (HOUSE / "docs" / name).read_text(encoding="utf-8")


# All of them


@pytest.mark.parametrize("path", sorted((HOUSE / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_command_a_document_names_exists(path):
    told = path.read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    for room, command, options in re.findall(r"python -m (collectors|data|metrics) ([\w-]+)((?: [^`\n]+)?)", told):
        there = typer.main.get_command(importlib.import_module(f"{room}.__main__").main).commands
        assert command in there, f"{path.name}: python -m {room} {command}"
        named = set(re.findall(r"--[a-z-]+", options))
        inner = getattr(there[command], "commands", {command: there[command]})
        assert named <= {name for one in inner.values() for option in one.params for name in option.opts}
    assert set(re.findall(r"`make ([a-z]+)", told)) <= set(targets)


@pytest.mark.parametrize("path", sorted((HOUSE / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_heading_a_document_leads_to_is_there(path):
    told = path.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.+)$", told, re.MULTILINE)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", told)) <= headings


# Definitions


def test_every_metric_is_defined_once_with_how_it_misleads_and_what_it_asks():
    told = document("definitions.md").split("[[[cog", 1)[1]

    for metric in METRICS:
        (its,) = re.findall(rf"^### [^\n]+\n\n`{metric.name}` · (.*?)(?=^##|\Z)", told, re.MULTILINE | re.DOTALL)
        assert metric.about in its
        assert metric.caution in its
        assert [line for line in its.splitlines() if line.startswith("- ")] == [f"- {ask}" for ask in metric.asks]
    assert len(re.findall(r"^### ", told, re.MULTILINE)) == len(METRICS)


def test_every_fold_is_explained_and_no_other():
    explained = re.findall(r"^\| (\w+) \|", document("definitions.md").split("| --- | --- |")[1], re.MULTILINE)

    assert explained == list(get_args(get_type_hints(Metric)["fold"]))


# The data dictionary


def test_every_table_and_column_of_an_edition_is_in_the_data_dictionary_and_no_other(nouns):
    with duckdb.connect(str(nouns().path), read_only=True) as edition:
        there = edition.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns() where not internal"
        ).fetchall()
    told = document("data.md").split("[[[cog", 1)[1]
    written = [
        (table, *column)
        for table, its in re.findall(r"^## (\w+)\n(.*?)(?=^## |^<!--)", told, re.MULTILINE | re.DOTALL)
        for column in re.findall(r"^\| `(\w+)` \| (\S+) \| \S", its, re.MULTILINE)
    ]

    assert sorted(written) == sorted(there)


def test_no_words_of_the_data_dictionary_are_about_what_is_not_there(nouns):
    with duckdb.connect(str(nouns().path), read_only=True) as edition:
        there = edition.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
    words = tomllib.loads((HOUSE / "data" / "nouns" / "words.toml").read_text(encoding="utf-8"))
    every = words.pop("every")

    own = {(table, name) for table, its in words.items() for name in its if name != "rows"}
    assert own <= set(there)
    assert {name for table, name in there if (table, name) not in own} == set(every)


# Security and privacy


def test_every_test_that_is_said_to_keep_a_promise_is_there():
    told = document("privacy.md")
    named = set(re.findall(r"\btest_\w+\.py", told))

    assert len(named) > 15
    assert not [name for name in named if not (HOUSE / "tests" / name).exists()]
    tables = re.findall(r"^\|.*\| kept so by \|\n\|[ -|]+\n((?:\|.*\n)+)", told, re.MULTILINE)
    assert len(tables) == 3
    assert not [row for table in tables for row in table.splitlines() if not re.search(r"test_\w+\.py \|$", row)]


@pytest.mark.parametrize(
    "said",
    [
        f"a crowd of fewer than {privacy.K} people",
        f"| {privacy.K} people or more, also by what is left |",
        f"A pulse is asked of {pulse.FEWEST} people or more, and told only of {told_pulse.TOGETHER} pulses together, in tenths",
        f"at most {why.MOST} characters",
        f"the newest {editions.KEPT} editions",
        f"| {looked.KEPT.days} days; no time of day, not how often |",
        f"it counts for {login.LASTS.days} days",
        f"Access records {looked.KEPT.days} days",
        f"day and page alone, {looked.KEPT.days} days, seen by all",
    ],
)
def test_the_figures_of_privacy_are_those_of_the_program(said):
    assert said in document("privacy.md")


def test_nothing_about_a_crowd_is_told_below_one_and_the_same_number():
    assert privacy.K == pulse.FEWEST == min(told_pulse.CLASSES)
    assert set(re.findall(r"(\d+) people", document("privacy.md"))) == {str(privacy.K)}


def test_what_forget_does_not_reach_is_as_the_document_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    origin, day = Origin("jira.example", "jira", "jira_issues", "*"), datetime(2026, 3, 1)  # noqa: DTZ001 UTC
    told = {
        "assignee": {"accountId": "557058:f5-8b", "displayName": "Ada Lovelace"},
        "reporter": {"displayName": "Zoe"},
    }
    with Live("team") as store:
        store.land(origin, [Row("1", day, told, "*")], Progress(), day)
        people.forget(store, "557058:f5-8b")
        assert people.held(store, "Ada Lovelace")

        for name in ("Ada Lovelace", "Zoe"):
            people.forget(store, name)
            assert not people.held(store, name)
        store.land(origin, [Row("2", day, told, "*")], Progress(), day)
        assert people.held(store, "Ada Lovelace")
        assert not people.held(store, "Zoe")
