"""How issues are searched for, page by page: a Cloud hands on a token, a Data Center counts from the time reached."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from collectors.jira_site import CENTER, CLOUD, milliseconds
from collectors.stream import Context, moment
from collectors.wire import Expired, Refused
from data import Row

Item = dict[str, Any]
CLOUD_PAGE, CENTER_PAGE = 100, 200  # issues with fields; the service may send fewer
SIDES = ("inwardIssue", "outwardIssue")  # who stands at the other end of a link: an issue "is caused by" its inward one
UNREST = 5  # times a page that shifted while it was read is begun again


@dataclass(frozen=True)
class Reach:
    """Which issues are meant: some projects', changed from `since` on and before `until`, in epoch milliseconds."""

    projects: list[str]
    since: int = 0
    until: int | None = None

    def jql(self, since: int, order: str = "updated asc, id asc") -> str:
        """Return the question. Dates in words would be read in the account's time zone; milliseconds are not."""
        names = ", ".join('"' + p.replace('"', "") + '"' for p in self.projects)
        parts = [f"project in ({names})"]
        parts += [f"updated >= {since}"] if since > 0 else []
        parts += [f"updated < {self.until}"] if self.until else []
        return f"{' and '.join(parts)} order by {order}"


@dataclass(frozen=True)
class Found:
    """One page. `last` is the service's own word that nothing follows."""

    items: list[Item]
    last: bool


def issue(at: Context, item: Item, roles: dict[str, str]) -> Row:
    """Return an issue as a row; its history comes on its own. Without links it says nothing of links."""
    kept = {name: _steady(value, roles.get(name)) for name, value in item["fields"].items() if name != "issuelinks"}
    if links := _links(item["fields"].get("issuelinks")):
        kept["issuelinks"] = links
    body = {name: value for name, value in item.items() if name != "changelog"} | {"fields": kept}
    return Row(str(item["id"]), moment(kept["updated"]), body, at.scope, complete=False)


async def cloud(
    at: Context, reach: Reach, fields: list[str], page: int = CLOUD_PAGE, order: str = "updated asc, id asc"
) -> AsyncIterator[Found]:
    """Yield the pages of a search on Jira Cloud. A token that expired begins again at the time reached."""
    since, began, token, again = reach.since, reach.since, None, False
    while True:
        body = {"jql": reach.jql(began, order), "fields": fields, "maxResults": page}
        try:
            found = (await at.wire.post(f"{CLOUD}/search/jql", body | ({"nextPageToken": token} if token else {}))).body
        except Expired:
            if since == began:
                raise
            token, began = None, since
            continue
        items, following = found.get("issues"), found.get("nextPageToken")
        ended = bool(found.get("isLast")) or (following is None and "isLast" not in found)
        if items is None or (not ended and following in {None, token}):
            if again:
                raise _unclear(at)
            again = True
            continue
        again = False
        yield Found(items, ended)
        if ended:
            return
        token, since = following, max([since, *(_changed(i) for i in items)])


async def center(
    at: Context, reach: Reach, fields: list[str], page: int = CENTER_PAGE, expand: tuple[str, ...] = ()
) -> AsyncIterator[Found]:
    """Yield the pages of a search on Data Center, which refuses to count past 10,000 and shifts while it is read.

    So each page begins at the time the one before it ended. Only among issues of one instant it counts on, from one
    before: when that one is no longer there, the page has shifted and is begun again.
    """
    since, start, last, unrest = reach.since, 0, "", 0
    while True:
        body = {"jql": reach.jql(since), "fields": fields, "startAt": max(0, start - 1), "maxResults": page}
        found = (await at.wire.post(f"{CENTER}/search", body | ({"expand": list(expand)} if expand else {}))).body
        items, total = found.get("issues"), found.get("total")
        if items is None or total is None:
            raise _unclear(at)
        if start and (not items or str(items[0].get("id")) != last):
            start, unrest = 0, unrest + 1
            if unrest > UNREST:
                raise _unclear(at)
            continue
        ended = body["startAt"] + len(items) >= total
        yield Found(items, ended)
        if ended:
            return
        if not items:
            raise _unclear(at)
        reached = _changed(items[-1])
        since, start = (reached, 0) if reached > since else (since, body["startAt"] + len(items))
        last = str(items[-1].get("id"))


def _changed(item: Item) -> int:
    told = (item.get("fields") or {}).get("updated")
    return milliseconds(moment(told)) if told else 0


def _unclear(at: Context) -> Refused:
    return Refused(
        f"{at.wire.name} did not say where its search goes on, so it is not known to be whole."
        " What came before is kept; run again, it goes on from there."
    )


def _links(told: Any) -> list[Item]:
    """Return an issue's links: what each says, both ways, and the other's id and key. What is told of that one is its own to tell."""
    known = [one for one in told or () if isinstance(one, dict)]
    return [
        {"type": {name: (one.get("type") or {}).get(name) for name in ("name", "inward", "outward")}}
        | {side: {name: one[side].get(name) for name in ("id", "key")} for side in SIDES if one.get(side)}
        for one in sorted(known, key=lambda one: str(one.get("id")))
    ]


def _steady(value: Any, role: str | None) -> Any:
    """Return a field without what is different at each reading although nothing has changed."""
    if role == "request" and isinstance(value, dict):
        return {"requestType": {k: (value.get("requestType") or {}).get(k) for k in ("id", "name")}}
    if role == "sla" and isinstance(value, dict):
        going = value.get("ongoingCycle")
        steady = {k: going.get(k) for k in ("startTime", "breachTime", "goalDuration", "breached")} if going else None
        return {k: value.get(k) for k in ("id", "name", "completedCycles")} | {"ongoingCycle": steady}
    if role == "sprint" and isinstance(value, list):
        return [re.sub(r"@[0-9a-f]+\[", "@[", s) if isinstance(s, str) else s for s in value]
    return value
