"""Working time: nights, weekends and holidays are not waiting, summer time is no extra hour, and nobody's leave is known."""

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import duckdb
import pytest

from data import CairnError, query, read_team, rules, team
from data.store import ROOM
from data.team import Team

BERLIN = 'timezone = "Europe/Berlin"\n'
UTC = ZoneInfo("UTC")


@pytest.fixture
def worked():
    """Return a function: the working hours between two instants in UTC, as the model's own SQL counts them."""

    def hours(pairs, zone="UTC", **calendar):
        with duckdb.connect() as connection:
            rules.prepare(connection, Team(timezone=zone, calendar=calendar), "key")
            model = [(ROOM / "nouns" / f"{name}.sql").read_text(encoding="utf-8") for name in ("start", "calendar")]
            connection.execute(model[0][model[0].index("create or replace temp macro utc") :].split(";")[0])
            connection.execute(model[1])
            connection.execute("create table pairs(a timestamp, b timestamp, n integer)")
            connection.executemany("insert into pairs values (?, ?, ?)", [(a, b, n) for n, (a, b) in enumerate(pairs)])
            found = connection.execute(
                """
                select (worked(p.b, u.before, u.opens, u.closes) - worked(p.a, s.before, s.opens, s.closes)) / 3600
                from pairs p
                asof left join workdays s on s.opens <= p.a
                asof left join workdays u on u.opens <= p.b
                order by n
                """
            ).fetchall()
        return [one for (one,) in found]

    return hours


def test_from_friday_at_four_to_monday_at_eleven_are_three_hours(worked):
    assert worked([("2026-03-06 16:00", "2026-03-09 11:00")]) == [3]


def test_a_weekend_alone_is_nothing(worked):
    assert worked([("2026-03-07 10:00", "2026-03-08 20:00")]) == [0]


def test_before_the_first_hour_and_after_the_last_nothing_is_added(worked):
    assert worked([("2026-03-03 06:00", "2026-03-03 09:00"), ("2026-03-03 17:00", "2026-03-04 09:00")]) == [0, 0]
    assert worked([("2026-03-03 06:00", "2026-03-03 23:00"), ("2026-03-03 09:30", "2026-03-03 09:30")]) == [8, 0]


def test_the_days_the_clocks_change_have_as_many_working_hours_as_others(worked):
    spring, autumn = ("2026-03-27 16:00", "2026-03-30 15:00"), ("2026-10-23 15:00", "2026-10-26 16:00")
    assert worked([spring, autumn], "Europe/Berlin") == [8, 8]  # Friday 17:00 to Monday 17:00, there and back


def test_who_works_around_the_clock_has_an_hour_less_in_spring_and_one_more_in_autumn(worked):
    always = {"workdays": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "hours": (0, 24)}
    spring, autumn = ("2026-03-28 23:00", "2026-03-29 22:00"), ("2026-10-24 22:00", "2026-10-25 23:00")
    assert worked([spring, autumn, ("2026-03-06 16:00", "2026-03-09 11:00")], "Europe/Berlin", **always) == [23, 25, 67]


def test_a_team_whose_day_is_two_days_in_utc_works_eight_hours_all_the_same(worked):
    # 9 to 17 in Auckland is 20:00 to 04:00 in UTC, in summer
    assert worked([("2026-03-01 12:00", "2026-03-02 12:00"), ("2026-03-01 22:00", "2026-03-02 22:00")], "Pacific/Auckland") == [
        8, 8,
    ]  # fmt: skip


def test_holidays_of_the_country_and_of_the_team_are_no_working_days(worked):
    easter, christmas = ("2026-04-02 00:00", "2026-04-08 00:00"), ("2026-12-24 00:00", "2026-12-29 00:00")
    assert worked([easter, christmas]) == [32, 24]
    assert worked([easter, christmas], country="DE", region="BE", holidays=(date(2026, 12, 24),)) == [16, 8]
    womens_day = ("2027-03-08 00:00", "2027-03-09 00:00")  # in Berlin, and not in Bavaria
    assert worked([womens_day], country="DE", region="BE") == [0]
    assert worked([womens_day], country="DE", region="BY") == [8]


def test_ten_thousand_intervals_are_what_counting_days_gives(worked):
    chance, zone = Random(4), ZoneInfo("Europe/Berlin")
    off = Team(calendar={"country": "DE", "region": "BE"}).calendar.days_off(2023, 2027)
    start = datetime(2024, 1, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
    pairs = []
    for _ in range(10_000):
        a = start + timedelta(seconds=chance.randrange(70_000_000))
        pairs.append((a, a + timedelta(seconds=chance.choice([60, 3600, 90_000, 900_000, 5_000_000]))))

    def slowly(a, b):
        here = [one.replace(tzinfo=UTC).astimezone(zone) for one in (a, b)]
        total, day = timedelta(), here[0].date()
        while day <= here[1].date():
            if day.weekday() < 5 and day not in off:
                opens, closes = (
                    datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC) for hour in (9, 17)
                )
                total += max(timedelta(), min(closes, b.replace(tzinfo=UTC)) - max(opens, a.replace(tzinfo=UTC)))
            day += timedelta(days=1)
        return total.total_seconds() / 3600

    assert worked(pairs, "Europe/Berlin", country="DE", region="BE") == pytest.approx([slowly(*pair) for pair in pairs])


def test_an_edition_tells_the_workdays_the_days_off_and_the_special_days(landed):
    made = landed(
        BERLIN + '[calendar]\nworkdays = ["Mon", "Tue"]\nhours = [8.5, 12]\nholidays = [2026-03-03]\ncountry = "DE"\n'
        'special = [{ since = 2026-12-21, until = 2027-01-04, what = "Year end" }]\n'
    )
    found = query("select * exclude before from workdays where day between '2026-03-02' and '2026-03-10'", edition=made)

    assert found.astype(str).to_numpy().tolist() == [
        ["2026-03-02", "2026-03-02 07:30:00", "2026-03-02 11:00:00"],
        ["2026-03-09", "2026-03-09 07:30:00", "2026-03-09 11:00:00"],
        ["2026-03-10", "2026-03-10 07:30:00", "2026-03-10 11:00:00"],
    ]
    off = query(
        "select day::text as day, what from days_off where day between '2026-01-01' and '2026-04-04'", edition=made
    )
    assert off.to_numpy().tolist() == [
        ["2026-01-01", "New Year's Day"], ["2026-03-03", "Holiday of the team"], ["2026-04-03", "Good Friday"],
    ]  # fmt: skip
    assert query("select what from special_days", edition=made)["what"].tolist() == ["Year end"]
    assert team().calendar.special[0].until == date(2027, 1, 4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('country = "Atlantis"', "no public holidays are known for 'Atlantis'"),
        ('country = "DE"\nregion = "XX"', "'DE', region 'XX'"),
        ("hours = [17, 9]", r"for example \[9, 17\]"),
        ("hours = [9, 25]", r"for example \[9, 17\]"),
        ('workdays = ["Monday"]', "'Mon'"),
        ('special = [{ since = 2026-01-05, until = 2026-01-05, what = "Freeze" }]', "'Freeze' ends before it begins"),
        ("worktime = 8", "unknown key 'worktime'"),
    ],
)
def test_a_calendar_that_cannot_be_is_answered_in_words(tmp_path, words, said):
    path = tmp_path / "team.toml"
    path.write_text(f"[calendar]\n{words}\n", encoding="utf-8")
    with pytest.raises(CairnError, match=said):
        read_team(path)
