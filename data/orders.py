"""Orders of the goals, given apart: what EM and PM gave stays sealed until both have given theirs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from data.journal import Entry

ROLES = ("EM", "PM")


@dataclass
class Horizon:
    """What was given for the goals of one horizon: by role what both gave last, and what waits, sealed, for the other's."""

    both: dict[str, Entry] = field(default_factory=dict)
    waiting: dict[str, Entry] = field(default_factory=dict)


def horizons(entries: Iterable[Entry]) -> dict[str, Horizon]:
    """Return how the orders of each horizon stand. The last one of a role counts; two that met are shown, whatever comes later."""
    found: dict[str, Horizon] = {}
    for entry in sorted(entries, key=lambda one: one.seq):
        body = entry.body or {}
        role = body.get("role")
        if entry.kind != "order" or role not in ROLES:
            continue
        its = found.setdefault(str(body.get("horizon")), Horizon())
        its.waiting[role] = entry
        if len(its.waiting) == len(ROLES):
            its.both, its.waiting = its.waiting, {}
    return found


def sealed(entries: Iterable[Entry]) -> set[str]:
    """Return the ids of the orders nobody is to see yet."""
    return {one.id for its in horizons(entries).values() for one in its.waiting.values()}


def goals(entry: Entry) -> list[str]:
    """Return the ids of the goals in the order that was given, the one that matters most first."""
    return str((entry.body or {}).get("goals") or "").split()


def apart(one: list[str], other: list[str]) -> list[tuple[str, int, int]]:
    """Return each goal that both ordered with its place in either, counted from 1, those they differ on most first."""
    both = [goal for goal in one if goal in other]
    told = [(goal, both.index(goal) + 1, [x for x in other if x in both].index(goal) + 1) for goal in both]
    return sorted(told, key=lambda place: -abs(place[1] - place[2]))
