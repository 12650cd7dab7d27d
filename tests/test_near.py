"""What was near: everything a team may think of when a number moves, by day, and nothing about a person."""

from datetime import date, timedelta

import pandas as pd

from data.journal import begun, journal
from metrics.near import COLUMNS, MOST, around, near, nearest

CALENDAR = """
timezone = "Europe/Berlin"

[calendar]
country = "DE"
region = "BE"
holidays = [2026-05-11]
special = [{since = 2026-04-27, until = 2026-05-04, what = "Company week"}]

[baselines]
open_bugs = 2026-05-06
"""


def deployed(at, **more):
    return {
        "id": f"D{at}{more}", "repo": "acme/shop", "environment": "production", "production": True, "outcome": "success",
        "sha": "a", "created_at": at, "finished_at": at, "url": f"https://a.example/{at[:10]}", **more,
    }  # fmt: skip


def some_days(nouns):
    nouns(
        CALENDAR,
        deployments=[
            deployed("2026-05-04 10:00"),
            deployed("2026-05-04 12:00"),
            deployed("2026-05-04 12:30", repo="acme/pay"),
            deployed("2026-05-04 13:00", outcome="failure"),
            deployed("2026-05-04 14:00", production=False, environment="staging"),
            deployed("2026-05-05 22:30"),  # already the 6th in Berlin
            deployed("2026-05-18 09:00"),
        ],
        releases=[
            {"id": "R1", "repo": "acme/shop", "tag": "v2", "name": "Two", "prerelease": False, "published_at": "2026-05-05 10:00"},
            {"id": "R2", "repo": "acme/shop", "tag": "v3", "name": "Three", "prerelease": True, "published_at": "2026-05-05 11:00"},
            {"id": "R3", "repo": "acme/shop", "tag": "v4", "name": "Four", "prerelease": False, "published_at": None},
        ],
        issues=[
            {
                "id": key, "project": "OPS", "key": key, "title": "Checkout down", "is_incident": key == "OPS-1", "is_bug": False,
                "components": ["pay"], "created_at": "2026-05-07 08:00", "url": f"https://j.example/{key}",
            }
            for key in ("OPS-1", "OPS-2")
        ],
    )  # fmt: skip


def test_everything_near_is_told_by_day_and_area(nouns):
    some_days(nouns)
    found = near(date(2026, 4, 20), date(2026, 5, 18))

    assert tuple(found.columns) == COLUMNS
    assert found[["at", "what", "kind", "area"]].to_numpy().tolist() == [
        [date(2026, 4, 27), "Company week, until 4 May", "special", None],
        [date(2026, 5, 1), "Labor Day", "holiday", None],
        [date(2026, 5, 4), "one production deployment", "deployment", "pay"],
        [date(2026, 5, 4), "two production deployments", "deployment", "shop"],
        [date(2026, 5, 5), "Two", "release", "shop"],
        [date(2026, 5, 6), "Usual range of open_bugs drawn anew", "baseline", None],
        [date(2026, 5, 6), "one production deployment", "deployment", "shop"],
        [date(2026, 5, 7), "OPS-1 Checkout down", "incident", "pay"],
        [date(2026, 5, 11), "Holiday of the team", "holiday", None],
        [date(2026, 5, 14), "Ascension Day", "holiday", None],
    ]
    assert found["url"].tolist()[2:4] == ["https://a.example/2026-05-04"] * 2


def test_a_special_week_that_began_before_is_near_while_it_lasts(nouns):
    some_days(nouns)

    assert near(date(2026, 5, 2), date(2026, 5, 3))["what"].tolist() == ["Company week, until 4 May"]
    assert near(date(2026, 6, 20), date(2026, 6, 27)).empty


def test_near_is_two_weeks_before_until_the_week_after():
    assert around(date(2026, 5, 4)) == (date(2026, 4, 20), date(2026, 5, 18))


def test_at_most_a_dozen_are_told_by_time_and_the_rest_is_counted():
    start = date(2026, 5, 4)
    days = [start + timedelta(days=n - 15) for n in range(30)]
    often = [(day, "one production deployment", "deployment", area, None) for day in days for area in ("shop", "pay")]
    found = pd.DataFrame([*often, (days[-1], "OPS-1 Down", "incident", "shop", None)], columns=list(COLUMNS))
    kept, more = nearest(found, start, {"pay"})

    assert (len(kept), more) == (MOST, 61 - MOST)
    assert kept["at"].is_monotonic_increasing
    assert kept["kind"].tolist().count("incident") == 1
    assert set(kept["area"][kept["kind"] == "deployment"]) == {"pay"}
    assert max(abs(day - start) for day in kept["at"][kept["kind"] == "deployment"]) <= timedelta(days=6)
    assert nearest(found[:3], start)[1] == 0


def test_there_is_no_column_for_a_person(nouns):
    nouns()

    assert COLUMNS == ("at", "what", "kind", "area", "url")
    assert near(date(2026, 5, 4), date(2026, 5, 18)).empty


def test_what_people_wrote_about_the_days_is_near_and_says_it_first(nouns):
    some_days(nouns)
    kept = journal()
    kept.write("note", {"what": "Offsite", "sort": "holiday", "since": "2026-04-10", "until": "2026-05-01"}, "Ada")
    kept.write("note", {"what": "Long ago", "sort": "other", "since": "2026-04-10", "until": "2026-04-19"}, "Ada")
    kept.write("decision", {"title": "Fridays too", "since": "2026-05-05"}, "Ada")
    kept.write("experiment", {"change": "Two reviewers", "start": "2026-05-17", "end": "2026-07-01"}, "Bo")
    kept.write("follow_up", {"what": "Ask them", "until": "2026-05-05"}, "Bo")
    found = near(date(2026, 4, 20), date(2026, 5, 18))
    told = {
        (str(at), what, kind) for at, what, kind in found[["at", "what", "kind"]].itertuples(index=False, name=None)
    }

    assert {one for one in told if one[2] in {"note", "decision", "experiment", "follow_up"}} == {
        ("2026-04-20", "Offsite", "note"),
        ("2026-05-05", "Fridays too", "decision"),
        ("2026-05-17", "Two reviewers", "experiment"),
    }
    assert {"note", "decision", "experiment"} <= set(nearest(found, date(2026, 5, 4))[0]["kind"])


def test_reading_what_was_near_begins_no_journal(nouns):
    some_days(nouns)
    near(date(2026, 4, 20), date(2026, 5, 18))

    assert not begun()
