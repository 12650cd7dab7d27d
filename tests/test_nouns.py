"""The nouns say what happened: raw answers in, typed rows out, whatever the answers look like, and never who it was."""

import json
import random
import time
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from data import Live, Origin, Progress, Row, publish, query, rules
from data.team import Team

GITHUB, JIRA = "github.com", "jira.example"
REPO = "acme/checkout"
SEEN = datetime(2026, 6, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
NOUNS = [
    "pull_requests", "reviews", "commits", "deployments", "deployment_statuses", "changes", "incidents", "workflow_runs", "issues", "issue_moves",
    "rule_matches",
]  # fmt: skip
SITE = {
    "jira_sites": [("jira.example", {"baseUrl": "https://jira.example/"})],
    "jira_fields": [
        ("customfield_10016", {"role": "points"}),
        ("customfield_10020", {"role": "sprint"}),
    ],
    "jira_statuses": [
        ("1", {"name": "Open", "statusCategory": {"key": "new"}}),
        ("3", {"name": "In Arbeit", "statusCategory": {"key": "indeterminate"}}),
        ("6", {"name": "已完成", "statusCategory": {"key": "done"}}),
    ],
}


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Return a function: told(words of team.toml, stream=[bodies], …) lands, publishes, and returns a function that asks."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))

    def land(words: str = "", **streams: list[Any]):
        (tmp_path / "team.toml").write_text(words, encoding="utf-8")
        with Live("team") as live:
            for stream, items in (SITE | streams).items():
                kind = stream.partition("_")[0]
                rows = [one if isinstance(one, Row) else row(stream, one, n) for n, one in enumerate(items)]
                source = GITHUB if kind == "github" else JIRA
                live.land(Origin(source, kind, stream, REPO if kind == "github" else JIRA), rows, Progress(), SEEN)
            made = publish(live)

        def ask(sql: str):
            return query(sql, edition=made).astype(object).where(lambda frame: frame.notna(), None)

        ask.path = made.path
        return ask

    return land


def row(stream: str, told: Any, n: int) -> Row:
    """Return a row of a stream from a body, or from an id (or the id of its parent) and a body."""
    name, body = (
        told if isinstance(told, tuple) else (str(told.get("id") or n) if isinstance(told, dict) else str(n), told)
    )
    part = stream.endswith(("_parts", "_histories"))
    scope = REPO if stream.startswith("github") else JIRA
    return Row(f"{name}/{n}" if part else name, SEEN, body, scope, parent=name if part else None)


def at(day: float) -> str:
    return (datetime(2026, 3, 2, 9) + timedelta(days=day)).isoformat() + "Z"  # noqa: DTZ001 as GitHub writes it


def day(moment) -> float | None:
    return None if moment is None else (moment - datetime(2026, 3, 2, 9)) / timedelta(days=1)  # noqa: DTZ001


def who(login: str | None, kind: str = "User") -> dict[str, str] | None:
    return login and {"__typename": kind, "login": login}


def commit(oid: str, day: float) -> dict[str, Any]:
    return {
        "__typename": "PullRequestCommit",
        "commit": {"oid": oid, "authoredDate": at(day), "committedDate": at(day)},
    }


def review(n: int | str, day: float | None, by: dict[str, str] | None, state: str = "APPROVED") -> dict[str, Any]:
    sent = None if day is None else at(day)
    return {"__typename": "PullRequestReview", "id": f"R{n}", "state": state, "submittedAt": sent, "author": by}


def event(kind: str, day: float, n: int = 0) -> dict[str, Any]:
    return {"__typename": kind, "id": f"{kind}{day}-{n}", "createdAt": at(day)}


def pull(
    number: int, *events: dict[str, Any], opened: float = 0, merged: float | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "id": f"P{number}",
        "number": number,
        "title": f"Change {number}",
        "url": f"https://github.com/{REPO}/pull/{number}",
        "state": "OPEN" if merged is None else "MERGED",
        "isDraft": False,
        "createdAt": at(opened),
        "updatedAt": at(50),
        "mergedAt": None if merged is None else at(merged),
        "closedAt": None if merged is None else at(merged),
        "baseRefName": "main",
        "headRefName": f"change-{number}",
        "author": who("ann"),
        "mergeCommit": None if merged is None else {"oid": f"sha{number}"},
        "timelineItems": {"nodes": list(events)},
    } | more


def deployment(
    n: int, sha: str, *steps: tuple[str, float], made: float | None = None, environment: str = "production", **more: Any
) -> dict[str, Any]:
    statuses = [{"id": f"S{n}-{k}", "state": state, "createdAt": at(day)} for k, (state, day) in enumerate(steps)]
    return {
        "id": f"D{n}",
        "databaseId": n,
        "createdAt": at(steps[0][1] if made is None else made),
        "updatedAt": at(50),
        "environment": environment,
        "task": "deploy",
        "state": "ACTIVE",
        "commitOid": sha,
        "ref": {"name": "main"},
        "statuses": {"nodes": statuses[::-1]},  # newest first, as GitHub gives them
    } | more


def ticket(n: int, status: str = "1", name: str = "Open", **fields: Any) -> tuple[str, dict[str, Any]]:
    told = {
        "summary": f"Issue {n}",
        "issuetype": {"name": "Bug"},
        "project": {"key": "SHOP"},
        "status": {"id": status, "name": name},
        "created": "2026-03-02T09:00:00.000+0000",
        "updated": "2026-04-01T09:00:00.000+0000",
        "labels": [],
        "components": [],
    }
    return str(n), {"id": str(n), "key": f"SHOP-{n}", "fields": told | fields}


def history(issue: int, day: float, before: tuple[str, str], after: tuple[str, str]) -> tuple[str, dict[str, Any]]:
    item = {"field": "status", "fieldId": "status"}
    item |= {"from": before[0], "fromString": before[1], "to": after[0], "toString": after[1]}
    return str(issue), {"created": at(day).replace("Z", ".000+0000"), "items": [{"field": "Rank", "to": "x"}, item]}


OPEN, ACTIVE, DONE = ("1", "Open"), ("3", "In Arbeit"), ("6", "已完成")


# Times


def test_every_offset_becomes_utc(told):
    ask = told(
        github_pull_requests=[pull(1, commit("c", 0), createdAt="2026-03-04T22:00:00-07:00")],
        jira_issues=[
            ticket(1, created="2026-03-04T22:00:00.500+0530"),
            ticket(2, created="2026-03-04T22:00:00.000+0100"),
            ticket(3, created="1772661600000"),
            ticket(4, created=1772661600),
            ticket(5, created="yesterday"),
            ticket(6, created="infinity"),
        ],
    )

    assert str(ask("select opened_at from pull_requests").iloc[0, 0]) == "2026-03-05 05:00:00"
    assert [str(t) for t in ask("select created_at from issues order by id")["created_at"]] == [
        "2026-03-04 16:30:00.500000",
        "2026-03-04 21:00:00",
        "2026-03-04 22:00:00",
        "2026-03-04 22:00:00",
        "None",
        "None",
    ]


# Pull requests


def test_a_drafts_clock_starts_when_it_is_ready_for_the_last_time(told):
    ask = told(
        github_pull_requests=[
            pull(1),
            pull(2, event("ReadyForReviewEvent", 3)),
            pull(3, event("ReadyForReviewEvent", 3), event("ConvertToDraftEvent", 4), event("ReadyForReviewEvent", 6)),
            pull(4, isDraft=True),
            pull(5, event("ReadyForReviewEvent", 3), event("ConvertToDraftEvent", 4), isDraft=True),
        ]
    )

    assert [day(t) for t in ask("select ready_at from pull_requests order by number")["ready_at"]] == [
        0,
        3,
        6,
        None,
        None,
    ]


def test_reviews_by_bots_by_the_author_and_unsent_ones_do_not_count(told):
    ask = told(
        'bots = ["*-owl"]',
        github_pull_requests=[
            pull(
                1,
                review(1, 1, who("linter", "Bot")),
                review(2, 2, who("Style-Owl")),
                review(3, 3, who("ANN"), "COMMENTED"),
                review(4, None, who("bob"), "PENDING"),
                review(5, 5, None, "COMMENTED"),
                review(6, 6, who("bob")),
                review(7, 7, who("bob"), "DISMISSED"),
                review(8, 9, who("cleo")),
                merged=8,
            ),
            pull(2, review(9, 1, who("linter", "Bot")), author=who("renovate", "Bot"), merged=2),
        ],
    )

    found = ask("select reviews, first_review_at, approved_at, bot from pull_requests order by number").to_dict(
        "records"
    )
    assert [found[0]["reviews"], day(found[0]["first_review_at"]), day(found[0]["approved_at"])] == [4, 5, 6]
    assert [found[1]["reviews"], found[1]["first_review_at"], found[1]["approved_at"]] == [0, None, None]
    assert [one["bot"] for one in found] == [False, True]
    assert len(ask("from reviews")) == 9
    assert ask("select count(*) from reviews where by_author").iloc[0, 0] == 1


def test_what_overflowed_counts_once_and_what_was_rewritten_not_at_all(told):
    shared = [commit("c2", 1), review(1, 2, who("bob"))]
    ask = told(
        github_pull_requests=[
            pull(1, commit("c1", 0.5), *shared, merged=9),
            Row("P2", SEEN + timedelta(days=1), pull(2, commit("d1", 1)), REPO),
        ],
        github_pull_request_parts=[
            ("P1", {"timelineItems": {"nodes": [*shared, commit("c3", -1), review(2, 3, who("cleo"))]}}),
            ("P1", {"files": {"nodes": [{"path": "a"}]}}),
            ("P2", {"timelineItems": {"nodes": [commit("gone", 1)]}}),
            ("P9", {"timelineItems": {"nodes": [commit("orphan", 1)]}}),
        ],
    )

    found = ask("select commits, reviews, first_commit_at from pull_requests order by number").to_dict("records")
    assert [(one["commits"], one["reviews"], day(one["first_commit_at"])) for one in found] == [(3, 2, -1), (1, 0, 1)]
    assert sorted(ask("select sha from commits")["sha"]) == ["c1", "c2", "c3", "d1"]


def test_a_review_told_on_two_pages_is_one_as_it_ended_and_the_authors_own_stays_their_own(told):
    ask = told(
        github_pull_requests=[pull(1, review(1, 2, who("bob")), event("ReadyForReviewEvent", 1), None, merged=9)],
        github_pull_request_parts=[
            ("P1", {"timelineItems": {"nodes": [review(1, 2, who("bob"), "DISMISSED"), review(2, 3, who("ann"), "COMMENTED")]}}),
            ("P1", {"timelineItems": {"nodes": [event("ReadyForReviewEvent", 1), review(2, 3, who("ann"), "COMMENTED")]}}),
        ],
    )  # fmt: skip

    assert ask("select id, state, by_author, repo from reviews order by id").values.tolist() == [
        ["R1", "dismissed", False, REPO],
        ["R2", "commented", True, REPO],
    ]
    assert ask("select reviews, approved_at from pull_requests").values.tolist() == [[1, None]]


def test_a_revert_names_the_merged_pull_request_it_takes_back(told):
    ask = told(
        github_pull_requests=[
            pull(1, title="Add tax", merged=1),
            pull(2, title="Add tax", merged=3),
            pull(3, title="Add tax", merged=20),
            pull(4, title="Add fees"),
            pull(5, title='Revert "Add tax"', opened=5, merged=6),
            pull(6, title='Revert "Add tax"', headRefName="revert-1-add-tax", opened=5),
            pull(7, title='Revert "Add fees"', opened=5),
            pull(8, title='Revert "Revert "Add tax""', opened=7),
            pull(9, title="Mend it", headRefName="revert-the-mess", opened=7),
        ]
    )

    assert list(ask("select revert_of from pull_requests where number > 4 order by number")["revert_of"]) == [
        "P2", "P1", None, "P5", None,
    ]  # fmt: skip


# Deployments


def test_preprod_is_not_production(told):
    names = ["production", "PROD", "preprod", "pre-production", "production-eu", "live", None]
    ask = told(
        github_deployments=[deployment(n, "x", ("SUCCESS", n), environment=name) for n, name in enumerate(names)]
    )
    assert list(ask("select production from deployments order by created_at")["production"]) == [
        True, True, False, False, False, True, False,
    ]  # fmt: skip


def test_a_rule_changed_applies_on_read(told):
    body = [deployment(1, "x", ("SUCCESS", 1), environment="eu-1/prod")]
    assert not told(github_deployments=body)("select production from deployments").iloc[0, 0]
    assert told('[deployments]\nproduction = ["*/prod"]', github_deployments=body)(
        "select production from deployments"
    ).iloc[0, 0]
    assert not told("[deployments]\nproduction = []", github_deployments=body)(
        "select production from deployments"
    ).iloc[0, 0]


def test_inactive_is_not_failure_and_one_success_is_a_success_for_ever(told):
    ask = told(
        github_deployments=[
            deployment(1, "a", ("QUEUED", 1), ("SUCCESS", 1.1), ("INACTIVE", 1.5)),
            deployment(2, "b", ("IN_PROGRESS", 2), ("FAILURE", 2.1)),
            deployment(3, "c", ("ERROR", 3), ("INACTIVE", 3.2)),
            deployment(4, "d", ("FAILURE", 4), ("SUCCESS", 4.1)),
            deployment(5, "e", ("SUCCESS", 5), ("FAILURE", 5.1)),
            deployment(6, "f", ("IN_PROGRESS", 6)),
            deployment(7, "g", made=7, state="PENDING"),
            deployment(8, "h", ("INACTIVE", 8)),
            deployment(9, "i", made=9, statuses=None),
        ]
    )

    found = ask("select outcome, failed, finished_at, restored_at from deployments order by created_at").to_dict(
        "records"
    )
    assert [(one["outcome"], one["failed"]) for one in found] == [
        ("success", False), ("failure", True), ("error", True), ("success", False), ("success", False),
        ("pending", False), ("pending", False), ("unknown", False), ("success", False),
    ]  # fmt: skip
    assert [day(one["finished_at"]) for one in found[:5]] == pytest.approx([1.1, 2.1, 3, 4.1, 5])
    assert [day(one["restored_at"]) for one in found[1:3]] == pytest.approx([4.1, 4.1])
    assert len(ask("from deployment_statuses")) == 13


def test_a_rollback_marks_the_deployment_before_it(told):
    merges = [pull(n, merged=n) for n in (1, 2, 3, 4)]
    ask = told(
        github_pull_requests=merges,
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 1.5)),
            deployment(2, "sha2", ("SUCCESS", 2.5)),  # rolled back by place: 1 was merged before 2
            deployment(3, "sha1", ("SUCCESS", 2.6)),
            deployment(4, "pushed", ("SUCCESS", 2.7)),
            deployment(5, "sha3", ("SUCCESS", 3.5)),  # rolled back: 'pushed' was live before
            deployment(6, "pushed", ("SUCCESS", 3.6)),
            deployment(7, "sha4", ("SUCCESS", 4.5)),  # rolled back, said so
            deployment(8, "other", ("SUCCESS", 4.6), task="deploy:rollback"),
            deployment(9, "other", ("SUCCESS", 4.7), task="deploy:rollback"),  # once more: nothing new
            deployment(10, "fixed", ("SUCCESS", 5), ref={"name": "hotfix/tax"}),
            deployment(11, "sha2", ("SUCCESS", 6), environment="staging"),
            deployment(12, "sha1", ("SUCCESS", 7), environment="staging"),
        ],
    )

    failed = ask("select database_id as n, why_failed, restored_at from deployments where failed order by n")
    assert list(failed["n"]) == [2, 5, 7]
    assert [day(t) for t in failed["restored_at"]] == pytest.approx([2.6, 3.6, 4.6])
    assert failed["why_failed"][0] == "It was rolled back: sha1 was put back on 4 Mar 2026, 23:24 UTC."
    assert list(ask("select database_id as n from deployments where rework order by n")["n"]) == [3, 6, 8, 9, 10]


