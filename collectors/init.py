"""The first words of a team: a few questions, and a commented team.toml is there."""

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from data import CairnError, read_team, team_file
from data.team import CHECKOUT

EXAMPLE = CHECKOUT / "team.example.toml"
NEXT = "Now put read-only tokens into .env (README.md says which) and run '.venv/bin/python -m collectors check'."


Value = TypeVar("Value")


@dataclass(frozen=True)
class Answers:
    """What was answered. `found` are repositories and organisations; without any, GitHub is not read."""

    name: str
    zone: str
    github: str
    found: list[str]
    jira: str
    projects: list[str]


def command() -> None:
    """Ask a few questions and write a commented team.toml. A file that is there already is never touched."""
    path = team_file()
    if path.exists():
        raise CairnError(
            f"{path} is there already, and it is never overwritten.\n"
            "Change it by hand, or move it away and run this again; nothing was changed."
        )
    told = Answers(*_asked())
    if not (told.found or told.projects):
        raise CairnError(
            "No repository, no organisation and no project was named, so there is nothing to read.\n"
            "Run this again and name one; nothing was written."
        )
    write(path, worded(told))
    sys.stdout.write(f"{path} is written; it explains what else can be said.\n{NEXT}\n")


def _asked() -> tuple[str, str, str, list[str], str, list[str]]:
    name = ask("What is your team called?", "Our team", str)
    zone = ask("Which time zone do your days begin in, like Europe/Berlin?", "UTC", _zone)
    github = ask("Where is your GitHub?", "https://github.com", _address)
    found = ask("Which repositories, as owner/name, or which organisations as a whole? Put commas between.", "", _names)
    jira = ask("Where is your Jira, like https://example.atlassian.net? Nothing means: no Jira.", "", _address)
    projects = ask("Which projects, by their keys? Put commas between.", "", _keys) if jira else []
    return name, zone, github, found, jira, projects


def ask(question: str, default: str, read: Callable[[str], Value]) -> Value:
    """Return an answer as `read` takes it. At a terminal a wrong one is asked for again; a piped one raises CairnError."""
    while True:
        sys.stdout.write(f"{question}{f' [{default}]' if default else ''} ")
        sys.stdout.flush()
        told = sys.stdin.readline().strip() or default
        if not sys.stdin.isatty():
            sys.stdout.write("\n")
        try:
            return read(told)
        except ValueError as error:
            if not sys.stdin.isatty():
                raise CairnError(f"{error}\nRun this again with another answer; nothing was written.") from None
            sys.stdout.write(f"{error}\n")


def worded(told: Answers) -> str:
    """Return the example with a team's own words in it: what was not named stays switched off."""
    repositories, organisations = [n for n in told.found if "/" in n], [n for n in told.found if "/" not in n]
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("Copy this file to team.toml, change", "Change", 1)
    text = _say(text, 'name = "Our team"', f"name = {_toml(told.name)}")
    text = _say(text, 'timezone = "UTC"', f"timezone = {_toml(told.zone)}")
    if told.found:
        if told.github != "https://github.com":
            text = _say(text, '#url = "https://github.example.com"', f"url = {_toml(told.github)}")
        listed = f"repositories = {_toml(repositories)}" if repositories else '#repositories = ["owner/name"]'
        text = _say(text, 'repositories = ["owner/name"]', listed)
        if organisations:
            text = _say(text, '#organisations = ["owner"]', f"organisations = {_toml(organisations)}")
    else:
        text = _say(text, "[github]", "#[github]")
        text = _say(text, 'repositories = ["owner/name"]', '#repositories = ["owner/name"]')
    if told.jira:
        text = _say(text, "#[jira]", "[jira]")
        text = _say(text, '#url = "https://example.atlassian.net"', f"url = {_toml(told.jira)}")
        text = _say(text, '#projects = ["KEY"]', f"projects = {_toml(told.projects)}")
    return text


def write(path: Path, text: str) -> None:
    """Write a team file that can be read, where there is none. Raises CairnError as reading it does."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        draft.write_text(text, encoding="utf-8")
        read_team(draft)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CairnError(
            f"{path} cannot be written: {error.strerror}.\nMend that and run this again; nothing was changed."
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def _say(text: str, line: str, instead: str) -> str:
    """Return the text with the one line that begins so said differently; a comment behind it stays."""
    return re.sub(rf"^{re.escape(line)}", lambda _: instead, text, count=1, flags=re.MULTILINE)


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _zone(told: str) -> str:
    try:
        return ZoneInfo(told).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{told}' is not a time zone; write one like Europe/Berlin or UTC.") from None


def _address(told: str) -> str:
    if told and not urlsplit(told).scheme:
        told = f"https://{told}"
    if told and not (urlsplit(told).scheme in {"http", "https"} and urlsplit(told).hostname):
        raise ValueError(f"'{told}' is not an address; write one like https://github.com.")
    return told.rstrip("/")


def _names(told: str) -> list[str]:
    names = [urlsplit(name).path.strip("/") if "://" in name else name for name in _keys(told)]
    for name in names:
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name):
            raise ValueError(f"'{name}' is neither a repository, as owner/name, nor an organisation.")
    return names


def _keys(told: str) -> list[str]:
    return [one for one in re.split(r"[\s,]+", told) if one]
