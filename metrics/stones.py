"""The stones on the path to a goal: what somebody named, with the state its own source tells of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from data import asking, query
from metrics.words import amount, full_day

MOST, LONGEST = 20, 200  # stones of one goal, and characters of one; the rest is not looked for

FOUND = """
with asked as (select named, lower(trim(named)) as word from (select unnest($named::text[]) as named)),
under as (
    select parent, source, count(*) filter (status_kind is distinct from 'done') as open, count(*) as pieces
    from issues
    where parent is not null
    group by all
),
things as (
    select
        i.id, 1 as sort, i.key as name, i.title, i.url, i.status, i.resolved_at as done_at, i.cancelled, i.created_at as begun,
        i.project, u.open, u.pieces, null::timestamp as due_at, [
            lower(i.key), lower(split_part(i.key, '/', -1)), lower(i.title), lower(concat(split_part(i.project, '/', -1), ' ', i.title))
        ] as names
    from issues i
    left join under u on u.parent = i.key and u.source = i.source
    union all
    select
        id, 1, concat(repo, '#', number), title, url,
        case when merged_at is not null then 'merged' when closed_at is not null then 'closed' when draft then 'a draft' else 'open' end,
        coalesce(merged_at, closed_at), false, opened_at, repo, null, null, null,
        [lower(concat(repo, '#', number)), lower(concat(split_part(repo, '/', -1), '#', number))]
    from pull_requests
    union all
    select
        null, 2, concat(split_part(repo, '/', -1), ' ', tag), nullif(name, tag), url, if(published_at is null, 'a draft', 'released'),
        published_at, false, created_at, repo, null, null, null,
        [lower(concat(repo, ' ', tag)), lower(concat(split_part(repo, '/', -1), ' ', tag)), lower(tag)]
    from releases
    union all
    select
        null, 2, concat(split_part(repo, '/', -1), ' milestone ', number), title, url, state,
        closed_at, false, created_at, repo, open_issues, open_issues + closed_issues, due_at,
        [
            lower(concat(repo, ' milestone ', number)), lower(concat(split_part(repo, '/', -1), ' milestone ', number)),
            lower(concat(repo, ' ', title)), lower(concat(split_part(repo, '/', -1), ' ', title)), lower(title)
        ]
    from milestones
)
select named, t.* exclude (names)
from asked a
join things t on list_contains(names, word) or t.url = trim(named)
-- a word's whole name goes first; of several pieces of work with one title the newest is meant, and several tags or milestones are several
qualify dense_rank() over (partition by named order by list_position(names, word) nulls first, if(sort = 1, begun, null) desc nulls last) = 1
"""


@dataclass(frozen=True)
class Stone:
    """One stone: as it was named, what its source calls it, how that says it stands, and where it is.

    `name`, `url` and parts of `state` come from outside. `found` tells if any source knows it; `id` is that of its own page.
    """

    named: str
    name: str
    state: str
    found: bool = False
    id: str | None = None
    url: str | None = None


def parts(named: object) -> list[str]:
    """Return the names in a line of words parted by commas, each once."""
    words = (" ".join(one.split())[:LONGEST] for one in str(named or "").split(","))
    return list(dict.fromkeys(word for word in words if word))[:MOST]


@asking()
def stones(named: object) -> list[Stone]:
    """Return every stone that a line of words names, in their order, with its state as its source last told it."""
    asked = parts(named)
    if not asked:
        return []
    told = query(FOUND, {"named": asked})
    rows = told.astype(object).where(told.notna(), None).to_dict("records")
    known = Counter(row["named"] for row in rows)
    by_name = {row["named"]: row for row in rows}
    return [_stone(name, by_name.get(name), known[name]) for name in asked]


def _stone(named: str, row: dict[str, Any] | None, known: int) -> Stone:
    if row is None:
        return Stone(named, named, "not found in what was read from GitHub and Jira")
    if known > 1:
        return Stone(named, named, f"{amount(known, 'thing')} are called so; write it with its repository")
    name = " ".join(filter(None, (row["name"], row["title"])))
    return Stone(named, name, _state(row), True, row["id"], row["url"])


def _state(row: dict[str, Any]) -> str:
    """Return how a piece of work stands in the words of its source: In Progress, with 11 of its pieces open."""
    told = str(row["status"] or "no status told")
    if (done := row["done_at"]) is not None:
        return f"{told}{', cancelled' if row['cancelled'] else ''}, since {full_day(done)}"
    if row["due_at"] is not None:
        told = f"{told}, due {full_day(row['due_at'])}"
    if not row["pieces"]:
        return told
    left = int(row["open"])
    return f"{told}, {amount(left, 'piece')} of it open" if left else f"{told}, none of its pieces open"
