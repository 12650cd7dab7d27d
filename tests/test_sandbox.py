"""The sandbox company keeps its word: it speaks as GitHub and Jira do, and what its table of stories says is in its data."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from statistics import mean, median

import httpx
import pytest
from graphql import build_schema, is_enum_type, is_interface_type, is_object_type, is_union_type

from collectors.sandbox import STORIES, anchor, app
from collectors.sandbox.company import BOTS, MANNEQUIN, PEOPLE, SERVICES, STATUSES
from collectors.sandbox.stories import quiet, span

CHECKOUT = Path(__file__).resolve().parent.parent
SCHEMAS = CHECKOUT.parent / "shared" / "schemas"
needs_schemas = pytest.mark.skipif(not SCHEMAS.exists(), reason="the official schemas are not beside this checkout")

GITHUB, JIRA = "https://github.sandbox.example", "https://jira.sandbox.example/rest/api/3"
DAY, OTHER_LIFE = date(2026, 11, 20), date(2027, 2, 5)
TOLD = {story.name: story for story in STORIES}

EVENTS = """
    __typename
    ... on PullRequestCommit { id commit { oid authoredDate committedDate author { user { login } } } }
    ... on PullRequestReview { id state submittedAt author { __typename login } }
    ... on ReadyForReviewEvent { id createdAt } ... on ConvertToDraftEvent { id createdAt }
    ... on HeadRefForcePushedEvent { id createdAt beforeCommit { oid } afterCommit { oid } }
    ... on ReviewDismissedEvent { id createdAt review { id state } }
    ... on ClosedEvent { id createdAt } ... on ReopenedEvent { id createdAt } ... on MergedEvent { id createdAt }
