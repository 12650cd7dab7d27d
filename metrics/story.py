"""The life of one pull request or issue: what happened to it and when, how long it was where, and what hangs together with it.

There is no person in it. A review is told by what it said and when, never by whom.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from data import asking, query

PHASES = (
    "Coding",
    "Waiting for review",
    "Review",
    "Waiting to merge",
    "Waiting to deploy",
)  # as metrics/flow.py has them
REVIEWS = {"approved": "approved", "changes_requested": "changes asked for", "commented": "commented"}
KINDS = {"queue": "waiting to begin", "active": "at work", "wait": "waiting", "done": "done"}


@dataclass(frozen=True)
class Moment:
    """Something that happened to it. `what` is ours to say, `said` came from outside."""

    at: datetime  # zone-less UTC
    what: str
    said: str = ""


@dataclass(frozen=True)
class Stay:
    """How long it was in a phase or a status: until `until`, or to this day."""

    name: str  # a phase's, or a status as the team calls it
    what: str  # what that status means; empty for a phase
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Related:
    """Something that hangs together with it. `id` is there if it has a life of its own to be told."""

    how: str
    what: str
    at: datetime | None
    url: str | None
    id: str | None = None


@dataclass(frozen=True)
class Story:
    """One pull request or issue with its life, the oldest first. All text but `kind` and the facts' names came from outside."""

    id: str
    kind: str  # "Pull request" or "Issue"
    name: str  # shop#12, SHOP-7
    title: str
    url: str | None
    known_to: datetime | None  # how far its source has been read
    facts: tuple[tuple[str, str], ...]
    moments: tuple[Moment, ...]
    stays: tuple[Stay, ...]
    related: tuple[Related, ...]


def story(id_: str) -> Story | None:
    """Return the life of the pull request or the issue of that id, None if there is none. Times are zone-less UTC."""
    with asking():
        for table, told in (("pull_requests", _pull_request), ("issues", _issue)):
            for row in _rows(FOUND[table], id=id_):
                return told(row)
    return None


def found(url: str) -> str | None:
    """Return the id of the pull request or issue at an address, None if there is none."""
    return next((row["id"] for row in _rows(AT, url=url)), None)


FOUND = {
    "pull_requests": """
        select p.*, (select max(complete_to) from sources where kind = 'github') as known_to
        from pull_requests p
        where id = $id
    """,
    "issues": """
        select i.*, (select max(complete_to) from sources s where s.kind = i.source) as known_to
        from issues i
        where id = $id
    """,
}
AT = "select id from pull_requests where url = $url union all select id from issues where url = $url limit 1"
REVIEWED = """
    select submitted_at as at_, state
    from reviews
    where pull_request_id = $id and not coalesce(bot, false) and not coalesce(by_author, false) and submitted_at is not null
    order by all
"""
SHIPPED = """
    select c.service, c.deployed_at as at_, d.environment, d.url, d.failed, d.why_failed, d.restored_at, d.id
    from changes c
    left join deployments d on d.id = c.deployment_id
    where c.pull_request_id = $id and c.deployed_at is not null
    order by at_, service, id
"""
BEGAN = """
    select i.issue_id as id, i.key, i.title, i.began_at as at_, i.ended_at, i.url, i.how
    from incidents i
    where i.deployment_id in (select deployment_id from changes where pull_request_id = $id)
    order by at_, id
"""
WORKED_FOR = """
    select i.id, i.key, i.title, i.created_at as at_, i.url
    from pull_request_issues l
    join issues i on i.id = l.issue_id
    where l.pull_request_id = $id
    order by all
"""
REVERTS = """
    select 'Takes back' as how, p.id, p.repo, p.number, p.title, p.merged_at as at_, p.url
    from pull_requests p
    where p.id = (select revert_of from pull_requests where id = $id)
    union all
    select 'Taken back by', p.id, p.repo, p.number, p.title, p.merged_at, p.url
    from pull_requests p
    where p.revert_of = $id
    order by all
"""
MOVED = """
    select moved_at as at_, from_status, to_status, from_kind, to_kind, coalesce(bulk, false) as bulk
    from issue_moves
    where issue_id = $id
    order by step, at_, id
"""
STOOD = """
    select status, kind, began_at, ended_at from issue_spells where issue_id = $id and began_at is not null order by step, began_at
"""
PLANNED = """
    select s.name, m.entered_at as at_, coalesce(m.late, false) as late
    from sprint_issues m
    join sprints s on s.id = m.sprint_id
    where m.issue_id = $id and m.entered_at is not null
    order by at_, name
"""
CHANGED = """
    select p.id, p.repo, p.number, p.title, coalesce(p.merged_at, p.opened_at) as at_, p.url
    from pull_request_issues l
    join pull_requests p on p.id = l.pull_request_id
    where l.issue_id = $id
    order by at_, id
"""
CAUSED = """
    select i.how, d.repo, d.environment, d.url, coalesce(d.finished_at, d.created_at) as at_
    from incidents i
    join deployments d on d.id = i.deployment_id
    where i.issue_id = $id
    order by at_
"""


