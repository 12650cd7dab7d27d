"""What Jira holds is what the store holds: a Cloud and a Data Center, first, again, after changes, and what is no more."""

import asyncio
import gzip
import json
import shutil
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

import data
from collectors import checks, source
from collectors.wire import AT_ONCE
from data import Live, Origin, query
from tests.conftest import HOUSE, Replay

TIME = "%Y-%m-%dT%H:%M:%SZ"
HELD = {
    "jira/issues": f"select id || ' ' || strftime(version, '{TIME}') from raw.jira_issues where gone_at is null",
    "jira/changelog": f"select parent || ':' || id || ' ' || strftime((body->>'created')::timestamptz, '{TIME}')"
    " from raw.jira_histories where gone_at is null",
    "jira/status_changes": f"""
        select parent || ':' || (item->>'from') || '>' || (item->>'to') || ' ' || created
        from (
            select parent, strftime((body->>'created')::timestamptz, '{TIME}') as created,
                unnest(cast(body->'items' as json[])) as item
            from raw.jira_histories where gone_at is null
        )
        where item->>'field' = 'status'
    """,
    "jira/sprints": "select id || ' ' || (body->>'state') from raw.jira_sprints where gone_at is null",
    "jira/worklogs": f"select id || ' ' || strftime(version, '{TIME}') from raw.jira_worklogs where gone_at is null",
}
SEEN = datetime(2026, 6, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
PROJECTS = ["MOD", "DAEMON", "OPS"]


def held(stream: str) -> list[str]:
    with Live("team") as store:
        return sorted(line for (line,) in store.connection.execute(HELD[stream]).fetchall())


def differing(replay) -> dict[str, tuple[list[str], list[str]]]:
    """Return, per stream that is not exactly the truth, what is too much and what is missing."""
    told = {stream: (held(stream), replay.truth(stream)) for stream in HELD}
    return {
        stream: (sorted(set(ours) - set(truth))[:5], sorted(set(truth) - set(ours))[:5])
        for stream, (ours, truth) in told.items()
        if ours != truth
    }


def key_of(ident: str, replay) -> str:
    with Live("team") as store:
        found = store.connection.execute("select body->>'key' from raw.jira_issues where id = $id", {"id": ident})
        return found.fetchone()[0]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """The recorded Jira with fewer projects, seen from India."""
    place = HOUSE.parent / "shared" / "replay"
    if not place.exists():
        pytest.skip("the recorded GitHub and Jira (../shared/replay) are not beside this checkout")
    folder, told = tmp_path_factory.mktemp("few") / "data", tmp_path_factory.mktemp("few") / "port"
    shutil.copytree(place / "data", folder)
    for one in folder.rglob("*"):
        one.chmod(0o755 if one.is_dir() else 0o644)
    (site,) = (folder / "jira").iterdir()
    keep(site / "derived" / "boards.jsonl.gz", lambda board: board["project"] in PROJECTS)
    boards = {board["id"] for board in keep(site / "derived" / "boards.jsonl.gz", bool)}
    issues = keep(site / "issues.jsonl.gz", lambda issue: issue["project"] in PROJECTS)
    named = {sprint for issue in issues for sprint in issue.get("sprints", ())}
    about = json.loads((site / "site.json").read_text(encoding="utf-8"))
    about["projects"] = {key: project for key, project in about["projects"].items() if key in PROJECTS}
    (site / "site.json").write_text(json.dumps(about), encoding="utf-8")
    keep(site / "sprints.jsonl.gz", lambda sprint: sprint["id"] in named or sprint.get("originBoardId") in boards)
    options = ["--token", Replay.TOKEN, "--jira-timezone", "Asia/Kolkata"]
    command = [sys.executable, "serve.py", "--data", str(folder), "--port-file", str(told), *options]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as server:
        assert "ready" in server.stdout.readline()
        yield Replay(int(told.read_text()))
        server.terminate()


def keep(path, wanted) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        kept = [one for one in map(json.loads, lines) if wanted(one)]
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(one) + "\n" for one in kept)
    return kept