def test_two_deployments_that_cross_are_no_rollback(told):
    ask = told(
        github_pull_requests=[pull(1, merged=1), pull(2, merged=2)],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 4), made=2.1),
            deployment(2, "sha2", ("SUCCESS", 3), made=2.2),
        ],
    )
    assert not ask("select bool_or(failed or rework) from deployments").iloc[0, 0]


def test_a_deployment_links_to_something_a_person_can_open(told):
    here = f"https://github.com/{REPO}"
    log = {"id": "S", "state": "SUCCESS", "createdAt": at(1), "logUrl": f"{here}/actions/runs/7"}
    ask = told(
        github_pull_requests=[pull(1)],
        github_deployments=[
            deployment(1, "x", ("SUCCESS", 1)),
            deployment(2, "x", made=2, statuses={"nodes": [log]}),
            deployment(3, "x", made=3, statuses={"nodes": [log | {"id": "T", "logUrl": "javascript:alert(1)"}]}),
        ],
    )
    assert list(ask("select url from deployments order by created_at")["url"]) == [
        f"{here}/deployments", f"{here}/actions/runs/7", f"{here}/deployments",
    ]  # fmt: skip


def test_the_first_deployment_of_a_repository_carries_everything_merged_before(told):
    ask = told(
        github_pull_requests=[pull(n, merged=n) for n in (1, 2, 3)],
        github_deployments=[deployment(1, "sha2", ("SUCCESS", 5))],
    )
    assert [day(t) for t in ask("select deployed_at from pull_requests order by number")["deployed_at"]] == [5, 5, None]


