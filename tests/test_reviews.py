"""How a pull request went: its phases add up to the whole exactly, and what review was is told from what GitHub holds."""

import random
from datetime import date
from typing import Any

import pandas as pd
import pytest

from data import Row, query
from metrics import metric, rows, trend
from tests.test_nouns import REPO, commit, day, deployment, event, pull, review, row, who

PHASES = ("coding_time", "pickup_time", "review_time", "merge_time", "deploy_time")
BOB = who("bob")


def rows_of(**streams: list[Any]) -> dict[str, list[Row]]:
    """Return the bodies of each stream as rows that can be kept."""
    return {name: [row(name, one, n) for n, one in enumerate(items)] for name, items in streams.items()}


def moments(columns: str) -> list[dict[str, Any]]:
    found = query(f"select {columns} from pull_requests order by number").astype(object)
    return found.where(found.notna(), None).to_dict("records")


def only(name: str) -> list[float | None]:
    return [None if pd.isna(value) else value for value in rows(metric(name))["value"]]


# Phases


def test_from_raw_to_the_number_the_phases_are_31_19_23_4_and_19_and_a_half_hours(landed):
    # Monday 2 March 2026, 09:00 is day 0: begun then, opened on Tuesday at 16:00, and so on.
    hours = {"opened": 31, "reviewed": 50, "approved": 73, "merged": 77, "deployed": 96.5}
    days = {name: hour / 24 for name, hour in hours.items()}
    landed(
        **rows_of(
            github_pull_requests=[
                pull(
                    1,
                    commit("c1", 0),
                    review(1, days["reviewed"], BOB, "COMMENTED"),
                    review(2, days["approved"], BOB),
                    opened=days["opened"],
                    merged=days["merged"],
                )
            ],
            github_deployments=[deployment(1, "sha1", ("SUCCESS", days["deployed"]))],
        )
    )

    assert [only(name) for name in PHASES] == [[31], [19], [23], [4], [19.5]]
    assert only("change_lead_time") == [pytest.approx(96.5 / 24)]


def test_the_phases_add_up_to_the_whole_whatever_happened_when(landed):
    chance = random.Random(7)
    told = []
    for number in range(1, 120):
        events = [commit(f"c{number}-{n}", chance.uniform(-3, 6)) for n in range(chance.randrange(1, 4))]
        events += [
            review(f"{number}-{n}", chance.uniform(0, 12), BOB, chance.choice(["APPROVED", "COMMENTED"]))
            for n in range(chance.randrange(4))
        ]
        events += [
            event(chance.choice(["ReadyForReviewEvent", "ConvertToDraftEvent"]), chance.uniform(0, 8), number)
            for _ in range(chance.randrange(3))
        ]
        told.append(pull(number, *events, opened=chance.uniform(0, 2), merged=chance.uniform(8, 12)))
    landed(**rows_of(github_pull_requests=told, github_deployments=[deployment(1, "sha5", ("SUCCESS", 13))]))
    phases = pd.concat({name: rows(metric(name)).set_index("what")["value"] for name in PHASES}, axis=1).dropna()
    lead = rows(metric("change_lead_time")).set_index("what")["value"]

    assert len(phases) > 30
    assert (phases >= 0).all(axis=None)
    assert phases.sum(axis=1).tolist() == pytest.approx((lead.loc[phases.index] * 24).tolist())


def test_a_draft_made_ready_twice_waits_from_the_first_time(landed):
    toggled = [event("ReadyForReviewEvent", 1), event("ConvertToDraftEvent", 2), event("ReadyForReviewEvent", 4)]
    landed(
        **rows_of(
            github_pull_requests=[
                pull(1, commit("a", 0), *toggled, review(1, 5, BOB), merged=6),
                pull(2, commit("b", 0), *toggled[1:], review(2, 5, BOB), merged=6),  # opened as no draft
                pull(3, commit("c", 0), isDraft=True),
            ]
        )
    )

    assert [day(one["first_ready_at"]) for one in moments("first_ready_at")] == [1, 0, None]
    assert [day(one["ready_at"]) for one in moments("ready_at")] == [4, 4, None]
    assert sorted(only("pickup_time")) == [96, 120]


def test_a_first_commit_later_than_ready_is_clipped_and_one_lost_to_a_rewritten_branch_is_unknown(landed):
    forced = event("HeadRefForcePushedEvent", 2)
    landed(
        **rows_of(
            github_pull_requests=[
                pull(1, commit("a", 1), merged=3),  # a clock that was ahead
                pull(2, commit("b", 2), forced, merged=3),  # squashed into one after it was opened
                pull(3, commit("c", -1), forced, merged=3),  # rebased: it still says when it was written
            ]
        )
    )

    assert [one["clipped"] for one in moments("clipped")] == [True, False, False]
    assert only("coding_time") == [0, None, 24]


# Review


def test_merged_without_review_counts_as_that_and_keeps_its_whole_time(landed):
    landed(
        **rows_of(
            github_pull_requests=[
                pull(1, commit("a", 0), merged=2),
                pull(2, commit("b", 0), review(1, 1, who("linter", "Bot")), review(2, 1, who("ann")), merged=2),
                pull(3, commit("c", 0), review(3, 3, BOB), merged=2),  # after the merge
                pull(4, commit("d", 0), review(4, 1, BOB, "COMMENTED"), merged=2),
                pull(5, commit("e", 0)),
            ]
        )
    )

    assert [one["unreviewed"] for one in moments("unreviewed")] == [True, True, True, False, None]
    assert only("unreviewed_share") == [1, 1, 1, 0]
    assert only("review_depth") == [0, 0, 0, 1]
    assert only("rework_after_review") == [None, None, None, 0]
    assert only("pull_request_cycle_time") == [2, 2, 2, 2]


