"""Forecasts hold as often as they say: on made series, and on real ones where the level drifts."""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from metrics.forecast import SPREAD, backtest, futures, how_many, level_spread, weeks_until, when
from metrics.intervals import jeffreys

WEEKS = [3, 5, 2, 4, 0, 6, 3, 5, 1, 4, 3, 6]
AWAY = [1, 1, 1, 1, 0.8, 0.8, 0.8, 0.8]  # one of five, in weeks 5 to 8
REAL = Path(__file__).resolve().parent.parent.parent / "shared/knowledge/real_weekly_throughput.csv"


@pytest.fixture(scope="module")
def real():
    if not REAL.exists():
        pytest.skip("the real weekly series (../shared/knowledge) are not beside this checkout")
    series = defaultdict(list)
    with REAL.open(encoding="utf-8") as told:
        for row in csv.DictReader(told):
            series[row["repo"]].append(float(row["merged"]))
    return [np.array(weeks) for weeks in series.values()]


# By hand


def test_twelve_weeks_bring_36_for_those_who_think_the_level_stays_and_26_for_those_who_know_it_drifts():
    assert how_many(WEEKS, 12, spread=0).likely == 36
    assert how_many(WEEKS, 12).likely == 26


def test_36_is_what_adding_up_every_possible_future_says():
    chances = np.ones(1)
    for _ in range(12):
        chances = np.convolve(chances, np.bincount(WEEKS) / len(WEEKS))

    assert chances[36:].sum() == pytest.approx(0.85, abs=0.001)
    drawn = futures(WEEKS, 12, 0).sum(axis=1)
    assert np.mean(drawn >= 36) == pytest.approx(chances[36:].sum(), abs=0.01)


@pytest.mark.parametrize(
    ("asked", "weeks"),
    [({"spread": 0}, (12, 14, 15)), ({}, (12, 18, 23)), ({"spread": 0, "capacity": AWAY}, (13, 15, 16))],
)
def test_forty_items_take_so_many_weeks(asked, weeks):
    told = when(WEEKS, 40, **asked)

    assert (told.half, told.likely, told.nearly) == weeks


def test_words_say_how_sure_and_how_many():
    assert how_many(WEEKS, 12).words.startswith("85 % sure of at least 26 in 12 weeks; as likely as not ")
    assert when(WEEKS, 40).words == "85 % sure within 18 weeks for 40 items; as likely as not within 12."


def test_items_that_are_found_on_the_way_take_longer():
    grown, plain = when(WEEKS, 40, spread=0, growth=(1, 1.5)), when(WEEKS, 40, spread=0)

    assert grown.likely > plain.likely
    assert when(WEEKS, 40, spread=0, growth=(1.5, 1.5)).half == when(WEEKS, 60, spread=0).half
    with pytest.raises(ValueError, match="growth"):
        when(WEEKS, 40, growth=(0, 1))


def test_the_same_weeks_give_the_same_numbers():
    assert how_many(WEEKS, 12) == how_many(WEEKS, 12)
    assert when(WEEKS, 40, growth=(1, 1.3)) == when(WEEKS, 40, growth=(1, 1.3))


def test_only_the_latest_weeks_are_drawn_from():
    assert how_many([50] * 40 + WEEKS, 12, spread=0) == how_many(WEEKS, 12, spread=0)


def test_an_empty_week_is_a_week():
    assert how_many([0, 8] * 6, 4, spread=0).likely < how_many([4] * 12, 4, spread=0).likely == 16


def test_a_week_that_was_not_read_is_not_an_empty_one():
    assert how_many([float("nan"), float("nan"), *[4] * 10], 4, spread=0).nearly == 16


def test_too_little_history_says_so_instead_of_a_number():
    few = how_many([3, 5, 2, 4, 0, 6, 3], 12)

    assert (few.half, few.likely, few.nearly) == (None, None, None)
    assert few.words == "Not enough yet: 7 weeks of history, and a forecast takes 8."
    assert when([], 40).likely is None
    assert when([], 40).words.startswith("Not enough yet")
    assert how_many(WEEKS[:8], 12).likely is not None


def test_what_two_years_do_not_bring_has_no_week():
    told = when([0] * 12, 40)

    assert (told.half, told.likely, told.nearly) == (None, None, None)
    assert told.words.startswith("Fewer than 85 % of the futures")