def test_putting_an_old_commit_back_deploys_nothing_new(told):
    ask = told(
        github_pull_requests=[pull(1, merged=1), pull(2, merged=3)],
        github_deployments=[
            deployment(1, "sha1", ("SUCCESS", 1.5)),
            deployment(2, "pushed", ("SUCCESS", 2), environment="staging"),
            deployment(3, "pushed", ("SUCCESS", 4)),  # made before the second merge, whenever it goes out
            deployment(4, "sha1", ("SUCCESS", 5), task="deploy:rollback"),
            deployment(5, "sha2", ("SUCCESS", 6)),
        ],
    )
    assert [day(t) for t in ask("select deployed_at from pull_requests order by number")["deployed_at"]] == [1.5, 6]


def test_what_is_merged_into_a_branch_goes_out_with_that_branch(told):
    ask = told(
        github_pull_requests=[
            pull(1, merged=1, baseRefName="develop"),
            pull(2, merged=3, baseRefName="develop"),
            pull(3, merged=2, headRefName="develop"),
            pull(4, merged=1, baseRefName="change-9"),
            pull(5, merged=2, headRefName="change-9", isCrossRepository=True),
        ],
        github_deployments=[deployment(1, "sha3", ("SUCCESS", 5)), deployment(2, "sha5", ("SUCCESS", 6))],
    )
    assert [day(t) for t in ask("select deployed_at from pull_requests order by number")["deployed_at"]] == [
        5,
        None,
        5,
        None,
        5,
    ]


