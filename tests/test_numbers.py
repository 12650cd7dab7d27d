"""Numbers computed by hand: each metric gives what a person with pencil and calendar gets."""

from datetime import date

import pandas as pd
import pytest

from metrics import behind, complete_to, metric, rows, trend, usual

BERLIN = 'timezone = "Europe/Berlin"\n'
N = iter(range(1_000_000))


def deployment(at, **more):
    n = next(N)
    told = {"id": n, "repo": "acme/shop", "environment": "production", "production": True, "sha": f"{n:040}"}
    return {**told, "outcome": "success", "created_at": at, "finished_at": at, **more}


def pull_request(**moments):
    told = {
        "id": next(N),
        "repo": "acme/shop",
        "number": 7,
        "title": "Basket",
        "url": "https://a.example/7",
        "bot": False,
    }
    return {**told, "opened_at": moments.get("ready_at"), **moments}


def bug(created, resolved=None, **more):
    n = next(N)
    told = {
        "id": str(n),
        "project": "SHOP",
        "key": f"SHOP-{n}",
        "title": "It breaks",
        "is_bug": True,
        "created_at": created,
    }
    return {**told, "resolved_at": resolved, "status_kind": "done" if resolved else "queue", "components": [], **more}


def move(issue, at, before, after):
    return {"id": next(N), "issue_id": issue["id"], "moved_at": at, "from_kind": before, "to_kind": after}


def told(name, every="week", **asked):
    """Return a trend as value by the day its period starts, None where there is no value."""
    points = trend(metric(name), every, **asked)
    return {p.starts.isoformat(): None if pd.isna(p.value) else p.value for p in points.itertuples()}


# Deployments


def test_eight_deployments_in_two_weeks_are_four_a_week(nouns):
    moments = [
        "2026-03-02 10:00", "2026-03-03 15:00", "2026-03-03 17:30", "2026-03-05 11:00",
        "2026-03-10 09:00", "2026-03-10 12:00", "2026-03-11 16:00", "2026-03-13 10:00",
    ]  # fmt: skip
    nouns(complete_to="2026-03-16 00:00", deployments=[deployment(at) for at in moments])

    assert told("deployment_frequency") == {"2026-03-02": 4, "2026-03-09": 4}
    assert rows(metric("deployment_frequency"))["happened_at"].dt.date.nunique() == 6


def test_only_successful_production_deployments_count_and_a_rerun_does_not(nouns):
    same = {"sha": "a" * 40}
    nouns(
        complete_to="2026-03-09",
        deployments=[
            deployment("2026-03-03 10:00", **same),
            deployment("2026-03-03 10:09", **same, rerun_of="the first"),
            deployment("2026-03-03 10:30", **same),  # a second look, not a rerun
            deployment("2026-03-03 10:05", **same, repo="acme/pay"),
            deployment("2026-03-03 10:05", **same, environment="live"),
            deployment("2026-03-03 11:00", outcome="failure"),
            deployment("2026-03-03 12:00", environment="preprod", production=False),
        ],
    )

    assert told("deployment_frequency") == {"2026-03-02": 4}
    assert told("deployment_frequency", area="pay") == {"2026-03-02": 1}


# Weeks


def test_a_week_starts_on_monday_at_midnight_where_the_team_is(nouns):
    sunday = [
        "2026-03-01 22:59",  # Sunday 23:59 in Berlin, winter time
        "2026-03-01 23:30",  # Monday 00:30
        "2026-03-29 21:59",  # Sunday 23:59, summer time since that morning
        "2026-03-29 22:30",  # Monday 00:30
    ]
    counts = {"2026-02-23": 1, "2026-03-02": 1, "2026-03-09": 0, "2026-03-16": 0, "2026-03-23": 1, "2026-03-30": 1}
    nouns(BERLIN, complete_to="2026-04-05 22:00", deployments=[deployment(at) for at in sunday])

    assert told("deployment_frequency") == counts
    assert list(behind(metric("deployment_frequency"), "2026-03-02")["happened_at"]) == [pd.Timestamp(sunday[1])]
    assert len(rows(metric("deployment_frequency"), since="2026-03-02", until="2026-03-30")) == 2

    nouns('timezone = "UTC"\n', complete_to="2026-04-05 22:00", deployments=[deployment(at) for at in sunday])
    assert told("deployment_frequency") == {
        "2026-02-23": 2,
        "2026-03-02": 0,
        "2026-03-09": 0,
        "2026-03-16": 0,
        "2026-03-23": 2,
    }


