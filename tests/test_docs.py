"""The README tells the truth: its tables are current, its commands exist, and its recipes, followed to the letter, hold."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import typer
from pydantic import BaseModel

from data import Team

HOUSE = Path(__file__).resolve().parent.parent
README = (HOUSE / "README.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 20)  # to which the company lives whose data the recipes are tried on
ROOMS = ("collectors", "data", "metrics", "pages")
HIDDEN = ("TOKEN", "PAT", "APP_ID", "INSTALLATION_ID", "PRIVATE_KEY")


def section(title: str) -> str:
    """Return what stands below one heading of the README."""
    return re.split(r"^#+ ", README.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


# The recipes: a block of code, and the words before it that say where it goes


@dataclass(frozen=True)
class Step:
    """Where a block of the README goes: into a new file, before a line of one, or before its last line."""

    file: str
    before: str | None
    block: str


def steps(recipe: str) -> list[Step]:
    found = re.findall(
        r"`([\w/.]+)`, (as a new file|before the last line|before the line `(.+?)`):\n\n```\w+\n(.*?)```\n",
        recipe,
        re.DOTALL,
    )
    return [
        Step(file, {"as": None, "be": line or "the last line"}[where[:2]], block) for file, where, line, block in found
    ]


def follow(step: Step, house: Path) -> None:
    path = house / step.file
    if step.before is None:
        assert not path.exists(), f"{step.file} is there already"
        path.write_text(step.block, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = (
        [len(lines) - 1]
        if step.before == "the last line"
        else [n for n, line in enumerate(lines) if line.strip() == step.before]
    )
    assert len(places) == 1, f"{step.file} has the line '{step.before}' {len(places)} times"
    path.write_text("".join([*lines[: places[0]], step.block, *lines[places[0] :]]), encoding="utf-8")


def run(*words: str, house: Path, home: Path) -> str:
    """Run a command of the project in one checkout, without tokens, and return what it prints."""
    known = {
        name: value for name, value in os.environ.items() if not name.endswith(HIDDEN) and not name.startswith("CAIRN_")
    }
    told = subprocess.run(
        [sys.executable, *words],
        cwd=house,
        env={
            **known,
            "CAIRN_HOME": str(home),
            "CAIRN_SANDBOX_DAY": f"{DAY}",
            "PYTHONPATH": str(house),
            "PYTHONWARNINGS": "error",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    return told.stdout


def run_what_it_says(recipe: str, house: Path, home: Path) -> list[str]:
    """Run the lines of a recipe's shell blocks that start with python, and return what each prints."""
    lines = "".join(re.findall(r"```sh\n(.*?)```", recipe, re.DOTALL)).splitlines()
    return [run(*shlex.split(line)[1:], house=house, home=home) for line in lines if line.startswith("python ")]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout to follow a recipe in."""
    place = tmp_path / "cairn"
    for room in ROOMS:
        shutil.copytree(
            HOUSE / room, place / room, ignore=shutil.ignore_patterns("*.duckdb*", "*.key", "published", "__pycache__")
        )
    shutil.copy(HOUSE / "app.py", place)
    shutil.copytree(HOUSE / ".streamlit", place / ".streamlit")
    return place


@pytest.fixture(scope="session")
def collected(sandbox_of, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a sandbox company that was collected once."""
    place = tmp_path_factory.mktemp("company")
    with pytest.MonkeyPatch.context() as patch:
        sandbox_of(patch, DAY, place)
    return place / "home"


def test_the_recipe_for_a_metric_holds(house: Path, collected: Path):
    recipe = section("A metric")
    (step,) = steps(recipe)

    follow(step, house)

    names = [
        metric["name"] for metric in json.loads(run("-m", "metrics", "list", "--json", house=house, home=collected))
    ]
    assert "reverts" in names
    shown = json.loads(run("-m", "metrics", "show", "reverts", "--json", house=house, home=collected))
    rows = json.loads(run("-m", "metrics", "rows", "reverts", "--json", house=house, home=collected))["rows"]
    until = shown["points"][-1]["ends"]
    assert sum(point["value"] for point in shown["points"]) == sum(row["happened_at"] < until for row in rows) > 0
    assert all(run_what_it_says(recipe, house, collected))