@pytest.mark.parametrize("seed", range(3))
def test_squash_rebase_and_merge_alike_a_pull_request_is_deployed_by_the_first_deployment_that_contains_it(told, seed):
    chance = random.Random(seed)
    merges = [
        {"number": n, "merged": n + chance.random() * 3, "base": chance.choice(["main", "main", "main", "release"])}
        for n in range(1, 200)
    ]
    deployments = []
    for n in range(60):
        made = chance.uniform(0, 210)
        earlier = [m for m in merges if m["merged"] <= made]
        sha = f"sha{chance.choice(earlier)['number']}" if earlier and chance.random() < 0.8 else f"direct{n}"
        outcome = chance.choice(["SUCCESS", "SUCCESS", "SUCCESS", "FAILURE"])
        place = chance.choice(["production", "production", "staging"])
        deployments.append((n, sha, made, made + chance.random(), outcome, place))

    def first(merge: dict[str, Any]) -> float | None:
        """Return the day the slow way: look at every deployment."""
        carrying = []
        for _, sha, made, finished, outcome, place in deployments:
            same = next((m for m in merges if f"sha{m['number']}" == sha), None)
            contains = made >= merge["merged"] if same is None else (
                same["base"] == merge["base"] and same["merged"] >= merge["merged"]
            )  # fmt: skip
            if contains and (outcome, place) == ("SUCCESS", "production"):
                carrying.append(finished)
        return min(carrying, default=None)

    ask = told(
        github_pull_requests=[pull(m["number"], merged=m["merged"], baseRefName=m["base"]) for m in merges],
        github_deployments=[
            deployment(n, sha, (outcome, finished), made=made, environment=place)
            for n, sha, made, finished, outcome, place in deployments
        ],
    )
    found = [day(t) for t in ask("select deployed_at from pull_requests order by number")["deployed_at"]]
    assert found == pytest.approx([first(m) for m in merges], abs=1e-6)


