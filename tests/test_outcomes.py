"""What a Workflow gave back is displaced work less its costs, as a range, and what was once worked out stays as it was."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from data import CairnError, Live, Origin, Progress, Row, publish, query, read_team
from metrics import metric, rows, trend
from metrics.outcomes import Facts, Kind, Reclaimed, capped, estimate, friction, reclaimed, sentences, toil, told_apart

HOUSE = Path(__file__).resolve().parent.parent
REPO = "acme/platform"
GITHUB, JIRA, USAGE = "github.com", "jira.example", "usage"
END = datetime(2026, 11, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
BEFORE, OPENED, OVER = date(2026, 1, 5), date(2026, 7, 6), date(2026, 10, 5)  # 26 weeks, then 13
ACTIVE = (3.0, 5.5, 2.0, 8.0, 4.0, 6.0, 2.5, 5.0)
TIMED = ((1.0, 2.0), (1.5, 4.0), (0.8, 1.5), (2.2, 5.0))
WORKED = Facts(
    before=52, weeks_before=26, weeks=13, manual=7, requests=48, ok=42, first_ok=36, attempts=60, support=9,
    active=ACTIVE, timed=TIMED, requester_hours=0.75, attempt_hours=0.2, support_hours=0.5, upkeep=13.0,
    days_before=6.0, days_now=0.05,
)  # fmt: skip

SOURCES = """
[[github]]
repositories = ["acme/platform"]

[[jira]]
url = "https://jira.example"
projects = ["OPS"]
"""
SAMPLE = """
[[workflows]]
name = "Provision service"
runs = ["provision.yml"]
replaces = ["New service"]
baseline = { since = 2026-01-05, until = 2026-07-06, source = "sample", active = [3, 5.5, 2, 8, 4, 6, 2.5, 5] }
timed = [[1.0, 2.0], [1.5, 4.0], [0.8, 1.5], [2.2, 5.0]]
requester_hours = 0.75
attempt_hours = 0.2
upkeep_hours = 1.0
support = { labels = ["provisioning"], hours = 0.5 }
"""
MEASURED = SAMPLE.replace('"sample", active = [3, 5.5, 2, 8, 4, 6, 2.5, 5]', '"tickets"')


@pytest.fixture
def land(monkeypatch, tmp_path):
    """Return a function: land(words of team.toml, stream=[(id, body)], …) collects that, on top of what was, and publishes."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))

    def landed(words: str, *, complete_to: datetime = END, **streams: list[tuple[str, dict[str, Any]]]):
        (tmp_path / "team.toml").write_text(words + SOURCES, encoding="utf-8")
        statuses = {
            "1": ("To Do", "new"),
            "2": ("Doing", "indeterminate"),
            "3": ("Blocked", "indeterminate"),
            "4": ("Done", "done"),
        }
        told = {
            "github_runs": [],
            "jira_issues": [],
            "jira_fields": [("customfield_1", {"role": "request"})],
            "jira_statuses": [(i, {"name": n, "statusCategory": {"key": c}}) for i, (n, c) in statuses.items()],
        }
        with Live("team") as live:
            for stream, items in (told | streams).items():
                kind = stream.partition("_")[0]
                scope = REPO if kind == "github" else "*"
                made = [
                    Row(i, complete_to, body, scope, parent=i.partition("/")[0] if stream == "jira_histories" else None)
                    for i, body in items
                ]
                origin = Origin({"github": GITHUB, "jira": JIRA, "usage": USAGE}[kind], kind, stream, scope)
                live.land(origin, made, Progress(complete_to=complete_to), complete_to)
            return publish(live)

    return landed


def instant(day: date | datetime, hours: float = 0) -> datetime:
    return datetime(day.year, day.month, day.day, getattr(day, "hour", 0)) + timedelta(hours=hours)  # noqa: DTZ001


