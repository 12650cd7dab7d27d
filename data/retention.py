"""How long raw answers and items are kept: [keep] in team.toml says so, and what is older goes, its bytes too.

What people wrote is never touched. Afterwards the store is as if the first collection had been told to go back no further,
and what has not ended is still there.
"""

from dataclasses import dataclass
from datetime import date, datetime

from data.over import OVER, PARTS, over
from data.store import Live
from data.team import Team

LOST = "(gone_at is not null and version < $kept_from)"  # at the source it is no more, ended or not
CONFIRMED = "keep"  # the fact of the store that says for how many months somebody has agreed to let go


@dataclass(frozen=True)
class Going:
    """How many rows of one raw table go, and how many stay."""

    table: str
    go: int
    stay: int


def kept_from(words: Team, now: datetime) -> datetime | None:
    """Return the day from which on everything is kept, zone-less UTC: the first of a month. None where all is kept."""
    if words.keep.months is None:
        return None
    month = now.year * 12 + now.month - 1 - words.keep.months
    return datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001 UTC


def preview(live: Live, since: datetime) -> list[Going]:
    """Return what would go of each raw table that loses anything, and of what was set aside. Changes nothing."""
    found = []
    for table, condition in _going(live):
        [(go, there)] = live.connection.execute(
            f"select count(*) filter ({condition}), count(*) from {table}", {"kept_from": since}
        ).fetchall()
        found += [Going(table.removeprefix("raw."), go, there - go)] if go else []
    return found


def let_go(live: Live, since: datetime, words: Team) -> int:
    """Take what ended before a day out of the store, and write the file anew so that nothing of it lingers. Returns how many rows went.

    A kill leaves all of it or none; run again, the file is written anew in any case.
    """
    gone = 0
    with live.transaction():
        for table, condition in _going(live):
            [(count,)] = live.connection.execute(
                f"delete from {table} where {condition}", {"kept_from": since}
            ).fetchall()
            gone += count
    live.rewrite()
    live.tell(CONFIRMED, f"{words.keep.months} {since:%Y-%m-%d}")  # not before: until then the next sync does it again
    return gone


def again(live: Live, words: Team, now: datetime) -> int:
    """Let go of what has become old, at the first sync of a month, as somebody has once agreed. Returns how many rows went.

    Nothing goes before `python -m data retain` was run for as many months as team.toml says now.
    """
    since = kept_from(words, now)
    months, _, last = (live.about(CONFIRMED) or "").partition(" ")
    if since is None or months != str(words.keep.months) or last == f"{since:%Y-%m-%d}":
        return 0
    return let_go(live, since, words)


def unfounded(words: Team, since: datetime) -> list[str]:
    """Return the Workflows whose baseline is worked out from tickets that are going."""
    return [
        one.name
        for one in words.workflows
        if one.baseline
        and one.baseline.source == "tickets"
        and (not isinstance(one.baseline.since, date) or one.baseline.since < since.date())
    ]


def _going(live: Live) -> list[tuple[str, str]]:
    """Return the tables that lose rows and the condition on those that go, parts before what they belong to."""
    there = set(live.tables())
    found = [
        (f"raw.{part}", f"(source, parent) in (select (source, id) from raw.{table} where {over(table)} or {LOST})")
        for table, parts in PARTS.items()
        for part in parts
        if {table, part} <= there
    ]
    found += [(f"raw.{table}", f"({over(table)} or {LOST})") for table in OVER if table in there]
    return [*found, ("rejects", '"at" < $kept_from')]
