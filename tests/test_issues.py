"""Issues, from what Jira and GitHub say to the number: every worked example, and nothing dropped in silence."""

import itertools
from datetime import datetime, timedelta

import pandas as pd
import pytest

from data import Row, query
from metrics import behind, gaps, metric, rows, trend

SEEN = datetime(2026, 6, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
STATUSES = {
    "To Do": ("1", "new"), "In Progress": ("3", "indeterminate"), "Blocked": ("4", "indeterminate"),
    "In Review": ("5", "indeterminate"), "Done": ("6", "done"), "Won't do": ("7", "done"),
}  # fmt: skip
NUMBERS = itertools.count(1000)


def stamp(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="milliseconds") + "+0000"


def issue(number: int, created: str, status: str, kind: str = "Story", **fields) -> Row:
    told = {
        "summary": f"Thing {number}", "issuetype": {"name": kind}, "project": {"key": "SHOP"},
        "status": {"id": STATUSES[status][0], "name": status}, "created": stamp(created), "updated": stamp("2026-05-01"),
        "labels": [], "components": [{"name": "cart"}],
    }  # fmt: skip
    body = {"id": str(number), "key": f"SHOP-{number}", "fields": told | fields}
    return Row(str(number), SEEN, body, "jira.example")


def change(number: int, at: str, before: str, after: str, field: str = "status", by: str = "ann") -> Row:  # noqa: PLR0913, PLR0917
    item = {"field": field, "from": STATUSES.get(before, (before,))[0], "fromString": before}
    item |= {"to": STATUSES.get(after, (after,))[0], "toString": after}
    told = next(NUMBERS)
    body = {"id": str(told), "created": stamp(at), "author": {"accountId": by}, "items": [item]}
    return Row(str(told), SEEN, body, "jira.example", parent=str(number))


def moves(number: int, *told: tuple[str, str], by: str = "ann") -> list[Row]:
    """Return the moves through some statuses: the first one is where it stood, each other the status it came to and when."""
    return [change(number, at, before, after, by=by) for (_, before), (at, after) in itertools.pairwise(told)]


@pytest.fixture
def told(landed):
    """Return a function like landed, of a Jira whose statuses are known."""
    statuses = [
        Row(ident, SEEN, {"id": ident, "name": name, "statusCategory": {"key": key}}, "jira.example")
        for name, (ident, key) in STATUSES.items()
    ]
    site = [Row("jira.example", SEEN, {"baseUrl": "https://jira.example"}, "jira.example")]

    def published(words: str = "", **streams):
        return landed(words, **{"jira_statuses": statuses, "jira_sites": site, **streams})

    return published


EXAMPLE = [
    ("2026-03-02 09:00", "To Do"), ("2026-03-03 09:00", "In Progress"), ("2026-03-04 13:00", "Blocked"),
    ("2026-03-05 13:00", "In Progress"), ("2026-03-06 09:00", "In Review"), ("2026-03-06 17:00", "Done"),
    ("2026-03-10 09:00", "In Progress"), ("2026-03-10 13:00", "Done"),
]  # fmt: skip


def values(name: str, every: str = "week", **asked) -> dict[str, float | None]:
    """Return a trend as value by the day its period starts, None where there is no value."""
    points = trend(metric(name), every, **asked)
    return {p.starts.isoformat(): None if pd.isna(p.value) else p.value for p in points.itertuples()}


def only(name: str) -> float:
    (value,) = rows(metric(name))["value"]
    return value


# The worked example: to do 8, in progress 20, blocked 8, in review 8 hours, reopened once


def test_spells_are_half_open_and_add_up_to_the_hours_in_each_status(told):
    made = told(jira_issues=[issue(1, "2026-03-02 09:00", "Done")], jira_histories=moves(1, *EXAMPLE))
    spells = query("from issue_spells", edition=made)

    hours = spells.groupby("status")["business_seconds"].sum() / 3600
    assert hours.to_dict() == {"To Do": 8, "In Progress": 20, "Blocked": 8, "In Review": 8, "Done": 8}
    assert spells["kind"].tolist() == ["queue", "active", "wait", "active", "wait", "done", "active", "done"]
    assert (spells["ended_at"].iloc[:-1].to_numpy() == spells["began_at"].iloc[1:].to_numpy()).all()
    assert spells["ended_at"].isna().tolist() == [False] * 7 + [True]
    assert spells["seconds"].iloc[0] == 24 * 3600


def test_an_issue_is_timed_from_its_first_active_moment_to_when_it_was_last_done(told):
    made = told(jira_issues=[issue(1, "2026-03-02 09:00", "Done")], jira_histories=moves(1, *EXAMPLE))
    one = query("from issues", edition=made).iloc[0]

    assert (one["cycle_business_seconds"] / 3600, one["lead_business_seconds"] / 3600) == (44, 52)
    assert (one["cycle_seconds"] / 3600, one["lead_seconds"] / 3600) == (172, 196)
    assert (str(one["first_resolved_at"]), one["reopens"]) == ("2026-03-06 17:00:00", 1)
    spells = query("from issue_spells where began_at >= '2026-03-03' and ended_at <= '2026-03-06 17:00'", edition=made)
    assert spells["business_seconds"].sum() / 3600 == 32  # up to the first time it was done
    assert only("issue_cycle_time") == 44
    assert only("issue_lead_time") == pytest.approx(196 / 24)


def test_time_in_status_is_the_sum_of_all_stays_of_a_finished_issue(told):
    told(jira_issues=[issue(1, "2026-03-02 09:00", "Done")], jira_histories=moves(1, *EXAMPLE))
    found = rows(metric("time_in_status")).set_index("what")

    assert found["value"].to_dict() == {
        "SHOP-1 Thing 1: To Do": 8, "SHOP-1 Thing 1: In Progress": 20,
        "SHOP-1 Thing 1: Blocked": 8, "SHOP-1 Thing 1: In Review": 8,
    }  # fmt: skip
    assert found["kind"].tolist() == ["wait", "active", "wait", "queue"]
    assert found["url"].unique().tolist() == ["https://jira.example/browse/SHOP-1"]
    assert found["area"].unique().tolist() == ["cart"]


def test_flow_efficiency_is_active_time_over_active_and_waiting_time(told):
    told(jira_issues=[issue(1, "2026-03-02 09:00", "Done")], jira_histories=moves(1, *EXAMPLE))
    assert round(only("flow_efficiency"), 3) == 0.556


def test_whoever_works_around_the_clock_counts_calendar_time(told):
    told(
        '[calendar]\nworkdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]\nhours = [0, 24]\n',
        jira_issues=[issue(1, "2026-03-02 09:00", "Done")], jira_histories=moves(1, *EXAMPLE),
    )  # fmt: skip
    assert only("issue_cycle_time") == 172


# What a status means


REVIEWED = [("2026-03-02 09:00", "To Do"), ("2026-03-03 09:00", "In Review"), ("2026-03-04 09:00", "Done")]
OLD_AND_NEW = {
    "jira_issues": [issue(1, "2026-03-02 09:00", "Done"), issue(2, "2026-04-06 09:00", "Done")],
    "jira_histories": [
        *moves(1, *REVIEWED),
        *moves(2, ("", "To Do"), ("2026-04-07 09:00", "In Review"), ("2026-04-08 09:00", "Done")),
    ],
}


def test_a_status_means_what_it_meant_when_the_issue_came_into_it(told):
    words = '[[statuses_until]]\nuntil = 2026-04-01\nactive = ["In Review"]\n[[statuses_until]]\nuntil = 2026-03-03\nwait = ["To*"]\n'
    made = told(words, **OLD_AND_NEW)

    kinds = query(
        "select issue_id, list(kind order by step) as k from issue_spells group by all order by 1", edition=made
    )
    assert [list(k) for k in kinds["k"]] == [["wait", "active", "done"], ["queue", "wait", "done"]]
    moved = query("select from_kind, to_kind from issue_moves order by moved_at", edition=made)
    assert moved.to_numpy().tolist() == [["wait", "active"], ["active", "done"], ["queue", "wait"], ["wait", "done"]]
    found = rows(metric("issue_cycle_time"))
    assert found["what"].tolist() == ["SHOP-1 Thing 1", "SHOP-2 Thing 2"]
    assert found["value"].isna().tolist() == [False, True]  # the other was never active


def test_a_status_the_issue_is_in_without_a_move_was_reached_by_its_last_change_at_the_latest(told):
    made = told(
        jira_issues=[issue(1, "2026-03-02 09:00", "Done"), issue(2, "2026-03-02 09:00", "To Do", "Bug")],
        jira_histories=[
            *moves(1, ("", "To Do"), ("2026-03-03 09:00", "In Progress")),
            *moves(2, ("", "To Do"), ("2026-03-03 09:00", "Done")),
        ],
    )
    spells = query(
        "select status, began_at::date::text as day, inferred from issue_spells order by issue_id, step", edition=made
    )

    assert spells.to_numpy().tolist() == [
        ["To Do", "2026-03-02", False], ["In Progress", "2026-03-03", False], ["Done", "2026-05-01", True],
        ["To Do", "2026-03-02", False], ["Done", "2026-03-03", False], ["To Do", "2026-05-01", True],
    ]  # fmt: skip
    one = query(
        "select resolved_at::date::text as day, untimed, cycle_seconds from issues where key = 'SHOP-1'", edition=made
    )
    assert one.astype(object).where(one.notna(), None).to_numpy().tolist() == [["2026-05-01", "not on record", None]]
    assert values("open_bugs", "month") == {"2026-03-01": 0, "2026-04-01": 0, "2026-05-01": 1}


# What has no time of its own


def test_twenty_issues_moved_in_one_minute_by_one_person_are_a_tidying_and_have_no_durations(told):
    def done(number: int, minute: int, by: str) -> list[Row]:
        began, ended = f"2026-03-03 09:{number - 1:02}", f"2026-03-05 12:{minute:02}:{number % 60:02}"
        path = ("", "To Do"), (began, "In Progress"), (ended, "Done")
        return [*moves(number, *path[:2]), *moves(number, *path[1:], by=by)]

    made = told(
        jira_issues=[issue(n, "2026-03-02 09:00", "Done") for n in range(1, 61)],
        jira_histories=[
            *(move for n in range(1, 21) for move in done(n, 10, "tidy")),
            *(move for n in range(21, 40) for move in done(n, 20, "tidy")),
            *(move for n in range(40, 61) for move in done(n, 30, f"one of many {n}")),
        ],
    )

    found = query(
        "select untimed, count(*) as n, count(cycle_seconds) as timed from issues group by all order by 1", edition=made
    )
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        ["moved in bulk", 20, 0],
        [None, 40, 40],
    ]
    assert query("select count(*) from issue_moves where bulk", edition=made).iloc[0, 0] == 20
    lead = trend(metric("issue_lead_time"))
    assert (lead["n"].iloc[0], lead["of"].iloc[0]) == (40, 60)
    assert values("throughput")["2026-03-02"] == 60