def told(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "+0000"


def ticket(n: int, at: datetime, request: str | None = "New service", **more: Any) -> tuple[str, dict[str, Any]]:
    """Return an issue of OPS as Jira tells it."""
    fields = {
        "summary": f"Ticket {n}", "project": {"key": "OPS"}, "issuetype": {"name": "Service request"}, "created": told(at),
        "updated": told(at), "status": {"id": "1"}, "labels": [], "components": [],
        "customfield_1": {"requestType": {"name": request}} if request else None,
    }  # fmt: skip
    return str(n), {"id": str(n), "key": f"OPS-{n}", "fields": fields | more}


DONE = {"status": {"id": "4"}}

NAMES = {"1": "To Do", "2": "Doing", "3": "Blocked", "4": "Done"}


def change(n: int, at: datetime, field: str, before: str | None, after: str | None, **author: str):
    """Return one entry of an issue's history: a move between statuses, another assignee, a flag set or taken away."""
    item = {"field": field, "from": before, "to": after, "toString": NAMES.get(after or "", after)}
    item |= {"fieldId": field} if field != "Flagged" else {"fieldId": "customfield_2"}
    item |= {"fromString": NAMES.get(before or "", before)}
    number = int(hashlib.sha256(f"{n}{at}{field}{after}".encode()).hexdigest()[:9], 16)
    author = {"accountId": "acc-0"} | author
    return f"{n}/{number}", {"id": str(number), "created": told(at), "author": author, "items": [item]}


def handled(n: int, *steps: tuple[datetime, str], by: str | None = "acc-1"):
    """Return the history of an issue: assigned at its first step, then through statuses."""
    entries = [change(n, steps[0][0] - timedelta(minutes=5), "assignee", None, by)] if by else []
    statuses = ["1", *(status for _, status in steps)]
    return entries + [
        change(n, at, "status", before, after) for (at, after), before in zip(steps, statuses, strict=False)
    ]


def run(n: int, at: datetime, title: str, outcome: str = "success", **more: Any) -> tuple[str, dict[str, Any]]:
    """Return a run of provision.yml as GitHub tells it. It takes 1.2 hours: 0.05 days."""
    body = {
        "id": n, "name": "Provision service", "path": ".github/workflows/provision.yml", "display_title": title,
        "event": "workflow_dispatch", "status": "completed", "conclusion": outcome, "run_attempt": 1,
        "created_at": f"{at.isoformat()}Z", "run_started_at": f"{at.isoformat()}Z",
        "updated_at": f"{(at + timedelta(hours=1.2)).isoformat()}Z",
        "html_url": f"https://github.com/{REPO}/actions/runs/{n}", "actor": {"login": "ann"},
    }  # fmt: skip
    return str(n), body | more


def the_worked_quarter() -> dict[str, list[Any]]:
    """Return the payloads of measurement 6.3: 52 tickets before, then 7 by hand, 60 runs for 48 services, 9 questions."""
    issues, histories = [], []
    for n in range(52):
        at = instant(BEFORE, 9 + 72 * n)
        issues.append(ticket(n + 1, at, **DONE))
        histories += handled(n + 1, (at + timedelta(days=5), "2"), (at + timedelta(days=6), "4"))
    issues += [ticket(100 + n, instant(OPENED, 240 * n)) for n in range(7)]
    issues += [ticket(200 + n, instant(OPENED, 200 * n), None, labels=["provisioning"]) for n in range(9)]
    runs, number = [], iter(range(1000, 2000))
    for n in range(48):
        outcomes = ["success"] if n < 36 else ["failure", "success"] if n < 42 else ["failure", "cancelled"]
        for day, outcome in enumerate(outcomes):
            runs.append(run(next(number), instant(OPENED, 24 * day + 42 * n), f"Provision service: thing-{n}", outcome))
    return {"jira_issues": issues, "jira_histories": histories, "github_runs": runs}


# The arithmetic


def test_the_worked_example_gives_back_twenty_hours_and_says_how_sure_that_is():
    found = estimate(WORKED)

    assert found["displaced"] == 19
    assert found["induced"] == 23
    platform, requesters, waiting = found["platform"], found["requesters"], found["waiting"]
    assert platform.value == pytest.approx(20.12)
    assert (round(platform.low), round(platform.high, -1)) == (4, 40)
    assert platform.chance == pytest.approx(0.95, abs=0.01)
    assert requesters.value == pytest.approx(2.25)
    assert (round(requesters.low), round(requesters.high)) == (-4, 8)
    assert waiting.value == pytest.approx(113.05)
    assert found["upper_case"] == pytest.approx(65.66)


def test_hours_of_the_two_sides_are_never_added_together():
    assert not [name for name in vars(Reclaimed("", BEFORE, OPENED)) if "total" in name or "both" in name]


def test_runs_that_nobody_would_have_asked_for_by_hand_give_nothing_back():
    usual, easy = estimate(WORKED), estimate(replace(WORKED, ok=420, requests=480))

    assert easy["displaced"] == usual["displaced"]
    assert easy["induced"] == 401
    assert easy["platform"].value == usual["platform"].value
    assert estimate(replace(WORKED, manual=26))["platform"].value < 0
    assert estimate(replace(WORKED, ok=5))["displaced"] == 5


def test_runs_repeated_and_failed_are_costs():
    more = estimate(replace(WORKED, attempts=120))
    mended = estimate(replace(WORKED, failed=10, repair_hours=0.5))

    assert more["requesters"].value == pytest.approx(2.25 - 12)
    assert mended["platform"].value == pytest.approx(20.12 - 5)


def test_the_same_question_has_the_same_answer():
    assert estimate(WORKED, 7) == estimate(WORKED, 7)
    assert estimate(WORKED, 7) != estimate(WORKED, 8)


def test_what_was_not_timed_is_wider_than_what_was():
    guessed = estimate(replace(WORKED, timed=(), kappa=(0.44, 0.1, 0.8)))["platform"]
    timed = estimate(WORKED)["platform"]

    assert guessed.high - guessed.low > 1.3 * (timed.high - timed.low)


def test_an_old_way_that_would_have_become_quicker_gives_back_less():
    assert estimate(replace(WORKED, faded=0.9))["platform"].value == pytest.approx(0.9 * 19 * 1.98 - 17.5)


def test_kinds_of_request_are_weighed_as_what_was_displaced_is_spread_over_them():
    """52 came in 26 weeks, 30 of 2 active hours and 22 of 6; of 15 and 11 in 13 weeks, 1 and 6 came by hand: 14 and 5 did not."""
    apart = replace(
        WORKED, active=(2.0,) * 12 + (6.0,) * 10, kinds=(Kind(30, 1, (2.0,) * 12), Kind(22, 6, (6.0,) * 10))
    )
    found = estimate(apart)

    assert found["displaced"] == 19
    assert found["platform"].value == pytest.approx((14 * 2 + 5 * 6) * 0.44 - 17.5)
    assert estimate(replace(apart, kinds=()))["platform"].value == pytest.approx(19 * 84 / 22 * 0.44 - 17.5)
    assert found["requesters"].value == pytest.approx(2.25)  # what is not hours of a ticket is not touched


def test_where_every_request_of_every_kind_still_comes_by_hand_nothing_is_displaced():
    apart = replace(WORKED, manual=60, kinds=(Kind(30, 40, (2.0,) * 12), Kind(22, 20, (6.0,) * 10)))

    assert estimate(apart)["platform"].value == estimate(apart)["platform"].high == -17.5


def test_kinds_in_their_usual_mix_change_no_estimate_and_make_it_no_less_sure():
    luck, wider = Random(4), []
    for n in range(12):
        kinds = [
            tuple(luck.lognormvariate(middle, 0.3) for _ in range(luck.randrange(10, 25))) for middle in (0.3, 2.5)
        ]
        came = tuple(active for kind in kinds for active in kind)
        whole = replace(WORKED, before=len(came), manual=0, active=came, timed=((1.0, 2.0),))
        apart = replace(whole, kinds=tuple(Kind(len(kind), 0, kind) for kind in kinds))
        one, two = estimate(whole, n)["platform"], estimate(apart, n)["platform"]
        assert two.value == pytest.approx(one.value)
        wider.append((two.high - two.low) / (one.high - one.low))

    assert sum(wider) / len(wider) < 1


def test_kinds_of_fewer_than_ten_are_told_together_and_never_alone():
    def hours(**measured: int) -> list[tuple[str, float]]:
        return [(kind, 1.0) for kind, n in measured.items() for _ in range(n)]

    def sizes(came: dict[str, int], *, manual: dict[str, int] | None = None, **measured: int):
        return [
            (one.before, one.manual, len(one.active))
            for one in told_apart(Counter(came).elements(), hours(**measured), manual or {})
        ]

    assert sizes({"a": 40, "b": 12}, a=30, b=12) == [(40, 0, 30), (12, 0, 12)]
    assert sizes({"a": 40, "b": 12, "c": 9, "d": 9}, a=30, b=12, c=9, d=4) == [(40, 0, 30), (12, 0, 12), (18, 0, 13)]
    assert sizes({"a": 40, "b": 12, "c": 3}, a=30, b=12, c=3) == [(40, 0, 30), (15, 0, 15)]
    assert sizes({"a": 40, "b": 12}, a=30, b=12, manual={"a": 2, "new": 5}) == [(40, 2, 30), (12, 5, 12)]
    assert sizes({"a": 40, "b": 20}, a=30, b=9) == []
    assert sizes({"a": 40}, a=30) == []


def test_thousands_of_tickets_are_no_heavier_than_memory_allows():
    found = estimate(replace(WORKED, active=ACTIVE * 500))

    assert found["platform"].value == pytest.approx(20.12)


def test_the_longest_twentieth_is_cut_once_there_are_twenty_to_know_it_from():
    assert capped([1.0] * 9 + [50]) == (1.0,) * 9 + (50,)
    assert max(capped([*range(1, 20), 500])) == pytest.approx(19 + 0.05 * 481)


def test_the_sentence_says_roughly_how_much_and_between_what():
    period = Reclaimed("Provision service", OPENED, OVER)
    assert list(sentences(replace(period, **estimate(WORKED)))) == [
        "Roughly 20 hours of platform work did not happen this quarter (4 to 40).",
        "Roughly 2.3 hours of asking by hand did not happen this quarter (-4 to 8).",
        "Roughly 110 days of waiting did not happen this quarter (65 to 160).",
    ]
    none = replace(period, until=date(2026, 7, 20), **estimate(replace(WORKED, manual=26)))
    assert next(sentences(none)).startswith(
        "The platform team's costs took about as much as it gave back or more from 6 Jul 2026 to 19 Jul 2026: -18 hours ("
    )


# From payloads to the number


def test_the_worked_example_from_what_github_and_jira_say(land):
    land(SAMPLE, **the_worked_quarter())
    found = reclaimed("Provision service", OPENED, OVER)

    assert found.notes == ()
    assert found.assumed == ()
    assert found.baseline == "5 Jan 2026 to 5 Jul 2026, from a sample"
    assert found.facts == replace(WORKED, failed=18 - 6, days_before=6.0, days_now=pytest.approx(0.05))
    assert (found.displaced, found.induced) == (19, 23)
    assert found.platform.value == pytest.approx(20.12)
    assert (round(found.platform.low), round(found.platform.high, -1)) == (4, 40)
    assert found.requesters.value == pytest.approx(2.25)
    assert found.waiting.value == pytest.approx(113.05)
    assert found.upper_case == pytest.approx(65.66)
    assert found.sentences[0] == "Roughly 20 hours of platform work did not happen this quarter (4 to 40)."
    assert found == reclaimed("Provision service", OPENED, OVER)


def test_the_worked_example_of_friction_from_what_github_and_jira_say(land):
    land(SAMPLE, **the_worked_quarter())
    found = friction("Provision service", OPENED, OVER)
    everything = {"since": "2026-07-01", "until": "2026-10-01"}

    assert (found.requests, found.success, found.first_time_success) == (48, 0.875, 0.75)
    assert found.attempts_per_request == 1.25
    assert found.bypass == pytest.approx(7 / 49)
    assert found.support_per_100 == 18.75
    assert found.induced == pytest.approx(23 / 42)
    [served] = trend(metric("task_success"), "quarter", **everything)["value"]
    [first] = trend(metric("first_time_success"), "quarter", **everything)["value"]
    [repeated] = trend(metric("repeated_runs"), "quarter", **everything)["value"]
    [bypass] = trend(metric("bypass_share"), "quarter", **everything)["value"]
    assert (served, first, repeated) == (0.875, 0.75, pytest.approx(0.2))
    assert bypass == pytest.approx(7 / 49)
    assert 1 / (1 - repeated) == pytest.approx(1.25)
    assert trend(metric("requests"), "quarter")["value"].sum() == 59
    assert trend(metric("workflow_questions"), "quarter")["value"].sum() == 9
    assert trend(metric("workflow_runs"), "quarter")["value"].sum() == 60


def test_past_totals_stay_when_more_becomes_known(land):
    quarter = the_worked_quarter()
    land(MEASURED, **quarter)
    before = reclaimed("Provision service", OPENED, OVER)
    later = instant(OVER, 9)
    again = [
        change(3, later, "status", "4", "2"),  # a ticket of the baseline is opened again, and takes long
        change(3, later + timedelta(days=20), "status", "2", "4"),
        *handled(4, (later, "2"), (later + timedelta(days=9), "4")),
        *(step for n in range(300, 330) for step in handled(n, (later, "2"), (later + timedelta(days=2), "4"))),
    ]
    more = {
        "jira_issues": [ticket(n, later, **DONE) for n in range(300, 330)],
        "jira_histories": again,
        "github_runs": [run(5000 + n, later + timedelta(days=n / 9), "Provision service: thing-47") for n in range(90)],
        "jira_worklogs": [("1", {"issueId": "5", "started": told(later), "timeSpentSeconds": 360000, "author": {}})],
    }
    land(MEASURED, **more)

    assert query("select count(*) as n from requests")["n"].item() > 59 + 48
    assert before.platform is not None
    assert len(before.facts.active) == 52
    assert reclaimed("Provision service", OPENED, OVER) == before
    assert reclaimed("Provision service", OPENED, date(2026, 10, 26)) != before


def two_kinds(weekly: tuple[int, int] = (40, 12)) -> dict[str, list[Any]]:
    """Return the worked quarter whose baseline is of two kinds: services of 8 active hours, and keys of 2."""
    quarter = the_worked_quarter()
    issues, histories = [], []
    for n in range(sum(weekly)):
        kind, took = ("New service", 8) if n < weekly[0] else ("New key", 2)
        day = BEFORE + timedelta(weeks=n % 20)
        issues.append(ticket(n + 1, instant(day, 8), kind, **DONE))
        steps = ((instant(day, 9), "2"), (instant(day, 9 + took), "4"))
        histories += handled(n + 1, *steps, by=f"acc-{n}")
    return quarter | {"jira_issues": [*issues, *quarter["jira_issues"][52:]], "jira_histories": histories}


KINDS = MEASURED.replace('["New service"]', '["New service", "New key"]')


def test_kinds_of_request_are_told_apart_from_what_jira_says_and_that_is_said(land):
    land(KINDS, **two_kinds())
    found = reclaimed("Provision service", OPENED, OVER)

    assert found.baseline == "5 Jan 2026 to 5 Jul 2026, measured on tickets, 2 kinds of request each by itself"
    assert [(one.before, one.manual, {*one.active}) for one in found.facts.kinds] == [(40, 7, {8.0}), (12, 0, {2.0})]
    assert found.displaced == 19  # of 20 services 7 came by hand, of 6 keys none
    assert found.platform.value == pytest.approx((13 * 8 + 6 * 2) * 0.44 - 17.5)

    page = AppTest.from_file(HOUSE / "pages" / "menu.py", default_timeout=90)
    page.switch_page("outcomes.py")
    page.run()
    assert not page.exception
    drawn = "\n".join(one.proto.body for one in page.get("html"))
    assert f"held against {found.baseline} ·" in drawn or f"held against {found.baseline}<" in drawn


def test_a_kind_of_fewer_than_ten_leaves_everything_as_it_is_without_kinds(land):
    land(KINDS, **two_kinds((43, 9)))
    found = reclaimed("Provision service", OPENED, OVER)

    assert found.facts.kinds == ()
    assert found.baseline == "5 Jan 2026 to 5 Jul 2026, measured on tickets"
    assert found.platform.value == pytest.approx(19 * (43 * 8 + 9 * 2) / 52 * 0.44 - 17.5)


def test_totals_of_kinds_stay_when_more_becomes_known(land):
    quarter = two_kinds()
    land(KINDS, **quarter)
    before = reclaimed("Provision service", OPENED, OVER)
    later = instant(OVER, 9)
    more = [ticket(n, later, "New key", **DONE) for n in range(300, 330)]
    again = [change(50, later, "status", "4", "2"), change(50, later + timedelta(days=9), "status", "2", "4")]
    again += [
        step
        for n in range(300, 330)
        for step in handled(n, (later, "2"), (later + timedelta(days=2), "4"), by=f"acc-{n}")
    ]
    land(KINDS, jira_issues=more, jira_histories=again)

    assert query("select count(*) as n from requests where type = 'New key'")["n"].item() == 42
    assert len(before.facts.kinds) == 2
    assert reclaimed("Provision service", OPENED, OVER) == before


def test_a_baseline_may_be_weeks_before_the_first_run(land):
    words = SAMPLE.replace("since = 2026-01-05, until = 2026-07-06", "since = 26, until = 0")
    land(words, **the_worked_quarter())
    found = reclaimed("Provision service", OPENED, OVER)

    assert found.baseline == "5 Jan 2026 to 5 Jul 2026, from a sample"
    assert found.displaced == 19


def test_two_workflows_are_told_apart_and_one_may_run_from_usage_files_alone(land):
    other = """
[[workflows]]
name = "Rotate key"
features = ["key rotated"]
opens = ["key form opened"]
replaces = ["Key request"]
baseline = { since = 2026-01-05, until = 2026-07-06, source = "assumption", requests = 52, hours = { median = 2, low = 0.5, high = 6 }, days = 2 }
"""
    uses = [
        (f"u.csv:{n}", {"happened_at": f"{instant(OPENED, 30 * n).isoformat()}Z", "feature": "key rotated", "count": 2, "area": "shop",
                        "user": f"u{n}"})
        for n in range(30)
    ]  # fmt: skip
    keys = [ticket(500 + n, instant(OPENED, 24 * n), request="Key request") for n in range(6)]
    quarter = the_worked_quarter()
    quarter["jira_issues"] += keys
    land(SAMPLE + other, usage_rows=uses, **quarter)
    one, two = reclaimed("Provision service", OPENED, OVER), reclaimed("Rotate key", OPENED, OVER)

    assert one.displaced == 19
    assert (two.facts.ok, two.facts.attempts, two.facts.manual, two.displaced) == (60, 60, 6, 20)
    assert two.platform.value == pytest.approx(40)
    assert two.requesters is None
    assert two.assumed == ("the hours of work one request by hand took",)
    assert two.notes[0].startswith("For the hours of the people who ask, write requester_hours")
    assert [note.split(":")[0] for note in two.notes] == [
        two.notes[0],
        "Its upkeep counts as nothing",
        "Questions about it count as nothing",
    ]
    assert set(rows(metric("workflow_runs"))["area"]) == {"Provision service", "Rotate key"}


# How long a ticket had attention


def test_attention_is_business_time_in_active_statuses_shared_among_the_tickets_of_one_person(land):
    monday = instant(date(2026, 3, 2))

    def at(hours: float, days: int = 0) -> datetime:
        return monday + timedelta(days=days, hours=hours)

    issues = [ticket(n, at(8, -10), **DONE) for n in range(1, 8)]
    issues += [ticket(8, at(8, -10), None, **DONE), ticket(9, at(8, -10))]
    histories = [
        *handled(1, (at(9), "2"), (at(17), "4")),
        *handled(2, (at(13), "2"), (at(17), "4")),  # the same person: from 13 to 17 each has half
        *handled(3, (at(9), "2"), (at(17), "4"), by="acc-2"),
        change(3, at(11), "Flagged", None, "Impediment"),
        change(3, at(13), "Flagged", "Impediment", None),
        *handled(4, (at(9), "2"), (at(12), "3"), (at(14), "2"), (at(17), "4"), by="acc-3"),
        *handled(5, (at(16, 4), "2"), (at(11, 7), "4"), by="acc-4"),  # Friday afternoon to Monday
        *handled(6, (at(9, 1), "2"), (at(17, 1), "4"), by="acc-5"),
        change(6, at(13, 1), "assignee", "acc-5", "acc-6"),  # from then on beside a bug
        *handled(8, (at(9, 1), "2"), (at(17, 1), "4"), by="acc-6"),
        *handled(7, (at(9, 2), "2"), (at(10, 2), "4"), by=None),
    ]
    land(MEASURED, jira_issues=issues, jira_histories=histories)
    found = query(
        "select key, active_hours, handoffs from requests where channel = 'manual' order by try_cast(id as int)"
    )

    hours = dict(zip(found["key"], found["active_hours"], strict=True))
    assert {key: hours[key] for key in list(hours)[:7]} == pytest.approx(
        {"OPS-1": 6, "OPS-2": 2, "OPS-3": 6, "OPS-4": 6, "OPS-5": 3, "OPS-6": 6, "OPS-7": 1}
    )
    assert found["active_hours"].isna().tolist() == [False] * 7 + [True]
    assert found["handoffs"].tolist() == [0, 0, 0, 0, 0, 1, 0, 0]


def test_what_logged_work_says_of_active_hours_stands_for_the_timed_sample(land):
    words = MEASURED.replace("timed = [[1.0, 2.0], [1.5, 4.0], [0.8, 1.5], [2.2, 5.0]]", 'timed = "worklogs"')
    quarter = the_worked_quarter()
    logs = [
        (
            str(n),
            {
                "issueId": str(n + 1),
                "started": told(instant(BEFORE, 200 + 72 * n)),
                "timeSpentSeconds": 7200,
                "author": {},
            },
        )
        for n in range(12)
    ]
    land(words, jira_worklogs=logs, **quarter)
    found = reclaimed("Provision service", OPENED, OVER)

    assert len(found.facts.timed) == 12
    assert {active for _, active in found.facts.timed} == {0.0, 8.0}  # some were worked on at a weekend
    assert {timed for timed, _ in found.facts.timed} == {2.0}
    assert found.assumed == ()


# Runs become requests


def test_runs_for_the_same_thing_within_seven_days_are_one_request(land):
    day = instant(OPENED)
    runs = [
        run(1, day, "Provision service: a", "failure"),
        run(2, day + timedelta(days=6), "Provision service: a"),
        run(3, day + timedelta(days=14), "Provision service: a"),
        run(4, day, "Provision service: b", run_attempt=3),  # run again twice
        run(
            5, day, "Provision service", "failure", actor={"login": "ann"}
        ),  # no title of its own: the same person means the same
        run(6, day + timedelta(days=1), "Provision service", actor={"login": "ann"}),
        run(7, day + timedelta(days=2), "Provision service", actor={"login": "ann"}),  # until it worked
        run(8, day + timedelta(days=1), "Provision service", "failure", actor={"login": "bob"}),
        run(9, day, "Provision service: c", "skipped"),
    ]
    land(SAMPLE, github_runs=runs)
    found = query("select id, attempts, ok, first_ok from requests where channel = 'self-service' order by id")

    assert found.to_numpy().tolist() == [
        ["1", 2, True, False],
        ["3", 1, True, True],
        ["4/attempts/1", 3, True, False],
        ["5", 2, True, False],
        ["7", 1, True, True],
        ["8", 1, False, False],
    ]


def test_a_form_in_jira_is_served_when_nobody_had_to_help(land):
    words = '[[workflows]]\nname = "Access"\nforms = ["Access form"]\nreplaces = ["Access request"]\n'
    day = instant(OPENED, 9)
    issues = [ticket(n, day, request="Access form", **DONE) for n in (1, 2)]
    issues += [ticket(3, day, request="Access form"), ticket(4, day, request="Access request")]
    histories = [
        *handled(1, (day + timedelta(hours=1), "4"), by=None),
        *handled(2, (day + timedelta(hours=1), "2"), (day + timedelta(hours=3), "4")),
    ]
    land(words, jira_issues=issues, jira_histories=histories)
    found = query("select id, channel, ok from requests order by id").astype(object)

    assert found.where(found.notna(), None).to_numpy().tolist() == [
        ["1", "self-service", True],
        ["2", "self-service", False],
        ["3", "self-service", False],
        ["4", "manual", None],
    ]
    assert query("select outcome from workflow_attempts order by id")["outcome"].tolist() == [
        "success",
        "helped",
        "open",
    ]


def test_a_form_opened_and_left_is_told_once_a_week_has_passed(land):
    words = SAMPLE.replace("[[workflows]]", '[[workflows]]\nopens = ["form opened"]')
    day = instant(OPENED)

    def opened(n: int, who: str, days: float):
        return f"f.csv:{n}", {
            "happened_at": f"{(day + timedelta(days=days)).isoformat()}Z",
            "feature": "form opened",
            "user": who,
        }

    uses = [
        opened(1, "ann", 0),  # sent within a day
        opened(2, "bob", 0),
        opened(3, "bob", 3),  # the same try, and nothing came of it
        opened(4, "eve", 0),  # sent on the third day, and it worked
        opened(5, "kim", 25),  # too young to tell
        ("f.csv:6", {"happened_at": f"{(day + timedelta(days=28)).isoformat()}Z", "feature": "search", "user": "x"}),
    ]
    runs = [
        run(1, day + timedelta(hours=2), "Provision service: a", "failure", actor={"login": "Ann"}),
        run(2, day + timedelta(days=3), "Provision service: b", actor={"login": "eve"}),
    ]
    land(words, usage_rows=uses, github_runs=runs)
    found = rows(metric("abandoned_forms")).astype(object)

    assert sorted(found["value"].where(found["value"].notna(), None).tolist(), key=str) == [0, 0, 1, None]
    assert rows(metric("time_to_first_success"))["value"].max() > 72


def test_a_request_that_is_not_served_yet_counts_with_its_age(land):
    runs = [run(n, instant(OPENED, n), f"Provision service: {n}") for n in range(8)]
    runs += [run(10 + n, instant(OPENED, n), f"Provision service: x{n}", "failure") for n in range(9)]
    land(SAMPLE, github_runs=runs)
    found = rows(metric("time_to_first_success"))

    assert found["kind"].value_counts().to_dict() == {"served": 8, "not served yet": 9}
    assert found.loc[found["kind"] == "served", "value"].tolist() == pytest.approx([1.2] * 8)
    assert found.loc[found["kind"] == "not served yet", "value"].min() > 100 * 24
    assert trend(metric("time_to_first_success"), "month")["value"].isna().tolist()[0]  # more than half are still open


def test_nothing_in_an_edition_says_who_ran_a_workflow_or_had_a_ticket(land):
    quarter = the_worked_quarter()
    made = land(SAMPLE, **quarter)

    with duckdb.connect(str(made.path), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from information_schema.tables").fetchall():
            text = json.dumps(connection.execute(f"select * from {table}").fetchall(), default=str)
            assert "acc-1" not in text, table
            assert '"ann"' not in text, table


# What is missing is said


def test_what_is_missing_is_named_with_what_to_do(land):
    bare = '[[workflows]]\nname = "Provision service"\nruns = ["provision.yml"]\nreplaces = ["New service"]\n'
    land(bare, **the_worked_quarter())

    def note(since: date = OPENED, until: date = OVER) -> str:
        found = reclaimed("Provision service", since, until)
        assert (found.platform, found.requesters, found.waiting, found.sentences) == (None, None, None, ())
        [only] = found.notes
        return only

    assert note().startswith("What it was like before 'Provision service' is not known: add baseline = {")
    land(SAMPLE)
    assert "a period that starts earlier has nothing to compare with" in note(date(2026, 6, 1))
    assert "The baseline of 'Provision service' ends on 2026-07-06" in note(date(2026, 6, 1))
    assert note(until=date(2026, 12, 1)).endswith("or ask for a period that is over.")
    with pytest.raises(CairnError, match="Did you mean 'Provision service'"):
        reclaimed("Provision servce", OPENED, OVER)
    with pytest.raises(CairnError, match="A period has to end after it starts"):
        reclaimed("Provision service", OVER, OPENED)


def test_too_few_measured_tickets_are_not_enough_and_not_nothing(land):
    quarter = the_worked_quarter()
    quarter["jira_histories"] = quarter["jira_histories"][:15]
    quarter["jira_issues"] = [
        (i, {**body, "fields": {**body["fields"], "status": {"id": "1"}}}) if int(i) > 5 else (i, body)
        for i, body in quarter["jira_issues"]
    ]
    land(MEASURED, **quarter)
    found = reclaimed("Provision service", OPENED, OVER)

    assert (found.platform, found.upper_case, found.waiting) == (None, None, None)
    assert found.requesters.value == pytest.approx(2.25)
    assert found.notes[0].startswith("Not enough yet for the platform team's hours: 5 tickets of the baseline")


def test_a_team_without_jira_is_told_that_requests_by_hand_are_read_from_it(monkeypatch, land, tmp_path):
    land(SAMPLE, **the_worked_quarter())
    (tmp_path / "team.toml").write_text(SAMPLE + SOURCES.partition("[[jira]]")[0], encoding="utf-8")
    [note] = reclaimed("Provision service", OPENED, OVER).notes

    assert (
        note == "Jira is missing: the requests by hand are read from it. Name it under [jira] in team.toml and collect."
    )


def test_no_workflow_at_all_is_said_in_words(land):
    land("")

    with pytest.raises(CairnError, match="No Workflow is known"):
        reclaimed("Provision service", OPENED, OVER)


# Toil


def test_toil_is_hours_of_work_with_their_range_and_a_share_where_the_capacity_is_known(land):
    words = '[toil]\nlabels = ["toil"]\ntimed = [[1, 2], [1, 2], [1, 2]]\n'
    day = instant(date(2026, 8, 3))
    issues = [ticket(n, day, None, labels=["toil"], **DONE) for n in range(10)]
    histories = [
        step
        for n in range(10)
        for step in handled(n, (day + timedelta(hours=9), "2"), (day + timedelta(hours=13), "4"), by=f"acc-{n}")
    ]
    land(words, jira_issues=issues, jira_histories=histories)
    found = toil(date(2026, 8, 3), date(2026, 8, 10))

    assert (found.tickets, found.hours.value, found.share) == (10, pytest.approx(20), None)
    assert found.notes == (
        "For its share of the team's time, write capacity = hours a week under [toil] in team.toml.",
    )
    land(words + "capacity = 100\n")
    assert toil(date(2026, 8, 3), date(2026, 8, 10)).share.value == pytest.approx(0.2)
    assert trend(metric("toil_hours"), "month")["value"].tolist()[0] == pytest.approx(40)  # active hours


# Who it reaches


def request(area: str, at: str, *, served: str | None = None, by_hand: bool = False) -> dict[str, Any]:
    return {
        "id": f"{area} {at}", "channel": "manual" if by_hand else "self-service", "workflow": "Provision service", "area": "here", "place": area,
        "created_at": at, "served_at": served, "attempts": None if by_hand else 1, "ok": None if by_hand else served is not None,
        "bypass": by_hand,
    }  # fmt: skip


def monthly(name: str) -> list[tuple[str, str, float | None]]:
    """Return, for each month and area of a metric, the last day of the month and the value."""
    found = rows(metric(name), every="month").astype(object)
    told = found.where(found.notna(), None).itertuples()
    return sorted((f"{one.happened_at:%Y-%m-%d}", one.what, one.value) for one in told)


def test_an_area_came_again_within_180_days_after_the_month_or_not_and_before_they_are_over_nobody_knows(nouns):
    served = [
        ("on the last day", "2026-01-07"), ("on the last day", "2026-07-30 23:00"),
        ("a day too late", "2026-01-07"), ("a day too late", "2026-07-31 01:00"),
        ("in the same month", "2026-01-07"), ("in the same month", "2026-01-30"),
        ("too young", "2026-05-06"), ("too young", "2026-06-03"),
    ]  # fmt: skip
    nouns(requests=[request(area, at, served=at) for area, at in served], complete_to="2026-07-31 12:00")
    january = [one for one in monthly("workflow_retention") if one[0] == "2026-01-31"]

    assert january == [
        ("2026-01-31", "a day too late", 0),
        ("2026-01-31", "in the same month", 0),
        ("2026-01-31", "on the last day", 1),
    ]
    assert [one for one in monthly("workflow_retention") if one[1] == "too young"] == [
        ("2026-05-31", "too young", None),
        ("2026-06-30", "too young", None),
    ]


def test_an_area_that_asked_is_reached_once_it_is_served_and_one_that_never_asked_is_not_counted(nouns):
    asked = [
        request("by hand and served", "2026-01-07", by_hand=True),
        request("by hand and served", "2026-01-09", served="2026-01-09"),
        request("by hand alone", "2026-01-07", by_hand=True),
        request("ran in vain", "2026-01-07"),
        request("served a month later", "2026-01-30", served="2026-02-02"),
        request("before it opened", "2026-01-07", by_hand=True) | {"bypass": False},
        request("looked around", "2026-01-07") | {"attempts": 0},
    ]
    nouns(requests=asked)

    assert monthly("workflow_adoption") == [
        ("2026-01-31", "by hand alone", 0),
        ("2026-01-31", "by hand and served", 1),
        ("2026-01-31", "ran in vain", 0),
        ("2026-01-31", "served a month later", 0),
        ("2026-02-28", "served a month later", 1),
    ]


def test_a_title_may_say_which_area_a_run_or_a_request_was_for_and_whose_it_is_stays_as_it_was(land):
    words = """
        [[workflows]]
        name = "Provision service"
        runs = ["provision.yml"]
        replaces = ["New service"]
        area = "* for {area}"
        [[workflows]]
        name = "Form"
        forms = ["Service form"]
        area = "service for {area}"
    """
    day = instant(OPENED)
    runs = [
        run(1, day, "Provision service: fast for us for Shop"),
        run(2, day, "Provision service: fast"),
    ]
    asked = [
        ticket(1, day + timedelta(days=1), summary="A service for SHOP ", components=[{"name": "platform"}]),
        ticket(2, day + timedelta(days=1), components=[{"name": "platform"}]),
        ticket(3, day + timedelta(days=1), "Service form", summary="Service for Search"),
    ]
    made = land(words, github_runs=runs, jira_issues=asked)
    found = query("select coalesce(key, title) as what, area, place from requests order by what", edition=made)

    assert found.to_numpy().tolist() == [
        ["OPS-1", "platform", "shop"],
        ["OPS-2", "platform", "platform"],
        ["OPS-3 Service for Search", "OPS", "search"],
        ["Provision service: fast", "platform", "platform"],
        ["Provision service: fast for us for Shop", "platform", "shop"],
    ]
    seen = query(
        "select matched, items, applies from rule_matches where rule = 'area of a request' order by all", edition=made
    )
    assert seen.astype(object).where(seen.notna(), None).to_numpy().tolist() == [
        ["platform", 2, None],
        ["search", 1, "Form"],
        ["shop", 2, "Provision service"],
    ]


# What it leaves behind


def created(name: str, at: str = "2026-01-05 08:00", **more: Any) -> dict[str, Any]:
    return {
        "source": "github.com",
        "repo": f"acme/{name}",
        "created_at": at,
        "deployments_from": None,
        "shown": True,
    } | more


def deployed(name: str, at: str, **more: Any) -> dict[str, Any]:
    return {"repo": f"acme/{name}", "production": True, "outcome": "success", "finished_at": at} | more


def read_to(until: str | None, *names: str) -> list[dict[str, Any]]:
    """Return up to when the deployments of repositories were read."""
    told = {"source": "github.com", "kind": "github", "stream": "github_deployments", "complete_to": until}
    return [told | {"scope": f"acme/{name}"} for name in names]


def test_a_new_repository_reached_somebody_within_60_days_or_not_and_before_they_are_over_nobody_knows(nouns):
    names = (
        "on the last day",
        "an hour too late",
        "never",
        "never in production",
        "never well",
        "young",
        "hidden",
        "read in part",
    )
    nouns(
        repositories=[
            *(created(name) for name in (*names[:5], "not read", "read too little")),
            created("young", "2026-04-03 00:00"),
            created("hidden", shown=False),
            created("read in part", deployments_from="2026-01-06"),
        ],
        deployments=[
            deployed("on the last day", "2026-03-06 07:00"),
            deployed("an hour too late", "2026-03-06 09:00"),
            deployed("never in production", "2026-01-06", production=False),
            deployed("never well", "2026-01-06", outcome="failure"),
            deployed("young", "2026-04-04"),
        ],
        sources=[*read_to("2026-06-01", *names), *read_to(None, "not read"), *read_to("2026-03-06", "read too little")],
        workflow_attempts=[{"started_at": "2026-01-05 07:55", "finished_at": "2026-01-05 08:05"}],
    )
    found = rows(metric("undeployed_repositories")).astype(object)
    told = found.where(found.notna(), None)

    assert dict(zip(told["what"].str.removeprefix("acme/"), told["value"], strict=True)) == {
        "on the last day": 0, "an hour too late": 1, "never": 1, "never in production": 1, "never well": 1, "young": None,
        "read in part": None, "not read": None, "read too little": None,
    }  # fmt: skip
    assert dict(zip(told["what"], told["kind"], strict=True))["acme/young"] == "otherwise"
    assert set(told.loc[told["what"] != "acme/young", "kind"]) == {"by a Workflow"}


def test_where_no_deployment_is_known_at_all_no_repository_is_said_to_reach_nobody(nouns):
    nouns(repositories=[created("shop")], sources=read_to("2026-06-01", "shop"))

    assert rows(metric("undeployed_repositories"))["value"].isna().tolist() == [True]


# Nobody in particular


def test_work_outside_working_hours_is_told_of_a_team_and_never_of_few(nouns):
    def opened(n: int, at: str, people: int) -> dict[str, Any]:
        return {
            "id": f"P{n}", "repo": "acme/shop", "title": "Basket", "bot": False, "opened_at": at, "author": f"hash-{n % people}",
        }  # fmt: skip

    usual = [opened(n, "2026-03-03 10:00", 6) for n in range(15)]
    late = [
        opened(100 + n, f"2026-03-{day} {hour}:00", 6) for n, (day, hour) in enumerate([("07", 10), ("04", 22)] * 5)
    ]
    few = [opened(200 + n, "2026-04-03 22:00", 4) for n in range(25)]
    nouns(
        '[[teams]]\nname = "Shop"\nrepositories = ["acme/shop"]\n',
        pull_requests=usual + late + few,
        repository_teams=[{"repo": "acme/shop", "team": "Shop"}],
    )
    points = trend(metric("off_hours"), "month")

    assert points["value"].tolist()[:2] == [pytest.approx(10 / 25), pytest.approx(float("nan"), nan_ok=True)]
    assert trend(metric("off_hours"), "month", area="Shop")["value"].tolist()[0] == pytest.approx(0.4)
    with pytest.raises(CairnError, match="people in a crowd"):
        rows(metric("off_hours"))


def test_tickets_touched_in_a_day_are_the_teams_and_never_one_persons(land):
    numbers = iter(range(1, 1000))

    def moved(day: date, hour: float, who: str, n: int = 0, kind: str = "atlassian"):
        return change(n or next(numbers), instant(day, hour), "status", "1", "2", accountId=who, accountType=kind)

    histories = []
    for day in (date(2026, 8, 3) + timedelta(days=n) for n in range(5)):
        histories += [moved(day, 9, f"acc-{n}") for n in range(5)]
        histories += [moved(day, 9 + n, "acc-5") for n in range(7)]  # 12 tickets of 6 people
        histories += [moved(day, 12, f"rule-{n}", kind="app") for n in range(9)]
        histories += [moved(day, 12, f"shop-{n}", kind="customer") for n in range(9)]
    histories += [moved(date(2026, 8, 3), 10, "acc-0", 1)]  # the same ticket again
    histories += [moved(date(2026, 8, 4), 15, "acc-1") for _ in range(25)]  # a tidying
    september = [date(2026, 9, 1) + timedelta(days=n) for n in range(20)]
    histories += [moved(day, 9, f"acc-{n}") for day in september for n in range(4)]
    issues = [ticket(n, instant(BEFORE)) for n in range(1, next(numbers))]
    land('[[teams]]\nname = "Ops"\nprojects = ["OPS"]\n', jira_issues=issues, jira_histories=histories)

    for asked in ({}, {"area": "Ops"}):
        points = trend(metric("fragmentation"), "month", **asked)
        assert points["value"].tolist()[0] == 2
        assert (points["n"].tolist()[0], points["value"].isna().tolist()) == (
            30,
            [False, True, *[True] * (len(points) - 2)],
        )
    told = query("select distinct tickets from touches where happened_at < '2026-09-01'")
    assert told["tickets"].tolist() == [2]  # and nowhere how many one of them moved
    assert trend(metric("fragmentation"))["value"].isna().all()
    with pytest.raises(CairnError, match="people in a crowd"):
        rows(metric("fragmentation"))


def test_what_the_rules_of_workflows_match_can_be_looked_at(land):
    land(
        SAMPLE.replace("[[workflows]]", '[[workflows]]\nopens = ["form opened"]'),
        jira_issues=[ticket(1, instant(OPENED)), ticket(2, instant(OPENED), "Something else")],
        usage_rows=[
            (f"u.csv:{n}", {"happened_at": "2026-07-06T00:00:00Z", "feature": f})
            for n, f in enumerate(["form opened", "x"])
        ],
    )
    found = query(
        "select matched, applies from rule_matches where rule in ('request type', 'usage feature') order by rule, matched"
    )

    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        ["New service", "Provision service"],
        ["Something else", None],
        ["form opened", "Provision service"],
        ["x", None],
    ]


# Strict words


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ('name = "A"', "say how its runs are recognised: give 'runs', 'features' or 'forms'"),
        ('name = "A"\nrun = ["a"]', "unknown key 'run' in [workflows]. Did you mean 'runs'?"),
        ('name = "A"\nruns = ["a"]\ntimed = [[1, 2], [2]]', "'[2]' is not a ticket that was timed; write [[hours timed"),
        ('name = "A"\nruns = ["a"]\ntimed = "guess"', "'guess' is not a ticket that was timed"),
        ('name = "A"\nruns = ["a"]\nrequester_hours = 1', "'requester_hours' needs 'attempt_hours' beside it"),
        ('name = "A"\nruns = ["a"]\nkappa = { median = 0.1, low = 0.3, high = 0.8 }', "write low below median and median below"),
        ('name = "A"\nruns = ["a"]\ntimed = [[1, 2]]\nkappa = { median = 0.3, low = 0.1, high = 0.8 }', "'timed' or 'kappa', not both"),
        ('name = "A"\nruns = ["a"]\nsupport = { hours = 1 }', "name the labels or the types of the tickets"),
        ('name = "A"\nruns = ["a"]\narea = "* for *"', "'workflows.0.area' is not usable"),
        ('name = "A"\nruns = ["a"]\ndecay = 1.5', "'workflows.0.decay' is not usable"),
        ('name = "A"\nruns = ["a"]\n[[workflows]]\nname = "a"\nruns = ["b"]', "there are two Workflows named 'a'"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 2026-07-06, until = 2026-01-05, source = "tickets" }', "'since' has to lie before"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 4, until = 9, source = "tickets" }', "'since' has to lie before"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 4, until = 2026-01-05, source = "tickets" }', "both as days, or both as weeks"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 9, until = 0, source = "sample" }', "needs active = [hours each ticket was active]"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 9, until = 0, source = "assumption" }', "needs hours = {median, low, high}"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 9, until = 0, source = "tickets", days = 3 }', "has no use for 'days'"),
        ('name = "A"\nruns = ["a"]\nbaseline = { since = 9, until = 0, source = "guess" }', "'tickets', 'sample' or 'assumption'"),
        (
            'name = "A"\nruns = ["a"]\nsince = 2026-03-01\nbaseline = { since = 2026-01-05, until = 2026-07-06, source = "tickets" }',
            "its baseline has to end before the day it opened",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_workflow_is_answered_in_words(words, answer, tmp_path):
    path = tmp_path / "team.toml"
    path.write_text(f"[[workflows]]\n{words}\n", encoding="utf-8")

    with pytest.raises(CairnError) as told_off:
        read_team(path)
    assert answer in str(told_off.value)