LINKED = """
    select distinct 'Linked as its cause' as how, i.id, i.key, i.title, i.created_at as at_, i.url
    from issue_causes c
    join issues i on i.id = c.cause_id
    where c.issue_id = $id
    union all
    select distinct 'Linked as caused by it', i.id, i.key, i.title, i.created_at, i.url
    from issue_causes c
    join issues i on i.id = c.issue_id
    where c.cause_id = $id
    order by all
"""


def _pull_request(row: dict[str, Any]) -> Story:
    id_ = row["id"]
    shipped, began, reviewed = (_rows(sql, id=id_) for sql in (SHIPPED, BEGAN, REVIEWED))
    moments = [
        Moment(row[column], what)
        for column, what in (
            ("opened_at", "Opened"),
            ("first_commit_at", "First commit"),
            ("first_ready_at", "Ready for review"),
            ("merged_at", "Merged"),
        )
        if row[column]
    ]
    if row["closed_at"] and not row["merged_at"]:
        moments.append(Moment(row["closed_at"], "Closed without merging"))
    moments += [
        Moment(one["at_"], f"{'Reviewed' if nth else 'First review'}: {REVIEWS.get(one['state'], 'looked at')}")
        for nth, one in enumerate(reviewed)
    ]
    for one in shipped:
        moments.append(Moment(one["at_"], "Deployed to production", one["service"] or ""))
        if one["restored_at"]:
            moments.append(Moment(one["restored_at"], "Production restored", one["service"] or ""))
    if row["deployed_at"] and not shipped:
        moments.append(Moment(row["deployed_at"], "Deployed to production"))
    for one in began:
        moments.append(Moment(one["at_"], "An incident began that is tied to its deployment", one["key"] or ""))
        if one["ended_at"]:
            moments.append(Moment(one["ended_at"], "That incident ended", one["key"] or ""))
    related = [
        Related("Issue it names", _issue_name(one), one["at_"], one["url"], one["id"])
        for one in _rows(WORKED_FOR, id=id_)
    ]
    related += [
        Related(one["how"], _change_name(one), one["at_"], one["url"], one["id"]) for one in _rows(REVERTS, id=id_)
    ]
    related += [
        Related(
            "Deployment that failed" if one["failed"] else "Deployment",
            " ".join(filter(None, (one["service"] or _short(row["repo"]), "to", one["environment"] or "production"))),
            one["at_"],
            one["url"],
        )
        for one in shipped
    ]
    related += [Related("Incident", _issue_name(one), one["at_"], one["url"], one["id"]) for one in began]
    lines = row["size"] if row["size"] is not None else None
    facts = [
        ("Repository", row["repo"] or ""),
        ("Part of the system", row["service"] or ""),
        ("Into", row["base"] or ""),
        ("Lines", "" if lines is None else f"{lines:,}"),
        ("Files", "" if row["files"] is None else f"{row['files']:,}"),
        ("Commits", "" if row["commits"] is None else f"{row['commits']:,}"),
        ("Rounds of review", "" if row["review_rounds"] is None else f"{row['review_rounds']:,}"),
        ("Made by a machine", "yes" if row["bot"] else ""),
    ]
    name = f"{_short(row['repo'])}#{row['number']}"
    return _told(row, "Pull request", name, facts, moments, phases(row), related)


def phases(row: dict[str, Any]) -> list[Stay]:
    """Return the phases of a pull request, as metrics/flow.py has them: put in order, so that none is negative.

    `row` has the moments of pull_requests, zone-less UTC or None. What has begun and not ended has no end. A phase that
    begins and ends at the same moment is left out.
    """
    merged, ended = row["merged_at"], row["merged_at"] or row["closed_at"]
    ready = row["first_ready_at"] or row["ready_at"] or (None if row["draft"] and not merged else row["opened_at"])
    begun, reviewed, approved, deployed = (
        row[name] for name in ("first_commit_at", "first_review_at", "approved_at", "deployed_at")
    )
    begun = min(begun, ready) if begun and ready else begun
    reviewed = max(reviewed, ready) if reviewed and ready and (ended is None or reviewed <= ended) else None
    if merged:
        approved = min(approved or merged, merged)
    approved = max(approved, reviewed) if approved and reviewed else None
    deployed = max(deployed, merged) if deployed and merged else None
    turns = zip(PHASES, pairwise((begun, ready, reviewed, approved, merged, deployed)), strict=True)
    if merged and reviewed is None:
        turns = ((PHASES[0], (begun, ready)), (PHASES[4], (merged, deployed)))
    told = []
    for name, (since, known) in turns:
        until = known or (None if name == PHASES[4] else ended)
        if since and since != until:
            told.append(Stay(name, "", since, until))
        if since and until is None:
            break
    return told