def test_a_week_far_east_starts_while_it_is_still_sunday_in_utc(nouns):
    nouns(
        'timezone = "Pacific/Kiritimati"\n',
        deployments=[deployment("2026-03-01 09:59"), deployment("2026-03-01 10:00")],
    )

    assert list(told("deployment_frequency").items())[:2] == [("2026-02-23", 1), ("2026-03-02", 1)]


@pytest.mark.parametrize(
    ("complete_to", "weeks"), [("2026-03-29 21:59", 1), ("2026-03-29 22:00", 2), ("2026-04-05 21:59", 2)]
)
def test_a_week_is_a_point_once_it_is_over_and_completely_read(complete_to, weeks, nouns):
    nouns(BERLIN, complete_to=complete_to, deployments=[deployment("2026-03-16 10:00"), deployment("2026-04-03 10:00")])

    assert len(told("deployment_frequency")) == weeks
    assert len(rows(metric("deployment_frequency"))) == 2


def test_months_and_quarters_start_on_the_first(nouns):
    moments = ["2026-01-31 22:59", "2026-01-31 23:00", "2026-03-31 21:59", "2026-03-31 22:00", "2026-05-01 09:00"]
    nouns(BERLIN, complete_to="2026-06-30 22:00", deployments=[deployment(at) for at in moments])
    points = trend(metric("deployment_frequency"), "month")

    assert list(zip(points["starts"], points["ends"], points["value"], strict=True)) == [
        (date(2026, 1, 1), date(2026, 2, 1), 1),
        (date(2026, 2, 1), date(2026, 3, 1), 1),
        (date(2026, 3, 1), date(2026, 4, 1), 1),
        (date(2026, 4, 1), date(2026, 5, 1), 1),
        (date(2026, 5, 1), date(2026, 6, 1), 1),
        (date(2026, 6, 1), date(2026, 7, 1), 0),
    ]
    assert told("deployment_frequency", "quarter") == {"2026-01-01": 3, "2026-04-01": 2}


def test_since_and_until_keep_the_weeks_between_them(nouns):
    nouns(complete_to="2026-03-30", deployments=[deployment("2026-03-04"), deployment("2026-03-18")])

    assert list(told("deployment_frequency", since="2026-03-03")) == ["2026-03-09", "2026-03-16", "2026-03-23"]
    assert list(told("deployment_frequency", since=date(2026, 3, 9), until=date(2026, 3, 23))) == [
        "2026-03-09",
        "2026-03-16",
    ]


# Completeness


def test_a_metric_is_complete_as_far_as_the_last_of_the_kinds_it_needs(nouns):
    made = nouns(complete_to="2026-03-30 12:00")
    with_sources(made, {"github": ["2026-03-30 12:00", "2026-03-31 12:00", None], "jira": ["2026-03-20 12:00"]})

    assert complete_to(metric("deployment_frequency")) == pd.Timestamp("2026-03-31 12:00")
    assert complete_to(metric("open_bugs")) == pd.Timestamp("2026-03-20 12:00")

    with_sources(made, {"github": ["2026-03-30 12:00"], "jira": [None]})
    assert complete_to(metric("open_bugs")) is None


def with_sources(made, times):
    import duckdb

    from data import editions

    editions.let_go()  # what was asked stays open
    with duckdb.connect(str(made.path)) as connection:
        connection.execute("delete from sources")
        for kind, several in times.items():
            for n, at in enumerate(several):
                connection.execute(
                    "insert into sources (source, kind, stream, complete_to) values ($kind, $kind, $n, $at)",
                    {"kind": kind, "n": n, "at": at},
                )