def test_cancelled_issues_have_no_durations_and_are_counted_apart(told):
    path = ("", "To Do"), ("2026-03-03 09:00", "In Progress"), ("2026-03-04 09:00", "Done")
    made = told(
        jira_issues=[
            issue(1, "2026-03-02 09:00", "Done", resolution={"name": "Done"}),
            issue(2, "2026-03-02 09:00", "Done", resolution={"name": "Won't Do"}),
            issue(3, "2026-03-02 09:00", "Won't do"),
        ],
        jira_histories=[*moves(1, *path), *moves(2, *path), *moves(3, *path[:2], ("2026-03-04 09:00", "Won't do"))],
    )

    assert query("select cancelled from issues order by key", edition=made)["cancelled"].tolist() == [False, True, True]
    for name in ("issue_cycle_time", "issue_lead_time", "flow_efficiency", "throughput", "work_mix"):
        assert rows(metric(name))["what"].tolist() == ["SHOP-1 Thing 1"], name
    assert rows(metric("issues_cancelled"))["kind"].tolist() == ["Won't Do", "Won't do"]
    assert (
        query("from rule_matches where rule = 'resolution' order by matched", edition=made)["applies"].tolist()[1]
        == "cancelled"
    )


def test_what_is_called_cancelled_is_known_without_a_rule_of_the_teams(told):
    names = [
        "Done",
        "Fixed",
        "Completed",
        "Won't Do",
        "Won't Fix",
        "WontFix",
        "Duplicate",
        "Cannot Reproduce",
        "Declined",
        "Canceled",
    ]
    made = told(
        jira_issues=[issue(n, "2026-03-02", "Done", resolution={"name": name}) for n, name in enumerate(names, 100)]
    )
    found = query("select resolution, cancelled from issues order by key", edition=made)

    assert found["cancelled"].tolist() == [False] * 3 + [True] * 7