def test_reviews_between_two_pushes_are_one_round(landed):
    landed(
        **rows_of(
            github_pull_requests=[
                pull(1, commit("a", 0), review(1, 1, BOB, "COMMENTED"), review(2, 1.1, who("cleo")), merged=9),
                pull(
                    2, commit("b", 0), review(3, 1, BOB, "CHANGES_REQUESTED"), commit("b2", 2), commit("b3", 2.1),
                    review(4, 3, BOB, "COMMENTED"), review(5, 3.1, BOB), commit("b4", 4), merged=9,
                ),
                pull(
                    3, commit("c", 0), review(6, 1, BOB, "COMMENTED"), event("HeadRefForcePushedEvent", 2),
                    review(7, 3, BOB), event("HeadRefForcePushedEvent", 4), review(8, 5, BOB), merged=9,
                ),
                pull(4, commit("d", 5), review(9, 1, BOB, "COMMENTED"), review(10, 6, BOB), merged=9),  # rebased since
            ]
        )
    )  # fmt: skip

    assert only("review_depth") == [1, 2, 3, 2]
    assert [one["commits_after_review"] for one in moments("commits_after_review")] == [0, 3, 0, 1]
    assert only("rework_after_review") == [0, 1, 1, 1]


def test_a_night_and_a_weekend_are_no_working_time(landed):
    # Day 0 is Monday at nine; day 4 and 7 hours is Friday 16:00, day 7 and 2 hours is Monday 11:00.
    friday, monday = 4 + 7 / 24, 7 + 2 / 24
    saturday, sunday = 5, 6
    landed(
        **rows_of(
            github_pull_requests=[
                pull(1, review(1, monday, BOB), opened=friday, merged=20),
                pull(2, review(2, sunday, BOB), opened=saturday, merged=20),
                pull(3, opened=saturday, merged=20),
            ]
        )
    )

    assert only("pickup_time") == [67, 24, None]
    assert only("pickup_working_time") == [3, 0, None]


# Size


def test_lock_files_and_what_else_is_generated_have_no_size(landed):
    def touching(number: int, *files: tuple[str, int, int], **more: Any) -> dict[str, Any]:
        nodes = [{"path": path, "additions": added, "deletions": gone} for path, added, gone in files]
        sums = {
            "additions": sum(f[1] for f in files),
            "deletions": sum(f[2] for f in files),
            "changedFiles": len(files),
        }
        return pull(number, merged=1, files={"nodes": nodes}, **(sums | more))

    pulls = [
        touching(1, ("src/a.py", 10, 5), ("web/package-lock.json", 900, 300), ("Cargo.LOCK", 7, 1)),
        touching(2, ("src/a.py", 10, 5), additions=400, deletions=100),  # its other files overflowed
        pull(3, merged=1),
    ]
    again = ("P1", {"files": {"nodes": [{"path": "Cargo.LOCK", "additions": 7, "deletions": 1}]}})
    raw = rows_of(github_pull_requests=pulls, github_pull_request_parts=[again])
    landed(**raw)

    assert only("pull_request_size") == [15, 500, None]
    assert [one["additions"] for one in moments("additions")] == [917, 400, None]

    landed("[knowledge]\ngenerated = ['src/*']\n", **raw)
    assert only("pull_request_size") == [1208, 485, None]


# Open ones


def test_how_old_open_pull_requests_were_is_told_as_it_stood_at_the_end_of_each_week(landed):
    landed(
        complete_to="2026-03-30",
        **rows_of(
            github_pull_requests=[
                pull(1, review(1, 8, BOB, "COMMENTED"), review(2, 15, BOB), merged=16),
                pull(2, opened=1, state="CLOSED", closedAt="2026-03-10T09:00:00Z"),
                pull(3, opened=2, isDraft=True),
                pull(4, opened=3, author=who("renovate", "Bot")),
            ]
        ),
    )
    found = rows(metric("age_of_open_pull_requests"))
    stood = {
        week.date(): sorted(zip(group["what"].str[:2], group["kind"], group["value"].round(3), strict=True))
        for week, group in found.groupby(found["happened_at"].dt.normalize() - pd.Timedelta(days=6))
    }

    assert stood == {
        date(2026, 3, 2): [
            ("#1", "waiting for review", 6.625),
            ("#2", "waiting for review", 5.625),
            ("#3", "draft", 4.625),
        ],
        date(2026, 3, 9): [("#1", "in review", 13.625), ("#3", "draft", 11.625)],
        date(2026, 3, 16): [("#3", "draft", 18.625)],
        date(2026, 3, 23): [("#3", "draft", 25.625)],
    }
    assert sorted(only("closed_without_merging")) == [0, 1]


def test_a_week_with_too_few_pull_requests_says_nothing_yet_and_never_nought(nouns):
    merged = [
        {"id": f"P{n}", "repo": REPO, "number": n, "title": "Tax", "opened_at": "2026-03-02", "merged_at": "2026-03-03",
         "first_review_at": None if n < 3 else "2026-03-02 12:00", "bot": False, "additions": n, "deletions": 0}
        for n in range(8)
    ]  # fmt: skip
    nouns(
        complete_to="2026-03-16",
        pull_requests=[*merged, *({**one, "id": "x", "merged_at": "2026-03-10"} for one in merged[:7])],
    )
    points = trend(metric("unreviewed_share"))

    assert points["value"].iloc[0] == 3 / 8
    assert pd.isna(points["value"].iloc[1])
    assert points["n"].tolist() == [8, 7]
    assert trend(metric("pull_request_size"))["value"].iloc[0] == 3.5
