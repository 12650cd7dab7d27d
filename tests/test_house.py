"""The house keeps its shape: who may import whom, what lies where, and that nothing points out of the repository."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent

MAY_IMPORT = {
    "collectors": {"data", "httpx", "jwt", "rich", "stamina", "typer"},
    "collectors/sandbox": {"collectors", "data", "graphql", "httpx", "starlette"},
    "data": {"duckdb", "holidays", "numpy", "pandas", "psycopg", "pydantic", "sqlalchemy", "typer"},
    "metrics": {"data", "numpy", "pandas", "scipy", "typer"},
    "pages": {"PIL", "data", "metrics", "numpy", "pandas", "plotly", "starlette", "streamlit"},
    "app.py": {"pages", "streamlit"},
}
ROOMS = ("collectors", "data", "metrics", "pages")
TO_THE_OUTSIDE = {"http", "socket", "ssl", "urllib.request", "ftplib", "smtplib", "asyncore", "socketserver"}

TOP = {
    ".ci", ".gitignore", ".streamlit", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "app.py", "collectors", "data",
    "docs", "metrics", "pages", "pyproject.toml", "requirements.lock", "team.example.toml", "tests",
}  # fmt: skip

NO_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "service", "services"}


# What the house is made of


def files(pattern: str = "*") -> list[Path]:
    """Return what git keeps or would keep, without what it ignores."""
    told = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=HOUSE, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    paths = (HOUSE / name for name in told.split("\0") if name)
    return sorted(path for path in paths if path.is_file() and path.match(pattern))


def inside(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def sources() -> dict[str, str]:
    """Return every Python file of the rooms and the door, by its place in the house."""
    every = {inside(path): path.read_text(encoding="utf-8") for path in files("*.py")}
    return {place: text for place, text in every.items() if place == "app.py" or place.startswith(ROOMS)}


# The checkers: each takes sources and answers in words, an empty list when all is well


def imports(text: str) -> Iterable[tuple[int, str]]:
    """Yield the line and the dotted name of everything a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level


def room_of(place: str) -> str:
    return max((room for room in MAY_IMPORT if place == room or place.startswith(f"{room}/")), key=len)


def wrong_imports(house: dict[str, str]) -> list[str]:
    told = []
    for place, text in house.items():
        room = room_of(place)
        own, allowed = room.split("/")[0], MAY_IMPORT[room]
        for line, name in imports(text):
            first = name.split(".")[0]
            if first == own or first in allowed:
                continue
            if first in sys.stdlib_module_names:
                if own != "collectors" and any(name == out or name.startswith(f"{out}.") for out in TO_THE_OUTSIDE):
                    told.append(f"{place}:{line} imports {name}; only collectors open a way to the outside")
            elif not first:
                told.append(f"{place}:{line} imports by dots; write the whole name, from {own}.… import …")
            else:
                told.append(f"{place}:{line} imports {first}; {room} may import {', '.join(sorted(allowed))}")
    return told


def circles(house: dict[str, str]) -> list[str]:
    """Return each ring of modules that import one another, as the way round."""
    modules = {
        place.removesuffix(".py").removesuffix("/__init__").replace("/", "."): text for place, text in house.items()
    }
    ways = {}
    for module, text in modules.items():
        targets = {name if name in modules else name.rpartition(".")[0] for _, name in imports(text)}
        ways[module] = sorted((targets & modules.keys()) - {module})
    told, done = [], set()

    def walk(module: str, way: list[str]) -> None:
        if module in way:
            told.append(" → ".join([*way[way.index(module) :], module]))
        elif module not in done:
            for following in ways[module]:
                walk(following, [*way, module])
            done.add(module)

    for module in ways:
        walk(module, [])
    return told