# What is still open


def test_open_work_counts_with_its_age_and_is_never_dropped(told):
    days = [1, 2, 2, 4, 5, 3, 6]  # the last two are open still, of the example of the survival curve
    issues, histories = [], []
    start = datetime(2026, 3, 2, 9)  # noqa: DTZ001
    for n, hours in enumerate([*days, 1], start=1):
        ended = n not in (6, 7)
        began = start if ended else datetime(2026, 5, 29, 17 - hours)  # noqa: DTZ001 so many hours before all was read
        issues.append(issue(n, "2026-03-02 08:00", "Done" if ended else "In Progress"))
        path = [("", "To Do"), (began.isoformat(" "), "In Progress")]
        path += [((began + timedelta(hours=hours)).isoformat(" "), "Done")] if ended else []
        histories += moves(n, *path)
    told(jira_issues=issues, jira_histories=histories, complete_to="2026-06-01")
    found = rows(metric("issue_cycle_time"))

    assert sorted(found.loc[found["kind"] == "open", "value"]) == [3, 6]
    assert sorted(found.loc[found["kind"] == "finished", "value"]) == [1, 1, 2, 2, 4, 5]


def test_work_in_progress_is_what_was_begun_and_not_done_at_the_end_of_each_week(told):
    told(
        jira_issues=[
            issue(1, "2026-03-02 09:00", "Done"), issue(2, "2026-03-02 09:00", "Blocked"), issue(3, "2026-03-02 09:00", "To Do"),
        ],
        jira_histories=[
            *moves(1, *EXAMPLE),
            *moves(2, ("", "To Do"), ("2026-03-04 09:00", "In Progress"), ("2026-03-12 09:00", "Blocked")),
            *moves(3, ("", "To Do"), ("2026-03-04 09:00", "In Progress"), ("2026-03-17 09:00", "To Do")),
        ],
        complete_to="2026-03-23",
    )  # fmt: skip

    assert values("work_in_progress") == {"2026-03-02": 2, "2026-03-09": 2, "2026-03-16": 1}
    assert behind(metric("work_in_progress"), "2026-03-16")["what"].tolist() == ["SHOP-2 Thing 2"]
    age = rows(metric("age_of_work_in_progress"))
    assert [round(value, 3) for value in age["value"]] == [4.625, 4.625, 11.625, 11.625, 18.625]


