"""Before anything is believed: who the token is, what it may see, what each rule matches, what a collection costs."""

import contextlib
import math
from collections import Counter
from typing import Any

from collectors import discovery
from collectors.github import DEPLOYMENTS, ISSUES, PULL_REQUESTS, RELEASES
from collectors.jira_agile import API as AGILE
from collectors.jira_census import DATED_PAGE, IDS_PAGE
from collectors.jira_history import TOGETHER
from collectors.jira_search import CENTER_PAGE, CLOUD_PAGE
from collectors.jira_site import CENTER, CLOUD, on_cloud
from collectors.source import Source
from collectors.wire import Refused, Wire
from data import Team
from data.rules import applies

DAILY_REQUESTS = 5  # per repository: environments, workflows, code owners, views, clones
LOOK = """
query($owner: String!, $name: String!) {
    rateLimit { cost remaining resetAt }
    viewer { login }
    repository(owner: $owner, name: $name) {
        pullRequests(first: 1) { totalCount }
        issues(first: 1) { totalCount }
        releases(first: 1) { totalCount }
        defaultBranchRef { target { ... on Commit { history(first: 1) { totalCount } } } }
        deployments(first: 100, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { environment } }
    }
}
"""
Found = dict[str, Any]
FEW, SPRINTS = 8, 1.4  # requests for what is short on every Jira, and pages of sprints per board


async def run(sources: list[Source], words: Team) -> Found:
    """Return, per source: who, notes, problems, the estimate of requests, and what the rules match on the team's own names."""
    return {"sources": [await look(source, words) for source in sources if source.kind != "usage"]}


async def look(source: Source, words: Team) -> Found:
    """Return what one source shows of itself; reads a few names and totals, writes nothing anywhere."""
    found: Found = {
        "source": source.name,
        "kind": source.kind,
        "who": None,
        "notes": [],
        "problems": [],
        "requests": 0,
        "rules": [],
    }
    async with source.wire() as wire:
        try:
            await (
                _github(wire, source, words, found) if source.kind == "github" else _jira(wire, source, words, found)
            )
        except Refused as refused:
            found["problems"].append(str(refused))
    return found


async def _github(wire: Wire, source: Source, words: Team, found: Found) -> None:
    limits = await wire.get("/rate_limit")
    if ends := limits.headers.get("github-authentication-token-expiration"):
        found["notes"].append(f"The token expires on {ends}.")
    scopes = {s.strip() for s in limits.headers.get("x-oauth-scopes", "").split(",")} - {""}
    if writing := sorted(s for s in scopes if not s.startswith("read:")):
        found["notes"].append(
            f"The token can write ({', '.join(writing)}). Cairn only reads: a fine-grained read-only token is safer."
        )
    environments: Counter[str] = Counter()
    flows: set[tuple[str, str]] = set()
    for scope in await discovery.named(wire, source.github):
        owner, name = scope.split("/")
        try:
            seen = await wire.graphql(LOOK, {"owner": owner, "name": name})
            found["who"] = (seen.get("viewer") or {}).get("login")
            if not (repository := seen.get("repository")):
                found["problems"].append(
                    f"GitHub has no repository {scope}, or this token may not see it. Check the name in team.toml."
                )
                continue
            total = {
                part: repository[part]["totalCount"] for part in ("pullRequests", "issues", "deployments", "releases")
            }
            branch = (repository["defaultBranchRef"] or {}).get("target") or {}
            total["commits"] = branch.get("history", {}).get("totalCount", 0)
            environments.update(d["environment"] for d in repository["deployments"]["nodes"])
            runs = await wire.get(f"/repos/{scope}/actions/runs", per_page=1)
            flows |= {
                (f["name"], f["path"])
                for f in (await wire.get(f"/repos/{scope}/actions/workflows", per_page=100)).body["workflows"]
            }
        except Refused as refused:
            found["problems"].append(str(refused))
            continue
        found["requests"] += DAILY_REQUESTS + sum(
            math.ceil(max(1, count) / width)
            for count, width in (
                (total["pullRequests"], PULL_REQUESTS.width),
                (total["issues"], ISSUES.width),
                (total["deployments"], DEPLOYMENTS.width),
                (total["releases"], RELEASES.width),
                (total["releases"], 100),  # for their downloads
                (total["commits"], 100),
                (runs.body["total_count"], 100),
            )
        )
    for name, count in environments.most_common():
        found["rules"].append(
            {"rule": "production", "name": name, "count": count, "applies": applies(words.deployments.production, name)}
        )
    for name, path in sorted(flows):
        named = [w.name for w in words.workflows if applies(w.runs, path.rsplit("/", 1)[-1]) or applies(w.runs, name)]
        found["rules"].append({"rule": "workflow", "name": name, "count": None, "applies": bool(named)})


