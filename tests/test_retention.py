"""What a team keeps for some months goes after them, its bytes too; what counts today stays, and no sync brings back what went."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

import data
import metrics
from data import Live, Origin, Progress, Reject, Row, Team, home, publish, retention
from data.journal import journal

HOUSE = Path(__file__).resolve().parent.parent
CUT = datetime(2024, 1, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
OLD, NEW = datetime(2023, 6, 1), datetime(2024, 6, 1)  # noqa: DTZ001
SHOP, GUI = "acme/shop", "github/bitcoin-core/gui"
SECRET = "zq7-xylophone-of-last-year"  # stands in what is to go, and nowhere else


def months(since: datetime = CUT) -> int:
    """Return for how many months to keep, so that a day is the first that is kept, whenever this is run."""
    today = datetime.now(UTC)
    return (today.year - since.year) * 12 + today.month - since.month


def keep(place: Path, count: int) -> None:
    path = place / "team.toml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[keep]\nmonths = {count}\n", encoding="utf-8")


def words(since: datetime = CUT) -> Team:
    return Team.model_validate({"keep": {"months": months(since)}})


def land(live: Live, stream: str, *rows: Row | Reject, at: datetime = NEW) -> None:
    kind = stream.partition("_")[0]
    live.land(Origin("github.com" if kind == "github" else "jira.example", kind, stream, SHOP), rows, Progress(), at)


def row(name: str, at: datetime, body: dict | None = None, **more) -> Row:
    return Row(name, at, {"title": name, **(body or {})}, SHOP, **more)


def ids(live: Live, table: str) -> set[str]:
    return {name for (name,) in live.connection.execute(f"select id from {table}").fetchall()}


def issue(name: str, at: datetime, kind: str) -> Row:
    return row(name, at, {"fields": {"status": {"statusCategory": {"key": kind}}}})


@pytest.fixture(autouse=True)
def _a_home(monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))


def lives(live: Live) -> None:
    """Keep some of everything, old and new, ended and not."""
    for name, at in (("old", OLD), ("new", NEW)):
        for state in ("OPEN", "MERGED", "CLOSED"):
            land(live, "github_pull_requests", row(f"{name} {state}", at, {"state": state}))
        land(live, "github_pull_request_parts", row(f"part of {name}", at, parent=f"{name} MERGED"))
        land(live, "github_issues", *(row(f"{name} {state}", at, {"state": state}) for state in ("OPEN", "CLOSED")))
        land(live, "github_runs", *(row(f"{name} {told}", at, {"status": told}) for told in ("queued", "completed")))
        land(live, "github_commits", row(name, at))
        land(live, "github_milestones", row(name, at))
        land(live, "jira_issues", *(issue(f"{name} {kind}", at, kind) for kind in ("done", "indeterminate")))
        for kind in ("done", "indeterminate"):
            land(live, "jira_histories", row(f"{name} {kind}", at, parent=f"{name} {kind}"))
        land(live, "usage_rows", row(name, NEW, {"happened_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}))  # a file is read late
        land(live, "github_things", Reject(name, "of no known form", SHOP, {}), at=at)


def test_what_ended_before_goes_with_its_parts_and_what_has_not_ended_stays():
    with Live("team") as live:
        lives(live)
        before = {table: ids(live, f"raw.{table}") for table in live.tables()} | {"rejects": ids(live, "rejects")}
        retention.let_go(live, CUT, words())
        gone = {
            table: there - ids(live, table if table == "rejects" else f"raw.{table}") for table, there in before.items()
        }

    assert {table: those for table, those in gone.items() if those} == {
        "github_pull_requests": {"old MERGED", "old CLOSED"},
        "github_pull_request_parts": {"part of old"},
        "github_issues": {"old CLOSED"},
        "github_runs": {"old completed"},
        "jira_issues": {"old done"},
        "jira_histories": {"old done"},
        "usage_rows": {"old"},
        "rejects": {"old"},
    }  # fmt: skip


def test_the_preview_tells_what_goes_and_changes_nothing():
    with Live("team") as live:
        lives(live)
        mark = live.fingerprint(live.connection)
        told = retention.preview(live, CUT)

        assert live.fingerprint(live.connection) == mark
        assert [(one.go, one.stay) for one in told if one.table == "github_pull_requests"] == [(2, 4)]
        assert sum(one.go for one in told) == retention.let_go(live, CUT, words())
        assert retention.preview(live, CUT) == []


def test_what_is_no_more_at_its_source_goes_though_it_never_ended():
    with Live("team") as live:
        lives(live)
        live.gone(Origin("github.com", "github", "github_pull_requests", SHOP), ["old OPEN", "new OPEN"], NEW)
        retention.let_go(live, CUT, words())

        assert ids(live, "raw.github_pull_requests") == {"new OPEN", "new MERGED", "new CLOSED"}


def test_the_bytes_of_it_are_in_no_file_any_more():
    def found() -> list[str]:
        return sorted(
            path.name for path in home().rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
        )

    body = {"id": "1", "number": 1, "title": SECRET, "state": "MERGED", "createdAt": "2023-05-01T00:00:00Z", "url": ""}
    with Live("team") as live:
        land(live, "github_pull_requests", Row("1", OLD, body, SHOP), row("2", NEW, {"state": "OPEN"}))
    assert found() == ["live.duckdb"]
    with Live("team") as live:
        publish(live)
        retention.let_go(live, CUT, words())
        publish(live)
        data.editions.drop_old_editions("team")

    assert found() == []
    with Live("team") as live:
        assert ids(live, "raw.github_pull_requests") == {"2"}


def test_what_went_is_not_kept_again_until_it_changes():
    with Live("team") as live:
        live.kept_from = CUT
        lives(live)
        assert ids(live, "raw.github_pull_requests") == {"old OPEN", "new OPEN", "new MERGED", "new CLOSED"}

        land(live, "github_pull_requests", row("old MERGED", NEW, {"state": "MERGED"}))
        assert "old MERGED" in ids(live, "raw.github_pull_requests")


def test_what_is_kept_may_end_at_any_time():
    """An open pull request of old is there; when it is closed, that is kept, whatever its date."""
    with Live("team") as live:
        lives(live)
        live.kept_from = CUT
        land(live, "github_pull_requests", row("old OPEN", OLD, {"state": "CLOSED"}))
        [(body,)] = live.connection.execute(
            "select body from raw.github_pull_requests where id = 'old OPEN'"
        ).fetchall()

    assert json.loads(body)["state"] == "CLOSED"


@pytest.mark.parametrize(
    ("now", "kept"), [("2026-11-22", "2024-11-01"), ("2026-01-31", "2024-01-01"), ("2026-12-01", "2024-12-01")]
)
def test_months_are_whole_ones(now: str, kept: str):
    told = Team.model_validate({"keep": {"months": 24}})

    assert retention.kept_from(told, datetime.fromisoformat(now)) == datetime.fromisoformat(kept)
    assert retention.kept_from(Team(), datetime.fromisoformat(now)) is None


# Numbers


TWELVE_MONTHS = {"knowledge_depth", "thinly_known_share", "review_evenness"}  # they look back a year


def numbers() -> dict[str, dict]:
    told = {}
    for metric in metrics.METRICS:
        points = metrics.trend(metric, "month" if metric.private else "week")
        told[metric.name] = {
            one.starts: (round(one.value, 9), one.n) for one in points.itertuples() if pd.notna(one.value)
        }
    return told


def test_the_numbers_of_the_time_that_is_kept_stay_what_they_were(sandbox_of, monkeypatch, tmp_path):
    """But for the first week, in which changes go out that were merged before, and for what looks back a year."""
    sandbox_of(monkeypatch, date(2026, 6, 30), tmp_path)
    before, since = numbers(), datetime(2026, 1, 1)  # noqa: DTZ001
    with Live("sandbox") as live:
        gone = retention.let_go(live, since, data.team("sandbox"))
        publish(live)
    after, second = numbers(), date(2026, 1, 12)

    assert gone > 10_000
    later = [(name, day) for name in before if name not in TWELVE_MONTHS for day in before[name] if day >= second]
    differing = [(name, day) for name, day in later if after[name].get(day) != before[name][day]]
    assert differing == []
    assert len(later) > 500
    assert all(min(told) >= date(2025, 12, 29) for name, told in after.items() if name == "throughput")


# The collectors


def pulls(live: Live) -> dict[str, tuple]:
    return {
        name: rest
        for name, *rest in live.connection.execute(
            "select id, version, body->>'$.state' as state, whole = version from raw.github_pull_requests"
        ).fetchall()
    }


@pytest.fixture
def let_go(replay, collect, tmp_path):
    """A team whose recorded GitHub was collected and that has let go of what ended before 2024."""
    collect("github")
    keep(tmp_path, months())
    with Live("team") as live:
        assert retention.let_go(live, CUT, data.team("team")) > 1000
    return replay


def old_and_over(live: Live) -> int:
    return sum(version < CUT and state != "OPEN" for version, state, _ in pulls(live).values())


@pytest.mark.usefixtures("replay")
def test_a_first_collection_goes_back_no_further(collect, tmp_path):
    keep(tmp_path, months())
    collect()
    with Live("team") as live:
        [(earliest,)] = live.connection.execute("select min(version) from raw.jira_issues").fetchall()

        assert pulls(live)
        assert old_and_over(live) == 0
        assert earliest is None or earliest >= CUT


def test_no_later_sync_brings_back_what_went_and_what_changes_comes_whole(let_go, collect):
    """One that reads every list again, and one that compares every id."""
    gui = {"repo": "bitcoin-core/gui"}
    oldest, newest = (some(int(line.split()[0]) for line in let_go.truth(f"{GUI}/pulls")) for some in (min, max))
    with Live("team") as live:
        kept = pulls(live)
    let_go.mutate({"op": "touch", "number": oldest, **gui})
    [first] = collect("github")
    with Live("team") as live:
        again = pulls(live)
        [told] = [name for name in again if again[name] != kept.get(name)]

        assert told not in kept
        assert kept.keys() < again.keys()
        assert old_and_over(live) == 0
        assert all(whole for *_, whole in again.values())

        # as if a week had gone by
        week = """{"compared": "2024-01-01T00:00:00Z"}"""
        live.connection.execute("update progress set place = json_merge_patch(place, $week)", {"week": week})
    let_go.mutate({"op": "touch", "number": newest, **gui})
    [second] = collect("github")
    with Live("team") as live:
        assert (first.requests <= 15, second.requests <= 35) == (True, True)  # and nothing of it is asked for in vain
        assert pulls(live).keys() == again.keys()
        assert old_and_over(live) == 0


def test_the_first_sync_of_a_month_leaves_nothing_of_it_in_any_edition(replay, collect, tmp_path):
    collect("github", published=True)
    collect("github", published=True)
    keep(tmp_path, months())
    with Live("team") as live:
        live.tell(retention.CONFIRMED, f"{months()} 2023-12-01")  # agreed to, and done a month ago
        assert old_and_over(live) > 100
    assert len(list((home() / "published").glob("*.duckdb"))) == 2
    collect("github", published=True)
    with Live("team") as live:
        assert old_and_over(live) == 0
        there = len(pulls(live))

    [left] = (home() / "published").glob("*.duckdb")
    assert left == data.edition().path
    assert data.query("select count(*) as n from pull_requests").n[0] == there


def test_what_is_deleted_is_found_though_a_part_is_not_kept(let_go, collect):
    with Live("team") as live:
        origin = Origin(
            live.connection.execute("select any_value(source) from progress").fetchone()[0],
            "github",
            "github_issues",
            GUI[7:],
        )
        there = sorted(body["number"] for body in live.bodies(origin, "true"))
        week = """{"compared": "2024-01-01T00:00:00Z"}"""
        live.connection.execute("update progress set place = json_merge_patch(place, $week)", {"week": week})
    let_go.mutate({"op": "delete", "repo": "bitcoin-core/gui", "number": there[-1]})
    collect("github")
    with Live("team") as live:
        left = sorted(body["number"] for body in live.bodies(origin, "true"))

    assert left == there[:-1]


# The command


def retain(*more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "data", "retain", *more]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)


@pytest.fixture
def team(tmp_path):
    (tmp_path / "team.toml").write_text('[github]\nrepositories = ["acme/shop"]\n', encoding="utf-8")
    with Live("team") as live:
        lives(live)
        publish(live)
    return tmp_path


def test_without_a_word_about_it_all_is_kept_and_that_is_said(team):
    told = retain("--yes")

    assert told.returncode == 2
    assert "so all of them are" in told.stderr
    assert len(told.stderr.splitlines()) <= 3
    with Live("team") as live:
        assert len(ids(live, "raw.github_pull_requests")) == 6


def test_a_dry_run_says_what_would_go_and_nothing_goes(team):
    keep(team, months())
    told = retain("--dry-run")

    assert told.returncode == 0, told.stderr
    assert "github_pull_requests: 2 rows go, 4 stay" in told.stdout
    assert "would go: what ended before 2024-01-01" in told.stdout
    with Live("team") as live:
        assert len(ids(live, "raw.github_pull_requests")) == 6
        assert live.about(retention.CONFIRMED) is None


def test_the_command_lets_go_makes_the_edition_anew_and_leaves_the_journal_alone(team):
    journal("team").write("note", {"what": "of old", "day": "2020-01-01", "kind": "other"}, "somebody")
    keep(team, months())
    told = retain("--yes")

    assert told.returncode == 0, told.stderr
    assert "are gone, from the store and from every edition" in told.stdout
    assert len(list((home() / "published").glob("*.duckdb"))) == 1
    assert [one.answers["what"] for one in journal("team").entries("note")] == ["of old"]
    with Live("team") as live:
        assert len(ids(live, "raw.github_pull_requests")) == 4


def test_a_baseline_whose_tickets_go_is_named_before(team):
    keep(team, months())
    more = '\n[[workflows]]\nname = "Add database"\nruns = ["db*"]\nreplaces = ["db"]\n[workflows.baseline]\nsource = "tickets"\n'
    path = team / "team.toml"
    path.write_text(f"{path.read_text()}{more}since = 2023-01-01\nuntil = 2023-06-01\n", encoding="utf-8")

    assert "The baseline of Add database is worked out from tickets, some of which go" in retain("--dry-run").stdout


def test_a_sync_goes_on_with_it_once_a_month_and_only_as_somebody_has_agreed():
    told = words()
    with Live("team") as live:
        lives(live)
        assert retention.again(live, told, datetime.now(UTC).replace(tzinfo=None)) == 0  # nobody has agreed yet

        retention.let_go(live, OLD.replace(day=1, month=1), told)  # the month before, so to speak
        assert retention.again(live, words(NEW), datetime.now(UTC).replace(tzinfo=None)) == 0  # not to that
        assert retention.again(live, told, datetime.now(UTC).replace(tzinfo=None)) == 9
        assert retention.again(live, told, datetime.now(UTC).replace(tzinfo=None)) == 0  # it was done this month