# What is written on GitHub


def on_github(number: int, *events: tuple[str, str], **more) -> Row:
    nodes = [{"__typename": kind, "id": f"{kind}{number}{at}", "createdAt": at} for kind, at in events]
    body = {
        "id": f"I{number}", "number": number, "title": f"Thing {number}", "url": f"https://github.com/acme/checkout/issues/{number}",
        "state": "CLOSED" if events and events[-1][0] == "ClosedEvent" else "OPEN",
        "createdAt": "2026-03-02T09:00:00Z", "updatedAt": "2026-04-01T09:00:00Z",
        "labels": {"nodes": []}, "timelineItems": {"nodes": nodes},
    }  # fmt: skip
    return Row(f"I{number}", SEEN, body | more, "acme/checkout")


def closing(number: int, opened: str, merged: str | None = None, commit: str | None = None, **more) -> Row:
    """Return a pull request that says it closes the issue of its number less 100."""
    items = [
        {
            "__typename": "PullRequestCommit",
            "commit": {"oid": f"c{number}", "authoredDate": commit, "committedDate": commit},
        }
    ]
    body = {
        "id": f"P{number}", "number": number, "title": "Basket", "url": f"https://github.com/acme/checkout/pull/{number}",
        "state": "MERGED" if merged else "OPEN", "createdAt": opened, "updatedAt": "2026-04-01T09:00:00Z", "mergedAt": merged,
        "closedAt": merged, "headRefName": "change", "baseRefName": "main", "author": {"__typename": "User", "login": "ann"},
        "timelineItems": {"nodes": items if commit else []},
        "closingIssuesReferences": {"nodes": [{"number": number % 100, "repository": {"nameWithOwner": "acme/checkout"}}]},
    }  # fmt: skip
    return Row(f"P{number}", SEEN, body | more, "acme/checkout")