def test_the_recipe_for_a_stream_holds(house: Path, collected: Path, tmp_path: Path):
    recipe = section("A stream")
    home = tmp_path / "home"
    shutil.copytree(collected, home)

    for step in steps(recipe):
        follow(step, house)

    _, listed = run_what_it_says(recipe, house, home)
    assert "marrowby/" in listed
    question = "select sum(items) as items, count(complete_to) = count(*) as complete from sources where stream = 'github_discussions'"
    (told,) = json.loads(run("-m", "data", "query", question, "--json", house=house, home=home))
    assert told["items"] > 0
    assert told["complete"]


OPEN = """
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("pages/menu.py", default_timeout=60).switch_page("delivery.py").run()
assert not app.exception, app.exception
print(app.title[0].value, sum('class="cairn-chart"' in one.proto.body for one in app.get("html")))
"""


def test_the_recipe_for_a_page_holds(house: Path, collected: Path):
    for step in steps(section("A page")):
        follow(step, house)
    (house / "open.py").write_text(OPEN, encoding="utf-8")

    assert run("open.py", house=house, home=collected).splitlines()[-1] == "Delivery 2"


# What is said about the rest


def test_the_generated_parts_are_current():
    every = [HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md"))]
    written = [f"{path.relative_to(HOUSE)}" for path in every if "[[[cog" in path.read_text(encoding="utf-8")]
    named = re.search(r"^WRITTEN := ([^#\n]+)", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    told = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", *written], cwd=HOUSE, capture_output=True, text=True, check=False
    )

    assert told.returncode == 0, f"behind the declarations; run 'make docs'\n{told.stdout}"
    assert named
    assert sorted(named[1].split()) == sorted(written)


@pytest.mark.parametrize("room", ["collectors", "metrics", "data"])
def test_every_command_stands_in_the_readme_and_no_other(room: str):
    rooms_main = typer.main.get_command(__import__(f"{room}.__main__", fromlist=["main"]).main)
    written = set(re.findall(rf"^\| `python -m {room} ([\w-]+)", section("Commands"), re.MULTILINE))

    assert written == set(rooms_main.commands)


def tables(annotation: object) -> list[type[BaseModel]]:
    """Return the tables of team.toml that a setting holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for part in get_args(annotation) for table in tables(part)]


def keys(model: type[BaseModel], where: str = "") -> set[str]:
    """Return every key of team.toml as the README writes it: the table, a dot, the key."""
    found = set()
    for name, field in model.model_fields.items():
        inside = tables(field.annotation)
        found |= {key for table in inside for key in keys(table, f"{where}{name}.")} if inside else {where + name}
    return found


def test_every_setting_stands_in_the_readme():
    written = set()
    for cell in re.findall(r"^\| (`.*?`) \|", section("Settings"), re.MULTILINE):
        table = ""
        for name in re.findall(r"`([\w.]+)`", cell):
            table = name.rpartition(".")[0] or table
            written.add(f"{table}{name}" if name.startswith(".") else name)

    assert keys(Team) <= written


def test_every_variable_the_code_reads_stands_in_the_readme():
    code = "".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (HOUSE / room).rglob("*.py"))
    read = set(re.findall(r"\"((?:CAIRN|GITHUB|JIRA)_[A-Z_]+)\"", code))

    assert {name for name in read if f"`{name}`" not in README} == set()


def test_every_link_inside_the_repository_leads_somewhere():
    documents = [HOUSE / "README.md", HOUSE / "CHANGELOG.md", *(HOUSE / "docs").glob("*.md")]
    dead = [
        f"{path.name}: {link}"
        for path in documents
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in link and not (path.parent / link).exists()
    ]

    assert not dead
