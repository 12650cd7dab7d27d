"""The sprints that run and those to come, as Jira tells them."""

from dataclasses import dataclass
from datetime import date

from data import query

MOST = 3

COMING = """
select name, min(started_at)::date as starts, max(ends_at)::date as ends, max(goal) as goal
from sprints
where state in ('active', 'future') and name is not null and ends_at is not null
group by name
order by starts, name
limit $most
"""


@dataclass(frozen=True)
class Sprint:
    """One sprint, however many boards have it: its first and last day, and what Jira says it is for. `name` and `goal` come from outside."""

    name: str
    starts: date
    ends: date
    goal: str | None


def coming() -> list[Sprint]:
    """Return the sprints that run and those to come, the nearest first, at most MOST."""
    told = query(COMING, {"most": MOST})
    rows = told.astype(object).where(told.notna(), None).itertuples(index=False, name=None)
    return [Sprint(name, starts.date(), ends.date(), goal) for name, starts, ends, goal in rows]
