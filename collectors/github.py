"""What is read from GitHub: pull requests with all that happened to them, deployments, workflow runs, issues."""

from collections.abc import AsyncIterator
from datetime import timedelta
from operator import itemgetter
from typing import Any

from collectors import github_repository, history
from collectors.github_jobs import jobs
from collectors.graphql import Connection, Nested
from collectors.stream import Batch, Context, Page, Stream, moment, newest_first
from collectors.wire import Missing
from data import Landed, Row

ACTOR = "__typename login"
REVIEWER = "__typename ... on User { login } ... on Bot { login } ... on Mannequin { login } ... on Team { slug }"

PULL_REQUESTS = Connection(
    stream="github_pull_requests",
    field="pullRequests",
    item="PullRequest",
    width=37,  # the widest page that still costs one point with four nested lists
    fields=f"""
        number title body url state isDraft createdAt updatedAt closedAt mergedAt additions deletions changedFiles
        baseRefName headRefName isCrossRepository author {{ {ACTOR} }} mergedBy {{ {ACTOR} }} mergeCommit {{ oid }}
    """,
    nested=(
        Nested("labels", 10, "name", key=itemgetter("name")),
        Nested(
            "closingIssuesReferences",
            5,
            "number repository { nameWithOwner }",
            key=lambda entry: (entry["repository"]["nameWithOwner"], entry["number"]),
        ),
        Nested("files", 50, "path additions deletions changeType", key=itemgetter("path")),
        Nested(
            "timelineItems",
            100,
            "...Event",
            "itemTypes: [PULL_REQUEST_COMMIT, PULL_REQUEST_REVIEW, REVIEW_REQUESTED_EVENT, REVIEW_REQUEST_REMOVED_EVENT,"
            " REVIEW_DISMISSED_EVENT, READY_FOR_REVIEW_EVENT, CONVERT_TO_DRAFT_EVENT, HEAD_REF_FORCE_PUSHED_EVENT,"
            " ADDED_TO_MERGE_QUEUE_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT, CLOSED_EVENT, REOPENED_EVENT, MERGED_EVENT]",
            key=lambda entry: entry["commit"]["oid"] if entry["__typename"] == "PullRequestCommit" else entry["id"],
        ),
    ),
    fragments=f"""
        fragment Event on PullRequestTimelineItems {{
            __typename
            ... on PullRequestCommit {{ commit {{ oid authoredDate committedDate author {{ user {{ login }} }} }} }}
            ... on PullRequestReview {{ id fullDatabaseId state submittedAt author {{ {ACTOR} }} }}
            ... on ReviewRequestedEvent {{ id createdAt requestedReviewer {{ {REVIEWER} }} }}
            ... on ReviewRequestRemovedEvent {{ id createdAt requestedReviewer {{ {REVIEWER} }} }}
            ... on ReviewDismissedEvent {{ id createdAt previousReviewState review {{ id }} }}
            ... on ReadyForReviewEvent {{ id createdAt }}
            ... on ConvertToDraftEvent {{ id createdAt }}
            ... on HeadRefForcePushedEvent {{ id createdAt beforeCommit {{ oid }} afterCommit {{ oid }} }}
            ... on AddedToMergeQueueEvent {{ id createdAt }}
            ... on RemovedFromMergeQueueEvent {{ id createdAt reason }}
            ... on ClosedEvent {{ id createdAt }}
            ... on ReopenedEvent {{ id createdAt }}
            ... on MergedEvent {{ id createdAt merged: commit {{ oid }} mergeRefName }}
        }}
    """,
)

DEPLOYMENTS = Connection(
    stream="github_deployments",
    field="deployments",
    item="Deployment",
    order="CREATED_AT",  # neither API lists deployments by change, hence the long overlap and the second visits
    time="createdAt",
    width=50,
    overlap=timedelta(days=14),
    compare=timedelta(days=1),
    unfinished="body->>'state' in ('PENDING', 'QUEUED', 'IN_PROGRESS', 'WAITING')",
    fields="databaseId createdAt updatedAt environment originalEnvironment task state commitOid description ref { name prefix }",
    nested=(Nested("statuses", 20, "id state createdAt environment description logUrl"),),
)

