"""What a week's demo could tell: epics that were finished, releases, and the work that was merged and deployed.

It only proposes. A title and a reason are those of the epic, the release or the pull request (or of the story it is for), where
their descriptions say why; what it means to somebody is for people to write, and nothing of it is shown before somebody took it as a story.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from data import asking, query, team
from metrics.words import amount

MOST = 12  # proposals of a week
OTHERS = 4  # of them pieces of work that belong to no epic
TOOLS = re.compile(  # what a title says to a tool: SHOP-12, feat(basket):
    r"^(\[?[A-Z][A-Z0-9_]+-\d+\]?[:\s-]*|(feat|fix|chore|docs|refactor|perf|test|build|ci)(\([^)]*\))?!?:\s*)+"
)

EPICS = """
select i.key, i.title, i.why, i.url, count(p.id) as pieces
from issues i
join issues p on p.parent = i.key and p.source = i.source
where
    timezone($zone, timezone('UTC', i.resolved_at))::date >= $since
    and timezone($zone, timezone('UTC', i.resolved_at))::date < $until
    and not coalesce(i.cancelled, false)
group by all
order by pieces desc, i.key
"""
RELEASES = """
select split_part(repo, '/', -1) as repo, tag, nullif(name, tag) as name, url
from releases
where
    timezone($zone, timezone('UTC', published_at))::date >= $since
    and timezone($zone, timezone('UTC', published_at))::date < $until
    and not coalesce(prerelease, false)
qualify row_number() over (partition by repo order by published_at desc) = 1
order by repo
"""
WENT = """
with went as (
    select
        p.id, p.title, p.url, coalesce(p.size, 0) as size, p.deployed_at is not null as live,
        coalesce(any_value(p.why), min(i.why) filter (not coalesce(i.is_bug, false))) as why, -- a bug says why it happened
        max(e.title) as epic, bool_or(coalesce(i.is_bug, false)) as bug
    from pull_requests p
    left join pull_request_issues l on l.pull_request_id = p.id
    left join issues i on i.id = l.issue_id
    left join issues e on e.key = i.parent and e.source = i.source
    where
        timezone($zone, timezone('UTC', coalesce(p.deployed_at, p.merged_at)))::date >= $since
        and timezone($zone, timezone('UTC', coalesce(p.deployed_at, p.merged_at)))::date < $until
        and p.merged_at is not null and not coalesce(p.bot, false) and p.revert_of is null
    group by all
)
select title, why, url, live, epic, bug, count(*) over (partition by epic) as pieces
from went
qualify epic is null or row_number() over (partition by epic order by live desc, size desc, id) = 1
order by epic is null, pieces desc, live desc, size desc, id
"""


NUMBER = r"\d[\d.,]{0,12}"
UNIT = (
    r"\s?(?:%|€|\$|ms|s|sec(?:ond)?s?|min(?:ute)?s?|h|hours?|days?|weeks?|months?|[kmgt]i?b|clicks?|steps?|calls?|errors?"
    r"|requests?|queries|lines?|pages?)(?!\w)"
)
CHANGED = re.compile(  # from 3.2 s to 1.1 s, two numbers of which the later has a unit: versions have none
    rf"(?:\bfrom ({NUMBER}(?:{UNIT})?) (?:down |up )?to |({NUMBER}(?:{UNIT})?) ?(?:→|->|=>) ?)({NUMBER}{UNIT})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Proposal:
    """One thing a demo could tell. Title, reason and address come from outside; `sort` says in our words what it is."""

    sort: str
    title: str
    why: str
    url: str

    @property
    def changed(self) -> tuple[str, str]:
        """Return how it was before and how it is now; both are empty where neither title nor reason says it in numbers."""
        found = CHANGED.search(f"{self.title}\n{self.why}")
        return ((found[1] or found[2]).strip(" ,."), found[3].strip(" ,.")) if found else ("", "")


@asking()
def proposals(week: date) -> list[Proposal]:
    """Return what the demo of a week, given by its first day, could tell: finished epics, releases, then work by its epic."""
    asked = {"zone": team().timezone, "since": week, "until": week + timedelta(weeks=1)}
    epics, releases, went = (query(sql, asked).to_dict("records") for sql in (EPICS, RELEASES, WENT))
    told = [_epic(row) for row in epics] + [_release(row) for row in releases]
    told += [_work(row) for row in went if _there(row["epic"])]
    told += [_work(row) for row in went if not _there(row["epic"])][:OTHERS]
    return told[:MOST]


def _epic(row: dict[str, Any]) -> Proposal:
    why = f"The epic {row['key']} is finished, {amount(int(row['pieces']), 'piece')} of work."
    return Proposal(
        "Finished epic", str(row["title"]), row["why"] if _there(row["why"]) else why, str(row["url"] or "")
    )


def _release(row: dict[str, Any]) -> Proposal:
    called = f"{row['repo']} {row['tag']}"
    named = _there(row["name"])
    return Proposal("Release", str(row["name"]) if named else called, called if named else "", str(row["url"] or ""))


def _work(row: dict[str, Any]) -> Proposal:
    sort = "Deployed" if row["live"] else "Merged, not deployed yet"
    why = "It mends a bug." if row["bug"] else ""
    if _there(row["epic"]):
        others = int(row["pieces"]) - 1
        why = f"A piece of '{row['epic']}'{f', one of {others + 1} this week' if others else ''}."
    told = row["why"] if _there(row["why"]) else why
    return Proposal(sort, TOOLS.sub("", str(row["title"])) or str(row["title"]), told, str(row["url"] or ""))


def _there(value: object) -> bool:
    return isinstance(value, str) and value != ""