def built_sql(house: dict[str, str]) -> list[str]:
    """Return every `.execute(` outside the data room whose text is put together instead of bound."""
    return [
        f"{place}:{node.lineno} puts SQL together inside {node.func.attr}(); bind the values, and ask data.query()"
        for place, text in house.items()
        if not place.startswith("data/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany", "sql"}
        and any(isinstance(part, ast.JoinedStr | ast.BinOp | ast.Call) for part in node.args[:1])
    ]


def empty_names(house: Iterable[str]) -> list[str]:
    return [
        f"{place} is named after nothing in particular; name it after the thing it is"
        for place in house
        if NO_NAMES & set(re.split(r"[/_.]", place))
    ]


def unpinned(lock: str) -> list[str]:
    """Return every line of the lock that is not a pin with its hashes."""
    told = []
    pins = re.sub(r"\\\n\s*", "", lock).splitlines()
    for number, line in enumerate(pins, start=1):
        if (
            line.strip()
            and not line.lstrip().startswith("#")
            and not re.fullmatch(
                r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==[0-9][\w.!+-]*( ; [^@]+?)? *( *--hash=sha256:[0-9a-f]{64})+", line
            )
        ):
            told.append(f"pin {number} of the lock is not 'name==version --hash=sha256:…': {line[:60]}")
    return told


# Written so that these lines do not find themselves.
POINTS_OUT = {
    "a package registry": r"p[y]pi\.org|pythonh[o]sted|npm[j]s\.|deb\.deb[i]an|crates\.[i]o|conda\.an[a]conda",
    "something to download": r"https?://[^\s\"'`)]+\.(?:whl|tar\.gz|tgz|zip|deb)\b|raw\.githubuserc[o]ntent",
    "a path of one machine": r"(?<![\w.$*~])/(?:w[o]rk|r[o]ot|h[o]me/\w+|Us[e]rs/\w+|op[t]|tm[p])/",
}  # fmt: skip


def pointers(place: str, text: str) -> list[str]:
    return [
        f"{place}:{number} names {what}: {found.group()}"
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in POINTS_OUT.items()
        if (found := re.search(pattern, line))
    ]


# The promises


def test_imports_run_one_way_and_each_room_has_its_own_door():
    assert not wrong_imports(sources())


def test_a_wrong_import_is_answered_in_words():
    house = {
        "collectors/wire.py": "import httpx\n\n\ndef draw():\n    import streamlit as st\n",
        "data/store.py": "from metrics import METRICS\nimport urllib.request\nimport urllib.parse\n",
        "metrics/flow.py": "import pandas as pd\nfrom collectors.wire import send\n",
        "pages/health.py": "from pages.parts import chart\nfrom parts import chart\nfrom . import parts\n",
        "collectors/github.py": "import graphql\n",
        "collectors/sandbox/github.py": "import graphql\n",
        "app.py": "import metrics\n",
    }

    assert wrong_imports(house) == [
        "collectors/wire.py:5 imports streamlit; collectors may import data, httpx, jwt, rich, stamina, typer",
        "data/store.py:1 imports metrics; data may import duckdb, holidays, numpy, pandas, psycopg, pydantic, sqlalchemy, typer",
        "data/store.py:2 imports urllib.request; only collectors open a way to the outside",
        "metrics/flow.py:2 imports collectors; metrics may import data, numpy, pandas, scipy, typer",
        "pages/health.py:2 imports parts; pages may import PIL, data, metrics, numpy, pandas, plotly, starlette, streamlit",
        "pages/health.py:3 imports by dots; write the whole name, from pages.… import …",
        "collectors/github.py:1 imports graphql; collectors may import data, httpx, jwt, rich, stamina, typer",
        "app.py:1 imports metrics; app.py may import pages, streamlit",
    ]


def test_no_circles():
    assert not circles(sources())


def test_a_circle_is_shown_as_the_way_round():
    house = {
        "data/__init__.py": "from data.store import Live\n",
        "data/store.py": "from data import errors\nfrom data.team import Team\n",
        "data/team.py": "from data import Live\n",
        "data/errors.py": "",
    }

    assert circles(house) == ["data → data.store → data.team → data"]


