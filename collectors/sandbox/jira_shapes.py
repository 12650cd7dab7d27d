"""What Jira would say about the company on a given day: issues and their histories in Jira Cloud's shapes."""

from bisect import bisect_left
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from collectors.sandbox import reasons
from collectors.sandbox.company import (
    CAUSED,
    ISSUE_TYPES,
    JIRA,
    POINTS,
    PRIORITIES,
    PROJECTS,
    REQUEST_TYPE,
    RESOLUTIONS,
    SPRINT,
    STATUSES,
    ZONE,
)
from collectors.sandbox.diary import Diary
from collectors.sandbox.hours import noon
from collectors.sandbox.records import DAY, Ticket, account

Shape = dict[str, Any]
API = f"{JIRA}/rest/api/3"
BERLIN = ZoneInfo(ZONE)
FIRST, FORTNIGHT = noon(date(2024, 1, 1), 8), 14 * DAY  # when the sprint numbered 0 began, and how long each takes
CATEGORIES = {
    "new": (2, "blue-gray", "To Do"),
    "indeterminate": (4, "yellow", "In Progress"),
    "done": (3, "green", "Done"),
}


def moment(milliseconds: int) -> str:
    """Return an epoch millisecond as Jira writes it: in the account's zone, without a colon in the offset."""
    text = datetime.fromtimestamp(milliseconds / 1000, BERLIN).isoformat(timespec="milliseconds")
    return text[:-3] + text[-2:]


def _named(kind: str, ident: str, name: str | None, **more: Any) -> Shape:
    return {"self": f"{API}/{kind}/{ident}", "id": ident, "name": name, **more}


@lru_cache(100)
def person(login: str) -> Shape:
    """Return an account; its e-mail address is hidden, as most are."""
    who = {"accountId": account(login), "accountType": "atlassian", "displayName": login.replace("-", " ").title()}
    return {"self": f"{API}/user?accountId={account(login)}", **who, "active": True, "timeZone": ZONE}


def status(name: str) -> Shape:
    """Return a status with its category."""
    number, key = STATUSES[name]
    ident, colour, title = CATEGORIES[key]
    return _named("status", number, name, statusCategory={"id": ident, "key": key, "colorName": colour, "name": title})


def project(key: str) -> Shape:
    """Return a project."""
    return _named("project", str(10100 + list(PROJECTS).index(key)), PROJECTS[key], key=key, projectTypeKey="software")


def priority(name: str) -> Shape:
    """Return a priority."""
    return _named("priority", str(1 + PRIORITIES.index(name)), name)


def _kind(name: str) -> Shape:
    return _named("issuetype", ISSUE_TYPES[name], name, subtask=False, hierarchyLevel=int(name == "Epic"))


@dataclass(slots=True, eq=False)
class Seen:
    """A ticket as far as it is known: how many of its events, and when it last changed, in epoch milliseconds."""

    ticket: Ticket
    count: int
    created: int
    updated: int
    ident: str
    key: str
    now: int


def _stamp(ticket: Ticket, at: int) -> int:
    return at * 1000 + ticket.ident * 37 % 1000


def issues(diary: Diary, cut: int) -> list[Seen]:
    """Return every issue known at an epoch second."""
    found = []
    for one in diary.tickets:
        if one.at < cut:
            count = bisect_left(one.events, cut, key=lambda event: event[0])
            last = max(one.at, one.events[count - 1][0] if count else 0)
            found.append(
                Seen(
                    one,
                    count,
                    _stamp(one, one.at),
                    _stamp(one, last),
                    str(one.ident),
                    f"{one.project}-{one.number}",
                    cut,
                )
            )
    return found