# Pull requests

WORKED = {
    "first_commit_at": "2026-03-02 09:00",
    "opened_at": "2026-03-03 16:00",
    "ready_at": "2026-03-03 16:00",
    "first_review_at": "2026-03-04 11:00",
    "approved_at": "2026-03-05 10:00",
    "merged_at": "2026-03-05 14:00",
    "deployed_at": "2026-03-06 09:30",
}
PHASES = ("coding_time", "pickup_time", "review_time", "merge_time", "deploy_time")


def phases():
    return [rows(metric(name))["value"].tolist() for name in PHASES]


def test_the_phases_of_a_pull_request_are_31_19_23_4_and_19_and_a_half_hours(nouns):
    nouns(pull_requests=[pull_request(**WORKED)])

    assert phases() == [[31], [19], [23], [4], [19.5]]
    assert rows(metric("pull_request_cycle_time"))["value"].tolist() == [77 / 24]
    assert rows(metric("change_lead_time"))["value"].tolist() == [96.5 / 24]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_commit_at": "2026-03-04 09:00"}, [0, 19, 23, 4, 19.5]),  # written after opening: clipped
        ({"first_commit_at": None}, [None, 19, 23, 4, 19.5]),  # lost in a rewritten branch
        ({"first_review_at": None, "approved_at": None}, [31, None, None, None, 19.5]),  # nobody reviewed it
        ({"first_review_at": "2026-03-05 15:00", "approved_at": None}, [31, None, None, None, 19.5]),  # after the merge
        ({"approved_at": None}, [31, 19, 27, 0, 19.5]),  # merged without approval
        ({"first_review_at": "2026-03-03 12:00"}, [31, 0, 42, 4, 19.5]),  # a draft was reviewed
        ({"ready_at": None}, [31, 19, 23, 4, 19.5]),  # never a draft
        ({"ready_at": "2026-03-04 10:00"}, [49, 1, 23, 4, 19.5]),  # a draft at first
        ({"deployed_at": None}, [31, 19, 23, 4, None]),
    ],
)
def test_a_phase_that_never_was_is_null_and_none_is_negative(change, expected, nouns):
    nouns(pull_requests=[pull_request(**{**WORKED, **change})])

    assert [[None if pd.isna(v) else v for v in values] for values in phases()] == [[value] for value in expected]


def test_bots_and_unmerged_pull_requests_are_left_out_and_reverts_have_no_lead_time(nouns):
    nouns(
        pull_requests=[
            pull_request(**WORKED, bot=True),
            pull_request(**{**WORKED, "merged_at": None, "deployed_at": None}),
            pull_request(**WORKED, revert_of=6),
        ]
    )

    assert [len(values) for values in phases()] == [1] * 5
    assert rows(metric("pull_request_cycle_time"))["kind"].tolist() == ["revert"]
    assert rows(metric("change_lead_time")).empty


def test_what_is_merged_and_not_deployed_counts_in_the_coverage_alone(nouns):
    day = "2026-03-{:02} 12:00"
    done = [{**WORKED, "merged_at": day.format(2), "deployed_at": day.format(n)} for n in range(3, 12)]
    open_ = [{**WORKED, "merged_at": day.format(5), "deployed_at": None}] * 3
    nouns(complete_to="2026-03-23", pull_requests=[pull_request(**moments) for moments in (*done, *open_)])
    points = trend(metric("change_lead_time"), since="2026-03-02")

    assert points[["n", "of"]].to_numpy().tolist() == [[6, 9], [3, 3], [0, 0]]