# Workflow runs


def test_a_run_belongs_to_the_first_workflow_that_fits_its_file_its_name_or_its_title(told):
    def run(n: int, file: str, name: str, title: str, **more: Any) -> dict[str, Any]:
        path = f".github/workflows/{file}@refs/heads/main"
        times = {"created_at": at(n), "run_started_at": at(n), "updated_at": at(n + 1)}
        return {"id": n, "path": path, "name": name, "display_title": title, "status": "completed", **times, **more}

    ask = told(
        """
        [[workflows]]
        name = "Provision service"
        runs = ["provision-*.yml", "Create * (self-service)"]
        [[workflows]]
        name = "Anything by hand"
        runs = ["*by hand*"]
        """,
        github_runs=[
            run(1, "provision-service.yml", "Provision", "by hand", conclusion="success"),
            run(2, "ops.yml", "Ops", "Create bucket (self-service)", conclusion="failure"),
            run(3, "ops.yml", "Ops", "Run BY HAND\nagain", status="in_progress", conclusion=None),
            run(4, "ci.yml", "CI", "Provision-things.yml is mentioned", conclusion="cancelled"),
        ],
    )
    found = ask("select self_service, outcome, finished_at, path from workflow_runs order by id")
    assert list(found["self_service"]) == ["Provision service", "Provision service", "Anything by hand", None]
    assert list(found["outcome"]) == ["success", "failure", "in_progress", "cancelled"]
    assert [day(t) for t in found["finished_at"]] == [2, 3, None, 5]


# Issues


def test_an_issue_that_was_reopened_says_so_and_is_resolved_when_it_last_was(told):
    moves = [(1, OPEN, ACTIVE), (2, ACTIVE, DONE), (4, DONE, ACTIVE), (5, ACTIVE, DONE), (6, DONE, ("7", "Closed"))]
    ask = told(
        '[statuses]\ndone = ["closed"]',
        jira_issues=[ticket(1, "7", "Closed"), ticket(2, "1", "Open", resolutiondate="2026-03-04T09:00:00.000+0000")],
        jira_histories=[
            *(history(1, *move) for move in moves),
            history(2, 1, OPEN, DONE),
            history(2, 3, DONE, OPEN),
        ],
    )
    found = ask("select reopens, started_at, resolved_at, status_kind from issues order by id").to_dict("records")
    assert [(one["reopens"], day(one["started_at"]), day(one["resolved_at"])) for one in found] == [
        (1, 1, 5),
        (1, None, None),
    ]
    assert [one["status_kind"] for one in found] == ["done", "queue"]


def test_a_status_means_what_the_team_says_else_its_category_by_id_else_by_name(told):
    gone = ("999", "Abgenommen")
    ask = told(
        '[statuses]\nwait = ["wartet*"]\nactive = ["Wartet auf uns"]\ndone = ["ABGENOMMEN"]',
        jira_issues=[ticket(1, *DONE), ticket(2, "404", "Vergessen"), ticket(3, "3", "In Arbeit"), ticket(4, *DONE)],
        jira_histories=[
            history(1, 1, ("1", "Offen"), ("3", "In Progress, once")),  # ids hold when names change
            history(1, 2, ("50", "Wartet auf Kundin"), ("51", "Wartet auf uns")),
            history(1, 3, ("404", "Vergessen"), gone),
            history(1, 4, (None, "open"), DONE),  # no id: by name
        ],
    )
    found = ask("select from_kind, to_kind from issue_moves order by moved_at").to_numpy().tolist()
    assert found == [["queue", "active"], ["wait", "active"], [None, "done"], ["queue", "done"]]
    issues = ask("select status_kind, created_at, started_at, resolved_at from issues order by id").to_dict("records")
    assert [one["status_kind"] for one in issues] == ["done", None, "active", "done"]
    assert day(issues[2]["started_at"]) == 0  # it began active
    assert day(issues[3]["resolved_at"]) == 30  # done without a move: by its last change at the latest
    assert issues[1]["resolved_at"] is None


