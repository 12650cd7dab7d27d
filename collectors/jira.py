"""What is read from Jira: issues with their whole history, what the statuses mean, and where the site is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from collectors.stream import Context, Page, Stream, moment
from data import Landed, Row

API = "/rest/api/3"
OVERLAP = timedelta(minutes=30)  # the search index lags behind the issues, by seconds to minutes
FIELDS = (
    "summary issuetype status project priority resolution created updated resolutiondate labels components parent"
    " versions fixVersions"
).split()
TOGETHER = 1000  # issues whose histories are asked for at once


async def issues(at: Context, place: dict[str, Any]) -> AsyncIterator[Page]:
    """Yield issues by time of change; the histories follow in `histories`.

    A project that joins later is read from its beginning first; the others go on from the common watermark.
    """
    wanted = list(at.projects)
    known = [p for p in place.get("projects", ()) if p in wanted]
    joining = [p for p in wanted if p not in known]
    if joining:
        since = place.get("joining", {}).get(",".join(joining)) or _milliseconds(at.since)
        async for rows, mark, last in search(at, joining, since):
            reached = {} if last else {",".join(joining): mark}
            newest = place.get("newest") if known else mark
            place = {
                "projects": wanted if last else known,
                "newest": newest if last or known else place.get("newest"),
                "joining": reached,
            }
            yield Page(rows, place, done=last and not known)
    if known:
        async for rows, mark, last in search(at, known, place.get("newest") or 0):
            place = {**place, "newest": max(mark, place.get("newest") or 0)}
            yield Page(rows, place, done=last)


async def search(at: Context, projects: list[str], since: int) -> AsyncIterator[tuple[list[Row], int, bool]]:
    """Yield issues changed since a time in epoch milliseconds, with the time reached and whether this was the last page.

    Dates in JQL are read in the account's time zone and to the minute; epoch milliseconds are neither.
    """
    names = ", ".join(f'"{p}"' for p in projects)
    changed = f" and updated >= {since - int(OVERLAP.total_seconds() * 1000)}" if since else ""
    jql = f"project in ({names}){changed} order by updated asc, id asc"
    token, reached = None, since
    while True:
        body = {"jql": jql, "fields": FIELDS, "maxResults": 100} | ({"nextPageToken": token} if token else {})
        found = (await at.wire.post(f"{API}/search/jql", body)).body
        rows = [Row(i["id"], moment(i["fields"]["updated"]), i, at.scope, complete=False) for i in found["issues"]]
        reached = max([reached, *(_milliseconds(r.version) for r in rows)])
        token = None if found.get("isLast") else found.get("nextPageToken")
        yield rows, reached, not token
        if not token:
            return


async def histories(at: Context) -> Landed:
    """Read the histories of every issue that changed since its history was read. Returns what changed."""
    kept = Landed()
    while due := at.store.due(at.origin("jira_issues"), TOGETHER):
        versions = {d.id: d.version for d in due}
        rows, token = [], None
        while True:
            body = {"issueIdsOrKeys": list(versions), "maxResults": 10_000} | (
                {"nextPageToken": token} if token else {}
            )
            found = (await at.wire.post(f"{API}/changelog/bulkfetch", body)).body
            for owner, entries in groupby(
                ((log["issueId"], h) for log in found["issueChangeLogs"] for h in log["changeHistories"]),
                key=lambda pair: pair[0],
            ):
                rows += [
                    Row(str(h["id"]), versions[owner], _history(h), at.scope, parent=owner)
                    for _, h in entries
                    if owner in versions
                ]
            token = found.get("nextPageToken")
            if not token:
                break
        kept += at.store.land_parts(at.origin("jira_issues"), "jira_histories", due, rows, at.wire.now)
    return kept


async def statuses(at: Context, _: dict[str, Any]) -> AsyncIterator[Page]:
    """Yield the site's statuses with their categories."""
    found = (await at.wire.get(f"{API}/status")).body
    yield Page([Row(str(s["id"]), at.wire.now, s, at.scope) for s in found], {}, done=True)


async def site(at: Context, _: dict[str, Any]) -> AsyncIterator[Page]:
    """Yield the site itself: its address for people and its flavour."""
    found = (await at.wire.get(f"{API}/serverInfo")).body
    body = {name: found.get(name) for name in ("baseUrl", "deploymentType", "version", "serverTitle")}
    yield Page([Row(at.source, at.wire.now, body, at.scope)], {}, done=True)


def _history(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a history without its author's address, avatar and name; who it was stays as an account id."""
    who = entry.get("author") or {}
    return {
        **entry,
        "author": {"accountId": who.get("accountId") or who.get("key"), "accountType": who.get("accountType")},
    }


def _milliseconds(at: datetime | None) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000) if at else 0


STREAMS = (
    Stream(name="jira_sites", read=site, every=timedelta(days=1)),
    Stream(name="jira_statuses", read=statuses, every=timedelta(days=1)),
    Stream(name="jira_issues", read=issues, finish=histories),
)