def test_below_the_minimum_there_is_no_value_and_from_it_on_the_exact_median(nouns):
    hours = {"2026-03-03": range(7), "2026-03-10": range(8)}
    nouns(
        complete_to="2026-03-30",
        pull_requests=[
            pull_request(ready_at=f"{day} 00:00", first_review_at=f"{day} {hour:02}:00", merged_at=f"{day} 23:00")
            for day, several in hours.items()
            for hour in several
        ]
        + [pull_request(ready_at="2026-03-17", merged_at="2026-03-18")],
    )
    points = trend(metric("pickup_time"))

    assert points["value"].isna().tolist() == [True, False, True, True][: len(points)]
    assert points["value"][1] == 3.5
    assert points[["n", "of"]].to_numpy().tolist() == [[7, 7], [8, 8], [0, 1], [0, 0]][: len(points)]


# Bugs


def test_opened_resolved_and_reopened_give_21_19_24_and_24_open_bugs(nouns):
    weeks = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
    bugs = [bug("2026-02-25") for _ in range(20)]
    moves, waiting, closed = [], list(bugs), []
    for week, created, resolved, reopened in zip(weeks, [6, 4, 9, 5], [5, 7, 4, 6], [0, 1, 0, 1], strict=True):
        fresh = [bug(f"{week} 09:00") for _ in range(created)]
        for _ in range(reopened):
            moves.append(move(closed[0], f"{week} 10:00", "done", "queue"))
            waiting.append(closed.pop(0))
        moves += [move(one, f"{week} 12:00", "active", "done") for one in waiting[:resolved]]
        closed += waiting[:resolved]
        waiting = waiting[resolved:] + fresh
        bugs += fresh
    nouns(complete_to="2026-03-30", issues=bugs, issue_moves=moves)

    assert told("open_bugs", since="2026-03-02") == dict(zip(weeks, [21, 19, 24, 24], strict=True))
    assert told("bugs_opened", since="2026-03-02") == dict(zip(weeks, [6, 4, 9, 5], strict=True))
    assert told("bugs_resolved", since="2026-03-02") == dict(zip(weeks, [5, 7, 4, 6], strict=True))
    assert len(behind(metric("open_bugs"), "2026-03-23")) == 24
    assert len(behind(metric("age_of_open_bugs"), "2026-03-23")) == 24


def test_a_bug_is_resolved_once_however_often_it_moves_to_done(nouns):
    twice, imported = bug("2026-03-02 09:00"), bug("2026-03-02 09:00", resolved="2026-03-11 09:00")
    moves = [
        move(twice, "2026-03-03 09:00", "queue", "done"),
        move(twice, "2026-03-04 09:00", "done", "done"),
        move(twice, "2026-03-10 09:00", "done", "active"),
        move(twice, "2026-03-11 09:00", "active", "wait"),
    ]
    nouns(complete_to="2026-03-23", issues=[twice, imported, bug("2026-03-04", is_bug=False)], issue_moves=moves)

    assert told("bugs_resolved") == {"2026-03-02": 1, "2026-03-09": 1, "2026-03-16": 0}
    assert told("open_bugs") == {"2026-03-02": 1, "2026-03-09": 1, "2026-03-16": 1}
    assert behind(metric("open_bugs"), "2026-03-16")["happened_at"].tolist() == [pd.Timestamp("2026-03-10 09:00")]


def test_the_age_of_open_bugs_is_told_as_it_stood_at_the_end_of_each_week(nouns):
    bugs = [bug(f"2026-03-02 {hour:02}:00") for hour in range(8)]
    early = move(bugs[0], "2026-03-12", "queue", "done")
    nouns(BERLIN, complete_to="2026-03-22 23:00", issues=bugs, issue_moves=[early])
    age = metric("age_of_open_bugs")

    # Monday 9 March begins at 23:00 UTC on the 8th: the bugs are 6 days and 23 hours old, less 0 to 7 hours.
    assert told("age_of_open_bugs") == {"2026-03-02": 6 + (23 - 3.5) / 24, "2026-03-09": None, "2026-03-16": None}
    assert trend(age)["n"].tolist() == [8, 7, 7]
    assert len(behind(age, "2026-03-02")) == 8
    assert len(rows(age, every="month")) == 0


# Work finished, and Workflows