def test_bugs_and_incidents_are_what_the_team_calls_so(told):
    def issue(n: int, *labels: str, **more: Any) -> dict[str, Any]:
        told = {"id": f"I{n}", "number": n, "title": f"Issue {n}", "state": "OPEN", "createdAt": at(n), "url": "u"}
        return told | {"labels": {"nodes": [{"name": label} for label in labels]}} | more

    closed = {"state": "CLOSED", "stateReason": "COMPLETED", "closedAt": at(9)}
    ask = told(
        '[bugs]\ntypes = ["Defect"]\nlabels = ["type: bug"]\n[incidents]\nlabels = ["sev[12]"]',
        github_issues=[
            issue(1, "Type: Bug", "sev1"),
            issue(2, "debug", "sev3"),
            issue(3, **closed, timelineItems={"nodes": [event("ClosedEvent", 5), event("ReopenedEvent", 6)]}),
            issue(4, **closed),
        ],
        github_issue_parts=[("I3", {"timelineItems": {"nodes": [event("ReopenedEvent", 6), event("ClosedEvent", 8)]}})],
        jira_issues=[
            ticket(1, issuetype={"name": "defect"}),
            ticket(2),
            ticket(3, labels=["x", "TYPE: BUG"], components=[{"name": "cart"}]),
        ],
    )
    found = ask(
        "select source, key, type, is_bug, is_incident, resolved_at, reopens, components, url, resolution from issues order by 1, 2"
    )
    assert list(found["is_bug"]) == [True, False, False, False, True, False, True]
    assert list(found["is_incident"]) == [True] + [False] * 6
    assert list(found["type"]) == ["Bug", "Issue", "Issue", "Issue", "defect", "Bug", "Bug"]
    assert [day(t) for t in found["resolved_at"]] == [None, None, 8, 9, None, None, None]
    assert list(found["reopens"]) == [0, 0, 1, 0, 0, 0, 0]
    assert [list(c) for c in found["components"]] == [["checkout"]] * 4 + [[], [], ["cart"]]
    assert list(found["key"])[:1] == ["acme/checkout#1"]
    assert found["url"].iloc[4] == "https://jira.example/browse/SHOP-1"
    assert found["resolution"].iloc[3] == "completed"


# Whatever the answers look like


GOOD = {
    "github_pull_requests": pull(1, commit("c", 0), review(1, 1, who("bob")), event("ReadyForReviewEvent", 1), merged=2),
    "github_deployments": deployment(1, "sha1", ("SUCCESS", 3)),
    "github_runs": {"id": 1, "name": "CI", "path": "a/ci.yml", "status": "completed", "created_at": at(1), "updated_at": at(2)},
    "github_issues": {
        "id": "I1", "number": 1, "title": "t", "why": "w", "state": "CLOSED", "createdAt": at(1), "closedAt": at(3),
        "labels": {"nodes": [{"name": "bug"}]}, "timelineItems": {"nodes": [event("ClosedEvent", 3)]},
    },
    "github_commits": {"oid": "c", "committedDate": at(1), "walk": 1, "below": 0, "line": True},
    "github_releases": {"tagName": "v1", "name": "One", "isPrerelease": False, "createdAt": at(1), "publishedAt": at(1)},
    "github_repositories": {"id": "R", "nameWithOwner": REPO, "url": "https://github.com/acme/checkout", "isArchived": True, "createdAt": at(0)},
    "usage_rows": {"happened_at": at(1), "feature": "search", "count": 2, "area": "shop", "user": "ada"},
    "jira_issues": ticket(1, components=[{"name": "cart"}], customfield_10016=3, customfield_10020=[{"name": "Sprint 1"}])[1],
    "jira_histories": history(1, 1, OPEN, ACTIVE)[1],
    "jira_statuses": {"id": "3", "name": "Doing", "statusCategory": {"key": "indeterminate"}},
    "jira_sites": {"baseUrl": "https://jira.example"},
    "jira_fields": {"id": "customfield_10016", "role": "points"},
    "jira_boards": {"id": 1, "name": "Board", "project": "SHOP", "estimation": {"fieldId": "customfield_10016"}},
    "jira_sprints": {"id": 1, "name": "Sprint 1", "state": "active", "startDate": at(1), "originBoardId": 1},
    "jira_worklogs": {"issueId": "1", "started": at(1), "timeSpentSeconds": 60, "author": {"accountId": "a"}},
    "github_pull_request_parts": {"timelineItems": {"nodes": [commit("d", 0)]}},
    "github_deployment_parts": {"statuses": {"nodes": [{"id": "S", "state": "INACTIVE", "createdAt": at(4)}]}},
    "github_issue_parts": {"timelineItems": {"nodes": [event("ReopenedEvent", 2)]}},
}  # fmt: skip
ODD = (
    None,
    "",
    "text",
    7,
    -1.5,
    True,
    [],
    {},
    [None],
    [[]],
    {"nodes": None},
    "13 points",
    "99999999999999999999",
    "\x00\u202e🎉",
)


def spoiled(body: Any):
    """Yield a body once for each of its places and each odd thing that may stand there, and once without the place."""
    yield from ODD
    if isinstance(body, dict):
        for key in body:
            yield {k: v for k, v in body.items() if k != key}
            yield from ({**body, key: odd} for odd in spoiled(body[key]))
    if isinstance(body, list):
        for n in range(len(body)):
            yield from ([*body[:n], odd, *body[n + 1 :]] for odd in spoiled(body[n]))