@pytest.fixture
def replay(replay, tmp_path):
    """The recorded Jira as a Cloud with an API token."""
    point(tmp_path, replay, "jira", PROJECTS)
    return replay


@pytest.fixture(params=["jira", "jira-dc"])
def flavour(request, replay, monkeypatch, tmp_path):
    """One Jira, as a Cloud with an API token or as a Data Center with a personal access token."""
    point(tmp_path, replay, request.param, PROJECTS)
    if request.param == "jira-dc":
        monkeypatch.delenv("JIRA_EMAIL")
        monkeypatch.delenv("JIRA_TOKEN")
        monkeypatch.setenv("JIRA_PAT", replay.TOKEN)
    return request.param


def point(place, replay, path: str, projects: list[str], more: str = "") -> None:
    words = f'[jira]\nurl = "{replay.url}/{path}"\nprojects = {projects}\n{more}'.replace("'", '"')
    (place / "team.toml").write_text(words, encoding="utf-8")


def test_a_first_sync_holds_everything_once_and_a_second_asks_once_and_changes_nothing(replay, collect, flavour):
    first, *_ = collect("jira")
    assert first.parked == []
    assert differing(replay) == {}
    issues = next(t for t in first.tallies if t.stream == "jira_issues")
    assert 1000 * issues.requests / issues.read <= 12

    second, *_ = collect("jira")
    assert (second.new, second.changed, second.requests, second.parked) == (0, 0, 1, [])


def test_after_changes_moves_and_deletions_it_holds_exactly_what_is_there(replay, collect, flavour):
    collect("jira")
    some = [key_of(line.split()[0], replay) for line in held("jira/issues")[::400]]
    replay.mutate(
        {"op": "jira_new", "project": "OPS"},
        {"op": "jira_edit", "key": some[0], "summary": "Say it better"},
        {"op": "jira_status", "key": some[1], "to": "In Progress"},
        {"op": "jira_move", "key": some[2], "to": "MOD"},
        {"op": "jira_delete", "key": some[3]},
        {"op": "jira_delete", "key": key_of("900001", replay)},
        {"op": "random", "count": 80, "seed": 3, "ops": ["jira_new", "jira_edit", "jira_status"]},
    )
    outcome, *_ = collect("jira")
    assert outcome.parked == []

    replay.faults({"match": {"source": flavour}, "fault": "clock_skew", "seconds": 8 * 86400})
    outcome, *_ = collect("jira")
    assert outcome.parked == []
    assert differing(replay) == {}
    with Live("team") as store:
        (gone,) = store.connection.execute("select count(*) from raw.jira_issues where gone_at is not null").fetchone()
    assert gone == 2, "kept, out of every number"


def test_an_answer_lost_at_any_request_loses_nothing(replay, collect, flavour):
    for nth in (2, 9, 13, 15):
        replay.faults({"match": {"source": flavour}, "nth": nth, "fault": "status", "status": 400})
        collect("jira")
    replay.faults({"match": {"source": flavour}, "fault": "clock_skew", "seconds": 2 * 86400})
    outcome, *_ = collect("jira")

    assert outcome.parked == []
    assert differing(replay) == {}


def test_changes_made_while_pages_are_read_are_held_after_the_next_sync(replay, collect, flavour):
    ops = ["jira_new", "jira_edit", "jira_status"]
    change = {"fault": "mutate", "ops": [{"op": "random", "count": 5, "ops": ops}]}
    replay.faults({"match": {"source": flavour, "path": "search"}, "every": 2, **change})
    collect("jira")
    replay.faults({"match": {"source": flavour}, "fault": "clock_skew", "seconds": 7200})
    outcome, *_ = collect("jira")

    assert outcome.parked == []
    assert differing(replay) == {}