def test_finished_issues_count_once_and_cancelled_ones_do_not(nouns):
    done = {"is_bug": False, "type": "Task"}
    week = "2026-03-03"
    reasons = ["Done", "Fixed", None, "COMPLETED", "Won't Do", "NOT_PLANNED", "duplicate", "Cannot Reproduce"]
    issues = [bug("2026-02-02", week, **done, resolution=reason, cancelled=n > 3) for n, reason in enumerate(reasons)]
    shop = bug("2026-02-02", week, source="github", project="acme/shop", components=None)
    cart = bug("2026-02-02", week, components=["Cart", "Pay"])
    unfinished = bug("2026-02-02", status_kind="active")
    nouns(complete_to="2026-03-09", issues=[*issues, shop, cart, unfinished])

    assert told("throughput") == {"2026-03-02": 6}
    assert set(rows(metric("throughput"))["area"]) == {"SHOP", "shop", "Cart"}


def test_only_the_runs_of_a_workflow_count(nouns):
    run = {
        "id": 1,
        "created_at": "2026-03-03",
        "self_service": "New service",
        "title": "shop",
        "outcome": "in_progress",
    }
    nouns(
        complete_to="2026-03-09",
        workflow_runs=[run, {**run, "id": 2, "outcome": "failure"}, {**run, "id": 3, "self_service": None}],
    )

    assert rows(metric("workflow_runs"))[["area", "kind"]].to_numpy().tolist() == [
        ["New service", "in_progress"],
        ["New service", "failure"],
    ]


# The usual range


def points_of(values, starts="2026-01-05"):
    weeks = pd.date_range(starts, periods=len(values) + 1, freq="7D").date
    return pd.DataFrame({"slice": "all", "starts": weeks[:-1], "ends": weeks[1:], "value": values})


def test_the_usual_range_of_eight_weeks_is_4_03_to_18_47(nouns):
    nouns()
    found = usual(metric("bugs_opened"), points_of([10, 12, 9, 11, 14, 10, 13, 11]))

    assert found.middle == 11.25
    assert (round(found.low, 2), round(found.high, 2)) == (4.03, 18.47)
    assert (found.since, found.until, found.n) == (date(2026, 1, 5), date(2026, 3, 2), 8)


def test_the_usual_range_never_goes_below_zero_and_takes_six_points(nouns):
    nouns()

    assert usual(metric("bugs_opened"), points_of([0, 9, 0, 9, 0, 9])).low == 0
    assert usual(metric("bugs_opened"), points_of([0, 9, 0, 9, 0])) is None
    assert usual(metric("bugs_opened"), points_of([0, None, 9, None, 0, 9, 0])) is None
    assert usual(metric("bugs_opened"), points_of([])) is None


def test_a_week_without_a_value_is_no_part_of_the_baseline(nouns):
    nouns()
    found = usual(metric("pickup_time"), points_of([None, 10, 12, 9, None, 11, 14, 10, 13, 11]))

    assert (round(found.low, 2), round(found.high, 2), found.n) == (4.03, 18.47, 8)
    assert found.since == date(2026, 1, 12)


def test_the_baseline_stays_put_when_the_level_moves(nouns):
    nouns()
    calm = [10, 12] * 13

    assert usual(metric("bugs_opened"), points_of(calm)) == usual(metric("bugs_opened"), points_of(calm + [50] * 20))


def test_the_team_dates_its_baseline_in_its_own_words(nouns):
    nouns("[baselines]\nbugs_opened = 2026-02-03\n")
    found = usual(metric("bugs_opened"), points_of([50] * 5 + [10, 12, 9, 11, 14, 10, 13, 11]))

    assert (found.since, found.middle, found.n) == (date(2026, 2, 9), 11.25, 8)
    assert usual(metric("bugs_resolved"), points_of([50] * 7)).middle == 50


def test_a_usual_range_belongs_to_one_slice(nouns):
    nouns()
    two = pd.concat([points_of([1] * 8), points_of([2] * 8).assign(slice="other")])

    with pytest.raises(ValueError, match="one slice"):
        usual(metric("bugs_opened"), two)
