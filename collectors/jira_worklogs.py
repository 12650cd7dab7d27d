"""How long people say they worked on an issue. Who it was stays an account id; what they wrote is left unread."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from collectors.jira_site import api, due, milliseconds, projects
from collectors.stream import Context, Page, Place, moment, rows
from collectors.wire import Missing, Refused
from data import Row

EVERY = timedelta(hours=1)
KEPT = ("id", "issueId", "created", "updated", "started", "timeSpentSeconds")


async def worklogs(at: Context, place: Place) -> AsyncIterator[Page]:
    """Yield the worklogs that changed, of collected issues only: Jira lists those of the whole site.

    An issue may be collected later than the work on it was listed, so every change is listed in two readings. When a
    project joins, all are read again.
    """
    if not due(at, "jira_worklogs", place, EVERY):
        return
    wanted, ours = projects(at), at.store.versions(at.origin("jira_issues"))
    same = set(wanted) <= set(place.get("projects", wanted))
    marks: list[int] = place.get("marks", []) if same else []
    since = marks[-2] if len(marks) > 1 else milliseconds(at.since)
    if marks:
        deleted = [i async for some, _, _ in _changes(at, "deleted", since) for i in some]
        at.store.gone(at.origin("jira_worklogs"), deleted, at.wire.now)
    async for changed, until, last in _changes(at, "updated", place.get("reached", since) if same else since):
        asked = {"ids": [int(i) for i in changed]}
        found = (await at.wire.post(f"{api(at)}/worklog/list", asked)).body if changed else []
        made = rows(found, lambda told: _row(at, told), at.scope)
        made = [one for one in made if not isinstance(one, Row) or one.parent in ours]
        reached = {"marks": [*marks[-1:], until]} if last else {"marks": marks, "reached": until}
        yield Page(made, {"projects": wanted} | reached, done=last)


async def _changes(at: Context, what: str, since: int) -> AsyncIterator[tuple[list[str], int, bool]]:
    """Yield ids that changed, the time they reach to, and whether that was all."""
    while True:
        try:
            page = (await at.wire.get(f"{api(at)}/worklog/{what}", since=since)).body
        except Missing as missing:
            raise Refused(f"{at.wire.name} does not list worklogs. {missing}") from missing
        last, until = page.get("lastPage") is not False, max(since, page["until"])
        yield [str(v["worklogId"]) for v in page["values"]], until, last
        if last:
            return
        if until == since:
            raise Refused(f"{at.wire.name} does not get on with its list of worklogs; what came before is kept.")
        since = until


def _row(at: Context, told: dict[str, Any]) -> Row:
    who = told.get("author") or {}
    author = {"accountId": who.get("accountId") or who.get("key")}
    body = {name: told.get(name) for name in KEPT} | {"author": author}
    return Row(str(told["id"]), moment(told["updated"]), body, at.scope, parent=str(told["issueId"]))
