"""Durations with something still open: Kaplan-Meier, checked against its definition in fractions and against the plain median."""

from fractions import Fraction

import numpy as np
import pytest

from metrics.survival import band, curve, interval, median_time

DONE, OPEN = [1, 2, 2, 4, 5], [3, 6]
TIMES, FINISHED = DONE + OPEN, [True] * 5 + [False] * 2


def slowly(times, finished):
    """Return the curve as the definition says it, one time after another, in fractions."""
    share, steps = Fraction(1), []
    for moment in sorted({time for time, done in zip(times, finished, strict=True) if done}):
        ended = sum(done and time == moment for time, done in zip(times, finished, strict=True))
        there = sum(time >= moment for time in times)
        share *= 1 - Fraction(ended, there)
        steps.append((moment, share))
    return steps


def some_items(chance, most=40):
    n = int(chance.integers(1, most))
    return chance.integers(0, 12, n).tolist(), (chance.random(n) < 0.6).tolist()


def test_the_worked_example_falls_in_four_steps():
    assert [(time, round(share, 3)) for time, share in curve(TIMES, FINISHED)] == [
        (1, 0.857),
        (2, 0.571),
        (4, 0.381),
        (5, 0.19),
    ]


def test_the_median_of_the_worked_example_counts_what_is_open():
    assert median_time(TIMES, FINISHED) == 4
    assert np.median(DONE) == 2


def test_the_curve_is_its_definition():
    chance = np.random.default_rng(1)
    for _ in range(300):
        times, finished = some_items(chance)

        assert curve(times, finished) == [(t, pytest.approx(float(share))) for t, share in slowly(times, finished)]


def test_the_median_is_where_the_definition_falls_to_a_half():
    chance = np.random.default_rng(2)
    for _ in range(300):
        times, finished = some_items(chance)
        for share in (Fraction(1, 4), Fraction(1, 2), Fraction(17, 20)):
            steps = slowly(times, finished)
            at = next((i for i, (_, left) in enumerate(steps) if left <= 1 - share), None)
            expected = None if at is None else steps[at][0]
            if at is not None and steps[at][1] == 1 - share and at + 1 < len(steps):
                expected = (steps[at][0] + steps[at + 1][0]) / 2

            assert median_time(times, finished, float(share)) == expected


def test_with_nothing_open_it_is_the_plain_median_and_never_the_lower_middle():
    chance = np.random.default_rng(3)
    for n in range(1, 60):
        times = chance.lognormal(size=n)

        assert median_time(times, [True] * n) == pytest.approx(np.median(times))


def test_when_more_than_half_are_still_open_there_is_no_median():
    assert median_time([1, 2, 8, 9, 10], [True, True, False, False, False]) is None
    assert median_time([8, 9], [False, False]) is None
    assert median_time([], []) is None


def test_other_shares_are_read_from_the_same_curve():
    assert median_time(TIMES, FINISHED, share=0.25) == 2
    assert median_time(TIMES, FINISHED, share=0.85) is None


def test_an_item_as_old_as_another_took_was_still_open_then():
    assert curve([3, 3], [True, False]) == [(3, 0.5)]


def test_a_missing_time_is_refused_and_not_dropped():
    with pytest.raises(ValueError, match="missing or below 0"):
        median_time([1, float("nan")], [True, True])
    with pytest.raises(ValueError, match="told finished or open"):
        curve([1, 2], [True])


def test_a_share_outside_of_its_range_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        median_time(TIMES, FINISHED, share=85)


def test_the_band_is_greenwoods_on_the_log_log_scale():
    from scipy import stats

    chance = np.random.default_rng(4)
    time, age = chance.exponential(10, 80), chance.exponential(15, 80)
    seen = stats.CensoredData.right_censored(np.minimum(time, age), age < time)
    reference = stats.ecdf(seen).sf
    with pytest.warns(RuntimeWarning, match="undefined at some"):  # before anything finished
        ends = reference.confidence_interval(0.9, method="log-log")

    for moment, share, low, high in band(np.minimum(time, age), time <= age)[:-1]:
        assert share == pytest.approx(float(reference.evaluate(moment)))
        assert low == pytest.approx(float(ends.low.evaluate(moment)))
        assert high == pytest.approx(float(ends.high.evaluate(moment)))


def test_an_interval_whose_end_nobody_has_seen_yet_has_none():
    assert interval(TIMES, FINISHED) == (1, None)
    assert interval([5, 6], [False, False]) is None


def test_the_interval_of_the_median_holds_nine_times_in_ten():
    chance = np.random.default_rng(5)
    held = []
    for _ in range(2_000):
        time, age = chance.exponential(10, 60), chance.uniform(0, 40, 60)
        low, high = interval(np.minimum(time, age), time <= age) or (0, 0)
        held.append(low <= 10 * np.log(2) <= (np.inf if high is None else high))

    assert 0.88 <= np.mean(held) <= 0.93