def issue(seen: Seen, wanted: AbstractSet[str]) -> Shape:
    """Return an issue with the fields asked for; its state follows from the events that are known."""
    ticket, shape = seen.ticket, {"id": seen.ident, "key": seen.key, "self": f"{API}/issue/{seen.ident}"}
    if not wanted - {"id", "key"}:
        return shape
    known = {name: (text, at, who) for at, who, items in ticket.events[: seen.count] for name, *_, text in items}
    resolution, at, _ = known.get("resolution", (None, 0, ""))
    fields = {
        "summary": ticket.summary, "description": reasons.epic(ticket), "issuetype": _kind(ticket.kind), "status": status(known.get("status", ("To Do",))[0]), "project": project(ticket.project),
        "priority": priority(ticket.priority), "created": moment(seen.created), "updated": moment(seen.updated),
        "resolution": _named("resolution", RESOLUTIONS[resolution], resolution) if resolution else None, "resolutiondate": moment(_stamp(ticket, at)) if resolution else None,
        "labels": list(ticket.labels), "components": [], "versions": [], "fixVersions": [], "assignee": person(known["assignee"][2]) if "assignee" in known else None,
        "reporter": person(ticket.reporter), "creator": person(ticket.reporter), POINTS: ticket.points, REQUEST_TYPE: None, SPRINT: _sprints_of(seen), "issuelinks": [],
    }  # fmt: skip
    if ticket.component:
        fields["components"] = [_named("component", str(10200 + sum(map(ord, ticket.component))), ticket.component)]
    if ticket.request:
        fields[REQUEST_TYPE] = {"requestType": {"id": str(20 + len(ticket.request)), "name": ticket.request}}
    if ticket.parent:
        epic = {"summary": ticket.parent.summary, "issuetype": _kind("Epic")}
        fields["parent"] = {
            "id": str(ticket.parent.ident),
            "key": f"{ticket.project}-{ticket.parent.number}",
            "fields": epic,
        }
    if ticket.cause:
        cause = {"id": str(ticket.cause.ident), "key": f"{ticket.cause.project}-{ticket.cause.number}"}
        fields["issuelinks"] = [{"id": seen.ident, "type": CAUSED, "inwardIssue": cause}]
    if not wanted & {"*all", "*navigable"}:
        fields = {name: value for name, value in fields.items() if name in wanted}
    return {**shape, "fields": fields}


def board(key: str) -> Shape:
    """Return the one board of a project."""
    place = {"projectKey": key, "projectName": PROJECTS[key], "displayName": PROJECTS[key]}
    return {"id": 1 + list(PROJECTS).index(key), "name": f"{key} board", "type": "scrum", "location": place}


def sprint(place: int, turn: int, now: int) -> Shape:
    """Return a sprint of a board: two weeks from a Monday on, all boards at the same time."""
    begins, ends = FIRST + turn * FORTNIGHT, FIRST + (turn + 1) * FORTNIGHT - 3 * DAY
    state = "closed" if ends <= now else "active" if begins <= now else "future"
    dates = {"startDate": _utc(begins), "endDate": _utc(ends)} | (
        {"completeDate": _utc(ends)} if state == "closed" else {}
    )
    ident = place * 1000 + turn
    return {"id": ident, "state": state, "name": f"Sprint {turn}", **dates, "originBoardId": place, "goal": ""}


def sprints(key: str, since: int, now: int) -> list[Shape]:
    """Return the sprints of a project from an epoch second on, and the two to come."""
    turns = range((since - FIRST) // FORTNIGHT, (now - FIRST) // FORTNIGHT + 3)
    return [sprint(board(key)["id"], turn, now) for turn in turns]


def _sprints_of(seen: Seen) -> list[Shape] | None:
    """Return the sprint in which somebody began to work on a ticket."""
    begun = [
        at
        for at, _, items in seen.ticket.events[: seen.count]
        if any(item[0] == "status" and item[-1] == "In Progress" for item in items)
    ]
    if not begun or seen.ticket.kind not in {"Story", "Task", "Bug"}:
        return None
    return [sprint(board(seen.ticket.project)["id"], (begun[0] - FIRST) // FORTNIGHT, seen.now)]


def _utc(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def histories(seen: Seen, only: AbstractSet[str] | None) -> list[Shape]:
    """Return an issue's changelog, oldest first, with the fields asked for (None: all)."""
    found = []
    for place, (at, who, items) in enumerate(seen.ticket.events[: seen.count]):
        kept = [
            {"field": name, "fieldtype": "custom" if (ident or "").startswith("custom") else "jira", **({"fieldId": ident} if ident else {}),
             "from": old, "fromString": before, "to": new, "toString": after}
            for name, ident, old, before, new, after in items
            if only is None or ident in only
        ]  # fmt: skip
        if kept:
            created = _stamp(seen.ticket, at)
            found.append(
                {"id": str(seen.ticket.ident * 100 + place), "author": person(who), "created": created, "items": kept}
            )
    return found
