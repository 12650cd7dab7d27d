"""Which issues are no more: nothing lists them, so all that are there are counted, once a week at least."""

import contextlib
import math
from datetime import datetime, timedelta

from collectors.jira_search import Item, Reach, center, cloud, issue
from collectors.jira_site import CENTER, CLOUD, is_cloud, projects
from collectors.stream import Context, rows
from collectors.wire import Missing
from data import Landed, Progress

EVERY = timedelta(days=7)
PROMISE = 12 / 1000  # requests per issue of a first reading, all told
IDS_PAGE, DATED_PAGE, NAMED = 5000, 1000, 100  # ids, ids with a time, and issues asked for by name, in one answer


async def census(at: Context, fields: list[str], roles: dict[str, str]) -> Landed:
    """Mark the issues that are neither found by a search nor by their id; keep those that only moved, or are back.

    A search lags behind and may miss an issue for a moment, so its silence alone says nothing.
    """
    origin, wanted = at.origin("jira_issues"), projects(at)
    known = at.store.values(origin, "$.fields.project.key")
    there = await _ids(at, Reach(wanted, (at.store.progress(origin).place or {}).get("floor", 0)))
    absent = [i for i, project in known.items() if project in wanted and i not in there]
    asked, kept, met = [*absent, *sorted(there - set(known))], Landed(), set()
    for start in range(0, len(asked), NAMED):
        some = asked[start : start + NAMED]
        items = await _named(at, some, fields)
        made = rows(items, lambda item: issue(at, item, roles), at.scope)
        found = {str(item.get("id")) for item in items}
        kept += at.store.land(origin, made, at.store.progress(origin), at.wire.now)
        kept += at.store.gone(origin, [i for i in some if i in known and i not in found], at.wire.now, "jira_histories")
        met |= found
    aside = {i for i, project in known.items() if project not in wanted}
    _counted(at, len(there | met | aside))
    return kept


def due(at: Context, spent: int) -> bool:
    """Return whether it is time: a week has gone by, or it costs no more than the requests this run has taken anyway.

    So a small site is counted whenever something has changed, and a run that finds nothing new asks nothing more.
    A first reading is counted if that keeps it below what is promised for a first reading.
    """
    origin = at.origin("jira_issues")
    last = (at.store.progress(origin).place or {}).get("census")
    if last and at.wire.now - datetime.fromisoformat(last) >= EVERY:
        return True
    known = len(at.store.versions(origin))
    pages = math.ceil(known / (IDS_PAGE if is_cloud(at) else DATED_PAGE))
    return spent > 1 and (pages <= spent if last else pages + spent <= known * PROMISE)


def first(at: Context) -> None:
    """Let the week until the next census begin with the first whole reading, when that was not counted."""
    if "census" not in (at.store.progress(at.origin("jira_issues")).place or {}):
        _counted(at, None)


def _counted(at: Context, expected: int | None) -> None:
    origin = at.origin("jira_issues")
    now = at.store.progress(origin)
    place = {**(now.place or {}), "census": at.wire.now.isoformat()}
    at.store.land(origin, [], Progress(place, now.complete_to, expected, now.error), at.wire.now)


async def _ids(at: Context, reach: Reach) -> set[str]:
    found: set[str] = set()
    pages = cloud(at, reach, ["id"], IDS_PAGE, "id asc") if is_cloud(at) else center(at, reach, ["updated"], DATED_PAGE)
    async for page in pages:
        found |= {str(i["id"]) for i in page.items}
    return found


async def _named(at: Context, ids: list[str], fields: list[str]) -> list[Item]:
    """Return the issues that exist, whatever a search says and wherever they have moved."""
    if is_cloud(at):
        asked = {"issueIdsOrKeys": ids, "fields": fields}
        return (await at.wire.post(f"{CLOUD}/issue/bulkfetch", asked)).body["issues"]
    items = []
    for one in ids:
        with contextlib.suppress(Missing):
            items.append((await at.wire.get(f"{CENTER}/issue/{one}", fields=",".join(fields))).body)
    return items
