"""What GitHub would say about the company on a given day: records in the official shapes of its two APIs."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from collectors.sandbox import reasons
from collectors.sandbox.company import GITHUB, OWNER, PEOPLE, SEASON, SERVICES, TYPES, WEEKS, Service, season
from collectors.sandbox.diary import Diary
from collectors.sandbox.hours import noon
from collectors.sandbox.records import DAY, Deployment, Issue, Pull, Release, Run, sha

Shape = dict[str, Any]
MINUTES = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]
SECONDS = [f"{second:02}Z" for second in range(60)]
EVENTS = {
    "ready": "ReadyForReviewEvent", "draft": "ConvertToDraftEvent", "closed": "ClosedEvent", "reopened": "ReopenedEvent",
    "requested": "ReviewRequestedEvent", "unrequested": "ReviewRequestRemovedEvent", "merged": "MergedEvent",
    "dismissed": "ReviewDismissedEvent", "force_push": "HeadRefForcePushedEvent", "commit": "PullRequestCommit",
    "review": "PullRequestReview", "labeled": "LabeledEvent", "unlabeled": "UnlabeledEvent",
}  # fmt: skip


@lru_cache(4096)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86400, UTC).strftime("%Y-%m-%d")


def iso(moment: int) -> str:
    """Return an epoch second as GitHub writes it: UTC, to the second."""
    day, second = divmod(moment, 86400)
    return _day(day) + MINUTES[second // 60] + SECONDS[second % 60]


@lru_cache(100)
def actor(login: str | None) -> Shape | None:
    """Return somebody who acts: a person, a bot, a mannequin, or None for a deleted account."""
    if login is None:
        return None
    kind, number, name = TYPES.get(login, "User"), int(sha(login)[:6], 16), login.replace("-", " ").title()
    return {"__typename": kind, "login": login, "id": f"{kind[0]}_{number}", "databaseId": number, "name": name}


def _commit(oid: str, moment: int, headline: str = "", login: str | None = None) -> Shape:
    author, when = {"email": f"{login or 'someone'}@{OWNER}.example", "user": actor(login)}, iso(moment)
    words = {"messageHeadline": headline, "authoredDate": when, "committedDate": when, "author": author}
    return {"__typename": "Commit", "id": f"C_{oid[:20]}", "oid": oid, **words}


def _label(name: str) -> Shape:
    return {"id": f"LA_{name}", "name": name}


def title(pull: Pull) -> str:
    """Return a pull request's title, with its Jira key or the one it reverts."""
    if pull.reverts:
        return f'Revert "{title(pull.reverts)}"'
    return f"{pull.ticket.project}-{pull.ticket.number} {pull.title}" if pull.ticket else pull.title


def _details(pull: Pull, event: tuple, before: list[Shape]) -> Shape:
    """Return what an event of a pull request says besides its type and time."""
    found: Shape = {}
    match event:
        case at, "commit", oid, _, who:
            found["commit"] = _commit(oid, at, title(pull), who)
        case at, "review", state, who:
            found |= {"state": state, "submittedAt": iso(at), "author": actor(who)}
            found["authorAssociation"] = "NONE" if who in TYPES else "MEMBER"
        case _, ("requested" | "unrequested"), who:
            found |= {"requestedReviewer": actor(who), "actor": actor(pull.author)}
        case _, "dismissed", state:
            review = next(one for one in reversed(before) if one["__typename"] == "PullRequestReview")
            review["state"] = "DISMISSED"
            found |= {"previousReviewState": state, "review": review}
        case at, "force_push", oid:  # the last commit is written anew: its author date stays
            last = next(one for one in reversed(before) if one["__typename"] == "PullRequestCommit")
            old, last["commit"] = last["commit"], {**last["commit"], "oid": oid, "committedDate": iso(at)}
            found |= {"beforeCommit": old, "afterCommit": last["commit"]}
        case at, "merged", oid, _:
            found |= {
                "commit": _commit(oid, at, f"{title(pull)} (#{pull.number})", pull.author),
                "mergeRefName": "main",
            }
    return found


