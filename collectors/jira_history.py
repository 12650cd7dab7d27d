"""What happened to each issue: its whole history, for a thousand issues at once, or with the issues on Data Center."""

import re
from itertools import groupby
from typing import Any

from collectors.jira_search import Item
from collectors.jira_site import CENTER, CLOUD, is_cloud
from collectors.stream import Context
from collectors.wire import Missing, Refused
from data import Due, Landed, Row

TOGETHER = 1000  # issues whose histories are asked for at once
LONG = 10_000  # entries in one answer
PEOPLE = {"assignee", "reporter", "creator"}  # fields that hold somebody
ACCOUNT = re.compile(r"[0-9a-f]{24}|\d+:[0-9a-f-]{36}|qm:[\w:-]+")  # what stands in others that do


async def histories(at: Context, *, whole_only: bool = False) -> Landed:
    """Read the histories of every issue that changed since its history was read. Returns what changed.

    With `whole_only` an answer is asked for only while it can be filled, so that newest first costs nothing.
    """
    kept, read = Landed(), _of_thousand if is_cloud(at) else _one_by_one
    while due := at.store.due(at.origin("jira_issues"), TOGETHER):
        if whole_only and len(due) < TOGETHER:
            break
        kept += await read(at, due)
    return kept


async def _of_thousand(at: Context, due: list[Due]) -> Landed:
    versions = {d.id: d for d in due}
    rows: list[Row] = []
    token, again = None, False
    while True:
        body = {"issueIdsOrKeys": list(versions), "maxResults": LONG} | ({"nextPageToken": token} if token else {})
        found = (await at.wire.post(f"{CLOUD}/changelog/bulkfetch", body)).body
        following = found.get("nextPageToken")
        if following and following == token:  # the page before, once more
            if again:
                raise Refused(
                    f"{at.wire.name} sends the same page of histories again and again."
                    " What was read before is kept; run again later."
                )
            again = True
            continue
        entries = ((str(log["issueId"]), h) for log in found["issueChangeLogs"] for h in log["changeHistories"])
        for owner, told in groupby(entries, key=lambda pair: pair[0]):
            rows += _rows(at, versions[owner], [h for _, h in told]) if owner in versions else []
        if not following:
            return at.store.land_parts(at.origin("jira_issues"), "jira_histories", due, rows, at.wire.now)
        token, again = following, False


async def _one_by_one(at: Context, due: list[Due]) -> Landed:
    """Read what a Data Center left out of a search, one issue after the other."""
    kept, short = Landed(), []
    for one in due:
        try:
            path = f"{CENTER}/issue/{one.id}"
            item = (await at.wire.get(path, fields="updated", expand="changelog")).body
            entries = item["changelog"]["histories"]
            if len(entries) < item["changelog"]["total"]:
                entries = await _pages(at, f"{path}/changelog")
        except Missing:
            if await _exists(at, one):
                short.append(one.id)
            else:
                kept += at.store.gone(at.origin("jira_issues"), [one.id], at.wire.now, "jira_histories")
            continue
        kept += at.store.land_parts(
            at.origin("jira_issues"), "jira_histories", [one], _rows(at, one, entries), at.wire.now
        )
    if short:
        raise Refused(
            f"{at.wire.name} keeps back a part of the histories of {len(short)} issues (the first is {short[0]}):"
            " this version has no way to read on. All other histories are whole."
        )
    return kept


async def _pages(at: Context, path: str) -> list[Item]:
    entries: list[Item] = []
    while True:
        page = (await at.wire.get(path, startAt=len(entries), maxResults=100)).body
        entries += page["values"]
        if len(entries) >= page["total"] or not page["values"]:
            return entries


async def _exists(at: Context, one: Due) -> bool:
    try:
        await at.wire.get(f"{CENTER}/issue/{one.id}", fields="updated")
    except Missing:
        return False
    return True


def inline(at: Context, rows: list[Row], items: list[Item]) -> Landed:
    """Keep the histories that came with a page of issues, of all issues whose history came whole."""
    logs = {str(item.get("id")): item.get("changelog") or {} for item in items}
    due = [
        Due(r.id, r.scope, r.version, {})
        for r in rows
        if len(logs[r.id].get("histories", ())) == logs[r.id].get("total")
    ]
    entries = [row for one in due for row in _rows(at, one, logs[one.id]["histories"])]
    return at.store.land_parts(at.origin("jira_issues"), "jira_histories", due, entries, at.wire.now)


def _rows(at: Context, owner: Due, entries: list[Item]) -> list[Row]:
    return [Row(str(h["id"]), owner.version, _entry(h), at.scope, parent=owner.id) for h in entries]


def _entry(told: dict[str, Any]) -> dict[str, Any]:
    """Return a history without anybody's address, avatar and name; who it was stays as an account id."""
    who, items = told.get("author") or {}, told.get("items")
    author = {"accountId": who.get("accountId") or who.get("key"), "accountType": who.get("accountType")}
    if not isinstance(items, list):
        return {**told, "author": author}
    return {**told, "author": author, "items": [_nameless(item) if _is_of_people(item) else item for item in items]}


def _is_of_people(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    ends = (item.get("from"), item.get("to"))
    field = str(item.get("fieldId") or item.get("field")).lower()
    return field in PEOPLE or any(isinstance(end, str) and ACCOUNT.fullmatch(end) for end in ends)


def _nameless(item: dict[str, Any]) -> dict[str, Any]:
    return {name: told for name, told in item.items() if name not in {"fromString", "toString"}}