CLOSED = ("ClosedEvent", "2026-03-04T17:00:01Z")
REWRITTEN = {"timelineItems": {"nodes": [
    {"__typename": "PullRequestCommit", "commit": {"oid": "x", "authoredDate": "2026-03-04T12:00:00Z", "committedDate": "2026-03-04T12:00:00Z"}},
    {"__typename": "HeadRefForcePushedEvent", "id": "F", "createdAt": "2026-03-04T12:00:00Z"},
]}}  # fmt: skip
BY_PULLS = {
    "github_issues": [
        on_github(1, CLOSED),
        on_github(2, CLOSED),
        on_github(3, CLOSED),
        on_github(4, CLOSED),  # no pull request closes it
        on_github(5, CLOSED),
        on_github(6, CLOSED, stateReason="NOT_PLANNED"),
        on_github(7),
        on_github(8),
        on_github(9, CLOSED, ("ReopenedEvent", "2026-03-09T09:00:00Z"), ("ClosedEvent", "2026-03-11T10:00:00Z")),
        on_github(10),  # nobody has begun it
    ],
    "github_pull_requests": [
        closing(101, "2026-03-03T15:00:00Z", "2026-03-04T17:00:00Z", commit="2026-03-03T09:00:00Z"),
        closing(
            102, "2026-03-03T15:00:00Z", "2026-03-04T17:00:00Z", commit="2026-02-03T09:00:00Z"
        ),  # before it was written
        closing(103, "2026-03-04T11:00:00Z", "2026-03-04T17:00:00Z", **REWRITTEN),
        closing(105, "2026-03-05T09:00:00Z", "2026-03-06T17:00:00Z"),  # when it had been closed
        closing(106, "2026-03-03T15:00:00Z", "2026-03-04T17:00:00Z"),
        closing(107, "2026-03-30T09:00:00Z"),
        closing(108, "2026-03-03T15:00:00Z", state="CLOSED", closedAt="2026-03-05T15:00:00Z"),  # put back
        closing(109, "2026-03-04T09:00:00Z", "2026-03-04T17:00:00Z"),
        closing(209, "2026-03-10T09:00:00Z", "2026-03-11T10:00:00Z"),
    ],
}


def test_an_issue_of_github_is_begun_with_the_first_commit_of_a_pull_request_that_closes_it(landed):
    made = landed(complete_to="2026-04-01", **BY_PULLS)

    begun = query(
        "select number, strftime(started_at, '%d %H') as at, started_by from (select *, split_part(key, '#', 2)::int as number from issues) order by 1",
        edition=made,
    )
    assert begun.astype(object).where(begun.notna(), None).to_numpy().tolist() == [
        [1, "03 09", "pull request"], [2, "02 09", "pull request"], [3, "04 11", "pull request"], [4, None, None], [5, None, None],
        [6, "03 15", "pull request"], [7, "30 09", "pull request"], [8, "03 15", "pull request"], [9, "04 09", "pull request"],
        [10, None, None],
    ]  # fmt: skip
    found = rows(metric("issue_cycle_time"))
    told = {one.what.split()[0].partition("#")[2]: (one.value, one.kind) for one in found.itertuples()}
    timed = {number: value for number, (value, kind) in told.items() if kind == "finished" and pd.notna(value)}
    assert timed == {
        "1": 16, "2": 24, "3": 6, "9": 8 * 5 + 1,
    }  # fmt: skip
    assert {number for number, (value, kind) in told.items() if kind == "finished" and pd.isna(value)} == {"4", "5"}
    assert {number: value for number, (value, kind) in told.items() if kind == "open"} == {"7": 16, "8": 8 * 20 + 2}


def test_an_issue_of_github_is_in_progress_while_a_pull_request_for_it_is_and_put_back_when_that_was_for_nothing(
    landed,
):
    made = landed(complete_to="2026-04-06", **BY_PULLS)

    work = query(
        "select issue_id, strftime(began_at, '%d %H') as a, strftime(ended_at, '%d %H') as b from issue_work order by 1, 2",
        edition=made,
    )
    assert work.astype(object).where(work.notna(), None).to_numpy().tolist() == [
        ["I1", "03 09", "04 17"], ["I2", "02 09", "04 17"], ["I3", "04 11", "04 17"], ["I6", "03 15", "04 17"],
        ["I7", "30 09", None], ["I8", "03 15", "05 15"], ["I9", "04 09", "04 17"], ["I9", "10 09", "11 10"],
    ]  # fmt: skip
    assert values("work_in_progress") == {
        "2026-03-02": 0,
        "2026-03-09": 0,
        "2026-03-16": 0,
        "2026-03-23": 0,
        "2026-03-30": 1,
    }
    assert rows(metric("age_of_work_in_progress"))["value"].tolist() == [6.625]


