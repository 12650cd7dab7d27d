"""What is connected and what is not: each source of team.toml, the names of the secrets it needs, and the next step in words.

Only names are known here. The dashboard is started without the values, and `make run` tells it which of the names are set.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from data.team import Team, source_name
from pages.words import SOURCES, Frame, series

TOLD = "CAIRN_SECRETS_SET"
WAYS = {  # the names that open a kind of source, each way whole
    "github": (("GITHUB_TOKEN",), ("GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY")),
    "jira": (("JIRA_EMAIL", "JIRA_TOKEN"), ("JIRA_PAT",)),
}
WORTH = {
    "github": "a fine-grained token that may read Metadata, Contents, Pull requests, Issues, Actions and Deployments",
    "jira": "the account's e-mail and its API token, or a personal access token, that may browse the projects",
}


@dataclass(frozen=True)
class Step:
    """One thing to do, and the command that does it, if one does."""

    what: str
    command: str = ""


@dataclass(frozen=True)
class Connection:
    """One source of team.toml: what is read from it, which names are set, which are missing."""

    kind: str
    source: str
    reads: tuple[str, ...]
    there: tuple[str, ...]
    missing: tuple[str, ...]  # nothing when one way is whole


def names_set() -> set[str] | None:
    """Return the names of the secrets the collector has; None when this dashboard was not told."""
    here = {name for ways in WAYS.values() for way in ways for name in way if os.environ.get(name)}
    told = os.environ.get(TOLD)
    return here or None if told is None else here | set(told.split())


def connections(words: Team, there: Iterable[str]) -> list[Connection]:
    """Return every source the team's words name, with the names it needs."""
    known, sources = set(there), {}
    for one in words.github:
        reads = (*one.repositories, *(f"all of {name}" for name in one.organisations))
        sources.setdefault(("github", source_name(one.url)), []).extend(reads)
    for one in words.jira:
        sources.setdefault(("jira", source_name(one.url)), []).extend(one.projects)
    found = []
    for (kind, source), reads in sources.items():
        way = max(WAYS[kind], key=lambda way: (set(way) <= known, len(set(way) & known)))
        found.append(
            Connection(
                kind,
                source,
                tuple(reads),
                tuple(name for name in way if name in known),
                tuple(name for name in way if name not in known),
            )
        )
    return found


def steps(words: Team | None, there: set[str] | None, unread: Frame | None) -> list[Step]:
    """Return what is left to do, the next thing first; nothing when all of it is done.

    `words` are None without a team.toml, `unread` is None when nothing of the team was ever collected.
    """
    if words is None:
        return [
            Step("Write team.toml: this asks a few questions and writes it.", ".venv/bin/python -m collectors init")
        ]
    found = connections(words, there or ())
    if not found:
        return [Step("Name what to read in team.toml: repositories under [github], projects under [jira].")]
    left = []
    for one in found:
        if one.missing and there is not None:
            beside = f" beside {series(one.there)}" if one.there else ""
            left.append(
                Step(
                    f"{one.source}: set {series(one.missing)}{beside}, {WORTH[one.kind]}. Put it into the environment, or into a"
                    " file .env that only you can read (chmod 600 .env)."
                )
            )
    if unread is None:
        left.append(
            Step(
                "Look first: this says whether the tokens may read what they need, what each rule matches on your own names, and"
                " how many requests a first collection takes. It changes nothing.",
                ".venv/bin/python -m collectors check",
            )
        )
        left.append(Step("Collect, and open the dashboard on what was read.", "make run"))
    elif len(unread):
        kinds = series(sorted({SOURCES.get(str(kind), str(kind)) for kind in unread["kind"]}))
        left.append(Step(f"Read {kinds} to the end; Health says what is missing, and why.", "make run"))
    return left
