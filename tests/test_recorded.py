"""What GitHub and Jira hold is what the store holds: against recorded data, item by item, first, again and after changes."""

import shutil
from datetime import datetime

import pytest

from data import Live, Origin, home, query

GUI = "github/bitcoin-core/gui"
EVENTS = """
    (select p.body->>'number' as number, unnest(cast(q.body->'timelineItems'->'nodes' as json[])) as n
    from raw.github_pull_requests p join (
        select id as parent, body from raw.github_pull_requests union all select parent, body from raw.github_pull_request_parts
    ) q on q.parent = p.id)
"""
STATUSES = """
    (select p.body->>'databaseId' as id, unnest(cast(q.body->'statuses'->'nodes' as json[])) as n
    from raw.github_deployments p join (
        select id as parent, body from raw.github_deployments union all select parent, body from raw.github_deployment_parts
    ) q on q.parent = p.id)
"""
HELD = {
    f"{GUI}/pulls": "select (body->>'number') || ' ' || (body->>'updatedAt') from raw.github_pull_requests",
    f"{GUI}/merged": "select (body->>'number') || ' ' || (body->>'mergedAt') from raw.github_pull_requests"
    " where body->>'mergedAt' is not null",
    f"{GUI}/issues": "select (body->>'number') || ' ' || (body->>'updatedAt') from raw.github_issues",
    f"{GUI}/reviews": "select (n->>'fullDatabaseId') || ' ' || (n->>'submittedAt')"
    f" from {EVENTS} where n->>'__typename' = 'PullRequestReview'",
    f"{GUI}/pull_commits": "select number || ':' || (n->'commit'->>'oid') || ' ' || (n->'commit'->>'committedDate')"
    f" from {EVENTS} where n->>'__typename' = 'PullRequestCommit'",
    f"{GUI}/deployments": "select (body->>'databaseId') || ' ' || (body->>'updatedAt') from raw.github_deployments",
    f"{GUI}/deployment_statuses": f"select id || ':' || lower(n->>'state') || ' ' || (n->>'createdAt') from {STATUSES}",
    f"{GUI}/runs": "select id || ':' || (body->>'run_attempt') || ' ' || (body->>'updated_at') from raw.github_runs",
    "jira/issues": "select id || ' ' || strftime(version, '%Y-%m-%dT%H:%M:%SZ') from raw.jira_issues",
    "jira/changelog": "select parent || ':' || id || ' ' || strftime((body->>'created')::timestamptz, '%Y-%m-%dT%H:%M:%SZ')"
    " from raw.jira_histories",
}


