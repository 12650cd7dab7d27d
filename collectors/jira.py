"""What is read from Jira, newest first: issues with their whole history, boards, sprints and worklogs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from collectors import jira_census
from collectors.jira_agile import boards, sprints
from collectors.jira_history import TOGETHER, histories, inline
from collectors.jira_search import Reach, center, cloud, issue
from collectors.jira_site import fields, is_cloud, milliseconds, projects, roles, site, statuses
from collectors.jira_worklogs import worklogs
from collectors.stream import Context, Page, Place, Stream, Tally, rows
from collectors.wire import METER
from data import Landed, Row

OVERLAP = timedelta(minutes=30)  # the search index lags behind the issues, by seconds to minutes
RECENT = timedelta(weeks=6)  # read before everything older
FIELDS = (
    "summary description issuetype status project priority resolution created updated resolutiondate labels components"
    " parent versions fixVersions"
).split()
SINCE = ("issuelinks",)  # asked for since later: a store that was read without it is read once more, see plan


async def issues(at: Context, place: Place) -> AsyncIterator[Page]:
    """Yield issues by time of change, walk by walk; on Data Center their histories come with them."""
    meant = roles(at)
    asked, on_cloud = [*SINCE, *sorted(meant)], is_cloud(at)
    place = plan(at, place, asked)
    walks: list[dict[str, Any]] = place["walks"]
    seen, unread, short = set(place["sprints"]), 0, True
    for walk in list(walks):
        began = walk["since"] - (0 if walk["until"] else int(OVERLAP.total_seconds() * 1000))
        reach, pages = Reach(walk["projects"], began, walk["until"]), 0
        wanted = [*FIELDS, *asked]
        search = cloud(at, reach, wanted) if on_cloud else center(at, reach, wanted, expand=("changelog",))
        async for page in search:
            pages += 1
            made = rows(page.items, lambda item: issue(at, item, meant), at.scope)
            good = [row for row in made if isinstance(row, Row)]
            walk["since"] = max([walk["since"], *(milliseconds(min(row.version, at.wire.now)) for row in good)])
            seen |= _sprints(good, meant)
            done = page.last and walk is walks[-1]
            if page.last and walk["until"]:
                walks = [w for w in walks if w is not walk]
            short &= pages == 1 or walk["until"] is not None
            place = {**place, "walks": merged(walks) if done and short else walks, "sprints": sorted(seen)}
            yield Page(made, place, done)
            unread += len(good)
            if not on_cloud:
                inline(at, good, page.items)
            elif unread >= TOGETHER:
                await histories(at, whole_only=True)
                unread = 0


def plan(at: Context, place: Place, asked: list[str]) -> Place:
    """Return the place with the walks this run has to make, those that are open to new changes first.

    A walk that was cut off goes on where it stopped. A project that joins is read from its beginning, the last six weeks
    first. When a field has come to matter that nobody asked for before, everything is read once more.
    """
    wanted, since = projects(at), milliseconds(at.since)
    again = set(asked) - set(place.get("fields", asked))
    before = [] if again else place.get("walks", ())
    walks = [{**w, "projects": [p for p in w["projects"] if p in wanted]} for w in before]
    walks = [w for w in walks if w["projects"]]
    known = {p for w in walks if w["until"] is None for p in w["projects"]}
    floor = max(place.get("floor", since), milliseconds(at.store.kept_from))
    recent = max(floor, milliseconds(at.wire.now - RECENT))
    if joining := [p for p in wanted if p not in known]:
        walks.append({"projects": joining, "since": recent, "until": None})
        if recent > floor:
            walks.append({"projects": joining, "since": floor, "until": recent})
    if at.since and since < floor:
        walks.append({"projects": wanted, "since": since, "until": floor})
        floor = since
    walks.sort(key=lambda w: w["until"] is not None)
    kept = {name: place[name] for name in ("census",) if name in place}
    return {**kept, "walks": walks, "floor": floor, "fields": asked, "sprints": place.get("sprints", [])}


def merged(walks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return open walks as one. Only for walks that ended within moments of each other: the overlap covers those."""
    together = [p for w in walks for p in w["projects"]]
    return [{"projects": together, "since": max(w["since"] for w in walks), "until": None}] if walks else []


async def finish(at: Context) -> Landed:
    """Read the histories that are still due and, from time to time, look for issues that are no more."""
    kept = await histories(at)
    tally = METER.get()
    spent = tally.requests if isinstance(tally, Tally) and tally.new + tally.changed else 0
    if jira_census.due(at, spent):
        meant = roles(at)
        kept += await jira_census.census(at, [*FIELDS, *SINCE, *sorted(meant)], meant)
        kept += await histories(at)
    else:
        jira_census.first(at)
    return kept


def _sprints(some: list[Row], meant: dict[str, str]) -> set[int]:
    """Return the sprints the issues name: not every one of them belongs to a board that can be read."""
    told = [r.body["fields"].get(f) for r in some for f, role in meant.items() if role == "sprint"]
    return {n for value in told if isinstance(value, list) for n in map(sprint_id, value) if n}


def sprint_id(told: Any) -> int | None:
    """Return the id of a sprint as an issue names it: an object, or on Data Center a text like '…[id=1,…]'."""
    if isinstance(told, dict):
        return told.get("id")
    part = str(told).partition("[id=")[2].partition(",")[0]
    return int(part) if part.isdigit() else None


STREAMS = (
    Stream(name="jira_sites", read=site, every=timedelta(days=1)),
    Stream(name="jira_statuses", read=statuses, every=timedelta(days=1)),
    Stream(name="jira_fields", read=fields, every=timedelta(days=1)),
    Stream(name="jira_boards", read=boards, after=("jira_fields",)),
    Stream(name="jira_issues", read=issues, finish=finish, after=("jira_fields", "jira_boards")),
    Stream(name="jira_sprints", read=sprints, needs=("jira_boards", "jira_issues")),
    Stream(name="jira_worklogs", read=worklogs, needs=("jira_issues",)),
)