@pytest.mark.parametrize("stream", GOOD)
def test_null_everything_and_things_of_another_type_break_nothing(told, stream):
    odd = [json.loads(json.dumps(body).replace("\\u0000", "")) for body in spoiled(GOOD[stream])]
    parents = {"jira_histories": ("jira_issues", "1"), "github_pull_request_parts": ("github_pull_requests", "P1")}
    parents |= {"github_deployment_parts": ("github_deployments", "D1"), "github_issue_parts": ("github_issues", "I1")}
    if stream in parents:
        owner, parent = parents[stream]
        rows = {
            owner: [(parent, GOOD[owner])],
            stream: [Row(f"x{n}", SEEN, body, REPO, parent=parent) for n, body in enumerate(odd)],
        }
    else:
        rows = {stream: [Row(f"x{n}", SEEN, body, REPO) for n, body in enumerate(odd)]}
    ask = told(**rows)

    tables = {"github_runs": "workflow_runs", "github_commits": "default_branch", "jira_issues": "issues"}
    noun = tables.get(stream, stream.removeprefix("github_"))
    if noun in NOUNS:
        told_something = [
            one
            for one in odd
            if isinstance(one, dict) and (not one or any(value is not None for value in one.values()))
        ]
        assert len(ask(f"from {noun}")) == len(told_something)  # what is no object, or says nothing, is set aside
    else:
        assert all(len(ask(f"from {one}")) >= 0 for one in NOUNS)


def test_nothing_collected_is_no_error(told):
    ask = told()
    assert [len(ask(f"from {noun}")) for noun in NOUNS] == [0] * len(NOUNS)


def test_gone_things_are_in_no_noun(told, tmp_path):
    told(github_pull_requests=[pull(1, commit("c", 1), review(1, 1, who("bob"))), pull(2)], jira_issues=[ticket(1)])
    with Live("team") as live:
        live.connection.execute("update raw.github_pull_requests set gone_at = now()::timestamp where id = 'P1'")
        live.connection.execute("update raw.jira_issues set gone_at = now()::timestamp")
        made = publish(live)
    counts = [len(query(f"from {noun}", edition=made)) for noun in ("pull_requests", "reviews", "commits", "issues")]
    assert counts == [1, 0, 0, 0]


def test_two_sites_may_use_the_same_ids(told):
    told(jira_issues=[ticket(1)], jira_histories=[history(1, 1, OPEN, ACTIVE)])
    with Live("team") as live:
        for stream, (_, body), parent in (
            ("jira_issues", ticket(1, summary="Another"), None),
            ("jira_histories", history(1, 2, OPEN, ACTIVE), "1"),
        ):
            live.land(
                Origin("jira2.example", "jira", stream, "jira2"),
                [Row("1/0" if parent else "1", SEEN, body, "x", parent=parent)],
                Progress(),
                SEEN,
            )
        made = publish(live)
    found = query(
        "select i.id, title, count(*) as moves from issues i join issue_moves m on m.issue_id = i.id group by all order by 1",
        edition=made,
    )
    assert found.to_numpy().tolist() == [["1", "Issue 1", 1], ["jira2.example 1", "Another", 1]]


def test_a_second_github_keeps_its_name_where_it_has_one_address_with_the_first_jira(told):
    told(github_pull_requests=[pull(1, merged=2)])
    with Live("team") as live:
        for kind, stream, (key, body) in (
            ("github", "github_pull_requests", ("P1", pull(1, merged=3))),
            ("jira", "jira_issues", ticket(1)),
        ):
            origin = Origin("tools.example", kind, stream, "acme/shop")
            live.land(origin, [Row(key, SEEN, body, "acme/shop")], Progress(), SEEN)
        made = publish(live)
    ids = [
        query(f"select id from {noun} order by 1", edition=made)["id"].tolist() for noun in ("pull_requests", "issues")
    ]
    assert ids == [["P1", "tools.example P1"], ["tools.example 1"]]


# People


def test_no_login_no_mail_and_no_key_is_anywhere_in_an_edition(told, tmp_path):
    name = "canary"
    person = {
        "login": f"{name}-login",
        "email": f"{name}@mail.example",
        "name": f"{name} name",
        "accountId": f"{name}-account",
    }
    actor = {"__typename": "User"} | person
    body = pull(1, review(1, 1, actor), commit("c", 0), merged=2, author=actor, mergedBy=actor)
    body["timelineItems"]["nodes"][1]["commit"]["author"] = {"email": person["email"], "user": person}
    ask = told(
        github_pull_requests=[body],
        github_deployments=[deployment(1, "sha1", ("SUCCESS", 3), creator=actor)],
        github_runs=[GOOD["github_runs"] | {"actor": actor, "triggering_actor": actor}],
        github_issues=[GOOD["github_issues"] | {"author": actor}],
        jira_issues=[ticket(1, assignee=person, reporter=person)],
        jira_histories=[("1", history(1, 1, OPEN, ACTIVE)[1] | {"author": person})],
    )

    tables = ask("select table_name from information_schema.tables")["table_name"]
    assert set(NOUNS) <= set(tables)
    for table in tables:
        assert name not in ask(f"from {table}").to_json(default_handler=str), table
    kept = ask.path.read_bytes()
    assert name.encode() not in kept
    assert (tmp_path / "home" / "person.key").read_bytes() not in kept
    assert ask("select count(*) from duckdb_functions() where function_name in ('person', 'utc')").iloc[0, 0] == 0


def test_a_person_is_the_same_hash_however_the_login_is_written(told):
    ask = told(
        github_pull_requests=[
            pull(1, review(1, 1, who("BOB")), author=who("Ann")),
            pull(2, review(2, 1, who("ann")), author=who("bob")),
            pull(3, author=None),
        ]
    )
    found = ask(
        "select author, reviewer from pull_requests p left join reviews r on r.pull_request_id = p.id order by number"
    )
    (ann, bob), crossed, nobody = found.to_numpy().tolist()
    assert crossed == [bob, ann]
    assert nobody == [None, None]
    assert len(ann) == 16
    assert ann != bob