def _pull(pull: Pull, cut: int, repository: Shape) -> Shape:
    """Return a pull request as far as it is known; its numbers follow from the events before `cut`."""
    shape: Shape = {"state": "OPEN", "isDraft": pull.draft, "merged": False}
    items: list[Shape] = []
    files: dict[str, list[int]] = {}
    updated = created = iso(pull.at)
    for place, event in enumerate(pull.events):
        at, kind, *more = event
        if at >= cut:
            break
        when, number = iso(at), pull.ident * 1000 + place
        item = {"__typename": EVENTS[kind], "id": f"E_{number}", "fullDatabaseId": str(number), "createdAt": when}
        item |= _details(pull, event, items)
        items.append(item)
        updated = max(when, updated)
        if kind == "commit":
            for path, added, deleted in more[1]:
                known = files.setdefault(path, [0, 0])
                known[0], known[1] = known[0] + added, known[1] + deleted
        elif kind in {"ready", "draft"}:
            shape["isDraft"] = kind == "draft"
        elif kind == "merged":
            shape |= {
                "state": "MERGED",
                "merged": True,
                "mergedAt": when,
                "closedAt": when,
                "mergeCommit": item["commit"],
            }
            shape["mergedBy"] = actor(more[1])
            items.append({"__typename": "ClosedEvent", "id": f"E_{number}c", "createdAt": when})
        elif kind in {"closed", "reopened"}:
            shape |= {"state": "CLOSED", "closedAt": when} if kind == "closed" else {"state": "OPEN", "closedAt": None}
    issue = pull.closes
    linked = [{"id": f"I_{issue.ident}", "number": issue.number, "repository": repository}] if issue else []
    return shape | {
        "__typename": "PullRequest", "id": f"PR_{pull.ident}", "fullDatabaseId": str(pull.ident), "number": pull.number, "title": title(pull),
        "body": reasons.piece(pull),
        "url": f"{repository['url']}/pull/{pull.number}", "repository": repository, "createdAt": created, "updatedAt": updated,
        "headRefName": f"revert-{pull.reverts.number}-{pull.reverts.branch}" if pull.reverts else pull.branch, "baseRefName": "main",
        "additions": sum(a for a, _ in files.values()), "deletions": sum(d for _, d in files.values()), "changedFiles": len(files),
        "totalCommentsCount": sum(item.get("state") == "COMMENTED" for item in items), "isCrossRepository": False,
        "author": actor(pull.author), "labels": [_label(word) for word in pull.labels], "closingIssuesReferences": linked,
        "files": [{"path": path, "additions": a, "deletions": d, "changeType": "MODIFIED"} for path, (a, d) in files.items()],
        "timelineItems": items,
    }  # fmt: skip


def _issue(issue: Issue, cut: int, repository: Shape) -> Shape:
    shape: Shape = {"state": "OPEN", "stateReason": None, "closedAt": None}
    items: list[Shape] = []
    labels: dict[str, Shape] = {}
    updated = iso(issue.at)
    for place, (at, kind, detail) in enumerate(issue.events):
        if at >= cut:
            break
        updated = iso(at)
        item: Shape = {"__typename": EVENTS[kind], "id": f"E_{issue.ident}x{place}", "createdAt": updated}
        items.append(item)
        if kind == "labeled":
            item["label"] = labels[detail] = _label(detail)
        elif kind == "unlabeled":
            item["label"] = labels.pop(detail)
        else:
            item["stateReason"] = detail
            shape = (
                {"state": "CLOSED", "closedAt": updated} if kind == "closed" else {"state": "OPEN", "closedAt": None}
            )
            shape["stateReason"] = detail
    return shape | {
        "__typename": "Issue", "id": f"I_{issue.ident}", "databaseId": issue.ident, "fullDatabaseId": str(issue.ident),
        "number": issue.number, "title": issue.title, "body": "", "url": f"{repository['url']}/issues/{issue.number}", "repository": repository,
        "createdAt": iso(issue.at), "updatedAt": updated, "author": actor(issue.author), "labels": list(labels.values()),
        "subIssuesSummary": {"total": 0, "completed": 0}, "timelineItems": items,
    }  # fmt: skip


def _deployment(one: Deployment, cut: int, repository: Shape) -> Shape:
    creator, environment = actor("deploy-lantern"), one.environment
    seen = [(place, *status) for place, status in enumerate(one.statuses) if status[0] < cut][::-1]
    statuses = [
        {"id": f"DS_{one.ident}x{place}", "state": state, "createdAt": iso(at), "updatedAt": iso(at), "description": words,
         "environment": environment, "creator": creator}
        for place, at, state, words in seen
    ]  # fmt: skip
    state = seen[0][2] if seen else "PENDING"
    return {
        "__typename": "Deployment", "id": f"DE_{one.ident}", "databaseId": one.ident, "createdAt": iso(one.at),
        "updatedAt": iso(seen[0][1] if seen else one.at), "state": "ACTIVE" if state == "SUCCESS" else state, "task": one.task,
        "environment": environment, "originalEnvironment": environment, "latestEnvironment": environment, "commitOid": one.sha,
        "commit": _commit(one.sha, one.at), "creator": creator, "repository": repository, "statuses": statuses,
        "ref": {"id": "REF_main", "name": "main", "prefix": "refs/heads/"},
    }  # fmt: skip