def _issue(row: dict[str, Any]) -> Story:
    id_ = row["id"]
    moments = [Moment(row["created_at"], "Created")] if row["created_at"] else []
    for one in _rows(MOVED, id=id_):
        again = one["from_kind"] == "done" and one["to_kind"] != "done"
        means = KINDS.get(one["to_kind"], "")
        what = f"{'Opened again' if again else 'Moved'}{f', {means}' if means else ''}{', among many at once' if one['bulk'] else ''}"
        moments.append(Moment(one["at_"], what, f"{one['from_status'] or '?'} → {one['to_status'] or '?'}"))
    moments += [
        Moment(one["at_"], f"Came into a sprint{' that had begun' if one['late'] else ''}", one["name"] or "")
        for one in _rows(PLANNED, id=id_)
    ]
    if row["resolved_at"]:
        what = "Closed without being done" if row["cancelled"] else "Resolved"
        moments.append(Moment(row["resolved_at"], what, row["resolution"] or ""))
    stays = [
        Stay(one["status"] or "?", KINDS.get(one["kind"], ""), one["began_at"], one["ended_at"])
        for one in _rows(STOOD, id=id_)
        if one["kind"] != "done" or one["ended_at"]  # where it rests is no stay
    ]
    related = [
        Related("Pull request", _change_name(one), one["at_"], one["url"], one["id"]) for one in _rows(CHANGED, id=id_)
    ]
    related += [
        Related(
            "Deployment tied to it",
            f"{_short(one['repo'])} to {one['environment']}. {one['how'] or ''}",
            one["at_"],
            one["url"],
        )
        for one in _rows(CAUSED, id=id_)
    ]
    related += [
        Related(one["how"], _issue_name(one), one["at_"], one["url"], one["id"]) for one in _rows(LINKED, id=id_)
    ]
    components = row["components"]
    facts = [
        ("Project", row["project"] or ""),
        ("Type", row["type"] or ""),
        ("Status", row["status"] or ""),
        ("Priority", row["priority"] or ""),
        ("Components", "" if components is None else ", ".join(map(str, components))),
        ("Parent", row["parent"] or ""),
        ("Sprint", row["sprint"] or ""),
        ("Opened again", f"{row['reopens']:,}" if row["reopens"] else ""),
    ]
    return _told(row, "Issue", row["key"] or id_, facts, moments, stays, related)


def _told(  # noqa: PLR0913, PLR0917  all that a story is made of
    row: dict[str, Any],
    kind: str,
    name: str,
    facts: Iterable[tuple[str, str]],
    moments: Iterable[Moment],
    stays: Iterable[Stay],
    related: Iterable[Related],
) -> Story:
    return Story(
        row["id"],
        kind,
        name,
        row["title"] or "",
        row["url"],
        row["known_to"],
        tuple((what, value) for what, value in facts if value),
        tuple(sorted(moments, key=lambda one: one.at)),
        tuple(stays),
        tuple(related),
    )


def _short(repo: str | None) -> str:
    return (repo or "").rsplit("/", 1)[-1]


def _change_name(row: dict[str, Any]) -> str:
    return f"{_short(row['repo'])}#{row['number']} {row['title'] or ''}"


def _issue_name(row: dict[str, Any]) -> str:
    return f"{row['key'] or row['id']} {row['title'] or ''}"


def _rows(sql: str, **params: str) -> list[dict[str, Any]]:
    """Return the answer of a question as rows, what is missing as None and whole numbers whole."""
    answer = query(sql, params)
    told = answer.astype(object).where(answer.notna(), None)
    whole = {column for column in answer.columns if answer[column].dtype.kind == "f"}
    return [{str(name): _plain(value, name in whole) for name, value in row.items()} for row in told.to_dict("records")]


def _plain(value: Any, number: bool) -> Any:
    """Return a cell as Python has it: a moment without a zone, a whole number whole."""
    if number and value is not None and float(value).is_integer():
        return int(value)
    moment = getattr(value, "to_pydatetime", None)
    return moment() if moment else value
