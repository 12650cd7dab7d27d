"""What people pencilled, read: the lines of a grid, the days of its sprints, and a plan made of both. Names stay behind here.

A line is `Ada: 1 1 .5 1 1 1 | checkout, ledger`: the share of each sprint somebody is there, and what they say they know.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from data import kinds
from metrics.plan import FULL, SPRINTS, Change, Person, Plan, Rock
from metrics.words import series

SIZE = ("low", "likely", "high")
WEEKS = 2  # in a sprint, where Jira tells of none
LIGHT = re.compile(r"(\d+)\s*:\s*(\d*\.?\d+)\s*([^;]*)")
AWAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Row:
    """One line of the grid as somebody typed it."""

    name: str
    shares: tuple[float, ...]
    knows: str = ""

    def line(self) -> str:
        """Return it as it is kept."""
        shares = " ".join(f"{share:g}" for share in self.shares)
        return f"{_one_line(self.name).replace(':', ' ')}: {shares}" + (f" | {self.knows}" if self.knows else "")


@dataclass(frozen=True)
class Calendar:
    """The sprints looked at: the first day of the first of them, and how many weeks each has."""

    first: date
    weeks: int = WEEKS

    def day(self, sprint: int) -> date:
        """Return the first day of a sprint, counted from 1; of 0 and below for those before."""
        return self.first + timedelta(weeks=self.weeks * (sprint - 1))

    def sprint(self, day: date) -> int:
        """Return the sprint a day lies in, counted from 1; 0 and below for those before."""
        return (day - self.first).days // (7 * self.weeks) + 1


def rows(text: object) -> list[Row]:
    """Return the rows of a grid; lines that are none are left out, what is no number between 0 and 1 counts as the nearest."""
    found = []
    for line in str(text or "").splitlines():
        name, colon, rest = line.partition(":")
        shares, _, knows = rest.partition("|")
        if colon and name.strip():
            told = [part for word in shares.split() if (part := share(word)) is not None]
            found.append(Row(name.strip(), tuple(told), knows.strip()))
    return found


def share(word: str) -> float | None:
    """Return the share a word says, the nearest one between 0 and 1; None for what is no number."""
    try:
        told = float(word.replace(",", "."))
    except ValueError:
        return None
    return None if math.isnan(told) else min(FULL, max(0.0, told))


def later(grid: Sequence[Row], passed: int, sprints: int = SPRINTS) -> list[Row]:
    """Return the rows as they stand so many sprints later: what nobody said anything about is whole."""
    return [Row(one.name, ((*one.shares, *[FULL] * (passed + sprints))[passed:][:sprints]), one.knows) for one in grid]


def light(text: object, passed: int = 0, sprints: int = SPRINTS) -> tuple[tuple[float, ...], dict[int, str]]:
    """Return the part of everybody's time that is left in each sprint, and what is said of those that are light."""
    parts, said = [FULL] * sprints, {}
    for sprint, share, words in LIGHT.findall(str(text or "")):
        nth = int(sprint) - passed
        if 1 <= nth <= sprints:
            parts[nth - 1] = min(FULL, float(share))
            said[nth] = words.strip()
    return tuple(parts), said


def words(text: object) -> tuple[str, ...]:
    """Return the parts of a line that commas part, in small letters, each once."""
    return tuple(dict.fromkeys(one for part in str(text or "").split(",") if (one := _one_line(part).casefold())))


def sized(versions: Sequence[tuple[date, Mapping[str, Any]]]) -> date:
    """Return the day the present size of a rock was written down: what was finished since then is no longer in it.

    `versions` are the days and bodies of its versions, the oldest first.
    """
    (on, now), *before = reversed(versions)
    for day, body in before:
        if any(body.get(name) != now.get(name) for name in SIZE):
            break
        on = day
    return on


def rock(id_: str, body: Mapping[str, Any], calendar: Calendar, done: float = 0) -> Rock:
    """Return a big rock as it was pencilled, seen from the sprints that are looked at."""
    low, likely, high = sorted(max(0.0, kinds.number(body.get(name)) or 0.0) for name in SIZE)
    begins, ends = kinds.day(body.get("earliest")), kinds.day(body.get("planned"))
    return Rock(
        id_,
        str(body.get("title") or "A rock without a name"),
        (low, likely, high),
        max(1, calendar.sprint(begins)) if begins else 1,
        calendar.sprint(ends) if ends else None,
        words(body.get("needs")),
        done,
    )