def test_a_day_is_worth_the_whole_weeks_before_it():
    assert weeks_until(date(2026, 6, 1), date(2026, 5, 4)) == 4
    assert weeks_until(date(2026, 5, 31), date(2026, 5, 4)) == 3
    assert weeks_until(date(2026, 5, 1), date(2026, 5, 4)) == 0


# The team's own drift


def test_the_drift_is_the_usual_one_until_past_forecasts_tell_and_counts_for_less_the_more_of_them_there_are():
    chance = np.random.default_rng(1)
    steady = chance.poisson(20, 12 + 10 * 12).astype(float)

    assert level_spread(steady[:23], 12) == SPREAD
    assert SPREAD > level_spread(steady[:48], 12) > level_spread(steady, 12) > 0


def test_a_level_that_jumps_about_is_seen():
    chance = np.random.default_rng(2)
    level = np.repeat(np.exp(chance.normal(0, 0.8, 40)), 12)

    assert level_spread(chance.poisson(30 * level), 12) > 1.2 * SPREAD


# The record


def test_a_record_counts_what_held_and_says_so():
    told = backtest([10] * 12 + [0] * 12 + [10] * 84, 12, every=12, spread=0)

    # A quarter of nothing breaks the forecast into it. The empty weeks behind the next forecast promise nothing.
    assert (told.held, told.of, told.share, told.apart) == (7, 8, 0.875, 8)
    assert told.words == "Our 85 % held in 7 of 8 past quarters."
    assert (told.low, told.high) == jeffreys(7, 8)


def test_forecasts_that_overlap_count_as_fewer():
    told = backtest(np.random.default_rng(3).poisson(9, 140), 12, spread=0)

    assert told.of == 30
    assert told.apart == pytest.approx(30 / 3)
    assert (told.low, told.high) == pytest.approx(jeffreys(told.held / 3, 30 / 3))
    assert (
        told.words == f"Our 85 % held in {told.held} of 30 past forecasts for 12 weeks, which overlap and count as 10."
    )


def test_few_past_forecasts_are_told_with_the_word_that_they_are_few():
    told = backtest([10] * 12 + [0] * 12 + [10] * 36, 12, every=12, spread=0)

    assert (told.held, told.of, told.apart) == (3, 4, 4)
    assert told.words == "Our 85 % held in 3 of 4 past quarters: too few to tell how often it holds."


def test_no_past_is_no_record():
    told = backtest([5] * 20, 12)

    assert (told.of, told.share, told.low, told.high) == (0, None, 0, 1)
    assert told.words == "No past forecast can be checked yet."


def test_a_forecast_never_knows_what_came_after_it():
    chance = np.random.default_rng(4)
    past = chance.poisson(9, 200)
    later = np.concatenate([past, np.zeros(48)])

    before, after = backtest(past, 12, every=12), backtest(later, 12, every=12)
    assert (after.of - before.of, after.held - before.held) in {(4, 3), (4, 2)}


# How often 85 % is 85 %


def test_where_nothing_drifts_the_plain_way_holds_85_per_cent():
    chance = np.random.default_rng(5)
    held = [backtest(chance.poisson(8, 180), 4, history=52, spread=0).share for _ in range(60)]

    assert 0.82 <= np.mean(held) <= 0.88


def test_a_quarter_ahead_the_plain_way_is_too_sure_even_then_and_the_teams_own_drift_repairs_it():
    chance = np.random.default_rng(6)
    series = [chance.poisson(8, 450) for _ in range(30)]
    plain = [backtest(weeks[300:], 12, spread=0).share for weeks in series]
    own = [backtest(weeks[300:], 12, spread=level_spread(weeks[:300], 12)).share for weeks in series]

    assert np.mean(plain) < 0.8
    assert 0.8 <= np.mean(own) <= 0.9


@pytest.mark.parametrize("horizon", [4, 12])
def test_on_real_series_85_per_cent_holds_in_80_to_90(real, horizon):
    whole = [backtest(weeks, horizon).share for weeks in real]
    year = [backtest(weeks[-52 - 12 - horizon :], horizon).share for weeks in real]

    assert 0.8 <= np.mean(whole) <= 0.9
    assert 0.8 <= np.mean(year) <= 0.9
    assert min(whole) >= 0.75


def test_on_real_series_the_plain_way_does_not(real):
    assert np.mean([backtest(weeks, 12, spread=0).share for weeks in real]) < 0.75