def test_a_token_that_expires_begins_again_at_the_time_reached(replay, collect):
    expired = {"match": {"source": "jira", "body": "nextPageToken"}, "every": 5, "fault": "cursor_expired"}
    replay.faults(expired)
    outcome, *_ = collect("jira")

    assert outcome.parked == []
    assert differing(replay) == {}
    assert outcome.requests < 60


def test_the_last_six_weeks_come_first(replay, collect):
    replay.mutate({"op": "random", "count": 40, "seed": 8, "ops": ["jira_edit", "jira_new"]})
    replay.faults({"match": {"source": "jira", "path": "search"}, "nth": 2, "fault": "status", "status": 400})
    collect("jira")
    early = datetime.fromisoformat(max(replay.truth("jira/issues"), key=lambda line: line.split()[1]).split()[1])
    newest = [line for line in replay.truth("jira/issues") if early - moment(line) < timedelta(weeks=6)]

    assert newest
    assert held("jira/issues") == newest
    replay.faults()
    collect("jira")
    assert held("jira/issues") == replay.truth("jira/issues")


def moment(line: str) -> datetime:
    return datetime.fromisoformat(line.split()[1])


def test_a_project_that_joins_is_read_from_its_beginning_and_one_that_leaves_is_kept_but_not_counted(
    replay, collect, tmp_path
):
    point(tmp_path, replay, "jira", ["DAEMON", "MOD"])
    collect("jira")
    point(tmp_path, replay, "jira", ["OPS", "DAEMON"])
    outcome, *_ = collect("jira", published=True)
    counted = query("select distinct project from issues order by 1")["project"].tolist()
    again, *_ = collect("jira")

    assert outcome.parked == again.parked == []
    assert held("jira/issues") == replay.truth("jira/issues")
    assert held("jira/worklogs") == replay.truth("jira/worklogs")
    assert counted == ["DAEMON", "OPS"]
    assert (again.new, again.changed, again.requests) == (0, 0, 1)