def test_a_team_with_github_alone_has_its_cycle_time_and_work_in_progress_and_is_told_what_flow_efficiency_lacks(
    landed, tmp_path
):
    landed(**BY_PULLS)
    (tmp_path / "team.toml").write_text('[[github]]\nrepositories = ["acme/checkout"]\n', encoding="utf-8")

    assert [
        gaps.missing(metric(name)) for name in ("issue_cycle_time", "work_in_progress", "age_of_work_in_progress")
    ] == [None] * 3
    assert "Flow efficiency needs Jira, and there is none here." in gaps.missing(metric("flow_efficiency"))
    assert len(rows(metric("flow_efficiency"))) == 0
    point = trend(metric("issue_cycle_time")).iloc[0]
    assert (point["n"], point["of"]) == (5, 7)


def test_a_team_with_github_alone_has_issues_too(landed):
    landed(
        github_issues=[
            on_github(1, ("ClosedEvent", "2026-03-04T09:00:00Z")),
            on_github(2, ("ClosedEvent", "2026-03-03T09:00:00Z"), ("ReopenedEvent", "2026-03-05T09:00:00Z"), ("ClosedEvent", "2026-03-06T09:00:00Z")),
            on_github(3, ("ClosedEvent", "2026-03-04T09:00:00Z"), stateReason="NOT_PLANNED"),
            on_github(4),
        ]
    )  # fmt: skip

    assert rows(metric("issue_lead_time"))["value"].tolist() == [2, 4]
    assert values("throughput")["2026-03-02"] == 2
    assert rows(metric("issues_cancelled"))["kind"].tolist() == ["not_planned"]
    assert rows(metric("time_in_status"))["kind"].tolist() == ["queue", "queue"]


# What it was for


def test_work_is_sorted_by_the_teams_rules_and_what_fits_none_is_not_sorted_yet(told):
    words = """
        [work.goal]
        parents = ["SHOP-90", "Checkout in*"]
        [work.keep]
        labels = ["upkeep"]
        types = ["Chore"]
        [work.explore]
        labels = ["spike*"]
    """

    def done(number: int, kind: str = "Story", **fields) -> Row:
        return issue(number, "2026-03-02 09:00", "Done", kind, resolutiondate=stamp("2026-03-04 09:00"), **fields)

    made = told(
        words,
        jira_issues=[
            issue(90, "2026-01-05", "In Progress", "Epic"),
            issue(91, "2026-01-05", "In Progress", "Epic", summary="Checkout in one step"),
            done(1, parent={"key": "SHOP-90"}),
            issue(2, "2026-03-02 09:00", "In Progress", parent={"key": "SHOP-91"}),
            done(3, "Sub-task", parent={"key": "SHOP-2"}),  # by its grandparent's title
            done(4, labels=["Upkeep", "x"]),
            done(5, "chore", labels=["spike-search"]),  # exploration goes before upkeep
            done(6, "Bug", parent={"key": "SHOP-90"}),  # a bug is a bug, whatever it is part of
            done(7),
        ],
    )

    assert rows(metric("work_mix"))[["what", "kind"]].to_numpy().tolist() == [
        ["SHOP-1 Thing 1", "goal work"], ["SHOP-3 Thing 3", "goal work"], ["SHOP-4 Thing 4", "keeping the lights on"],
        ["SHOP-5 Thing 5", "exploration"], ["SHOP-6 Thing 6", "bugs"], ["SHOP-7 Thing 7", "not sorted yet"],
    ]  # fmt: skip
    assert rows(metric("unsorted_work"))["value"].tolist() == [0, 0, 0, 0, 0, 1]
    seen = query("select matched, items, applies from rule_matches where rule = 'work' order by matched", edition=made)
    assert seen.astype(object).where(seen.notna(), None).to_numpy().tolist() == [
        ["SHOP-90", 2, "goal"], ["Upkeep", 1, "keep"], ["chore", 1, "keep"], ["fits no rule", 3, None], ["spike-search", 1, "explore"],
    ]  # fmt: skip


