"""Before anything is believed: who the token is, what it may see, what each rule matches, what a collection costs."""

import math
from collections import Counter
from typing import Any

from collectors.github import DEPLOYMENTS, ISSUES, PULL_REQUESTS
from collectors.jira import API
from collectors.source import Source
from collectors.wire import Refused, Wire
from data import Team
from data.rules import applies

LOOK = """
query($owner: String!, $name: String!) {
    rateLimit { cost remaining resetAt }
    viewer { login }
    repository(owner: $owner, name: $name) {
        pullRequests(first: 1) { totalCount }
        issues(first: 1) { totalCount }
        deployments(first: 100, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { environment } }
    }
}
"""
Found = dict[str, Any]


async def run(sources: list[Source], words: Team) -> Found:
    """Return, per source: who, notes, problems, the estimate of requests, and what the rules match on the team's own names."""
    return {"sources": [await look(source, words) for source in sources]}


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
    for scope in source.scopes:
        owner, name = scope.split("/")
        try:
            seen = await wire.graphql(LOOK, {"owner": owner, "name": name})
            found["who"] = (seen.get("viewer") or {}).get("login")
            if not (repository := seen.get("repository")):
                found["problems"].append(
                    f"GitHub has no repository {scope}, or this token may not see it. Check the name in team.toml."
                )
                continue
            total = {part: repository[part]["totalCount"] for part in ("pullRequests", "issues", "deployments")}
            environments.update(d["environment"] for d in repository["deployments"]["nodes"])
            runs = await wire.get(f"/repos/{scope}/actions/runs", per_page=1)
            flows |= {
                (f["name"], f["path"])
                for f in (await wire.get(f"/repos/{scope}/actions/workflows", per_page=100)).body["workflows"]
            }
        except Refused as refused:
            found["problems"].append(str(refused))
            continue
        found["requests"] += sum(
            math.ceil(max(1, count) / width)
            for count, width in (
                (total["pullRequests"], PULL_REQUESTS.width),
                (total["issues"], ISSUES.width),
                (total["deployments"], DEPLOYMENTS.width),
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
    me = (await wire.get(f"{API}/myself")).body
    found["who"] = me.get("displayName") or me.get("accountId") or me.get("name")
    if zone := me.get("timeZone"):
        found["notes"].append(
            f"The account's time zone is {zone}; searches use absolute times and do not depend on it."
        )
    names = ", ".join(f'"{p}"' for p in source.projects)
    count = (await wire.post(f"{API}/search/approximate-count", {"jql": f"project in ({names})"})).body.get("count", 0)
    found["requests"] = 2 + math.ceil(max(1, count) / 100) + math.ceil(max(1, count) / 1000)
    for status in (await wire.get(f"{API}/status")).body:
        kind = next(
            (k for k in ("queue", "active", "wait", "done") if applies(getattr(words.statuses, k), status["name"])),
            None,
        )
        category = status.get("statusCategory", {}).get("key")
        meant = kind or {"new": "queue", "indeterminate": "active", "done": "done"}.get(category, "queue")
        found["rules"].append(
            {"rule": f"status is {meant}", "name": status["name"], "count": None, "applies": kind is not None}
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
