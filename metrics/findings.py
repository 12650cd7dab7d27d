"""Findings from customers by what they are about: how many of late, and which of them are new."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from data.entry import Entry
from data.kinds import day

LATELY = timedelta(weeks=12)
NO_THEME = "Without a theme"


@dataclass(frozen=True)
class Theme:
    """What some findings are about, with those of the last twelve weeks, the newest first.

    `new` counts those found after a day, `known` tells if anything of it was found before that day, in any year.
    """

    name: str
    findings: tuple[Entry, ...]
    new: int
    known: bool


def themes(entries: Iterable[Entry], today: date, since: date) -> list[Theme]:
    """Return what was found in the twelve weeks up to today by theme, the one with most findings first, those without one last.

    Two spellings of a theme that differ in case are one theme; what the newest finding calls it is its name.
    """
    by: dict[str, list[tuple[date, Entry]]] = {}
    for one in entries:
        found = day(one.answers.get("day")) if one.kind == "finding" else None
        if found and found <= today:
            by.setdefault(_theme(one).casefold(), []).append((found, one))
    told = []
    for name, those in by.items():
        those.sort(key=lambda pair: (pair[0], pair[1].seq), reverse=True)
        late = tuple(one for found, one in those if found > today - LATELY)
        if late:
            new = sum(found > since for found, _ in those)
            told.append(Theme(_theme(late[0]) if name else NO_THEME, late, new, known=new < len(those)))
    return sorted(told, key=lambda one: (one.name == NO_THEME, -len(one.findings), one.name.casefold()))


def _theme(one: Entry) -> str:
    return " ".join(str(one.answers.get("theme") or "").split())
