"""Before and after: how often a claim is false, how often its interval holds, and that its words say no more than it does."""

import math
import re
from datetime import date

import numpy as np
import pytest

from metrics.before_after import (
    before_after,
    detectable,
    difference,
    placebo_in_time,
    scale_of,
    smallest_effect,
    straighten,
)

END = date(2026, 6, 1)
MANY = 4_000
FORBIDDEN = r"signific|caus(?!e\.$)|\bp\b|improv|worse|better|good|bad\b|prove|!"


def alike_weeks(chance, phi, weeks, series=MANY):
    """Return series of weeks of which each resembles the one before by phi; variance 1, nothing ever changes."""
    told = chance.normal(size=(series, weeks))
    for week in range(1, weeks):
        told[:, week] = phi * told[:, week - 1] + math.sqrt(1 - phi**2) * told[:, week]
    return told


def quiet(level, weeks, by=1.0):
    """Return weeks that go up and down around a level."""
    return [level + by * (1, -1, 0, 1, -1, -1, 0, 1)[week % 8] for week in range(weeks)]


def claim(before, after, **more):
    told = {"planned_end": END, "today": END, "hoped": "down", "matters": 1.0, "nearby": (), "unit": "bugs"}
    return before_after(before, after, **{**told, **more})


# How often it is wrong


@pytest.mark.parametrize("phi", [0, 0.25])
def test_where_nothing_changed_a_claim_is_rare_and_the_interval_holds(phi):
    weeks = alike_weeks(np.random.default_rng(1), phi, 38)
    found = difference(weeks[:, :26], weeks[:, 26:])
    false = np.mean((found.low > 0) | (found.high < 0))

    assert false <= 0.075
    assert false >= 0.02  # an interval that always holds says nothing


@pytest.mark.parametrize("phi", [0, 0.25])
def test_the_interval_holds_the_true_change_whatever_its_size(phi):
    chance = np.random.default_rng(2)
    weeks = alike_weeks(chance, phi, 38)
    true = chance.normal(0, 2, MANY)
    found = difference(weeks[:, :26], weeks[:, 26:] + true[:, None])

    assert np.mean((found.low <= true) & (true <= found.high)) >= 0.93


def test_weeks_taken_for_independent_would_claim_twice_as_often():
    weeks = alike_weeks(np.random.default_rng(3), 0.25, 38)
    a, b = weeks[:, :26], weeks[:, 26:]
    apart = np.abs(b.mean(1) - a.mean(1)) / np.sqrt(a.var(1, ddof=1) / 26 + b.var(1, ddof=1) / 12)

    assert np.mean(apart > 2.09) > 0.11  # Student's t for about twenty degrees of freedom


def test_twelve_and_six_weeks_are_the_fewest_and_hold_nearly_as_well():
    weeks = alike_weeks(np.random.default_rng(4), 0.25, 18)
    found = difference(weeks[:, :12], weeks[:, 12:])

    assert np.mean((found.low > 0) | (found.high < 0)) <= 0.075


def test_turning_unchanged_weeks_in_time_is_seldom_extreme():
    weeks = alike_weeks(np.random.default_rng(5), 0.25, 38, series=1_500)
    more = [placebo_in_time(row[:26], row[26:]) for row in weeks]

    assert np.mean([(1 + extreme) / (1 + of) <= 0.05 for extreme, of in more]) <= 0.06


# What can be seen at all


@pytest.mark.parametrize(
    ("before", "after", "phi", "sd"),
    [(26, 12, 0, 1.01), (26, 12, 0.25, 1.32), (26, 26, 0.25, 1.04), (12, 6, 0.25, 2.04)],
)
def test_the_smallest_effect_that_can_be_seen(before, after, phi, sd):
    assert round(detectable(before, after, phi), 2) == sd


def test_it_is_seen_four_times_in_five():
    weeks = alike_weeks(np.random.default_rng(6), 0.25, 38)
    found = difference(weeks[:, :26], weeks[:, 26:] + detectable(26, 12, 0.25))

    assert 0.75 <= np.mean(found.low > 0) <= 0.85


def test_few_weeks_that_are_very_alike_show_nothing():
    assert detectable(6, 4, 0.7) == math.inf


