"""The container holds all that runs and nothing of the team: no token with the dashboard, no data and no secret in the image."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement

from tests.test_browser import dashboard

HOUSE = Path(__file__).resolve().parent.parent
PLACE = HOUSE / "docs" / "container"
SECRETS = re.search(r"^SECRETS := (.*)", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
NEVER = {".env", "team.toml", ".streamlit/secrets.toml", "data/live.duckdb", "data/journal.db", "data/journal.jsonl", "data/person.key", "data/looked.db", ".git", ".venv", ".tools"}  # fmt: skip

WHOLE = """
from collectors.source import sandbox
from data import Live, publish

with Live("sandbox") as live:
    print(len(sandbox()[0]), publish(live).company)
"""


def steps() -> list[list[str]]:
    """Return the instructions of the container file, each as its words; lines that go on are one."""
    text = (PLACE / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if line and not line.startswith("#")]


def compose() -> dict[str, Any]:
    """Return the compose file: maps by indentation, dashed lists, and what stands on one line as JSON where it is JSON."""
    lines = [
        (len(line) - len(line.lstrip()), line.strip())
        for line in (PLACE / "compose.yaml").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]

    def value(text: str) -> Any:
        return json.loads(text) if text[0] in '["' else text

    def block(depth: int) -> Any:
        found: Any = {}
        while lines and lines[0][0] == depth:
            _, text = lines.pop(0)
            if text.startswith("- "):
                found = [*(found or []), value(text[2:])]
                continue
            key, _, rest = text.partition(":")
            assert key not in found, f"{key} stands there twice"
            deeper = lines and lines[0][0] > depth
            found[key] = value(rest.strip()) if rest.strip() else block(lines[0][0]) if deeper else None
        return found

    told = block(0)
    assert not lines, f"this line is not where it belongs: {lines[0]}"
    return told


def copied() -> dict[str, str]:
    """Return what the image takes from a checkout, with where it goes, below its working directory."""
    told = {}
    for step in steps():
        if step[0] == "COPY" and step[1] not in {"requirements.lock", "--from=environment"}:
            for pattern in step[1:-1]:
                for path in sorted(HOUSE.glob(pattern)):
                    place = inside(path)
                    told[place] = f"{step[-1]}{path.name}" if step[-1].endswith("/") else step[-1]
    return told


def inside(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


@pytest.fixture
def image(tmp_path) -> Path:
    """What lies in the image's working directory, laid out as the container file says."""
    place = tmp_path / "cairn"
    for source, goes in copied().items():
        (place / goes).parent.mkdir(parents=True, exist_ok=True)
        if (HOUSE / source).is_dir():
            shutil.copytree(HOUSE / source, place / goes, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(HOUSE / source, place / goes)
    return place


def test_nothing_of_the_team_comes_into_the_image(image, tmp_path):
    known = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=HOUSE, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    there = {path.relative_to(image).as_posix() for path in image.rglob("*") if path.is_file()}

    assert there <= set(known), "only what git keeps"
    assert not there & NEVER
    assert not any(source in NEVER or source in {".", "data", ".streamlit"} for source in copied())
    whole = "\n".join(" ".join(step) for step in steps())
    assert not any(name in whole for name in SECRETS)


def test_what_is_in_the_image_is_enough_to_run_everything(image, monkeypatch, tmp_path):
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("CAIRN_SANDBOX_DAY", "2026-11-20")
    for words, code in ((("data", "health"), 2), (("metrics", "list"), 0), (("data", "bundle", "x.zip", "--yes"), 0)):
        ran = subprocess.run([sys.executable, "-m", *words], cwd=image, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stderr
    ran = subprocess.run([sys.executable, "-c", WHOLE], cwd=image, capture_output=True, text=True, check=False)
    assert ran.stdout == "2 sandbox\n", ran.stderr
    monkeypatch.setattr("tests.test_browser.HOUSE", image)
    with dashboard() as url:
        told = httpx.get(f"{url}/healthz", timeout=60)  # the edition is the made-up company's, and nothing is in it
        page = httpx.get(f"{url}/", timeout=60)

    assert (told.status_code, told.json()["state"]) == (503, "never")
    assert page.status_code == 200
    assert "content-security-policy" in page.headers


def test_every_package_comes_from_the_lock_by_its_hash_and_what_is_taken_out_again_nobody_needs():
    (install,) = (step for step in steps() if "install" in step and "--require-hashes" in step)
    out = install[install.index("uninstall") :]
    removed = {word for word in out[1:] if not word.startswith("-")}
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    needed, open_ends = set(), list(map(Requirement, project["project"]["dependencies"]))
    while open_ends:
        one = open_ends.pop()
        wanted = [extra for extra in (*one.extras, "") if one.marker is None or one.marker.evaluate({"extra": extra})]
        if wanted and one.name.lower() not in needed:
            needed.add(one.name.lower())
            told = map(Requirement, metadata.requires(one.name) or ())
            open_ends += [
                more for more in told
                if more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in (*one.extras, ""))
            ]  # fmt: skip

    assert {"--no-deps", "-r", "requirements.lock"} <= set(install)
    assert len(needed) > 30
    assert removed <= {Requirement(one).name for one in project["dependency-groups"]["dev"]}
    assert not removed & needed


def test_the_image_runs_as_nobody_in_particular_from_one_official_base():
    told = steps()
    version = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]

    assert {step[1] for step in told if step[0] == "FROM"} == {f"python:{version.removeprefix('>=')}-slim"}
    assert [step for step in told if step[0] == "USER"] == [["USER", "1000:1000"]]
    assert told.index(["USER", "1000:1000"]) > max(n for n, step in enumerate(told) if step[0] in {"RUN", "COPY"})
    assert ["VOLUME", "/data"] in told
    assert not any(step[0] in {"ADD", "ARG"} for step in told), (
        "nothing is fetched from elsewhere, no secret is handed in"
    )