def held(stream: str) -> list[str]:
    with Live("team") as store:
        return sorted(line for (line,) in store.connection.execute(HELD[stream]).fetchall())


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A place for the home of the first whole sync, so that it is made once, and what it told."""
    return {"home": tmp_path_factory.mktemp("kept") / "home"}


@pytest.fixture
def collected(replay, collect, kept):
    """A home in which everything recorded has been collected once; returns the outcomes of that sync."""
    if "outcomes" not in kept:
        kept["outcomes"] = collect(published=True)
        shutil.copytree(home(), kept["home"])
    elif not home().exists():
        shutil.copytree(kept["home"], home())
    return kept["outcomes"]


def differing(replay, source: str = "") -> dict[str, tuple[list[str], list[str]]]:
    """Return, per stream that is not exactly the truth, what is too much and what is missing."""
    told = {stream: (held(stream), replay.truth(stream)) for stream in HELD if stream.startswith(source)}
    return {
        stream: (sorted(set(ours) - set(truth))[:5], sorted(set(truth) - set(ours))[:5])
        for stream, (ours, truth) in told.items()
        if ours != truth
    }


def test_a_first_sync_holds_everything_once(replay, collected):
    assert [o.parked for o in collected] == [[], []]
    assert differing(replay) == {}


@pytest.mark.usefixtures("collected")
def test_of_descriptions_only_what_says_why_is_held():
    bodies = "select body from raw.github_pull_requests union all select body from raw.github_issues"
    fields = "select body->'fields' from raw.jira_issues"
    with Live("team") as store:
        found = store.connection.execute(
            f"select distinct unnest(json_keys(body)) from ({bodies}) union select distinct unnest(json_keys(body)) from ({fields}) t(body)"
        ).fetchall()
        without = store.connection.execute(
            f"select count(*) from ({bodies} union all {fields}) where not json_exists(body, '$.why')"
        ).fetchall()
    told = query("select max(length(why)) as longest, count(why) / count(*) as share from issues").iloc[0]

    assert without == [(0,)]
    assert not {"body", "description"} & {name for (name,) in found}
    assert told.longest <= 300
    assert told.share > 0.05


@pytest.mark.usefixtures("collected")
def test_of_whom_an_issue_was_given_to_the_account_is_held_and_no_name():
    told = """
        select count(*), count(item->>'to'), count(coalesce(item->>'fromString', item->>'toString'))
        from (select unnest(cast(body->'items' as json[])) as item from raw.jira_histories)
        where item->>'field' in ('assignee', 'reporter')
    """
    with Live("team") as store:
        [(moved, accounts, names)] = store.connection.execute(told).fetchall()

    assert min(moved, accounts) > 100
    assert names == 0


@pytest.mark.usefixtures("collected")
def test_when_a_repository_began_is_held_and_that_its_deployments_are_known_from_the_first_on():
    found = query("select created_at, deployments_from from repositories").iloc[0]

    assert f"{found.created_at}" == "2020-06-16 12:20:07"
    assert found.isna().tolist() == [False, True]


@pytest.mark.usefixtures("replay")
def test_of_deployments_read_in_part_it_is_held_from_when_on(collect):
    collect("github", datetime(2025, 1, 1), published=True)  # noqa: DTZ001 zone-less UTC, like everything in the store

    assert f"{query('select deployments_from from repositories').iloc[0].item()}" == "2025-01-01 00:00:00"


@pytest.mark.usefixtures("collected")
def test_a_second_sync_adds_and_changes_nothing_and_asks_little(collect):
    outcomes = collect()

    assert [(o.new, o.changed) for o in outcomes] == [(0, 0), (0, 0)]
    assert [o.requests for o in outcomes] == [1, 1]


@pytest.mark.usefixtures("collected")
def test_after_changes_the_next_sync_holds_exactly_the_changed_truth(replay, collect):
    gui = {"repo": "bitcoin-core/gui"}
    numbers = [int(line.split()[0]) for line in held(f"{GUI}/pulls")]
    replay.mutate(
        {"op": "touch", "number": min(numbers), **gui},
        {"op": "edit", "number": max(numbers), "title": "Say it better", **gui},
        {"op": "new_pull", "title": "A new change", **gui},
        {"op": "new_issue", "title": "A new thought", **gui},
        {"op": "random", "count": 60, "seed": 5},
        {"op": "jira_new", "project": "AC"},
        {"op": "deploy", **gui},
        {"op": "run", **gui},
    )
    fresh = max(int(line.split()[0]) for line in replay.truth(f"{GUI}/pulls"))
    replay.mutate({"op": "review", "number": fresh, **gui}, {"op": "merge", "number": fresh, **gui})
    outcomes = collect()

    assert [o.parked for o in outcomes] == [[], []]
    assert differing(replay) == {}


@pytest.mark.usefixtures("collected")
def test_what_was_deleted_is_found_and_kept_out_of_every_number(replay, collect):
    number = int(held(f"{GUI}/issues")[0].split()[0])
    replay.mutate({"op": "delete", "repo": "bitcoin-core/gui", "number": number})
    collect("github", published=True)
    with Live("team") as store:
        gone = store.connection.execute(
            "select body->>'number' from raw.github_issues where gone_at is not null"
        ).fetchall()

    assert gone == [(str(number),)]
    assert query("select count(*) as n from issues where source = 'github'").n[0] == len(replay.truth(f"{GUI}/issues"))


@pytest.mark.usefixtures("collected")
def test_a_late_word_on_an_old_deployment_is_heard_by_the_daily_comparison(replay, collect):
    oldest = min(int(line.split()[0]) for line in held(f"{GUI}/deployments"))
    told = {"op": "deployment_status", "repo": "bitcoin-core/gui", "deployment": oldest, "state": "inactive"}
    replay.mutate(told, {"op": "deploy", "repo": "bitcoin-core/gui"})
    with Live("team") as store:  # as if the last comparison were two days old
        store.connection.execute('update progress set place = replace(place, \'"compared": "20\', \'"compared": "19\')')
    collect("github")

    assert differing(replay, f"{GUI}/deployment") == {}


@pytest.mark.usefixtures("collected")
def test_the_edition_counts_what_the_store_holds(replay):
    counted = query(
        "select (select count(*) from pull_requests) as pulls, (select count(*) from issues) as issues"
    ).iloc[0]

    assert counted.pulls == len(replay.truth(f"{GUI}/pulls"))
    assert counted.issues == len(replay.truth(f"{GUI}/issues")) + len(replay.truth("jira/issues"))


def test_a_pull_request_costs_no_more_than_promised(collected):
    tally = next(t for o in collected for t in o.tallies if t.stream == "github_pull_requests")

    assert 1000 * tally.requests / tally.read <= 60
    assert 1000 * tally.points / tally.read <= 60


def test_issues_with_their_history_cost_twelve_requests_a_thousand(collected):
    tally = next(t for o in collected for t in o.tallies if t.stream == "jira_issues")

    assert 1000 * tally.requests / tally.read <= 12


def test_changes_made_while_pages_are_read_are_held_after_the_next_sync(replay, collect):
    replay.faults(
        {"match": {"source": "graphql"}, "every": 3, "fault": "mutate", "ops": [{"op": "random", "count": 3}]},
    )
    collect("github")
    replay.faults()
    collect("github")

    assert differing(replay, "github") == {}


def test_pages_that_are_too_wide_are_narrowed_and_the_width_is_remembered(replay, collect):
    wide = '"first": ?(2[6-9]|[3-9][0-9])'
    refuse = {"errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}]}
    replay.faults(
        {
            "match": {"source": "graphql", "body": wide},
            "fault": "status",
            "status": 200,
            "body": {"data": None, **refuse},
        }
    )
    collect("github")
    with Live("team") as store:
        origin = Origin(replay.url.removeprefix("http://"), "github", "github_pull_requests", "bitcoin-core/gui")
        place = store.progress(origin).place
    assert place

    assert place["width"] <= 25
    assert held(f"{GUI}/pulls") == replay.truth(f"{GUI}/pulls")


def test_long_items_are_read_to_their_end_however_few_may_be_asked_together(replay, collect):
    refuse = {"errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}]}
    match = {"source": "graphql", "body": "n2: node"}  # three of them are too much
    replay.faults({"match": match, "fault": "status", "status": 200, "body": {"data": None, **refuse}})

    assert collect("github")[0].parked == []
    assert differing(replay, "github") == {}


def test_spoilt_answers_are_asked_for_again(replay, collect):
    kinds = ("html", "truncate", "reset", "empty", "gzip_garbage")
    replay.faults(
        *(
            {"match": {"source": "graphql|github"}, "nth": 2 + 3 * n, "fault": kind, "status": 502}
            for n, kind in enumerate(kinds)
        )
    )
    outcomes = collect("github")

    assert outcomes[0].parked == []
    assert differing(replay, "github") == {}


def test_a_service_that_goes_away_in_the_middle_loses_nothing(replay, collect):
    replay.faults(
        {"match": {"source": "graphql"}, "from": 6, "fault": "status", "status": 400, "body": {"message": "no"}}
    )
    first = collect("github")
    replay.faults()
    second = collect("github")

    assert first[0].parked
    assert not second[0].parked
    assert differing(replay, "github") == {}
