"""Checks: how long a change waits for machines and how often they fail, from workflow runs as GitHub tells them."""

from typing import Any

import pytest

from metrics import metric, rows, trend
from tests import test_nouns
from tests.test_delivery import SOURCES, complete
from tests.test_nouns import REPO, at

told = test_nouns.told
MINUTE = 1 / 24 / 60
HOUR = 60 * MINUTE
HERE = {"id": "R", "nameWithOwner": REPO, "url": f"https://github.com/{REPO}", "defaultBranchRef": {"name": "trunk"}}


def run(  # noqa: PLR0913  one run, in all its moments
    n: int,
    event: str,
    outcome: str | None,
    *,
    queue: float = 1,
    takes: float = 10,
    attempt: int = 1,
    began: float = 1,
    **more: Any,
) -> dict[str, Any]:
    """Return a run created on a day; queue and takes are minutes. Of a later attempt `began` + `queue` is when that one started."""
    started = began + queue * MINUTE
    return {
        "id": n,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "event": event,
        "status": "completed" if outcome else "in_progress",
        "conclusion": outcome,
        "run_attempt": attempt,
        "created_at": at(began),
        "run_started_at": at(started),
        "updated_at": at(started + takes * MINUTE),
        "html_url": f"https://github.com/{REPO}/actions/runs/{n}",
        "head_branch": "change" if event == "pull_request" else "trunk",
    } | more


def values(name: str) -> list[float | None]:
    return rows(metric(name))["value"].astype(object).where(lambda v: v.notna(), None).tolist()


def test_a_check_on_a_pull_request_waits_from_its_creation_to_its_end(told):
    told(
        SOURCES,
        github_runs=[
            run(1, "pull_request", "success", queue=2, takes=8),
            run(2, "pull_request", "failure", queue=5, takes=20, began=1.1),
            run(
                3, "pull_request", "success", queue=600, takes=7, attempt=2, began=1.2
            ),  # started again ten hours later
            run(4, "pull_request", None, began=1.3),
            run(5, "pull_request", "cancelled", began=1.4),
            run(6, "pull_request", "skipped", began=1.5),
            run(7, "push", "success", began=1.6),
        ],
    )
    assert values("ci_wait") == [pytest.approx(10), pytest.approx(25), pytest.approx(7), None]
    assert values("ci_queue")[:3] == [pytest.approx(2), pytest.approx(5), None]
    assert set(rows(metric("ci_wait"))["kind"]) == {"CI"}


def test_the_median_wait_of_a_week_is_known_from_eight_checks_on(told):
    checks = [run(n, "pull_request", "success", queue=0, takes=n, began=1 + n * HOUR) for n in range(1, 9)]
    told(
        SOURCES, github_runs=[*checks, *(run(20 + n, "pull_request", "success", began=8 + n * HOUR) for n in range(7))]
    )
    complete("2026-03-16")
    found = trend(metric("ci_wait"))
    assert found["value"].iloc[0] == 4.5
    assert found[["value", "n"]].isna().to_numpy().tolist()[1] == [True, False]


def test_only_what_failed_on_the_default_branch_is_a_failure_and_cancelled_runs_are_none(told):
    told(
        '[[workflows]]\nname = "New service"\nruns = ["provision.yml"]\n' + SOURCES,
        github_repositories=[("R", HERE)],
        github_runs=[
            *(run(n, "push", "success", began=1 + n * HOUR) for n in range(5)),
            run(10, "push", "failure", began=2),
            run(11, "schedule", "timed_out", began=2.1),
            run(12, "push", "cancelled", began=2.2),
            run(13, "push", "failure", began=2.3, head_branch="side"),
            run(14, "pull_request", "failure", began=2.4, head_branch="trunk"),  # of a fork that calls its branch so
            run(15, "workflow_dispatch", "failure", began=2.5, path=".github/workflows/provision.yml"),
            run(16, "merge_group", "startup_failure", began=2.6),
        ],
    )
    assert values("ci_failure_share") == [0, 0, 0, 0, 0, 1, 1, 1]
    complete("2026-03-09")
    assert trend(metric("ci_failure_share"))[["value", "n"]].to_numpy().tolist() == [[3 / 8, 8]]


def test_where_nobody_told_the_default_branch_it_is_main_or_master(told):
    told(
        SOURCES,
        github_runs=[run(n, "push", "failure", head_branch=name) for n, name in enumerate(("main", "master", "trunk"))],
    )
    assert len(values("ci_failure_share")) == 2


def test_a_run_started_more_than_once_was_run_again_however_it_ended(told):
    told(
        SOURCES,
        github_runs=[
            run(1, "pull_request", "success"),
            run(2, "pull_request", "success", attempt=2, began=1.1),
            run(3, "push", "failure", attempt=3, began=1.2),
            run(4, "push", "cancelled", attempt=2, began=1.3),
            run(5, "push", None, attempt=2, began=1.4),
        ],
    )
    assert values("ci_rerun_share") == [0, 1, 1]


def test_an_empty_month_of_checks_is_empty_and_not_zero(told):
    told(SOURCES, github_runs=[run(n, "pull_request", "success", began=1 + n * HOUR) for n in range(9)])
    complete("2026-05-01")
    for name in ("ci_wait", "ci_queue", "ci_rerun_share"):
        points = trend(metric(name), "month")
        assert points["value"].notna().tolist() == [True, False], name
        assert points["n"].tolist() == [9, 0]