def test_without_rules_everything_but_bugs_is_not_sorted_yet(told):
    told(jira_issues=[issue(n, "2026-03-02", "Done", kind) for n, kind in enumerate(["Story", "Bug"], 1)])
    assert rows(metric("work_mix"))["kind"].tolist() == ["not sorted yet", "bugs"]


# What came round the plan


def sprint(number: int, began: str | None) -> Row:
    body = {"id": number, "name": f"Sprint {number}", "state": "active", "startDate": began, "originBoardId": 1}
    return Row(str(number), SEEN, body, "jira.example")


def test_what_came_into_a_sprint_after_it_began_was_not_planned_for_it(told):
    inside = {"customfield_7": [{"id": 38, "name": "Sprint 38"}]}
    made = told(
        jira_fields=[Row("customfield_7", SEEN, {"id": "customfield_7", "role": "sprint"}, "jira.example")],
        jira_sprints=[sprint(38, "2026-03-02T09:00:00.000Z"), sprint(40, "2026-03-16T09:00:00.000Z"), sprint(41, None)],
        jira_issues=[
            issue(1, "2026-02-20", "To Do", **inside),  # put in before it began
            issue(2, "2026-02-20", "To Do", **inside),  # put in after
            issue(3, "2026-03-04", "To Do", **inside),  # written in the running sprint
            issue(4, "2026-02-20", "To Do"),  # was in 38 since it was written, carried over to 40, in time
            issue(5, "2026-02-20", "To Do"),  # only in a sprint that has not begun
        ],
        jira_histories=[
            change(1, "2026-02-27 10:00", "", "38", "Sprint"),
            change(2, "2026-03-05 10:00", "", "38", "Sprint"),
            change(4, "2026-03-13 10:00", "38", "38, 40", "Sprint"),
            change(5, "2026-03-13 10:00", "", "41", "Sprint"),
        ],
    )

    found = query("select issue_id, sprint_id, late from sprint_issues order by issue_id, sprint_id", edition=made)
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        ["1", "38", False], ["2", "38", True], ["3", "38", True], ["4", "38", False], ["4", "40", False], ["5", "41", None],
    ]  # fmt: skip
    assert rows(metric("unplanned_work"))["value"].tolist() == [0, 0, 1, 1, 0]


def test_a_pull_request_without_an_issue_is_tied_to_none(told):
    def pull(number: int, title: str, branch: str = "change", *closes: int) -> Row:
        body = {
            "id": f"P{number}", "number": number, "title": title, "url": f"https://github.com/acme/checkout/pull/{number}",
            "state": "MERGED", "createdAt": "2026-03-02T09:00:00Z", "updatedAt": "2026-03-04T09:00:00Z",
            "mergedAt": f"2026-03-04T09:{number:02}:00Z", "headRefName": branch, "author": {"__typename": "User", "login": "ann"},
            "closingIssuesReferences": {"nodes": [{"number": n, "repository": {"nameWithOwner": "acme/checkout"}} for n in closes]},
        }  # fmt: skip
        return Row(f"P{number}", SEEN, body, "acme/checkout")

    made = told(
        jira_issues=[issue(1, "2026-03-02", "To Do")],
        github_pull_requests=[
            pull(1, "SHOP-1 Basket"), pull(2, "Basket", "feature/shop-1-basket"), pull(3, "Basket", "x", 12),
            pull(4, "Read UTF-8 and SHA-256"), pull(5, "Basket"), pull(6, "SHOP-77 is not here, and its project is"),
        ],
    )  # fmt: skip

    found = rows(metric("work_without_issue"))
    assert found["value"].tolist() == [0, 0, 0, 1, 1, 0]
    linked = query("select pull_request_id as p, key, issue_id from pull_request_issues order by 1", edition=made)
    assert linked.astype(object).where(linked.notna(), None).to_numpy().tolist() == [
        ["P1", "SHOP-1", "1"], ["P2", "SHOP-1", "1"], ["P3", "acme/checkout#12", None], ["P6", "SHOP-77", None],
    ]  # fmt: skip