def test_tokens_are_with_the_collector_alone_and_the_login_with_the_dashboard_alone():
    both = compose()["services"]

    assert set(both) == {"collector", "dashboard"}
    assert both["collector"]["env_file"] == "../../.env"
    assert not {"env_file", "environment"} & set(both["dashboard"])
    assert not any(".env" in mount for mount in both["dashboard"]["volumes"])
    assert not any("secrets.toml" in mount for mount in both["collector"]["volumes"])
    assert "ports" not in both["collector"]
    assert all(port.startswith("127.0.0.1:") for port in both["dashboard"]["ports"])


@pytest.mark.parametrize("name", ["collector", "dashboard"])
def test_both_run_without_rights_they_do_not_need(name):
    one = compose()["services"][name]

    assert one["user"] == "1000:1000"
    assert one["read_only"] == "true"
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["image"] == "cairn"
    assert "cairn:/data" in one["volumes"]
    assert [mount for mount in one["volumes"] if not mount.endswith(":ro")] == ["cairn:/data"]
    assert one["healthcheck"]["test"][0] == "CMD"
    assert compose()["volumes"] == {"cairn": None}
    assert (PLACE / compose()["services"]["collector"]["build"]["context"]).resolve() == HOUSE
    assert (HOUSE / compose()["services"]["collector"]["build"]["dockerfile"]).exists()


def test_the_commands_of_the_compose_file_exist(monkeypatch, tmp_path):
    told = compose()["services"]
    collect, ask = told["collector"]["command"], told["collector"]["healthcheck"]["test"][1:]
    for words in (collect[: collect.index("--every")], ask):
        ran = subprocess.run([sys.executable, *words[1:], "--help"], cwd=HOUSE, capture_output=True, text=True, check=False)  # fmt: skip
        assert ran.returncode == 0, ran.stderr
    knock = told["dashboard"]["healthcheck"]["test"][1:]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "data"))
    with dashboard() as url:
        code = knock[2].replace("8501", url.rpartition(":")[2])
        assert "8501" in knock[2]
        assert subprocess.run([sys.executable, knock[1], code], check=False, env=os.environ).returncode == 0
    assert subprocess.run([sys.executable, knock[1], code], check=False, capture_output=True).returncode == 1


def test_without_a_login_the_dashboard_of_the_compose_file_does_not_start(tmp_path):
    """It listens beyond its own machine, so the guard must be in its way."""
    command = compose()["services"]["dashboard"]["command"]
    known = {**os.environ, "HOME": str(tmp_path), "CAIRN_HOME": str(tmp_path / "data"), "STREAMLIT_SERVER_PORT": "0"}
    ran = subprocess.run(
        [sys.executable, *command[1:]], cwd=HOUSE, env=known, capture_output=True, text=True, check=False, timeout=60
    )

    assert ran.returncode == 2
    assert "did not start" in ran.stderr