def test_sql_is_put_together_in_the_data_room_alone():
    assert not built_sql(sources())


def test_sql_put_together_elsewhere_is_found():
    house = {
        "metrics/flow.py": 'connection.execute(f"select {name}")\nconnection.execute("select $name", {"name": name})\n',
        "pages/explore.py": 'connection.sql("select " + name)\nconnection.execute("select {}".format(name))\n',
        "data/editions.py": 'connection.execute(f"attach {path}")\n',
    }

    assert [words.split(" puts")[0] for words in built_sql(house)] == [
        "metrics/flow.py:1",
        "pages/explore.py:1",
        "pages/explore.py:2",
    ]


def test_the_top_level_is_the_tree_of_the_readme_and_nothing_else():
    assert {inside(path).split("/")[0] for path in files()} <= TOP


def test_git_keeps_no_link_to_another_place():
    kept = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-s"], cwd=HOUSE, capture_output=True, text=True, check=True
    ).stdout

    assert not re.findall(r"^120000 .*", kept, re.MULTILINE)


def test_every_module_is_named_after_a_thing():
    assert not empty_names(inside(path) for path in files("*.py"))
    assert empty_names(["data/utils.py", "pages/chart_helpers.py", "metrics/manager/flow.py", "data/store.py"]) == [
        "data/utils.py is named after nothing in particular; name it after the thing it is",
        "pages/chart_helpers.py is named after nothing in particular; name it after the thing it is",
        "metrics/manager/flow.py is named after nothing in particular; name it after the thing it is",
    ]


def test_every_module_begins_with_a_sentence():
    silent = [place for place, text in sources().items() if not ast.get_docstring(ast.parse(text))]

    assert not silent


def test_the_lock_pins_every_package_with_its_hashes_and_names_no_address():
    lock = (HOUSE / "requirements.lock").read_text(encoding="utf-8")

    assert not unpinned(lock)
    assert "://" not in lock


def test_a_pin_without_a_hash_or_with_an_address_is_found():
    digest = "0" * 64
    good = f"a==1.0 \\\n    --hash=sha256:{digest}\n    # via b\nc==2 ; python_version < '3.12' \\\n    --hash=sha256:{digest}\n"
    bad = f"a==1.0\nb>=2 --hash=sha256:{digest}\nc @ file:c.whl --hash=sha256:{digest}\n--index-url somewhere\n"

    assert not unpinned(good)
    assert len(unpinned(bad)) == 4


def test_the_lock_holds_everything_the_project_asks_for():
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    locked = re.findall(r"^([a-z0-9._-]+)==", (HOUSE / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)

    assert {re.split(r"[><=\[ ]", name, maxsplit=1)[0] for name in asked} <= set(locked)


def test_no_file_points_to_a_registry_or_to_somebodys_machine():
    told = []
    for path in files():
        try:
            told += pointers(inside(path), path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue  # a picture

    assert not told


@pytest.mark.parametrize(
    "line",
    [
        "index = https://py" + "pi.org/simple",
        "see https://example.com/a/thing-1.0.wh" + "l",
        "cd /wo" + "rk/somewhere",
        "open('/ho" + "me/somebody/file')",
    ],
)
def test_a_line_that_points_out_is_found(line: str):
    assert len(pointers("file", line)) == 1


def test_a_line_that_stays_inside_is_left_alone():
    assert not pointers("file", "a site: https://github.com/owner/name, a path: /api/v3/repos, a file: data/team.py")


@pytest.mark.parametrize("room", ["collectors", "metrics", "data"])
def test_every_room_that_can_be_run_answers_help(room: str):
    told = subprocess.run(
        [sys.executable, "-m", room, "--help"], cwd=HOUSE, capture_output=True, text=True, check=False
    )

    assert told.returncode == 0, told.stderr
    assert "Usage" in told.stdout