def _release(one: Release, number: int, repository: Shape, cut: int) -> Shape:
    tag, when = f"v1.{number}.0", iso(one.at)
    age, size = (cut - one.at) // DAY, 1 + int(sha(one.ident)[:3], 16)
    asset = {
        "id": f"RA_{one.ident}", "name": f"{repository['name']}-{tag}.zip", "contentType": "application/zip", "createdAt": when,
        "size": size * 1024, "downloadCount": size % 23 + min(age, 60) * (size % 7),
    }  # fmt: skip
    return {
        "id": f"RE_{one.ident}", "databaseId": one.ident, "name": tag, "tagName": tag, "createdAt": when, "publishedAt": when,
        "updatedAt": when, "url": f"{repository['url']}/releases/tag/{tag}", "isDraft": False, "isPrerelease": False,
        "tagCommit": _commit(one.sha, one.at), "releaseAssets": [asset], "repository": repository,
    }  # fmt: skip


def _codeowners(service: Service) -> Shape:
    """Return the file that says whose the service is."""
    who = f"@{service.owner}" if service.owner else f"@{OWNER}/{service.team.lower()}"
    text = f"# Who looks at what\n* {who}\n/docs/ @{OWNER}/platform\n"
    return {"__typename": "Blob", "id": f"B_{service.name}", "oid": sha(text), "byteSize": len(text), "text": text}


def _milestones(diary: Diary, cut: int, repository: Shape) -> list[Shape]:
    """Return a repository's milestones: one every ten weeks, with the issues that came in meanwhile."""
    found = []
    for number, weeks in enumerate(range(0, WEEKS, SEASON), 1):
        start, due = (noon(diary.anchor + timedelta(weeks=week), 9) for week in (weeks, weeks + SEASON))
        if start < cut:
            closed = iso(due) if due < cut else None
            issues = [one for one in repository["issues"] if iso(start) <= one["createdAt"] < iso(due)]
            found.append({
                "__typename": "Milestone", "id": f"MI_{repository['databaseId']}x{number}", "number": number, "title": season(weeks),
                "issues": issues, "state": "CLOSED" if closed else "OPEN", "createdAt": iso(start), "updatedAt": closed or iso(start), "closedAt": closed,
                "dueOn": iso(due), "url": f"{repository['url']}/milestone/{number}", "repository": repository,
            })  # fmt: skip
    return found


def _discussions(diary: Diary, cut: int, repository: Shape) -> list[Shape]:
    """Return what is discussed in a repository: one thing in each season."""
    found = []
    for number, weeks in enumerate(range(2, WEEKS, SEASON), 1):
        at = noon(diary.anchor + timedelta(weeks=weeks), 10)
        if at < cut:
            found.append({
                "__typename": "Discussion", "id": f"D_{repository['databaseId']}x{number}", "number": 9000 + number, "closed": False,
                "title": f"What is {season(weeks)} for?", "createdAt": iso(at), "updatedAt": iso(at), "repository": repository,
                "url": f"{repository['url']}/discussions/{9000 + number}",
            })  # fmt: skip
    return found


def _person(login: str) -> Shape:
    who = actor(login) or {}
    kind, name = ("Bot", f"{login}[bot]") if TYPES.get(login) == "Bot" else ("User", login)
    return {"login": name, "id": who["databaseId"], "node_id": who["id"], "type": kind, "html_url": f"{GITHUB}/{login}"}


def _run(run: Run, number: int, cut: int) -> Shape:
    """Return a run as REST gives it: its latest attempt, with the first one's moment of creation."""
    attempts = [attempt for attempt in run.attempts if attempt[0] < cut]
    start, end, conclusion = attempts[-1]
    done = end if end and end < cut else None
    root = f"{GITHUB}/api/v3/repos/{run.service.repository}/actions"
    workflow, who = int(sha(run.service.name, run.path)[:7], 16), _person(run.actor)
    return {
        "id": run.ident, "node_id": f"WFR_{run.ident}", "name": run.name, "display_title": run.title, "path": run.path,
        "event": run.event, "status": "completed" if done else "in_progress", "conclusion": conclusion if done else None,
        "workflow_id": workflow, "run_number": number, "run_attempt": len(attempts), "head_branch": run.branch, "head_sha": run.sha,
        "created_at": iso(run.at), "run_started_at": iso(start), "updated_at": iso(done or start), "actor": who,
        "triggering_actor": who, "pull_requests": [], "check_suite_node_id": f"CS_{run.ident}", "url": f"{root}/runs/{run.ident}",
        "html_url": f"{GITHUB}/{run.service.repository}/actions/runs/{run.ident}", "jobs_url": f"{root}/runs/{run.ident}/jobs",
        "workflow_url": f"{root}/workflows/{workflow}",
    }  # fmt: skip