ISSUES = Connection(
    stream="github_issues",
    field="issues",
    item="Issue",
    width=49,
    fields=f"fullDatabaseId number title body url state stateReason createdAt updatedAt closedAt author {{ {ACTOR} }}",
    nested=(
        Nested("labels", 20, "name", key=itemgetter("name")),
        Nested(
            "timelineItems",
            50,
            "__typename ... on ClosedEvent { id createdAt stateReason } ... on ReopenedEvent { id createdAt }"
            " ... on LabeledEvent { id createdAt label { name } } ... on UnlabeledEvent { id createdAt label { name } }",
            "itemTypes: [CLOSED_EVENT, REOPENED_EVENT, LABELED_EVENT, UNLABELED_EVENT]",
        ),
    ),
)

RELEASES = Connection(
    stream="github_releases",
    field="releases",
    item="Release",
    order="CREATED_AT",  # GitHub lists releases by age alone; what is edited later the daily comparison finds
    time="createdAt",
    overlap=timedelta(days=14),
    compare=timedelta(days=1),
    fields="databaseId tagName name isPrerelease isDraft createdAt publishedAt updatedAt url tagCommit { oid }",
)

RUNNING = "body->>'status' <> 'completed'"


async def runs(at: Context, place: dict[str, Any]) -> AsyncIterator[Page]:
    """Yield workflow runs, newest first, by the time they were created: the result cap of filtered lists is never met."""

    async def fetch(after: dict[str, Any] | None, _: dict[str, Any]) -> Batch:
        until, page = (after["until"], after["page"]) if after else (None, 1)
        answer = await at.wire.get(
            f"/repos/{at.scope}/actions/runs",
            per_page=100,
            page=page,
            created=f"<={until}" if until else None,
            exclude_pull_requests="true",
        )
        found = answer.body["workflow_runs"]
        times = [r["created_at"] for r in found]
        ahead = None
        if answer.next and times:  # a page of one single second can only be passed by its number
            ahead = {"until": until, "page": page + 1} if times[-1] == until else {"until": times[-1], "page": 1}
        return Batch(
            [_run(r, at.scope) for r in found], times, ahead, None if after else answer.body.get("total_count")
        )

    async for page in newest_first(fetch, place, timedelta(days=2), at.since):
        yield page


async def runs_again(at: Context) -> Landed:
    """Visit again the runs that were not completed when last seen, then read the jobs asked for. Returns what changed."""
    changed, origin = Landed(), at.origin("github_runs")
    for body in at.store.bodies(origin, RUNNING):
        try:
            answer = await at.wire.get(f"/repos/{at.scope}/actions/runs/{body['id']}", exclude_pull_requests="true")
        except Missing:
            changed += at.store.gone(origin, [str(body["id"])], at.wire.now)
            continue
        changed += at.store.land(origin, [_run(answer.body, at.scope)], at.store.progress(origin), at.wire.now)
        at.store.visited(origin, [str(body["id"])], at.wire.now)
    return changed + await jobs(at)


def _run(run: dict[str, Any], scope: str) -> Row:
    wanted = (
        "id name display_title path event status conclusion run_number run_attempt created_at run_started_at updated_at"
        " html_url head_sha head_branch workflow_id actor triggering_actor"
    ).split()
    body = {name: run.get(name) for name in wanted}
    for who in ("actor", "triggering_actor"):
        body[who] = {"login": run[who]["login"], "type": run[who].get("type")} if run.get(who) else None
    return Row(str(run["id"]), moment(run["updated_at"]), body, scope)


LISTS = (
    PULL_REQUESTS,
    DEPLOYMENTS,
    ISSUES,
    RELEASES,
)
STREAMS = (
    *(one.declared() for one in LISTS),
    Stream(name="github_runs", read=runs, finish=runs_again, unfinished=RUNNING),
    history.COMMITS,
    *github_repository.STREAMS,
)