# The same again, and fast


def test_the_same_raw_gives_the_same_nouns(told):
    bodies = {stream: [(str(n), body) for n, body in enumerate([GOOD[stream]] * 3)] for stream in GOOD}
    ask, again = told(**bodies), told(**bodies)
    for noun in NOUNS:
        order = "order by all" if noun == "commits" else ""
        assert ask(f"from {noun} {order}").to_json(default_handler=str) == again(f"from {noun} {order}").to_json(
            default_handler=str
        )


def test_twenty_thousand_pull_requests_are_built_in_seconds_and_in_silence(told, tmp_path, capfd):
    told()
    body = json.dumps(
        pull(1, *(commit(f"c{n}@", n) for n in range(6)), *(review(f"{n}@", n, who("bob")) for n in range(3)), merged=9)
    )
    deployed = json.dumps(deployment(1, "sha@", ("SUCCESS", 9.5)))
    with Live("team") as live:
        for stream, told_body, every in (
            ("github_pull_requests", body.replace("sha1", "sha@"), 1),
            ("github_deployments", deployed, 7),
        ):
            live.connection.execute(
                f"""
                insert into raw.{stream}
                select $source, i::text, $repo || i % 10, null, $seen, replace($body, '@', i::text)::json, $seen, null, $seen
                from range(20000) r(i)
                where i % $every = 0
                """,
                {"source": GITHUB, "repo": REPO, "seen": SEEN, "body": told_body, "every": every},
            )
        began = time.process_time()
        read = live.connection.execute(
            "select count(json_extract_string(body, '$.title')) from raw.github_pull_requests"
        ).fetchone()
        made = publish(live)
        seconds = time.process_time() - began
    found = query(
        "select count(*) as n, count(deployed_at) as deployed, sum(commits)::int as commits from pull_requests",
        edition=made,
    )
    assert read == (20_000,)
    assert found.iloc[0].tolist() == [20_000, 20_000, 120_000]
    assert seconds < 30
    assert capfd.readouterr() == ("", "")


# The rules


def test_a_glob_fits_whole_names_in_any_case_and_nothing_else():
    def fits(globs: list[str], text: str) -> bool:
        with duckdb.connect() as connection:
            asked = connection.execute(
                "select regexp_full_match(lower($text), $rule)", {"text": text, "rule": rules.one_of(globs)}
            )
            found = asked.fetchone()[0]
        assert rules.applies(globs, text) == found
        return found

    assert fits(["prod*"], "Production")
    assert not fits(["prod*"], "preprod")
    assert fits(["*[[]bot]"], "renovate[bot]")
    assert not fits(["*[[]bot]"], "robot")
    assert fits(["v?.[0-9]", "x"], "V1.2")
    assert not fits(["v?.[!0-9]"], "v1.2")
    assert not fits(["a.c"], "abc")
    assert fits(["a|b"], "A|B")
    assert not fits(["a|b"], "a")
    assert not fits([], "")
    assert fits(["[z-a]*", "wartet*"], "Wartet\nauf Antwort")
    assert fits(["[unclosed"], "[unclosed")
    assert fits(["(", "\\d"], "\\D")
    assert fits(["[]]", "[a-]"], "-")


def test_what_the_rules_matched_can_be_looked_at(told):
    ask = told(
        '[[workflows]]\nname = "Provision"\nruns = ["CI"]',
        github_pull_requests=[pull(1, author=who("renovate", "Bot")), pull(2)],
        github_deployments=[
            deployment(1, "x", ("SUCCESS", 1)),
            deployment(2, "y", ("SUCCESS", 1), environment="preprod"),
        ],
        github_runs=[GOOD["github_runs"]],
        jira_issues=[ticket(1), ticket(2, "404", "Vergessen", issuetype={"name": "Story"}, labels=["outage"])],
    )
    found = rules.matches(ask)
    assert list(found.columns) == ["rule", "matched", "items", "applies"]
    assert {(r.rule, r.matched): (r.items, r.applies) for r in found.itertuples()} == {
        ("production", "production"): (1, "production"),
        ("production", "preprod"): (1, None),
        ("rework", "deploy"): (2, None),
        ("issue type", "Bug"): (1, "bug"),
        ("issue type", "Story"): (1, None),
        ("label", "outage"): (1, "incident"),
        ("status", "Open"): (1, "queue"),
        ("status", "Vergessen"): (1, None),
        ("Workflow", "CI"): (1, "Provision"),
        ("bot", "authors of pull requests"): (1, "bot"),
        ("incident", "SHOP"): (1, None),
    }


def test_rules_are_bound_and_never_sql():
    words = Team(bots=("'; drop table x; --",), workflows=({"name": "'); --", "runs": ["'"]},))
    with duckdb.connect() as connection:
        rules.prepare(connection, words, "it's a key")
        assert connection.execute("select getvariable('person_key'), name from workflow_rules").fetchone() == (
            "it's a key",
            "'); --",
        )