def _default_branch(repository: Shape, runs: list[Shape]) -> None:
    """Give a repository its default branch: one squashed commit per merge, each standing on the one before."""
    history = [pull["mergeCommit"] for pull in repository["pullRequests"] if pull["merged"]]
    history.sort(key=lambda commit: commit["committedDate"], reverse=True)
    for commit, before in pairwise(history):
        commit["parents"] = [before]
    if history:
        repository["pushedAt"] = repository["updatedAt"] = history[0]["committedDate"]
        suites = [{"id": run["check_suite_node_id"]} for run in runs if run["head_sha"] == history[0]["oid"]]
        repository["defaultBranchRef"] = {
            "id": f"REF_{repository['nameWithOwner']}", "name": "main", "prefix": "refs/heads/",
            "target": {**history[0], "history": history, "checkSuites": suites},
        }  # fmt: skip


@dataclass(frozen=True)
class GitHub:
    """The company's GitHub on one day: GraphQL records by full name and by id, and each repository's runs, newest first."""

    repositories: dict[str, Shape]
    nodes: dict[str, Shape]
    runs: dict[str, list[Shape]]
    organization: Shape


def github(diary: Diary, cut: int) -> GitHub:
    """Return the company's GitHub as it was at an epoch second; nothing after it is known."""
    owner: Shape = {
        "__typename": "Organization",
        "id": "O_1",
        "login": OWNER,
        "name": OWNER.title(),
        "url": f"{GITHUB}/{OWNER}",
    }
    owner["teams"] = [
        {
            "__typename": "Team",
            "id": f"T_{team}",
            "slug": team.lower(),
            "name": team,
            "members": [actor(login) for login in people],
        }
        for team, people in PEOPLE.items()
    ]
    born = iso(noon(diary.anchor, 0))
    repositories: dict[str, Shape] = {
        service.repository: {
            "__typename": "Repository", "id": f"R_{number}", "databaseId": number, "name": service.name, "isArchived": False,
            "nameWithOwner": service.repository, "url": f"{GITHUB}/{service.repository}", "isPrivate": True, "owner": owner,
            "createdAt": born, "updatedAt": born, "pushedAt": born, "pullRequests": [], "issues": [], "deployments": [], "releases": [],
            "environments": [{"id": f"EN_{number}{e}", "databaseId": number * 10 + n, "name": e} for n, e in enumerate(("preprod", service.environment))],
            "codeowners": _codeowners(service),
        }
        for number, service in enumerate(SERVICES, 501)
    }  # fmt: skip
    owner["repositories"] = list(repositories.values())
    nodes = {repository["id"]: repository for repository in repositories.values()}
    kinds: Any = (
        (diary.pulls, "pullRequests", _pull),
        (diary.issues, "issues", _issue),
        (diary.deployments, "deployments", _deployment),
    )
    for things, field, shaped in kinds:
        for thing in things:
            if thing.at < cut:
                repository = repositories[thing.service.repository]
                shape = shaped(thing, cut, repository)
                repository[field].append(shape)
                nodes[shape["id"]] = shape
    for repository in repositories.values():
        repository["milestones"] = _milestones(diary, cut, repository)
        repository["discussions"] = _discussions(diary, cut, repository)
    for release in diary.releases:
        if release.at < cut:
            repository = repositories[release.service.repository]
            repository["releases"].append(_release(release, len(repository["releases"]) + 1, repository, cut))
    runs: dict[str, list[Shape]] = {name: [] for name in repositories}
    counts: Counter[tuple[str, str]] = Counter()
    for run in diary.runs:
        if run.at < cut:
            counts[run.service.name, run.path] += 1
            runs[run.service.repository].append(_run(run, counts[run.service.name, run.path], cut))
    for name, repository in repositories.items():
        runs[name].reverse()
        _default_branch(repository, runs[name])
    return GitHub(repositories, nodes, runs, owner)
