"""What was near a change: what people noted, decided and tried, releases, incidents, holidays and more. Never a person.

Near is not because. It is the list with which a conversation begins.
"""

from collections.abc import Collection
from datetime import date, timedelta

import pandas as pd

from data import query, team
from metrics.delivery import METRICS as DELIVERY
from metrics.metric import rows
from metrics.words import amount, day

COLUMNS = ("at", "what", "kind", "area", "url")
KINDS = (
    "note",
    "decision",
    "experiment",
    "baseline",
    "special",
    "holiday",
    "incident",
    "release",
    "deployment",
)  # the rarer, the more it says
MOST = 12
EARLIER, LATER = (
    timedelta(weeks=2),
    timedelta(weeks=2),
)  # a change may show in the week after what began it, and be seen late
TOLD = """
    with told as (
        select published_at as happened_at, 'release' as kind, split_part(repo, '/', -1) as area, name as what, url
        from releases
        where published_at is not null and not prerelease
        union all
        select created_at, 'incident', coalesce(components[1], split_part(project, '/', -1)), concat(key, ' ', title), url
        from issues
        where is_incident
    )
    select timezone($zone, timezone('UTC', happened_at))::date as "at", what, kind, area, url
    from told
    where "at" >= $since and "at" < $until
"""


def near(since: date, until: date) -> pd.DataFrame:
    """Return what happened from one day up to another (excluded), in the team's time zone, the oldest first: COLUMNS.

    `at` is a day. Production deployments are grouped by day and area, prereleases are left out; `area` is null for what concerns
    everybody, `url` where there is no page to open. Titles and addresses come from outside: they are shown as plain text.
    """
    told = [*happened(since, until), *_deployed(since, until), *_remembered(since, until)]
    told = pd.DataFrame(told, columns=list(COLUMNS))
    told = told.astype(object).where(told.notna(), None)
    rank = told["kind"].map(KINDS.index)
    return told.assign(rank=rank).sort_values(["at", "rank", "area", "what"])[list(COLUMNS)].reset_index(drop=True)


def happened(since: date, until: date) -> list[tuple[date, str, str, str | None, str | None]]:
    """Return what happened by itself and is known at once: releases, incidents, and what the calendar says. COLUMNS, in no order."""
    found = query(TOLD, {"zone": team().timezone, "since": since, "until": until})
    found["at"] = pd.to_datetime(found["at"]).dt.date
    told = found[list(COLUMNS)].astype(object).where(found[list(COLUMNS)].notna(), None)
    return [*told.itertuples(index=False, name=None), *_calendar(since, until)]


def around(starts: date) -> tuple[date, date]:
    """Return the days to look at for a change that shows from a period on: two weeks before until the week after it began."""
    return starts - EARLIER, starts + LATER


def nearest(found: pd.DataFrame, starts: date, areas: Collection[str] = ()) -> tuple[pd.DataFrame, int]:
    """Return at most a dozen of them, still by time, and how many are left out.

    What is rare stays before what happens every day, then what happened in these areas, then what is closest to the start.
    """
    order = sorted(
        range(len(found)),
        key=lambda n: (
            KINDS.index(found["kind"].iloc[n]),
            found["area"].iloc[n] not in areas,
            abs(found["at"].iloc[n] - starts),
        ),
    )
    kept = found.iloc[sorted(order[:MOST])].reset_index(drop=True)
    return kept, len(found) - len(kept)


def _deployed(since: date, until: date) -> list[tuple[date, str, str, str, str | None]]:
    """Return the deployments to production, as the metric counts them, by day and area."""
    [metric] = (one for one in DELIVERY if one.name == "deployment_frequency")
    found = rows(metric, since=since, until=until)
    days = found["happened_at"].dt.tz_localize("UTC").dt.tz_convert(team().timezone).dt.date
    return [
        (on, amount(len(those), "production deployment"), "deployment", area, those["url"].iloc[-1])
        for (on, area), those in found.groupby([days, "area"])
    ]


def _calendar(since: date, until: date) -> list[tuple[date, str, str, None, None]]:
    """Return holidays, special weeks and baselines as a team's own words tell them."""
    words = team()
    off = words.calendar.days_off(since.year, until.year + 1)
    told = [(on, what, "holiday", None, None) for on, what in off.items() if since <= on < until]
    told += [
        (max(special.since, since), f"{special.what}, until {day(special.until)}", "special", None, None)
        for special in words.calendar.special
        if special.since < until and since < special.until
    ]
    told += [
        (one.since, f"Usual range of {name} drawn anew{one.because and f': {one.because}'}", "baseline", None, None)
        for name, renewed in words.baselines.items()
        for one in renewed
        if since <= one.since < until
    ]
    return told


def _remembered(since: date, until: date) -> list[tuple[date, str, str, None, None]]:
    """Return what people wrote into the journal about these days."""
    from data import journal, kinds  # noqa: PLC0415 most questions need no SQLAlchemy

    if not journal.begun():
        return []
    return [
        (on, str(entry.answers.get(kinds.kind(entry.kind).fields[0].name, "")), entry.kind, None, None)
        for on, entry in kinds.about(journal.journal().entries(), since, until)
    ]