def test_before_it_begins_an_experiment_hears_what_it_cannot_see():
    before = quiet(10, 26, by=3)
    told = smallest_effect(before, 12, hoped="down", matters=0.5, unit="bugs")

    assert told is not None
    assert told.size == pytest.approx(told.sd * np.std(before, ddof=1))
    assert told.words.startswith("26 weeks before and 12 after show an effect of ")
    assert told.words.endswith("run it longer or measure something closer to the change.")
    enough = smallest_effect(before, 12, hoped="down", matters=5, unit="bugs")
    assert enough is not None
    assert "cannot" not in enough.words
    assert smallest_effect(before[:11], 12, hoped="down") is None


# One claim, by hand


def test_durations_are_compared_as_ratios():
    before, after = np.exp(quiet(math.log(10), 24, 0.1)), np.exp(quiet(math.log(8), 16, 0.1))
    told = claim(before, after, signal="log", matters=0.05, unit="hours")

    assert told.verdict == "moved"
    assert told.size == pytest.approx(-0.2)
    assert "about 20 % shorter (" in told.words


def test_counts_come_back_as_counts():
    chance = np.random.default_rng(7)
    before, after = chance.negative_binomial(3, 0.1, 26), chance.negative_binomial(3, 0.2, 12)
    told = claim(before, after, signal="root")
    level, by = np.mean(2 * np.sqrt(before + 0.375)), np.mean(2 * np.sqrt(after + 0.375))

    assert told.scale == "root"
    assert told.size == pytest.approx((by / 2) ** 2 - (level / 2) ** 2)


def test_small_counts_stay_as_they_are():
    assert scale_of("root", [4, 5, 6, 4, 5], [4]) == "raw"
    assert scale_of("root", [4, 15, 0, 14, 5], [4]) == "root"


def test_a_duration_of_nothing_has_no_logarithm_and_no_week_is_dropped_for_it():
    told = claim([2, 1, 3] * 9, [0, 2, 1, 3] * 3, signal="log", unit="hours")

    assert (told.scale, told.weeks) == ("raw", (27, 12))
    assert told.size == pytest.approx(-0.5)


def test_both_teams_are_put_on_one_scale():
    chance = np.random.default_rng(11)
    ours, theirs = chance.negative_binomial(3, 0.1, 38), chance.poisson(9, 38)
    told = claim(ours[:26], ours[26:], signal="root", comparison=(theirs[:26], theirs[26:]))
    apart = straighten(ours, "root") - straighten(theirs, "root")
    level = straighten(ours[:26], "root").mean()
    by = apart[26:].mean() - apart[:26].mean()

    assert told.scale == "root"
    assert told.size == pytest.approx(((level + by) / 2) ** 2 - (level / 2) ** 2)
    with_nothing = (np.zeros(26), np.zeros(12))
    assert claim(quiet(10, 26), quiet(5, 12), signal="log", comparison=with_nothing).scale == "raw"


def test_shares_come_back_as_points_and_each_week_counts_what_it_is_of():
    before, after = [0.5, 0.6, 0.4, 0.5] * 7, [0.3, 0.2, 0.25, 0.35] * 3
    told = claim(before, after, signal="logit", of=([20] * 28, [20] * 12), matters=0.05, unit="%")
    a, b = straighten(before, "logit", [20] * 28), straighten(after, "logit", [20] * 12)
    level, then = 1 / (1 + math.exp(-a.mean())), 1 / (1 + math.exp(-b.mean()))

    assert told.size == pytest.approx(then - level)
    assert told.verdict == "moved"
    assert re.search(r"about 22 points lower \(\d+ to \d+ points lower\)", told.words)
    with pytest.raises(ValueError, match="of how many"):
        claim(before, after, signal="logit")


def test_a_week_without_a_value_counts_for_none():
    before, after = quiet(10, 26), quiet(5, 12)
    gaps = [math.nan, *before, math.nan]

    assert claim(gaps, after).weeks == (26, 12)
    assert claim(gaps, after).size == claim(before, after).size


def test_what_moved_everybody_is_not_ours():
    chance = np.random.default_rng(8)
    everywhere = np.concatenate([np.full(26, 20.0), np.full(12, 14.0)])
    ours, theirs = (everywhere + chance.normal(0, 0.5, 38) for _ in range(2))
    alone = claim(ours[:26], ours[26:])
    beside = claim(ours[:26], ours[26:], comparison=(theirs[:26], theirs[26:]))

    assert alone.verdict == "moved"
    assert beside.verdict == "no effect of that size"
    assert beside.size == pytest.approx(ours[26:].mean() - ours[:26].mean() - theirs[26:].mean() + theirs[:26].mean())


