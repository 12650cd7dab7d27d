"""The documents tell the truth: what they list is what there is, what they claim a test keeps, and what they quote is said."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from typing import get_args, get_type_hints

import duckdb
import pytest
import typer
from packaging.utils import canonicalize_name

from collectors import why
from data import editions, looked, pulse, query
from data.journal import journal
from data.store import FORMAT
from metrics import METRICS, Metric, privacy
from metrics import pulse as told_pulse
from pages import login
from tests import packages

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


# Operating


def blocks(kind: str) -> list[str]:
    """Return the blocks of one kind of code in the guide, also those that stand further in."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```", document("operating.md"), re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def units() -> dict[str, str]:
    named = r"^`/etc/systemd/system/([\w.-]+)`:\n\n```ini\n(.*?)```"
    return dict(re.findall(named, document("operating.md"), re.MULTILINE | re.DOTALL))


def test_the_units_start_what_is_there_and_keep_the_tokens_from_the_dashboard():
    told = {name: dict(re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE)) for name, unit in units().items()}

    assert told.keys() == {"cairn-sync.service", "cairn-sync.timer", "cairn.service"}
    assert told["cairn-sync.service"]["ExecStart"].endswith("python -m collectors sync")
    assert told["cairn.service"]["ExecStart"].endswith("python -m streamlit run app.py")
    assert (HOUSE / "app.py").exists()
    assert told["cairn-sync.service"]["Environment"] == told["cairn.service"]["Environment"]
    assert [name for name, unit in told.items() if "EnvironmentFile" in unit] == ["cairn-sync.service"]
    assert {unit["UMask"] for name, unit in told.items() if name.endswith(".service")} == {"0077"}


def test_systemd_finds_no_fault_with_the_units(tmp_path):
    for name, unit in units().items():
        assert unit.startswith("[Unit]\nDescription=")
        here = unit.replace("/srv/cairn/.venv/bin/python", sys.executable)
        (tmp_path / name).write_text(here, encoding="utf-8")
    if shutil.which("systemd-analyze"):  # where there is none, there is nobody to ask
        every = [f"{path}" for path in sorted(tmp_path.iterdir())]
        told = subprocess.run(["systemd-analyze", "verify", *every], capture_output=True, text=True, check=False)
        assert "cairn" not in told.stderr.lower().replace(f"{tmp_path}".lower(), "")


def test_the_lines_for_cron_say_when_and_escape_what_cron_would_read():
    lines = [line for block in blocks("cron") for line in block.splitlines()]

    assert len(lines) == 2
    for line in lines:
        *when, command = line.split(" ", 5)
        for field, most in zip(when, (59, 23, 31, 12, 7), strict=True):
            assert re.fullmatch(r"\*(/\d+)?|\d+", field)
            assert all(int(number) <= most for number in re.findall(r"\d+", field))
        assert command.startswith("cd /srv/cairn && CAIRN_HOME=/var/lib/cairn/data .venv/bin/python -m ")
        assert not re.search(r"(?<!\\)%", command)


def test_every_block_for_a_shell_can_be_read_by_one():
    for block in blocks("sh"):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)


def test_the_drill_followed_to_the_letter_says_that_the_backup_holds(landed, tmp_path):
    landed()
    journal().write("note", {"what": "A freeze", "sort": "other", "since": "2026-03-02"}, "Ada")
    (drill,) = (block for block in blocks("sh") if "mktemp" in block)
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)

    told = subprocess.run(
        ["bash", "-e", "-c", drill],
        cwd=HOUSE,
        env={**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}", "TMPDIR": f"{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stdout.splitlines()[-1:] == ["The backup holds."], told.stderr
    assert not list(tmp_path.glob("tmp.*"))


def test_a_host_that_was_brought_the_editions_alone_serves_them(nouns, monkeypatch, tmp_path):
    made = nouns(issues=[{"id": "1", "key": "SHOP-1", "created_at": "2026-03-02"}])
    shutil.copytree(made.path.parent, tmp_path / "other" / "published")
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "other"))

    assert list(query("select key from issues")["key"]) == ["SHOP-1"]
    assert not (tmp_path / "other" / "live.duckdb").exists()


def sayings() -> set[str]:
    """Return every text of the program, with … for what is put into it."""
    found = set()
    for path in (path for room in ("collectors", "data", "metrics", "pages") for path in (HOUSE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                found.add(" ".join("".join(parts).split()))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(" ".join(node.value.split()))
    return found


def test_every_message_the_guide_explains_is_one_the_program_says():
    told = document("operating.md").split("| it says | do |", 1)[1]
    messages = re.findall(r"^\| (?!---)(.+?) \| .+ \|$", told, re.MULTILINE)
    said = sayings()

    assert len(messages) > 15
    assert not [message for message in messages if not any(message in one for one in said)]


def test_the_figures_of_the_guide_are_those_of_the_program():
    told = document("operating.md")

    assert f"The format is {FORMAT} so far" in told
    assert f"each of the {editions.KEPT} editions" in told


# Libraries


def imported(rooms: Iterable[str]) -> set[str]:
    """Return the packages whose modules the files of some rooms import, by the names they are installed under."""
    homes = packages_distributions()
    found = set()
    for path in (path for room in rooms for path in (HOUSE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            found |= {canonicalize_name(home) for name in names for home in homes.get(name.partition(".")[0], ())}
    return found


def test_every_package_that_is_asked_for_has_its_reason_beside_it():
    every = {name: reason for needed in packages.PIECES for name, (_, reason) in packages.asked(needed).items()}
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))

    assert len(every) == len(project["project"]["dependencies"] + project["dependency-groups"]["dev"])
    assert not [name for name, reason in every.items() if not reason]


def test_what_the_rooms_import_is_asked_for_by_name():
    assert imported(("collectors", "data", "metrics", "pages")) <= packages.asked("run").keys()


def test_the_list_of_packages_is_whole_and_each_says_its_licence():
    listed = subprocess.run(
        [sys.executable, "-m", "tests.packages"], cwd=HOUSE, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    there = {canonicalize_name(one.metadata["Name"]) for one in distributions()}

    assert {line.split()[0] for line in listed[:-2]} == there
    assert listed[-1].startswith(f"{len(there)} packages: ")
    assert not [line for line in listed if "not told" in line]
    assert all(line.split()[2] == "run" for line in listed[:-2] if line.split()[0] in packages.asked("run"))


def test_what_is_written_by_hand_is_there_and_no_library_for_it_is_installed_for_nothing():
    rows = re.findall(r"^\| ([^|]+) \| (`[^|]+) \| ([^|]+) \| [^|]+ \|$", document("libraries.md"), re.MULTILINE)
    places = [place for _, where, _ in rows for place in re.findall(r"`([^`]+)`", where)]

    assert len(rows) > 12
    assert not [place for place in places if not (HOUSE / place).is_file()]
    named = {canonicalize_name(word) for _, _, libraries in rows for word in re.findall(r"[\w-]+", libraries)}
    assert named & packages.asked("run").keys() <= {
        "numpy",
        "pandas",
        "scipy",
        "stamina",
    }  # which the same rows say are used
