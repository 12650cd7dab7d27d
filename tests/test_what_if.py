"""What if: the plan's own forecast when nothing is changed, and when something is, what moves, from when to when, and why."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from metrics import pencilled, plan
from metrics.forecast import when
from metrics.pencilled import Calendar, Row
from metrics.plan import Change, Person, Plan, Rock, differences, forecast, what_if

WEEKS = [3, 5, 2, 4, 0, 6, 3, 5, 1, 4, 3, 6]
FORTY = Rock("a", "Forty", (40, 40, 40))
STEADY = [10.0] * 12


def sprints(count: int, people: int = 5, **more) -> Plan:
    return Plan(tuple(Person((1.0,) * count) for _ in range(people)), (FORTY,), weeks=1, **more)


def known(*parts: str, shares: tuple[float, ...] = (1.0,) * 6) -> Person:
    return Person(shares, frozenset(parts))


def in_95(told: plan.Forecast) -> int:
    return next(nth for nth, chance in enumerate(told.finishes[0].chance, 1) if chance >= 0.95)


def test_one_of_five_away_for_four_weeks_moves_forty_items_from_12_14_15_weeks_to_13_15_16():
    whole = sprints(26)
    away = what_if(whole, Change(frozenset((0, week) for week in range(4, 8))))

    for its, weeks in ((whole, (12, 14, 15)), (away, (13, 15, 16))):
        told = forecast(its, WEEKS, spread=0)
        assert (told.finishes[0].half, told.finishes[0].likely, in_95(told)) == weeks
    drifting = forecast(whole, WEEKS)
    assert (drifting.finishes[0].half, drifting.finishes[0].likely, in_95(drifting)) == (12, 18, 23)


def test_it_says_what_the_forecast_of_one_piece_of_work_says():
    told, alone = forecast(sprints(104), WEEKS).finishes[0], when(WEEKS, 40)

    assert (told.half, told.likely) == (alone.half, alone.likely)


def test_with_nobody_away_it_is_the_plans_forecast_to_the_last_digit():
    rocks = tuple(Rock(f"{n}", f"Rock {n}", (3 + n, 5 + n, 9 + 2 * n), earliest=1 + n % 3) for n in range(12))
    whole = Plan(tuple(known("pay", shares=(1, 0.5, 1, 1, 1, 1)) for _ in range(8)), rocks, exploration=0.2)

    assert what_if(whole, Change()) is whole
    assert forecast(what_if(whole, Change(scope={"0": 1.0}, earliest={"1": 2})), WEEKS) == forecast(whole, WEEKS)
    assert forecast(what_if(whole, Change(exploration=0.2)), WEEKS) == forecast(whole, WEEKS)
    assert differences(forecast(whole, WEEKS), forecast(whole, WEEKS)) == ["Nothing moves by as much as a sprint."]


def test_a_part_nobody_who_is_there_knows_holds_its_rock_up_and_is_told_first_and_by_no_name():
    pay, shop = Rock("p", "Deposits", (20, 20, 20), needs=("ledger",)), Rock("s", "Baskets", (20, 20, 20))
    whole = Plan((known("ledger"), known(), known(), known()), (pay, shop))
    told = forecast(whole, STEADY, spread=0)
    other = forecast(what_if(whole, Change(frozenset({(0, 0), (0, 1)}))), STEADY, spread=0)

    assert [(one.half, one.likely) for one in told.finishes] == [(1, 1), (2, 2)]
    assert [(one.half, one.likely) for one in other.finishes] == [(3, 3), (2, 2)], "others go on with what there is"
    words = differences(told, other)
    assert words[0] == "In sprints 1 and 2 nobody who is there knows ledger: Deposits cannot go on then."
    assert words[1] == "Deposits moves from sprint 1 to 3."
    assert told.alone == (("ledger", ("Deposits",)),), "one person says they know it"


def test_what_nobody_said_they_know_is_unknown_and_holds_nothing_up():
    its = Plan((known(),), (replace(FORTY, size=(20, 20, 20), needs=("ledger",)),))
    told = forecast(its, STEADY, spread=0)

    assert told.unsaid == (("ledger", ("Forty",)),)
    assert told.uncovered == ()
    assert told.finishes[0].half == 1


def test_half_a_day_a_week_of_somebody_who_knows_it_is_enough_to_go_on():
    its = Plan((known("ledger", shares=(0.1,) * 6), known()), (replace(FORTY, needs=("ledger",)),))

    assert forecast(its, STEADY, spread=0).uncovered == ()


def test_rocks_are_filled_in_their_order_and_none_before_it_can_begin():
    first, second = Rock("1", "First", (30, 30, 30), earliest=3), Rock("2", "Second", (30, 30, 30))
    told = forecast(Plan((known(),), (first, second)), STEADY, spread=0)

    assert [one.half for one in told.finishes] == [4, 2]


def test_exploration_is_kept_out_before_anything_is_simulated_and_not_twice():
    def end(**more) -> int | None:
        return forecast(Plan((known(),), (Rock("a", "A", (80, 80, 80)),), **more), STEADY, spread=0).finishes[0].half

    assert end() == 4
    assert end(exploration=0.2) == 5
    assert end(exploration=0.2, explored=0.2) == 4, "weeks in which a fifth was explored are made of the other four"
    assert end(light=(0.5,)) == 5


def test_what_was_finished_since_its_size_was_written_down_is_no_longer_in_a_rock():
    half, whole = (forecast(Plan((known(),), (replace(FORTY, done=done),)), STEADY, spread=0) for done in (20, 0))

    assert (half.finishes[0].half, whole.finishes[0].half) == (1, 2)


def test_only_the_part_of_the_running_sprint_that_is_left_brings_anything():
    full, last = (forecast(Plan((known(),), (FORTY,), left=left), STEADY, spread=0) for left in (1, 0))

    assert (full.finishes[0].half, last.finishes[0].half) == (2, 3)
    assert full.items[0] == (20, 20)
    assert last.items[0] == (0, 0)


def test_what_does_not_fit_says_so():
    told = forecast(Plan((known(),), (Rock("a", "A", (100, 110, 300)), Rock("b", "B", (90, 90, 90)))), STEADY, spread=0)
    one, other = told.finishes

    assert (one.half, one.likely) == (6, None)
    assert (other.half, other.likely, other.fits) == (None, None, False)
    assert plan.reach(one) == "sprint 6 or later"
    assert plan.reach(other) == "after sprint 6"
    assert plan.summary(
        told
    ) == "No of two rocks are 85 % sure to be finished within these six sprints." or "None" in plan.summary(told)


def test_words_say_from_when_to_when_and_what_no_longer_fits():
    its = Plan((known(),), (Rock("a", "A", (45, 55, 90)), Rock("b", "B", (20, 20, 20))))
    told = forecast(its, STEADY, spread=0)
    moved = differences(told, forecast(what_if(its, Change(frozenset({(0, 2)}))), STEADY, spread=0))
    without = forecast(what_if(its, Change(scope={"a": 0})), STEADY, spread=0)

    assert plan.reach(told.finishes[0]) == f"sprints 3{plan.DASH}5"
    assert moved == [
        f"A moves from sprints 3{plan.DASH}5 to 4{plan.DASH}6.",
        f"B moves from sprints 4{plan.DASH}6 to 5 or later and no longer fits.",
    ]
    assert differences(told, without) == ["A is left out.", f"B moves from sprints 4{plan.DASH}6 to 1."]
    assert plan.summary(told) == "All two rocks are 85 % sure to be finished within these six sprints."


def test_too_little_history_makes_no_forecast_and_still_says_what_is_uncovered():
    its = Plan((known("ledger", shares=(0,) * 6),), (replace(FORTY, needs=("ledger",)),))
    told = forecast(its, [1, 2, 3])

    assert (told.finishes, told.weeks) == ((), 3)
    assert told.uncovered[0].part == "ledger"


def test_sizes_hold_a_tenth_below_the_least_and_a_tenth_above_the_most_and_belong_to_the_rock():
    rock = Rock("a", "A", (20, 30, 60))
    drawn = plan.sizes(rock)

    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx([20, 30, 60], rel=0.03)
    assert (plan.sizes(replace(rock, title="Z", earliest=4)) == drawn).all()
    assert plan.sizes(replace(rock, size=(40, 60, 120))) == pytest.approx(2 * drawn)


def test_twelve_rocks_eight_people_and_six_sprints_take_one_step_for_each_rock_and_sprint(monkeypatch):
    steps = []
    monkeypatch.setattr(plan.np, "minimum", lambda *told, real=np.minimum: steps.append(1) or real(*told))
    rocks = tuple(Rock(f"{n}", f"Rock {n}", (5, 8, 14), needs=("pay",)) for n in range(12))
    forecast(Plan(tuple(known("pay") for _ in range(8)), rocks), STEADY)

    assert len(steps) == 12 * 6, "and none for each of the futures"


def test_a_plan_has_no_place_for_a_name():
    grid = [Row("Ada", (1.0,) * 6, "Ledger, pay"), Row("Bo", (1.0,) * 6)]
    its = pencilled.plan(grid, [FORTY])

    assert its.people[0].knows == frozenset({"ledger", "pay"})
    assert "Ada" not in repr(its)


# As it is written down


CALENDAR = Calendar(date(2026, 3, 2))


def test_a_grid_is_read_as_it_was_typed_and_written_as_it_is_read():
    rows = pencilled.rows("Ada: 1 1 .5 0 1,0 7 | ledger, pay\nno row\nBo Li: 1\n: 1\nEve: x nan -1")

    assert rows[0] == Row("Ada", (1, 1, 0.5, 0, 1, 1), "ledger, pay")
    assert rows[1] == Row("Bo Li", (1,))
    assert rows[2] == Row("Eve", (0,))
    assert pencilled.rows("\n".join(row.line() for row in rows)) == rows
    assert Row("Ada: the first", (1.0,)).line() == "Ada  the first: 1"


def test_two_sprints_later_two_columns_are_gone_and_what_nobody_said_is_whole():
    (row,) = pencilled.later([Row("Ada", (0, 0.5, 0, 1, 1, 0.2))], 2)

    assert row.shares == (0, 1, 1, 0.2, 1, 1)
    assert pencilled.light("3: .5 engineers explore; 5: .8; 9: 0", 2) == (
        (0.5, 1, 0.8, 1, 1, 1),
        {1: "engineers explore", 3: ""},
    )


def test_the_size_of_a_rock_counts_from_the_day_it_was_written_down():
    size = {"low": 1, "likely": 2, "high": 3}
    days = [date(2026, 1, day) for day in (1, 2, 3, 4)]
    told = [{**size, "likely": 5}, size, {**size, "title": "Another name"}, size]

    assert pencilled.sized(list(zip(days, told, strict=True))) == days[1]


def test_a_rock_is_seen_from_the_sprints_looked_at():
    body = {
        "title": "Deposits",
        "low": 30,
        "likely": 10,
        "high": 20,
        "needs": " Ledger ,PAY,",
        "planned": "2026-03-29",
        "earliest": "2026-01-01",
    }
    rock = pencilled.rock("r", body, CALENDAR, done=3)

    assert rock == Rock("r", "Deposits", (10, 20, 30), 1, 2, ("ledger", "pay"), 3)
    assert pencilled.rock("r", {"planned": "soon", "low": "x", "high": float("inf")}, CALENDAR).size == (0, 0, 0)


def test_a_scenario_comes_back_as_it_was_kept_as_long_as_what_it_speaks_of_is_there():
    grid = [Row("Ada", (1.0,) * 6), Row("Bo", (1.0,) * 6)]
    rocks = [FORTY, replace(FORTY, id="b", title="Deposits: all")]
    change = Change(frozenset({(1, 2), (1, 3)}), {"b": 1.5}, {"b": 4}, 0.1)
    body = pencilled.scenario(change, grid, rocks, CALENDAR)

    assert body["away"] == "Bo: 2026-03-30 2026-04-13"
    assert pencilled.change(body, grid, rocks, CALENDAR) == change
    assert pencilled.change(body, grid[:1], rocks[:1], CALENDAR) == Change(exploration=0.1)
    later = Calendar(CALENDAR.first + timedelta(weeks=4))
    assert pencilled.change(body, grid, rocks, later).away == frozenset({(1, 0), (1, 1)}), "days stay, numbers move on"
    assert pencilled.change(
        {"away": "Bo", "scope": "Forty: inf\nForty: x", "begins": ":", "exploration": 900}, grid, rocks, CALENDAR
    ) == Change(exploration=1)


def test_what_is_done_is_held_against_an_even_pace_from_begin_to_planned_end():
    begins, ends = date(2026, 3, 2), date(2026, 3, 11)

    told = [plan.even_pace(40, begins, ends, begins + timedelta(days=days)) for days in (-1, 0, 4, 9, 99)]
    assert told == [0, 4, 20, 40, 40]
    assert plan.even_pace(40, ends, begins, ends) == 40