def test_since_leaves_out_what_is_older_until_it_is_asked_for(replay, collect):
    since = datetime(2020, 1, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
    collect("jira", since)
    later = [line for line in replay.truth("jira/issues") if line.split()[1] >= since.isoformat()]
    assert set(later) == set(held("jira/issues"))

    collect("jira", since - timedelta(days=9999))
    assert held("jira/issues") == replay.truth("jira/issues")


def test_what_the_boards_keep_from_this_token_is_said_and_all_else_is_read(replay, collect):
    replay.faults({"match": {"source": "jira", "path": "agile"}, "fault": "status", "status": 401})
    outcome, *_ = collect("jira")

    assert outcome.parked
    assert all("read:board-scope:jira-software" in told for told in outcome.parked)
    assert held("jira/issues") == replay.truth("jira/issues")


def test_a_jira_without_boards_or_sprints_is_whole(replay, collect):
    replay.faults({"match": {"source": "jira", "path": "agile"}, "fault": "status", "status": 404})
    outcome, *_ = collect("jira")

    assert outcome.parked == []
    assert held("jira/issues") == replay.truth("jira/issues")


def test_sprints_that_no_board_lists_are_asked_for_side_by_side(replay, collect, tmp_path):
    """One after the other, a line of 200 ms would take five seconds for 24 of them."""
    point(tmp_path, replay, "jira", ["MOD"])
    replay.faults(
        {"match": {"source": "jira", "path": "board/[0-9]+/sprint"}, "fault": "status", "status": 404},
        {"match": {"source": "jira", "path": "agile/1.0/sprint/"}, "fault": "drip", "seconds": 0.2, "parts": 2},
    )
    collect("jira")

    assert replay.ask("stats")["max_concurrency"] == AT_ONCE
    assert held("jira/sprints")


def test_an_issue_that_is_back_is_counted_again_with_its_history(replay, collect, tmp_path):
    point(tmp_path, replay, "jira", ["MOD"])
    collect("jira")
    whole = held("jira/changelog")
    with Live("team") as store:
        ident, *_ = store.connection.execute("select parent from raw.jira_histories").fetchone()
        store.gone(Origin(store_source(replay), "jira", "jira_issues", "*"), [ident], SEEN, "jira_histories")
    assert len(held("jira/changelog")) < len(whole)

    replay.faults({"match": {"source": "jira"}, "fault": "clock_skew", "seconds": 8 * 86400})
    collect("jira")
    assert held("jira/changelog") == whole


def test_histories_that_did_not_come_with_their_issues_are_read_one_by_one(replay, collect, tmp_path):
    """As after a kill between the two; on a Cloud a thousand come at once."""
    point(tmp_path, replay, "jira-dc", PROJECTS)
    collect("jira")
    with Live("team") as store:
        some = "(select id from raw.jira_issues order by id limit 7)"
        store.connection.execute(f"delete from raw.jira_histories where parent in {some}")
        store.connection.execute(f"update raw.jira_issues set whole = null where id in {some}")
    outcome, *_ = collect("jira")

    assert (outcome.parked, outcome.requests) == ([], 8)
    assert differing(replay) == {}


def links() -> dict[str, list]:
    """Return the links the store holds: by the id of an issue, what each says both ways, and which it leads to."""
    with Live("team") as store:
        told = store.connection.execute("""
            select id, body->'$.fields.issuelinks' from raw.jira_issues
            where json_exists(body, '$.fields.issuelinks')
        """).fetchall()
    return {ident: json.loads(body) for ident, body in told}


def recorded_links() -> dict[str, list]:
    """Return the links of the recorded issues, in the order of their ids, as the store should hold them."""
    (site,) = (HOUSE.parent / "shared" / "replay" / "data" / "jira").iterdir()
    kinds = json.loads((site / "site.json").read_text(encoding="utf-8"))["linktypes"]
    with gzip.open(site / "issues.jsonl.gz", "rt", encoding="utf-8") as lines:
        issues = [one for one in map(json.loads, lines) if one["project"] in PROJECTS and one.get("links")]
    return {
        one["id"]: [
            {
                "type": {name: kinds[kind][name] for name in ("name", "inward", "outward")},
                side: {"id": other, "key": key},
            }
            for _, kind, side, key, other in sorted(one["links"], key=lambda link: link[0])
        ]
        for one in issues
    }


def test_links_are_held_as_they_are_told_and_a_store_that_was_read_without_them_is_read_once_more(
    replay, collect, flavour
):
    first, *_ = collect("jira")
    assert links() == recorded_links()
    assert not {"displayName", "accountId", "summary"} & set(json.dumps(links()).split('"'))

    with Live("team") as store:  # as it was before links were asked for
        store.connection.execute(
            'update raw.jira_issues set body = json_merge_patch(body, \'{"fields": {"issuelinks": null}}\')'
        )
        store.connection.execute("update progress set place = replace(place, '\"issuelinks\"', '\"customfield_99\"')")
    assert not links()
    again, *_ = collect("jira")
    last, *_ = collect("jira")

    assert (again.parked, again.new) == ([], 0)
    assert links() == recorded_links()
    assert differing(replay) == {}
    assert again.requests <= first.requests
    assert (last.new, last.changed, last.requests) == (0, 0, 1)


def test_check_says_what_a_first_collection_costs(replay, flavour, collect):
    team = source.sources(data.team("team"))
    told = asyncio.run(checks.run(team, data.team("team")))["sources"][-1]
    outcome, *_ = collect("jira")

    assert told["problems"] == []
    assert outcome.requests <= 1.25 * told["requests"]
    assert told["requests"] <= 1.25 * outcome.requests


def test_check_shows_which_links_say_what_caused_an_issue(replay):
    kinds = [{"name": "Problem/Incident", "inward": "is caused by", "outward": "causes"}]
    replay.faults(
        {
            "match": {"source": "jira", "path": "issueLinkType"},
            "fault": "status",
            "status": 200,
            "body": {"issueLinkTypes": kinds},
        }
    )
    told = checks.words(asyncio.run(checks.run(source.sources(data.team("team")), data.team("team"))))

    assert "  link says what caused an issue:\n    yes  is caused by\n    no   causes\n" in told


def store_source(replay) -> str:
    return replay.url.removeprefix("http://") + "/jira"


def test_requests_sprints_and_worklogs_are_nouns(replay, collect, tmp_path, flavour):
    words = '[[workflows]]\nname = "Provision"\nruns = ["provision*"]\nreplaces = ["new service"]'
    point(tmp_path, replay, flavour, ["OPS", "MOD"], words)
    collect("jira", published=True)
    asked = query(
        "select channel, type, workflow, area, count(*) as n, count(sla_breached) as told from requests group by all"
    )
    assert asked.drop(columns=["n", "told"]).to_numpy().tolist() == [["manual", "New service", "Provision", "OPS"]]
    assert asked["n"].item() == asked["told"].item() > 100
    found = query("select * from sprints where state = 'closed'")
    assert set(found["project"].dropna()) == {"MOD"}
    assert (found["completed_at"] >= found["started_at"]).all()
    spent = query("select w.seconds, i.project from worklogs w join issues i on i.id = w.issue_id")
    assert set(spent["project"]) == {"OPS"}
    named = query("select count(sprint) as sprint from issues where sprint in (select name from sprints)")[
        "sprint"
    ].item()
    assert named == query("select count(sprint) as n from issues")["n"].item() > 100


def test_custom_fields_are_known_by_what_they_are_not_by_their_number(replay, collect, tmp_path):
    point(tmp_path, replay, "jira", ["MOD"])
    fields = {
        "customfield_1": ("com.atlassian.jira.plugin.system.customfieldtypes:float", "Story Points", 5.0),
        "customfield_22": (
            "com.pyxis.greenhopper.jira:gh-sprint",
            "Iteration",
            [{"id": 1, "name": "One", "state": "closed"}],
        ),
        "customfield_333": ("com.pyxis.greenhopper.jira:gh-epic-link", "Epic", "MOD-1"),
        "customfield_4": ("com.atlassian.jira.plugin.system.customfieldtypes:float", "Weight in tons", 7.0),
    }
    listed = [
        {"id": i, "name": name, "custom": True, "schema": {"custom": kind}} for i, (kind, name, _) in fields.items()
    ]
    when = "2026-03-04T22:00:00.500+0530"
    issue = {"project": {"key": "MOD"}, "updated": when, "created": when} | {
        i: value for i, (*_, value) in fields.items()
    }
    answers = {
        "/api/3/field$": listed,
        "search/jql": {"issues": [{"id": "1", "key": "MOD-2", "fields": issue}], "isLast": True},
        "agile/1.0/board": {"values": [], "isLast": True},
        "agile/1.0/sprint": {"id": 1, "name": "One", "state": "closed"},
        "changelog/bulkfetch": {"issueChangeLogs": []},
    }
    replay.faults(
        *(
            {"match": {"source": "jira", "path": path}, "fault": "status", "status": 200, "body": body}
            for path, body in answers.items()
        )
    )
    outcome, *_ = collect("jira", published=True)

    assert outcome.parked == []
    found = query("select points, sprint, parent from issues")
    assert found.to_numpy().tolist() == [[5.0, "One", "MOD-1"]]


@pytest.mark.usefixtures("replay")
def test_two_tables_of_one_site_are_one_source(tmp_path):
    words = tmp_path / "team.toml"
    words.write_text(
        '[[jira]]\nurl = "https://x.atlassian.net"\nprojects = ["A", "B"]\n[[jira]]\nurl = "https://x.atlassian.net/"\nprojects = ["B", "C"]\n'
    )

    assert [one.projects for one in source.sources(data.read_team(words))] == [("A", "B", "C")]
