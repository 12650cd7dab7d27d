"""Bugs, from what Jira says to the number: what came in, what went out, what is open, and what came back."""

import itertools
import random
from datetime import datetime, timedelta

import pandas as pd
import pytest

from data import Row, query
from metrics import behind, metric, rows, survival, trend

SEEN = datetime(2026, 7, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 a Monday
STATUSES = {"Open": ("1", "new"), "Done": ("6", "done")}
NUMBERS = itertools.count(1)


class Tracker:
    """A Jira that keeps bugs: what was reported, and each time one was resolved or reopened, at some hour since START."""

    def __init__(self) -> None:
        self.issues: dict[int, dict] = {}
        self.histories: list[Row] = []

    def report(self, hour: float, **fields) -> int:
        number = len(self.issues) + 1
        self.issues[number] = {"created": stamp(hour), "status": "Open"} | fields
        return number

    def turn(self, number: int, hour: float, *, done: bool) -> None:
        before, after = ("Open", "Done") if done else ("Done", "Open")
        item = {"field": "status", "from": STATUSES[before][0], "fromString": before}
        item |= {"to": STATUSES[after][0], "toString": after}
        told = str(next(NUMBERS))
        body = {"id": told, "created": stamp(hour), "items": [item]}
        self.histories.append(Row(told, SEEN, body, "jira.example", parent=str(number)))
        self.issues[number]["status"] = after

    def streams(self) -> dict[str, list[Row]]:
        told = []
        for number, one in self.issues.items():
            status = {"id": STATUSES[one["status"]][0], "name": one["status"]}
            fields = {
                "summary": f"It breaks {number}", "issuetype": {"name": "Bug"}, "project": {"key": "SHOP"},
                "updated": stamp(2000), "labels": [], "components": [],
            } | one | {"status": status}  # fmt: skip
            told.append(Row(str(number), SEEN, {"key": f"SHOP-{number}", "fields": fields}, "jira.example"))
        statuses = [
            Row(ident, SEEN, {"id": ident, "name": name, "statusCategory": {"key": key}}, "jira.example")
            for name, (ident, key) in STATUSES.items()
        ]
        return {"jira_issues": told, "jira_histories": self.histories, "jira_statuses": statuses}


def stamp(hour: float) -> str:
    return (START + timedelta(hours=hour)).isoformat(timespec="milliseconds") + "+0000"


def values(name: str, every: str = "week") -> list[float | None]:
    return [None if pd.isna(value) else value for value in trend(metric(name), every)["value"]]


@pytest.fixture
def example(landed):
    """Publish the worked example: twenty open, then four weeks of reports, resolutions and reopenings."""
    jira = Tracker()
    open_ = [jira.report(-24) for _ in range(20)]
    shut = []
    for week, (created, resolved, reopened) in enumerate(zip([6, 4, 9, 5], [5, 7, 4, 6], [0, 1, 0, 1], strict=True)):
        hour = week * 168
        open_ += [jira.report(hour + 1) for _ in range(created)]
        for _ in range(resolved):
            shut.append(open_.pop(0))
            jira.turn(shut[-1], hour + 30, done=True)
        for _ in range(reopened):
            open_.append(shut.pop(0))
            jira.turn(open_[-1], hour + 40, done=False)
    return landed(complete_to="2026-03-30", **jira.streams())


def test_open_bugs_of_the_worked_example_are_21_19_24_and_24(example):
    assert values("open_bugs")[-4:] == [21, 19, 24, 24]
    assert values("bugs_opened")[-4:] == [6, 4, 9, 5]
    assert values("bugs_resolved")[-4:] == [5, 7, 4, 6]


def test_the_open_bugs_of_the_history_are_those_that_are_open_now(example):
    open_now = query("select count(*) from issues where is_bug and status_kind <> 'done'", edition=example).iloc[0, 0]

    assert values("open_bugs")[-1] == open_now == 24
    assert len(behind(metric("open_bugs"), "2026-03-23")) == 24


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_history_leaves_out_the_open_bugs_are_those_that_are_open_now(landed, seed):
    chance, jira = random.Random(seed), Tracker()
    for _ in range(150):
        number, hour = jira.report(chance.uniform(0, 900)), 900
        for _ in range(chance.randrange(5)):
            hour += chance.choice([0, 1, 100])  # several in one second
            jira.turn(number, hour, done=jira.issues[number]["status"] == "Open")
    jira.histories = [one for one in jira.histories if chance.random() < 0.8]  # some were never told
    made = landed(complete_to="2026-07-06", **jira.streams())

    found = query("select key from issues where is_bug and resolved_at is null", edition=made)["key"]
    told = behind(metric("open_bugs"), "2026-06-29")["what"]
    assert sorted(one.split()[0] for one in told) == sorted(found)
    assert (
        values("open_bugs")[-1]
        == len(found)
        == query("select count(*) from issues where status_kind <> 'done'", edition=made).iloc[0, 0]
    )


def test_time_to_fix_counts_bugs_that_are_open_still(landed):
    jira = Tracker()
    for days in (1, 2, 2, 4, 5):
        jira.turn(jira.report(0), days * 24, done=True)
    for hour in (0, 0, 72):  # open for six, six and three days when all was read
        jira.report(hour)
    landed(complete_to="2026-03-08 09:00", **jira.streams())
    found = rows(metric("bug_time_to_fix"))

    assert sorted(found["value"]) == [1, 2, 2, 3, 4, 5, 6, 6]
    times, finished = found["value"].tolist(), (found["kind"] != "open").tolist()
    assert survival.median_time(times, finished) == 4  # of the resolved alone it would be 2
    assert metric("bug_time_to_fix").censored == "open"


def test_the_point_of_a_month_is_the_survival_curves_median_and_not_that_of_the_resolved_alone(landed):
    jira = Tracker()
    for days in (1, 2, 2, 4, 5):
        jira.turn(jira.report(0), days * 24, done=True)
    for _ in range(4):
        jira.report(0)
    landed(complete_to="2026-04-01 09:00", **jira.streams())
    assert values("bug_time_to_fix", "month") == [5]  # the five that were resolved took 2 in the middle


def test_two_of_twenty_two_bugs_came_back_within_thirty_days(landed):
    jira = Tracker()
    numbers = [jira.report(0) for _ in range(22)]
    for number in numbers:
        jira.turn(number, 10, done=True)
    jira.turn(numbers[0], 10 + 24, done=False)
    jira.turn(numbers[1], 10 + 24 * 30, done=False)
    jira.turn(numbers[2], 11 + 24 * 30, done=False)  # an hour too late to be counted
    late = jira.report(0)
    jira.turn(late, 24 * 45, done=True)
    jira.turn(late, 24 * 45 + 1, done=False)
    made = landed(complete_to="2026-04-27", **jira.streams())
    found = trend(metric("bugs_reopened"))

    assert found["value"].iloc[0] == pytest.approx(2 / 22)
    assert found["n"].iloc[0] == 22
    young = rows(metric("bugs_reopened")).iloc[-1]
    assert pd.isna(young["value"])  # reopened already, and still too young to be compared
    assert made


def test_nine_of_twenty_four_bugs_were_found_by_customers(landed):
    jira = Tracker()
    for n in range(24):
        jira.report(n, labels=["Customer-reported"] if n < 9 else ["x"])
    landed('[bugs.escaped]\nlabels = ["customer*"]\n', complete_to="2026-04-01", **jira.streams())

    assert values("escape_rate", "month") == [0.375]
    assert values("escaped_bugs", "month") == [9]
    assert rows(metric("escape_rate"))["kind"].value_counts().to_dict() == {"found before": 15, "escaped": 9}


def test_while_no_bug_says_where_it_was_found_nothing_is_known(landed):
    jira = Tracker()
    for n in range(24):
        jira.report(n)
    landed(complete_to="2026-04-01", **jira.streams())

    found = trend(metric("escape_rate"), "month")
    assert (found["n"].iloc[0], found["of"].iloc[0], values("escape_rate", "month")) == (0, 24, [None])


def test_a_bug_may_escape_by_its_type_or_by_the_type_of_its_request(landed):
    jira = Tracker()
    jira.report(0, issuetype={"name": "Customer Bug"})
    jira.report(0, customfield_1={"requestType": {"name": "Report a problem"}})
    jira.report(0)
    words = """
        [bugs]
        types = ["*bug"]
        [bugs.escaped]
        types = ["Customer*"]
        requests = ["Report a problem"]
    """
    field = Row("customfield_1", SEEN, {"id": "customfield_1", "role": "request"}, "jira.example")
    made = landed(words, jira_fields=[field], **jira.streams())

    assert query("select escaped from issues order by key", edition=made)["escaped"].tolist() == [True, True, False]
    seen = query("from rule_matches where rule = 'request'", edition=made)
    assert seen["matched"].tolist() == ["Report a problem"]


def test_on_the_recorded_jira_the_open_bugs_of_the_history_are_those_that_are_open_now(replay, collect):
    collect("jira", published=True)
    open_now = query("select key from issues where is_bug and resolved_at is null")["key"]
    moved = query("select count(*) as n from issue_spells where business_seconds < 0 or seconds < 0")["n"].iloc[0]

    assert rows(metric("open_bugs"))["value"].sum() == len(open_now)
    assert moved == 0
    assert query("select count(*) from issue_spells").iloc[0, 0] > query("select count(*) from issues").iloc[0, 0]