def plan(  # noqa: PLR0913  a plan is all of this
    grid: Iterable[Row],
    rocks: Iterable[Rock],
    *,
    weeks: int = WEEKS,
    light: tuple[float, ...] = (),
    exploration: float = 0,
    explored: float = 0,
    left: float = 1,
) -> Plan:
    """Return a plan without a name in it: its people are rows."""
    people = tuple(Person(one.shares, frozenset(words(one.knows))) for one in grid)
    return Plan(people, tuple(rocks), weeks, exploration, explored, light, left)


def away(cells: Iterable[tuple[int, int]], grid: Sequence[Row], calendar: Calendar) -> str:
    """Return who is away when as it is kept: a line for each, with the first days of those sprints."""
    days: dict[str, list[str]] = {}
    for row, sprint in sorted(cells):
        if row < len(grid):
            days.setdefault(_one_line(grid[row].name).replace(":", " "), []).append(f"{calendar.day(sprint + 1)}")
    return "\n".join(f"{name}: {' '.join(told)}" for name, told in days.items())


def away_cells(text: object, grid: Sequence[Row], calendar: Calendar) -> frozenset[tuple[int, int]]:
    """Return the cells that a kept scenario empties; of people who are no longer in the grid, none."""
    found = set()
    for line in str(text or "").splitlines():
        name, _, days = line.partition(":")
        for row, one in enumerate(grid):
            if one.name.casefold() == name.strip().casefold():
                found |= {(row, calendar.sprint(day) - 1) for said in AWAY.findall(days) if (day := kinds.day(said))}
    return frozenset((row, sprint) for row, sprint in found if 0 <= sprint < SPRINTS)


def scenario(change: Change, grid: Sequence[Row], rocks: Iterable[Rock], calendar: Calendar) -> dict[str, Any]:
    """Return what is changed as it is kept: names that were typed into the grid, titles of rocks, and days."""
    scope = [f"{_one_line(one.title)}: {change.scope[one.id]:g}" for one in rocks if one.id in change.scope]
    begins = [
        f"{_one_line(one.title)}: {calendar.day(change.earliest[one.id])}" for one in rocks if one.id in change.earliest
    ]
    told: dict[str, Any] = {"scope": "\n".join(scope), "begins": "\n".join(begins)}
    told |= {"away": away(change.away, grid, calendar)}
    told |= {"exploration": None if change.exploration is None else 100 * change.exploration}
    return {name: value for name, value in told.items() if value not in ("", None)}


def change(body: Mapping[str, Any], grid: Sequence[Row], rocks: Iterable[Rock], calendar: Calendar) -> Change:
    """Return what a kept scenario changes in the plan as it is now; what is no longer there is left out."""
    scope, begins = per_rock(body.get("scope")), per_rock(body.get("begins"))
    named = {_one_line(one.title).casefold(): one.id for one in rocks}
    sizes = {
        named[title]: size for title, said in scope.items() if title in named and (size := _factor(said)) is not None
    }
    days = {named[title]: day for title, said in begins.items() if title in named and (day := kinds.day(said))}
    share = body.get("exploration")
    return Change(
        away_cells(body.get("away"), grid, calendar),
        sizes,
        {rock: sprint for rock, day in days.items() if 1 <= (sprint := calendar.sprint(day)) <= SPRINTS},
        min(1.0, max(0.0, share / 100)) if isinstance(share, (int, float)) else None,
    )


def in_words(change: Change, grid: Sequence[Row], rocks: Iterable[Rock]) -> list[str]:
    """Return what is changed in words, for the page on which the names were typed."""
    rows: dict[int, list[str]] = {}
    for row, sprint in sorted(change.away):
        rows.setdefault(row, []).append(str(sprint + 1))
    told = [
        f"{grid[row].name} is away in sprint{'' if len(away) == 1 else 's'} {series(away)}."
        for row, away in rows.items()
        if row < len(grid)
    ]
    for one in rocks:
        if (size := change.scope.get(one.id)) is not None:
            told.append(f"{one.title} is {'left out' if not size else f'{size:g} times as large'}.")
        if sprint := change.earliest.get(one.id):
            told.append(f"{one.title} begins in sprint {sprint}.")
    if change.exploration is not None:
        told.append(f"{100 * change.exploration:.0f} % is kept for exploration.")
    return told


def per_rock(text: object) -> dict[str, str]:
    """Return what a scenario says of rocks, by their titles in small letters."""
    told = [line.rpartition(":") for line in str(text or "").splitlines() if ":" in line]
    return {title.strip().casefold(): said.strip() for title, _, said in told}


def _factor(said: str) -> float | None:
    try:
        told = float(said.split(maxsplit=1)[0])
    except (ValueError, IndexError):
        return None
    return told if 0 <= told <= 100 else None


def _one_line(text: str) -> str:
    return " ".join(text.split())