async def _jira(wire: Wire, source: Source, words: Team, found: Found) -> None:
    cloud = on_cloud((await wire.get(f"{CENTER}/serverInfo")).body)
    api = CLOUD if cloud else CENTER
    me = (await wire.get(f"{api}/myself")).body
    found["who"] = me.get("displayName") or me.get("accountId") or me.get("name")
    if zone := me.get("timeZone"):
        found["notes"].append(
            f"The account's time zone is {zone}; searches use absolute times and do not depend on it."
        )
    names = ", ".join(f'"{p}"' for p in source.projects)
    asked = {"jql": f"project in ({names})"}
    if cloud:
        count = (await wire.post(f"{api}/search/approximate-count", asked)).body.get("count", 0)
        pages = math.ceil(count / CLOUD_PAGE) + math.ceil(count / TOGETHER) + math.ceil(count / IDS_PAGE)
    else:
        count = (await wire.post(f"{api}/search", asked | {"maxResults": 0})).body.get("total", 0)
        pages = math.ceil(count / CENTER_PAGE) + math.ceil(count / DATED_PAGE)
    boards = 0
    with contextlib.suppress(Refused):  # no Jira Software here, or not for this token: then none are read
        for project in source.projects:
            boards += (await wire.get(f"{AGILE}/board", projectKeyOrId=project, maxResults=1)).body.get("total", 0)
    found["requests"] = FEW + pages + len(source.projects) + math.ceil(boards * SPRINTS)
    for status in (await wire.get(f"{api}/status")).body:
        kind = next(
            (k for k in ("queue", "active", "wait", "done") if applies(getattr(words.statuses, k), status["name"])),
            None,
        )
        category = status.get("statusCategory", {}).get("key")
        meant = kind or {"new": "queue", "indeterminate": "active", "done": "done"}.get(category, "of no kind")
        found["rules"].append(
            {"rule": f"status is {meant}", "name": status["name"], "count": None, "applies": kind is not None}
        )
    with contextlib.suppress(Refused):  # links may be switched off
        for kind in (await wire.get(f"{api}/issueLinkType")).body["issueLinkTypes"]:
            for told in dict.fromkeys((kind["inward"], kind["outward"])):
                found["rules"].append(
                    {
                        "rule": "link says what caused an issue",
                        "name": told,
                        "count": None,
                        "applies": applies(words.issues.caused_by, told),
                    }
                )


def words(found: Found) -> str:
    """Return what was found in lines for people."""
    lines = []
    for one in found["sources"]:
        lines.append(f"{one['source']}: {'read as ' + one['who'] if one['who'] else 'not readable'}")
        lines += [f"  {note}" for note in one["notes"]]
        lines += [f"  Problem: {problem}" for problem in one["problems"]]
        for rule in dict.fromkeys(r["rule"] for r in one["rules"]):
            lines.append(f"  {rule}:")
            lines += [
                f"    {'yes' if r['applies'] else 'no '}  {r['name']}"
                + (f" ({r['count']})" if r["count"] is not None else "")
                for r in one["rules"]
                if r["rule"] == rule
            ]
        lines.append(
            f"  A first collection takes about {one['requests']} requests, and a few more where pull requests are very long."
        )
    return "\n".join(lines)
