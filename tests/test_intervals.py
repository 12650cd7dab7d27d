"""Intervals hold as often as they say, and the worked numbers come out."""

from itertools import combinations

import numpy as np
import pytest

from metrics.intervals import Shift, by_chance, hodges_lehmann, jeffreys, of_median, shift_by_weeks

BEFORE, AFTER = [12, 15, 11, 14, 13, 16, 12, 14], [10, 9, 12, 10, 11, 8]


# Shares


def test_two_of_eight_deployments_are_anything_from_8_to_54_per_cent():
    low, high = jeffreys(2, 8)

    assert (round(low, 3), round(high, 3)) == (0.076, 0.538)


def test_it_is_the_beta_distribution():
    from scipy import stats

    for k, n, level in ((1, 7, 0.9), (30, 400, 0.95), (2.5, 4.25, 0.8)):
        tail = (1 - level) / 2

        assert jeffreys(k, n, level) == pytest.approx(stats.beta.ppf([tail, 1 - tail], k + 0.5, n - k + 0.5))


def test_none_begins_at_nothing_and_all_ends_at_everything():
    none, every = jeffreys(0, 10), jeffreys(10, 10)

    assert none[0] == 0
    assert every[1] == 1
    assert none[1] == pytest.approx(1 - every[0])
    assert 0 < none[1] < 0.2


def test_of_nothing_everything_is_possible():
    assert jeffreys(0, 0) == (0, 1)


def test_more_than_all_is_refused():
    with pytest.raises(ValueError, match="not a share"):
        jeffreys(3, 2)


def test_the_interval_of_a_share_holds_about_nine_times_in_ten():
    chance = np.random.default_rng(1)
    for n in (10, 40, 200):
        true = chance.uniform(0, 1, 3_000)
        ends = [jeffreys(int(k), n) for k in chance.binomial(n, true)]

        assert 0.88 <= np.mean([low <= p <= high for p, (low, high) in zip(true, ends, strict=True)]) <= 0.92


# Medians


def test_fewer_than_five_values_have_no_interval_of_their_median():
    assert of_median([]) is None
    assert of_median([1, 2, 3, 4]) is None
    assert of_median([5, 1, 4, 2, 3]) == (1, 5)
    assert of_median([1, 2, 3, 4, 5], level=0.95) is None


def test_its_ends_are_the_deepest_values_that_the_coins_allow():
    from scipy import stats

    for n in range(5, 120):
        low, high = of_median(np.arange(1, n + 1)) or (0, 0)

        assert low + high == n + 1
        assert stats.binom.cdf(low - 1, n, 0.5) <= 0.05 < stats.binom.cdf(low, n, 0.5)


def test_a_missing_value_is_left_out_as_the_median_does():
    assert of_median([3, float("nan"), 1, 2, 5, 4]) == (1, 5)


def test_the_interval_of_a_median_holds_at_least_nine_times_in_ten_whatever_the_shape():
    chance = np.random.default_rng(2)
    for n in (8, 25, 100):
        held = [
            low <= 1 <= high
            for low, high in (of_median(values) or (0, 0) for values in chance.lognormal(0, 1.5, (3_000, n)))
        ]

        assert 0.89 <= np.mean(held) <= 0.98


# Shifts


def test_the_worked_shift_is_three_down_between_five_and_one():
    assert hodges_lehmann(BEFORE, AFTER) == Shift(-5, -3, -1)
    assert round(by_chance(BEFORE, AFTER), 4) == 0.0047


def test_chance_is_counted_by_dealing_the_values_out_in_every_way():
    values = [3.1, 8.2, 5.3, 1.4, 9.5, 7.6, 2.7]
    before, after = values[:3], values[3:]

    def wins(chosen):
        rest = [value for value in values if value not in chosen]
        return sum(b > a for a in chosen for b in rest)

    off = abs(wins(before) - 6)
    dealt = [abs(wins(chosen) - 6) >= off for chosen in combinations(values, 3)]

    assert by_chance(before, after) == pytest.approx(np.mean(dealt))


def test_the_shift_of_many_items_is_the_median_of_all_differences():
    chance = np.random.default_rng(3)
    before, after = chance.lognormal(0, 1, 900), chance.lognormal(0.3, 1, 700)
    found = hodges_lehmann(before, after)
    differences = np.sort(np.subtract.outer(after, before), axis=None)
    from_either_end = round(900 * 700 / 2 - 1.96 * np.sqrt(900 * 700 * 1_601 / 12))

    assert found.middle == pytest.approx(np.median(differences), rel=0.02)
    assert found.low == pytest.approx(differences[from_either_end], rel=0.03)
    assert found.high == pytest.approx(differences[-from_either_end], rel=0.03)


def test_two_values_a_side_bound_nothing():
    assert hodges_lehmann([1, 2], [3, 4]) == Shift(-np.inf, 2, np.inf)


def test_a_shift_needs_two_groups():
    with pytest.raises(ValueError, match="one of them is empty"):
        hodges_lehmann([1.0], [float("nan")])
    with pytest.raises(ValueError, match="at least two weeks"):
        shift_by_weeks([[1], []], [[2], [3]])


def test_items_of_a_week_share_its_luck_and_whole_weeks_are_drawn():
    """Items taken for independent claim too much; weeks hold nearly as often as they say."""
    chance = np.random.default_rng(4)

    def weeks(n):
        return [chance.normal(luck, 1, 6) for luck in chance.normal(10, 1, n)]

    by_items, by_weeks = [], []
    for _ in range(120):
        before, after = weeks(12), weeks(8)
        alone = hodges_lehmann(np.concatenate(before), np.concatenate(after))
        whole = shift_by_weeks(before, after, draws=99)
        by_items.append(alone.low <= 0 <= alone.high)
        by_weeks.append(whole.low <= 0 <= whole.high)

    assert np.mean(by_items) < 0.8
    assert np.mean(by_weeks) > 0.9


def test_the_same_weeks_give_the_same_interval():
    before, after = [[3, 4], [5], [6, 2]], [[1, 2], [2], [4]]

    assert shift_by_weeks(before, after) == shift_by_weeks(before, after)
    assert shift_by_weeks(before, after).middle == hodges_lehmann([3, 4, 5, 6, 2], [1, 2, 2, 4]).middle