def test_many_series_at_once_give_what_each_gives_alone():
    weeks = alike_weeks(np.random.default_rng(9), 0.25, 38, series=20)
    together = difference(weeks[:, :26], weeks[:, 26:])

    for row, low, high in zip(weeks, together.low, together.high, strict=True):
        alone = difference(row[:26], row[26:])
        assert (alone.low, alone.high) == pytest.approx((low, high))


def test_rotations_are_every_other_place_where_the_weeks_could_have_been_split():
    weeks = np.random.default_rng(10).normal(size=40)
    really = abs(weeks[28:].mean() - weeks[:28].mean())
    extreme = 0
    for by in range(1, 40):
        turned = np.roll(weeks, by)
        extreme += abs(turned[28:].mean() - turned[:28].mean()) >= really - 1e-12

    assert placebo_in_time(weeks[:28], weeks[28:]) == (extreme, 39)


def test_the_second_opinion_waits_for_38_weeks():
    assert claim(quiet(10, 26), quiet(5, 12)).placebo == (0, 37)
    assert claim(quiet(10, 24), quiet(5, 12)).placebo is None


# The words


@pytest.mark.parametrize(
    ("after", "by", "matters", "verdict", "words"),
    [
        (5, 1, 2, "moved", "Consistent with the hypothesis: about "),
        (15, 1, 2, "moved the other way", "Moved the other way: about "),
        (8, 1, 2, "may be too small", "Something moved, but it may be too small to matter: about "),
        (12, 1, 2, "may be too small", "Something moved the other way, but it may be too small to matter: about "),
        (10, 1, 2, "no effect of that size", "No effect of the size we cared about: "),
        (8.9, 1, 3, "no effect of that size", "Something moved, by less than the size we cared about: about "),
        (10, 5, 2, "can't tell", "Inconclusive: the data fit anything from "),
    ],
)
def test_each_interval_has_its_words(after, by, matters, verdict, words):
    told = claim(quiet(10, 26, by), quiet(after, 12, by), matters=matters)

    assert told.verdict == verdict
    assert told.words.startswith(words)
    assert not re.search(FORBIDDEN, told.words, re.IGNORECASE)
    assert told.low is not None
    assert told.high is not None
    assert told.low <= told.size <= told.high


def test_the_way_that_was_hoped_decides_what_it_is_called():
    before, after = quiet(10, 26), quiet(15, 12)

    assert claim(before, after, hoped="up").verdict == "moved"
    assert claim(before, after, hoped="down").verdict == "moved the other way"


def test_who_cannot_tell_says_what_could_have_been_seen():
    told = claim(quiet(10, 26, 5), quiet(10, 12, 5))

    assert told.smallest is not None
    assert f"We could have seen effects above {told.smallest:.1f} bugs." in told.words


def test_an_interval_across_nothing_names_both_ways():
    told = claim(quiet(10, 26, 5), quiet(10, 12, 5))

    assert re.search(r"from [\d.]+ bugs lower to [\d.]+ bugs higher\.", told.words)


@pytest.mark.parametrize("after", [5, 8, 10, 15])
def test_what_else_changed_always_stands_beside_it(after):
    told = claim(quiet(10, 26), quiet(after, 12), nearby=("release 4.2", "a holiday", "a new definition of bug"))

    assert told.nearby == ("release 4.2", "a holiday", "a new definition of bug")
    assert "Other changes in that time: release 4.2, a holiday and a new definition of bug." in told.words
    assert "No other change is noted" in claim(quiet(10, 26), quiet(after, 12)).words


def test_there_is_no_verdict_before_the_planned_end():
    told = claim(quiet(10, 26), quiet(5, 12), today=date(2026, 5, 31), nearby=("release 4.2",))

    assert told.verdict == "too early"
    assert (told.low, told.size, told.high, told.placebo) == (None, None, None, None)
    assert told.words.startswith("No verdict before 1 Jun")
    assert "release 4.2" in told.words
    assert claim(quiet(10, 26), quiet(5, 12), today=END).verdict == "moved"


def test_too_few_weeks_say_so_instead_of_a_number():
    told = claim(quiet(10, 11), quiet(5, 12))

    assert (told.verdict, told.size) == ("too few weeks", None)
    assert told.words.startswith("11 weeks before and 12 after are too few")
    assert claim([], []).verdict == "too few weeks"


def test_weeks_that_never_differ_cannot_tell():
    told = claim([0] * 26, [0] * 12)

    assert (told.verdict, told.size) == ("can't tell", None)


def test_a_plan_without_a_size_that_matters_is_refused():
    with pytest.raises(ValueError, match="which size would matter"):
        claim(quiet(10, 26), quiet(5, 12), matters=0)
