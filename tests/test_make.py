"""The two commands say what is wrong before they start anything, and do nothing twice."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent


def make(*words: str, where: Path = HOUSE, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=where,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def words(told: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what a person reads, without make's own last line."""
    return [line for line in (told.stdout + told.stderr).splitlines() if not line.startswith("make")]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout that was never built."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(HOUSE / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def python_without_pip(tmp_path: Path) -> Path:
    """A Python as some systems deliver it: neither pip nor venv."""
    path = tmp_path / "bare-python"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *pip*|*venv*) exit 1 ;; esac\nexec {sys.executable} "$@"\n', encoding="utf-8"
    )
    path.chmod(0o755)
    return path


def test_a_port_in_use_is_said_in_one_line_before_anything_starts(bare: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        told = make("run", f"PORT={port}", where=bare)

    assert told.returncode == 2
    assert len(words(told)) == 1
    assert f"Port {port}" in words(told)[0]
    assert "PORT=" in words(told)[0]
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize("port", ["abc", "99999", "-1"])
def test_a_port_that_is_none_is_said_in_one_line(bare: Path, port: str):
    told = make("run", f"PORT={port}", where=bare)

    assert told.returncode == 2
    assert len(words(told)) == 1
    assert f"Port {port}" in words(told)[0]


def test_a_machine_without_a_new_python_is_told_what_to_install(bare: Path):
    told = make("env", "PYTHON=", where=bare)

    assert told.returncode == 2
    assert "Python 3.11" in words(told)[0]
    assert len(words(told)) <= 3


def test_an_old_python_is_not_taken_for_a_new_one(bare: Path, tmp_path: Path):
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)

    told = make("env", f"PYTHON={old}", where=bare)

    assert told.returncode == 2
    assert "Python 3.11" in words(told)[0]


def test_a_python_without_pip_is_told_what_to_install(bare: Path, python_without_pip: Path):
    tools = bare / "on-the-path"
    tools.mkdir()
    for name in ("make", "sh", "awk", "cmp", "mkdir", "mv", "rm", "cp", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))

    told = make("env", f"PYTHON={python_without_pip}", where=bare, PATH=str(tools))

    assert told.returncode == 2
    assert "neither pip nor venv" in " ".join(words(told))
    assert len(words(told)) <= 3
    assert not (bare / ".venv").exists()


def test_packages_that_cannot_be_fetched_are_said_in_words(bare: Path):
    nowhere = (bare / "nowhere").as_uri()

    told = make("env", where=bare, PIP_INDEX_URL=nowhere, PIP_CONFIG_FILE=os.devnull)

    assert told.returncode == 2
    assert "Check the network" in " ".join(words(told))
    assert not (bare / ".venv" / "built-from.lock").exists()


def test_an_environment_that_fits_the_lock_is_not_built_again(bare: Path):
    (bare / ".venv" / "bin").mkdir(parents=True)
    (bare / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(bare / "requirements.lock", bare / ".venv" / "built-from.lock")

    fits = make("--dry-run", "env", where=bare)
    with (bare / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("# one more line\n")
    changed = make("--dry-run", "env", where=bare)

    assert "pip" not in fits.stdout
    assert "pip sync" in changed.stdout