"""
PULLS = f"""query($owner: String!, $name: String!, $n: Int!, $after: String) {{ repository(owner: $owner, name: $name) {{
    all: pullRequests(first: $n, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
        totalCount pageInfo {{ hasNextPage endCursor }}
        nodes {{ id number title url state isDraft createdAt updatedAt closedAt mergedAt additions deletions changedFiles
            headRefName author {{ __typename login }} mergedBy {{ login }} mergeCommit {{ oid }}
            labels(first: 10) {{ nodes {{ name }} }} closingIssuesReferences(first: 5) {{ nodes {{ number }} }}
            files(first: 50) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ path additions deletions }} }}
            timelineItems(first: 100) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {EVENTS} }} }} }} }} }} }}"""
DEPLOYMENTS = """query($owner: String!, $name: String!, $n: Int!, $after: String) { repository(owner: $owner, name: $name) {
    all: deployments(first: $n, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id createdAt updatedAt environment task state commitOid creator { login }
            statuses(first: 20) { totalCount pageInfo { hasNextPage endCursor } nodes { id state createdAt } } } } } }"""
ISSUES = """query($owner: String!, $name: String!, $n: Int!, $after: String) { repository(owner: $owner, name: $name) {
    all: issues(first: $n, after: $after, orderBy: {field: UPDATED_AT, direction: ASC}) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id number state stateReason createdAt updatedAt closedAt author { __typename login }
            labels(first: 20) { nodes { name } } timelineItems(first: 50) { nodes { __typename } } } } } }"""


opened = cache(app)


def visit(company, visitor):
    """Return what a visitor sees: an async function of a client with a token."""

    async def walk():
        door = httpx.ASGITransport(app=company)
        async with httpx.AsyncClient(transport=door, headers={"authorization": "Bearer any"}) as client:
            return await visitor(client)

    return asyncio.run(walk())


async def ask(client, text, **variables):
    return (await client.post(f"{GITHUB}/api/graphql", json={"query": text, "variables": variables})).json()


async def listed(client, text, name, n=100):
    """Return every item of a repository's list, and how many the company says there are."""
    found, after = [], None
    while True:
        answer = await ask(client, text, owner="marrowby", name=name, n=n, after=after)
        page = answer["data"]["repository"]["all"]
        found += [{**node, "service": name} for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert len(found) == page["totalCount"]
            return found


async def runs_of(client, name, **filters):
    found, url = (
        [],
        httpx.URL(f"{GITHUB}/api/v3/repos/marrowby/{name}/actions/runs", params={"per_page": 100, **filters}),
    )
    while url:
        answer = await client.get(url)
        found += [{**run, "service": name} for run in answer.json()["workflow_runs"]]
        url = answer.links.get("next", {}).get("url")
    return found


async def jira_of(client):
    issues, histories, token = [], [], None
    while True:
        asked = {
            "jql": "project in (SHOP, PAY, OPS) ORDER BY updated ASC, id ASC",
            "fields": ["*all"],
            "maxResults": 100,
        }
        page = (
            await client.post(f"{JIRA}/search/jql", json=asked | ({"nextPageToken": token} if token else {}))
        ).json()
        issues += page["issues"]
        ids = [issue["id"] for issue in page["issues"]]
        logs = (
            await client.post(f"{JIRA}/changelog/bulkfetch", json={"issueIdsOrKeys": ids, "maxResults": 10_000})
        ).json()
        assert "nextPageToken" not in logs
        histories += [
            {**one, "issue": log["issueId"]} for log in logs["issueChangeLogs"] for one in log["changeHistories"]
        ]
        token = page.get("nextPageToken")
        if page["isLast"]:
            return issues, histories


@cache
def known(day):
    """Return all that the company tells on a day, collected here once and by nothing that is tested elsewhere."""

    async def everything(client):
        found = {"pulls": [], "deployments": [], "issues": [], "runs": []}
        for service in SERVICES:
            found["pulls"] += await listed(client, PULLS, service.name)
            found["deployments"] += await listed(client, DEPLOYMENTS, service.name)
            found["issues"] += await listed(client, ISSUES, service.name)
            found["runs"] += await runs_of(client, service.name)
        found["tickets"], found["histories"] = await jira_of(client)
        return found

    return visit(opened(day), everything)


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def week(text, day):
    return (at(text).date() - anchor(day)).days // 7


def hours(first, last):
    return (at(last) - at(first)).total_seconds() / 3600


def moments(pull):
    """Return when a merged pull request was ready, first looked at by somebody else, approved and merged; None without."""
    events = pull["timelineItems"]["nodes"]
    ready = next((e["createdAt"] for e in events if e["__typename"] == "ReadyForReviewEvent"), pull["createdAt"])
    author = (pull["author"] or {}).get("login")
    reviews = [
        e
        for e in events
        if e["__typename"] == "PullRequestReview" and e["author"] and e["author"]["login"] not in {author, *BOTS}
    ]
    approvals = [e["submittedAt"] for e in reviews if e["state"] == "APPROVED"]
    return (
        (ready, reviews[0]["submittedAt"], approvals[-1], pull["mergedAt"]) if approvals and pull["mergedAt"] else None
    )


def phase(day, service, number, inside):
    """Return the durations in hours of one phase of a service's pull requests that became ready in certain weeks."""
    every = [moments(pull) for pull in known(day)["pulls"] if pull["service"] == service]
    return [hours(one[number], one[number + 1]) for one in every if one and inside(week(one[number], day))]


def per_week(day, times):
    """Return how often something happened in each complete week outside the holidays, by week."""
    counts = Counter(week(moment, day) for moment in times)
    whole = range((day - anchor(day)).days // 7)
    dull = [n for n in whole if not any(quiet(anchor(day) + timedelta(weeks=n, days=d)) for d in range(5))]
    return {n: counts[n] for n in dull}


# The same seed, the same bytes


DIGEST = """
import asyncio, hashlib, httpx
from datetime import date
from collectors.sandbox import app
async def main(seed):
    door = httpx.ASGITransport(app=app(date(2026, 3, 1), seed))
    seen = hashlib.sha256()
    async with httpx.AsyncClient(transport=door, headers={"authorization": "Bearer any"}) as client:
        for name in ("checkout", "platform"):
            text = '{repository(owner:"marrowby",name:"%s"){pullRequests(first:100){nodes{title updatedAt files(first:50){nodes{path}}' % name
            text += ' timelineItems(first:100){nodes{__typename ... on PullRequestCommit{commit{oid}}}}}}}}'
            answer = await client.post("https://github.sandbox.example/api/graphql", json={"query": text})
            assert answer.json()["data"]["repository"]
            seen.update(answer.content)
            seen.update((await client.get(f"https://github.sandbox.example/api/v3/repos/marrowby/{name}/actions/runs")).content)
        jql = {"jql": "project = OPS order by key asc", "fields": ["*all"], "maxResults": 100}
        seen.update((await client.post("https://jira.sandbox.example/rest/api/3/search/jql", json=jql)).content)
    print(seen.hexdigest())
for seed in (7, 8):
    asyncio.run(main(seed))
"""


def test_the_same_seed_tells_the_same_life_in_every_process_and_another_seed_another_life():
    told = [
        subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True, cwd=CHECKOUT,
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": str(CHECKOUT), "TZ": zone},
        ).stdout.split()
        for salt, zone in (("1", "UTC"), ("2", "Asia/Kolkata"))
    ]  # fmt: skip

    assert told[0] == told[1]
    assert told[0][0] != told[0][1]


def changes(thing):
    """Return when anything last changed, whatever the API calls it."""
    return at(thing.get("updatedAt") or thing.get("updated_at") or thing["fields"]["updated"])


def test_a_day_later_only_what_happened_on_that_day_is_new_or_changed():
    before, after = known(DAY), known(DAY + timedelta(days=1))
    midnight = datetime.combine(DAY, time(), UTC)
    for kind in ("pulls", "deployments", "issues", "runs", "tickets"):
        untouched = {one["id"]: json.dumps(one) for one in after[kind] if changes(one) < midnight}
        touched = [one for one in after[kind] if changes(one) >= midnight]

        assert all(changes(one) < midnight for one in before[kind])
        assert untouched.items() <= {one["id"]: json.dumps(one) for one in before[kind]}.items()
        assert {one["id"] for one in before[kind]} <= {one["id"] for one in after[kind]}
        assert kind == "issues" or touched
    old, new = ({(one["issue"], one["id"]): one for one in seen["histories"]} for seen in (before, after))
    assert old.items() <= new.items()
    assert all(one["created"] >= midnight.timestamp() * 1000 for key, one in new.items() if key not in old)


def test_all_days_of_a_month_share_their_anchor_a_monday_fifteen_months_before():
    for day in (DAY, date(2026, 11, 1), date(2026, 11, 30)):
        assert anchor(day) == date(2025, 8, 4)
    assert anchor(date(2026, 12, 1)) == date(2025, 9, 1)


# It speaks as GitHub does


@needs_schemas
def test_every_type_field_and_argument_is_an_official_one():
    official = build_schema(
        (SCHEMAS / "github.schema.graphql").read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True
    )
    ours = build_schema((CHECKOUT / "collectors/sandbox/github.graphql").read_text(encoding="utf-8"))
    for name, kind in ours.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        theirs = official.type_map[name]
        assert type(kind) is type(theirs), name
        if is_enum_type(kind):
            assert set(kind.values) <= set(theirs.values), name
        elif is_union_type(kind):
            assert {one.name for one in kind.types} <= {one.name for one in theirs.types}, name
        elif is_object_type(kind) or is_interface_type(kind):
            assert {one.name for one in kind.interfaces} <= {one.name for one in theirs.interfaces}, name
        for field, about in getattr(kind, "fields", {}).items():
            assert str(about.type) == str(theirs.fields[field].type), f"{name}.{field}"
            for argument, wanted in getattr(about, "args", {}).items():
                assert str(wanted.type) == str(theirs.fields[field].args[argument].type), f"{name}.{field}({argument})"


@needs_schemas
@pytest.mark.parametrize("query", ["prs", "deployments", "issues", "probe", "teams", "pr_overflow_x10"])
def test_the_lean_queries_are_answered_without_an_error(query):
    text = (SCHEMAS / "queries" / f"{query}.graphql").read_text(encoding="utf-8")
    ids = [pull["id"] for pull in known(DAY)["pulls"][:10]]
    variables = {"owner": "marrowby", "name": "platform", "n": 37, "org": "marrowby", "repoIds": ["R_501", "R_508"]}
    variables |= {f"id{n}": ident for n, ident in enumerate(ids)}
    asked = {name: value for name, value in variables.items() if f"${name}:" in text}
    answer = visit(opened(DAY), lambda client: ask(client, text, **asked))

    assert "errors" not in answer
    assert answer["data"]["rateLimit"]["cost"] == 1
    assert None not in answer["data"].values()


def test_nothing_is_cut_when_every_page_of_every_list_is_read():
    def narrow_and_wide(name):
        async def both(client):
            narrow, wide = await listed(client, PULLS, name, 7), await listed(client, PULLS, name, 100)
            return [one["id"] for one in narrow], [one["id"] for one in wide]

        return visit(opened(DAY), both)

    narrow, wide = narrow_and_wide("invoicing")

    assert narrow == wide
    assert len(set(wide)) == len(wide)


def test_a_long_timeline_many_files_and_many_statuses_go_on_page_after_page():
    seen = known(DAY)
    endless = next(one for one in seen["pulls"] if one["timelineItems"]["totalCount"] > 100)
    broad = next(one for one in seen["pulls"] if one["files"]["totalCount"] > 50)
    canary = next(one for one in seen["deployments"] if one["statuses"]["totalCount"] > 20)
    for thing, field, kind in (
        (endless, "timelineItems", "PullRequest"),
        (broad, "files", "PullRequest"),
        (canary, "statuses", "Deployment"),
    ):
        inner = "path" if field == "files" else EVENTS if field == "timelineItems" else "id"
        text = f"query($id: ID!, $after: String) {{ node(id: $id) {{ ... on {kind} {{ rest: {field}(first: 100, after: $after)"
        text += f" {{ totalCount pageInfo {{ hasNextPage }} nodes {{ {inner} }} }} }} }} }}"
        first = thing[field]
        answer = visit(opened(DAY), lambda client, text=text, one=thing, first=first: ask(
            client, text, id=one["id"], after=first["pageInfo"]["endCursor"]))  # fmt: skip
        rest = answer["data"]["node"]["rest"]

        assert first["pageInfo"]["hasNextPage"]
        assert not rest["pageInfo"]["hasNextPage"]
        assert len(first["nodes"]) + len(rest["nodes"]) == first["totalCount"]
        assert not [one for one in rest["nodes"] if one in first["nodes"]]


def test_a_cursor_keeps_its_place_while_items_move_to_the_top():
    yesterday, today = opened(DAY), opened(DAY + timedelta(days=1))
    page = visit(yesterday, lambda client: ask(client, PULLS, owner="marrowby", name="storefront", n=10))["data"][
        "repository"
    ]["all"]
    later = [one for one in known(DAY)["pulls"] if one["service"] == "storefront"][10:]
    moved = {one["id"] for one in known(DAY + timedelta(days=1))["pulls"] if changes(one).date() == DAY}

    async def go_on(client):
        found, after = [], page["pageInfo"]["endCursor"]
        while after:
            answer = await ask(client, PULLS, owner="marrowby", name="storefront", n=100, after=after)
            rest = answer["data"]["repository"]["all"]
            found += [one["id"] for one in rest["nodes"]]
            after = rest["pageInfo"]["endCursor"] if rest["pageInfo"]["hasNextPage"] else None
        return found

    assert visit(today, go_on) == [one["id"] for one in later if one["id"] not in moved]


def test_filtered_runs_stop_at_a_thousand_and_windows_of_time_give_them_all():
    async def look(client):
        url = f"{GITHUB}/api/v3/repos/marrowby/storefront/actions/runs"
        middle = (anchor(DAY) + timedelta(weeks=33)).isoformat()
        total = (await client.get(url, params={"created": f"<={DAY}"})).json()["total_count"]
        capped = await runs_of(client, "storefront", created=f"<={DAY}")
        parts = [
            await runs_of(client, "storefront", created=span)
            for span in (f"<={middle}T00:00:00Z", f"{middle}T00:00:01Z..*")
        ]
        return total, capped, parts

    total, capped, parts = visit(opened(DAY), look)
    every = [run["id"] for run in known(DAY)["runs"] if run["service"] == "storefront"]

    assert total == len(every) > 1000
    assert len(capped) == 1000
    assert sorted(run["id"] for part in parts for run in part) == sorted(every)


def test_what_goes_wrong_goes_wrong_as_at_github_and_jira():
    async def look(client):
        rest, jira = f"{GITHUB}/api/v3", {"jql": "project = NOPE", "fields": ["summary"]}
        nobody = httpx.AsyncClient(transport=client._transport)
        first = await client.get(f"{rest}/repos/marrowby/search")
        return {
            "no token": [
                (await nobody.get(f"{rest}/user")).status_code,
                (await nobody.get(f"{JIRA}/myself")).status_code,
            ],
            "no repository": (await client.get(f"{rest}/repos/marrowby/nope")),
            "not found": await ask(client, '{ repository(owner: "marrowby", name: "nope") { id } }'),
            "no field": await ask(client, '{ repository(owner: "marrowby", name: "search") { nope } }'),
            "too wide": await ask(
                client, '{ repository(owner: "marrowby", name: "search") { issues(first: 101) { totalCount } } }'
            ),
            "no project": await client.post(f"{JIRA}/search/jql", json=jira),
            "unbounded": await client.post(f"{JIRA}/search/jql", json={"jql": "order by key"}),
            "unchanged": await client.get(
                f"{rest}/repos/marrowby/search", headers={"if-none-match": first.headers["etag"]}
            ),
            "date": first.headers["date"],
        }

    seen = visit(opened(DAY), look)

    assert seen["no token"] == [401, 401]
    assert (seen["no repository"].status_code, seen["no repository"].json()["message"]) == (404, "Not Found")
    assert seen["not found"]["data"] == {"repository": None}
    assert seen["not found"]["errors"][0]["type"] == "NOT_FOUND"
    assert seen["not found"]["errors"][0]["path"] == ["repository"]
    assert "nope" in seen["no field"]["errors"][0]["message"]
    assert seen["too wide"]["errors"][0]["type"] == "EXCESSIVE_PAGINATION"
    for wrong in ("no project", "unbounded"):
        assert seen[wrong].status_code == 400
        assert seen[wrong].json()["errorMessages"]
    assert seen["unchanged"].status_code == 304
    assert seen["date"] == "Fri, 20 Nov 2026 00:00:00 GMT"


def test_jira_reads_epoch_milliseconds_exactly_and_cuts_histories_only_into_pages():
    tickets, histories = known(DAY)["tickets"], known(DAY)["histories"]
    middle = int(at(tickets[len(tickets) // 2]["fields"]["updated"]).timestamp() * 1000)

    async def look(client):
        jql = f'project in ("SHOP", "PAY", OPS) and updated >= {middle}'
        count = (await client.post(f"{JIRA}/search/approximate-count", json={"jql": jql})).json()["count"]
        found, token, ids = [], None, [ticket["id"] for ticket in tickets[:1000]]
        while True:
            asked = {
                "issueIdsOrKeys": ids,
                "maxResults": 700,
                "fieldIds": ["status"],
                **({"nextPageToken": token} if token else {}),
            }
            page = (await client.post(f"{JIRA}/changelog/bulkfetch", json=asked)).json()
            found += [one["id"] for log in page["issueChangeLogs"] for one in log["changeHistories"]]
            token = page.get("nextPageToken")
            if not token:
                return count, found, set(ids)

    count, found, asked = visit(opened(DAY), look)
    moves = [
        one["id"]
        for one in histories
        if one["issue"] in asked and any(item["field"] == "status" for item in one["items"])
    ]

    assert count == sum(at(ticket["fields"]["updated"]).timestamp() * 1000 >= middle for ticket in tickets)
    assert sorted(found) == sorted(moves)


def test_an_issue_is_what_its_history_says():
    seen = known(DAY)
    moves = {}
    for one in seen["histories"]:
        for item in one["items"]:
            if item["field"] in {"status", "resolution"}:
                moves.setdefault(one["issue"], []).append(
                    (one["created"], item["field"], item["fromString"], item["toString"])
                )
    for ticket in seen["tickets"]:
        state = {"status": "To Do", "resolution": None}
        for _, field, old, new in sorted(moves.get(ticket["id"], ()), key=lambda move: move[0]):
            assert old == state[field]
            state[field] = new
        assert state == {
            "status": ticket["fields"]["status"]["name"],
            "resolution": (ticket["fields"]["resolution"] or {}).get("name"),
        }
        assert bool(ticket["fields"]["resolutiondate"]) == bool(state["resolution"])


# Its life


def test_everyone_and_every_address_is_made_up():
    seen = json.dumps(known(DAY))
    people = {login for team in PEOPLE.values() for login in team} | {*BOTS, MANNEQUIN}
    hosts = set(re.findall(r"https?://([^/\"]+)", seen))

    assert set(re.findall(r'"login": "([^"\[]+)', seen)) <= people
    assert hosts == {"github.sandbox.example", "jira.sandbox.example"}
    assert not re.search(r"[\w.]+@[\w.]+", seen)


def test_the_oddities_of_real_life_are_there():
    seen = known(DAY)
    pulls, kinds = (
        seen["pulls"],
        Counter(e["__typename"] for one in seen["pulls"] for e in one["timelineItems"]["nodes"]),
    )
    tasks = Counter((one["task"], one["environment"]) for one in seen["deployments"])
    reverts = [one for one in pulls if re.fullmatch(r'Revert ".+"', one["title"])]
    numbers = {(one["service"], one["number"]) for one in pulls}
    unfinished = [
        one
        for one in seen["deployments"]
        if not {s["state"] for s in one["statuses"]["nodes"]} & {"SUCCESS", "FAILURE", "ERROR"}
    ]
    again = Counter(
        one["issue"]
        for one in seen["histories"]
        for item in one["items"]
        if item["fromString"] == "Done" and item["field"] == "status"
    )

    assert {one["author"]["__typename"] if one["author"] else None for one in pulls} == {
        "User",
        "Bot",
        "Mannequin",
        None,
    }
    assert {"ConvertToDraftEvent", "HeadRefForcePushedEvent", "ReviewDismissedEvent", "ReopenedEvent"} <= set(kinds)
    assert any(one["state"] == "CLOSED" for one in pulls)
    assert any(one["state"] == "OPEN" and one["isDraft"] for one in known(OTHER_LIFE)["pulls"] + pulls)
    assert any(
        one["mergedAt"] and not any(e["__typename"] == "PullRequestReview" for e in one["timelineItems"]["nodes"])
        for one in pulls
    )
    assert reverts
    assert all((one["service"], int(one["headRefName"].split("-")[1])) in numbers for one in reverts)
    assert {
        ("deploy:hotfix", "production"),
        ("deploy:rollback", "production"),
        ("deploy", "preprod"),
        ("deploy", "prod"),
    } <= set(tasks)
    assert unfinished
    assert len(again) > 20
    assert {"Won't Do", "Duplicate"} <= {(one["fields"]["resolution"] or {}).get("name") for one in seen["tickets"]}
    assert {"RemoteIssueLink", "Rank", "Link"} <= {item["field"] for one in seen["histories"] for item in one["items"]}
    assert any(run["run_attempt"] > 1 for run in seen["runs"])


def test_production_only_ever_gets_older_by_a_rollback():
    seen = known(DAY)
    merged = {one["mergeCommit"]["oid"]: one["mergedAt"] for one in seen["pulls"] if one["mergedAt"]}
    for service in SERVICES:
        newest = ""
        for one in sorted(
            (d for d in seen["deployments"] if d["service"] == service.name), key=lambda d: d["createdAt"]
        ):
            if one["environment"] != "preprod" and one["commitOid"] in merged:
                assert merged[one["commitOid"]] < one["createdAt"]
                assert merged[one["commitOid"]] >= newest or one["task"] == "deploy:rollback"
                newest = max(newest, merged[one["commitOid"]])


def test_the_team_file_names_what_the_company_has():
    team = tomllib.loads((CHECKOUT / "data/sandbox.toml").read_text(encoding="utf-8"))
    environments = {one["environment"] for one in known(DAY)["deployments"]}

    assert team["github"][0]["repositories"] == [service.repository for service in SERVICES]
    assert sorted(name for kind in team["statuses"].values() for name in kind) == sorted(STATUSES)
    assert environments - set(team["deployments"]["production"]) == {"preprod"}
    assert sorted(name for area in team["teams"] for name in area["repositories"]) == sorted(
        team["github"][0]["repositories"]
    )


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_apart_from_the_stories_a_week_is_like_any_other(day):
    seen = known(day)
    merged = per_week(day, [one["mergedAt"] for one in seen["pulls"] if one["mergedAt"]])
    shipped = per_week(day, [one["createdAt"] for one in seen["deployments"] if one["environment"] != "preprod"])
    bugs = per_week(day, [
        one["fields"]["created"] for one in seen["tickets"]
        if one["fields"]["issuetype"]["name"] == "Bug" and one["fields"]["components"][0]["name"] != "checkout"
    ])  # fmt: skip
    gap = TOLD["recorder_down"].weeks[0]
    shipped.pop(gap, None)

    assert 35 <= mean(merged.values()) <= 45
    for weekly in (merged, shipped, bugs):
        middle = sorted(weekly)[len(weekly) // 2]
        early, late = (mean(n for w, n in weekly.items() if (w < middle) is first) for first in (True, False))
        spread = (mean(weekly.values()) / (len(weekly) / 2)) ** 0.5  # of a mean of so many weeks, if they are like dice
        assert abs(early - late) < 4 * spread


# Its stories are where its table says


def inside(name):
    first, last = TOLD[name].weeks
    return lambda n: n >= first and (last is None or n < last)


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_reviews_begin_to_wait_in_one_service(day):
    place, during = TOLD["reviews_wait"].place, inside("reviews_wait")

    assert median(phase(day, place, 0, lambda n: n >= 0 and not during(n))) < 8
    assert median(phase(day, place, 0, during)) > 16
    for other in {"storefront", "catalogue", "checkout"} - {place}:
        assert median(phase(day, other, 0, during)) < 8


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_bugs_come_in_a_wave_after_a_release_of_one_service(day):
    story, during = TOLD["bug_wave"], inside("bug_wave")
    bugs = per_week(day, [
        one["fields"]["created"] for one in known(day)["tickets"]
        if one["fields"]["issuetype"]["name"] == "Bug" and one["fields"]["components"][0]["name"] == story.place
    ])  # fmt: skip
    usual, wave = (mean(n for w, n in bugs.items() if during(w) is now) for now in (False, True))

    assert usual < 1.6
    assert wave > 3 * usual


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_the_workflow_displaces_manual_requests_and_induces_some(day):
    seen, during = known(day), inside("provision_launched")
    runs = per_week(day, [run["created_at"] for run in seen["runs"] if run["path"].endswith("/provision-service.yml")])
    manual = per_week(
        day,
        [one["fields"]["created"] for one in seen["tickets"] if one["fields"]["summary"].startswith("New service:")],
    )
    access = per_week(
        day,
        [one["fields"]["created"] for one in seen["tickets"] if one["fields"]["summary"].startswith("Access request:")],
    )
    before, after = (mean(n for w, n in manual.items() if during(w) is now) for now in (False, True))
    launched = mean(n for w, n in runs.items() if during(w))

    assert sum(n for w, n in runs.items() if not during(w)) == 0
    assert after < 0.5 * before
    assert launched > before - after
    assert mean(n for w, n in access.items() if during(w)) > 0.7 * mean(n for w, n in access.items() if not during(w))
    assert all(run["event"] == "workflow_dispatch" for run in seen["runs"] if "provision" in run["path"])


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_only_one_person_knows_one_service(day):
    def shares(service):
        by = Counter(
            one["author"]["login"] for one in known(day)["pulls"]
            if one["service"] == service and one["mergedAt"] and one["author"] and one["author"]["login"] not in BOTS
        )  # fmt: skip
        return max(by.values()) / by.total()

    place = TOLD["one_person_knows"].place

    assert shares(place) > 0.9
    assert all(shares(service.name) < 0.5 for service in SERVICES if service.name != place)


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_one_experiment_worked_one_did_not_and_one_is_too_short_to_tell(day):
    worked, failed, short = (TOLD[f"experiment_{end}"] for end in ("worked", "failed", "too_short"))
    before, after = (
        median(phase(day, worked.place, 1, lambda n, now=now: n >= 0 and inside(worked.name)(n) is now))
        for now in (False, True)
    )
    usual, tried = (
        median(phase(day, failed.place, 2, lambda n, now=now: n >= 0 and inside(failed.name)(n) is now))
        for now in (False, True)
    )
    issues = [one["fields"] for one in known(day)["tickets"] if one["fields"]["issuetype"]["name"] == "Experiment"]

    assert after < 0.6 * before
    assert 0.5 * usual < tried < 2 * usual
    assert len(phase(day, short.place, 0, inside(short.name))) < 8
    assert sorted(one["components"][0]["name"] for one in issues) == sorted(
        story.place for story in (worked, failed, short)
    )
    assert all(one["labels"] == ["experiment"] for one in issues)


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_three_working_days_left_no_trace_of_deployments_and_runs_though_work_went_on(day):
    first, end = span(TOLD["recorder_down"], anchor(day))
    gap = [first + timedelta(days=n) for n in range((end - first).days)]
    seen = known(day)
    traces = [one["createdAt"] for one in seen["deployments"]] + [run["created_at"] for run in seen["runs"]]
    traces += [status["createdAt"] for one in seen["deployments"] for status in one["statuses"]["nodes"]]

    assert [one.weekday() for one in gap] == [1, 2, 3]
    assert not [moment for moment in traces if at(moment).date() in gap]
    assert len([one for one in seen["pulls"] if one["mergedAt"] and at(one["mergedAt"]).date() in gap]) >= 10


@pytest.mark.parametrize("day", [DAY, OTHER_LIFE])
def test_little_is_done_in_the_holidays(day):
    merged = [at(one["mergedAt"]).date() for one in known(day)["pulls"] if one["mergedAt"]]
    dull = mean(per_week(day, [one["mergedAt"] for one in known(day)["pulls"] if one["mergedAt"]]).values())
    years = {one.year for one in merged if one.month == 12 and one.day > 25}

    assert years
    for year in years:
        fortnight = sum(date(year, 12, 22) <= one <= date(year + 1, 1, 4) for one in merged)
        assert 0 < fortnight < 0.6 * 2 * dull


def test_the_table_names_metrics_that_exist():
    from metrics import METRICS

    known_later = {"requests"}

    assert {name for story in STORIES for name in story.metrics} - known_later <= {metric.name for metric in METRICS}
