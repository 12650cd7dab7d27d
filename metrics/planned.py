"""What Jira says of a plan: its sprints, what was finished in each week, and what of each big rock in each sprint."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from data import query, team
from metrics.pencilled import WEEKS, Calendar

if TYPE_CHECKING:
    import pandas as pd


def calendar(day: date) -> Calendar:
    """Return the sprints as Jira tells them, from the one a day lies in; two weeks from its Monday where there are none."""
    told = query(
        "select distinct started_at::date as starts from sprints where started_at is not null order by starts"
    )["starts"]
    starts = [one.date() if isinstance(one, datetime) else one for one in told]
    monday = day - timedelta(days=day.weekday())
    begun = [one for one in starts if one <= day]
    if len(begun) < 2:
        return Calendar(monday)
    apart = sorted((later - earlier).days for earlier, later in zip(begun[-7:], begun[-6:], strict=False))
    weeks = min(8, max(1, round(apart[len(apart) // 2] / 7))) if apart else WEEKS
    last = Calendar(begun[-1], weeks)
    return Calendar(last.day(last.sprint(day)), weeks)


def finished(project: str | None = None) -> "pd.DataFrame":
    """Return the items finished in every complete week, oldest first: week, items, and how many of them were exploration.

    They are those of all projects, or of one, and those of epics alone, since rocks are made of such; a team without epics
    plans with everything it finishes.
    """
    return query(
        """
        with told as (
            select id, work, timezone($zone, timezone('UTC', resolved_at)) as done
            from issues
            where resolved_at is not null and cancelled is not true
                and (parent is not null or not exists (select 1 from issues where parent is not null))
                and parent not in (select key from issues where parent is not null) is not false -- a part of a part counts once
                and source = 'jira' and ($project is null or project = $project)
        ),
        read as (
            select date_trunc('week', timezone($zone, timezone('UTC', min(complete_to))))::date as until
            from sources
            where kind = 'jira'
        ),
        weeks as (
            select unnest(generate_series(
                (select date_trunc('week', min(done)) from told), (select until from read) - interval 1 week, interval 1 week
            ))::date as week
        )
        select week, count(id)::double as items, count(id) filter (work = 'explore')::double as explored
        from weeks
        left join told on date_trunc('week', done)::date = week
        group by week
        order by week
        """,
        {"zone": team().timezone, "project": project},
    )


def done(epics: Mapping[str, Sequence[str]], since: date) -> "pd.DataFrame":
    """Return the items of each rock finished since a day: rock, day, items. `epics` are the keys or titles of its epics, by rock."""
    pairs = [(rock, word.casefold()) for rock, words in epics.items() for word in words]
    return query(
        """
        with named as (select unnest($rocks) as rock, unnest($words) as word),
        epics as (
            select distinct rock, key from named join issues on lower(key) = word or lower(title) = word
        )
        select rock, timezone($zone, timezone('UTC', resolved_at))::date as day, count(*) as items
        from issues
        join epics e on e.key = parent
        where resolved_at is not null and cancelled is not true and timezone($zone, timezone('UTC', resolved_at))::date >= $since
        group by all
        order by rock, day
        """,
        {
            "zone": team().timezone,
            "rocks": [rock for rock, _ in pairs],
            "words": [word for _, word in pairs],
            "since": since,
        },
    )
