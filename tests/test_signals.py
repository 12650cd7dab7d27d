"""The signal engine keeps the error rates it promises, measured anew in every run, and says no more than it knows."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from metrics import METRICS, Metric, metric, signals, usual
from metrics.signals import (
    Alike,
    evidence,
    expected_false,
    own_phi,
    pooled,
    reach,
    shrunk_phi,
    threshold,
    watch,
    watches,
)

MONDAY = date(2026, 1, 12)  # the third ISO week: half a year without a special week follows
BASELINE, YEAR, TEAM = 26, 52, 40  # weeks, weeks, charts that a team has


def told(fold="median", signal="raw", name="anything", minimum=0):
    """Return a metric whose points are given to the engine by hand."""
    return Metric(name, "Anything", "things", "steady", fold, "Anything.", "-", (), "", minimum=minimum, signal=signal)


def points(values, starts=MONDAY, n=20, step=timedelta(weeks=1)):
    days = [starts + place * step for place in range(len(values))]
    return pd.DataFrame(
        {"slice": "all", "starts": days, "ends": [day + step for day in days], "value": np.array(values, float), "n": n}
    )


def calm(weeks, seed=1, mean=20.0, sd=2.0):
    return np.random.default_rng(seed).normal(mean, sd, weeks)


@pytest.fixture
def words(monkeypatch, tmp_path):
    """Return a function that puts a team's words in force: the engine reads nothing else but the points it is given."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    return lambda text="": (tmp_path / "team.toml").write_text(text, encoding="utf-8")


# The worked numbers


def test_the_worked_series_gives_the_worked_evidence_and_speaks_in_week_five():
    found = evidence(np.array([[4, 5, 3, 4, 5, 4]]) / 2, np.array([0.0]))[0]

    assert found.round(2).tolist() == [2.00, 3.20, 3.34, 3.83, 4.55, 4.80]
    assert int(np.argmax(found > 3.92)) + 1 == 5


def test_weeks_that_resemble_each_other_are_worth_less_evidence():
    series = np.array([[4, 5, 3, 4, 5, 4]]) / 2

    assert evidence(series, np.array([0.25]))[0] == pytest.approx(
        evidence(series, np.array([0.0]))[0] / (1.25 / 0.75) ** 0.5
    )


def test_a_chart_by_itself_is_drawn_towards_what_is_known_of_weekly_series():
    series = np.array([1.0, 2, 4, 3, 1, 0, 2, 5, 4, 3, 2, 1, 0, 1, 3, 4])
    apart = series - series.mean()
    r, n = (apart[1:] * apart[:-1]).sum() / (apart**2).sum(), len(series)
    by_hand = n / (n + 20) * (r + (1 + 4 * r) / n) + 20 / (n + 20) * 0.2

    assert float(shrunk_phi(own_phi(series), n)) == pytest.approx(by_hand)
    assert 0.2 < by_hand < 0.6
    assert (float(shrunk_phi(-3, 26)), float(shrunk_phi(3, 26))) == (0, 0.6)


def test_charts_that_agree_speak_for_each_other_and_charts_that_differ_for_themselves():
    same, apart = pooled([0.1] * 20, 26), pooled([-0.2, 0.6] * 10, 26)

    assert same.variance == 0
    assert float(shrunk_phi(0.5, 26, same)) == pytest.approx((20 * 0.1 + 2 * 0.2) / 22)
    assert float(shrunk_phi(0.5, 26, apart)) > 0.4


def test_a_week_is_unusual_outside_the_range_of_the_next_one():
    assert [round(reach(n), 2) for n in (12, 26, 52)] == [5.67, 4.43, 4.05]


def test_limits_are_wider_for_short_baselines_for_rare_errors_and_for_a_chart_by_itself():
    assert threshold(12) > threshold(19) > threshold(26) > threshold(52) == threshold(500)
    assert threshold(26, 0.005) > threshold(26, 0.02) > threshold(26, 0.05) > threshold(26, 0.2)
    assert threshold(26, 0.01) > threshold(26, 0.013) > threshold(26, 0.02)
    assert threshold(26) > threshold(26, together=True)


# The error rates, measured on many charts read every week for a year


@cache
def weeks(phi, charts, baseline=BASELINE, seed=11):
    """Return normal series in which a week resembles the one before by phi."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((charts, baseline + YEAR))
    shocks[:, 1:] *= (1 - phi**2) ** 0.5
    for week in range(1, baseline + YEAR):
        shocks[:, week] += phi * shocks[:, week - 1]
    return shocks


def read(series, *, together=True, shift=0.0, least=0.0, baseline=BASELINE):
    """Return how far each week after the baseline lies from it, and its evidence."""
    calm = series[:, :baseline]
    sd = np.maximum(calm.std(axis=1, ddof=1, keepdims=True), least)
    apart = (series[:, baseline:] + shift - calm.mean(axis=1, keepdims=True)) / sd
    own = own_phi(calm)
    if not together:
        return apart, evidence(apart, shrunk_phi(own, baseline))
    teams = own.reshape(-1, TEAM)
    known = pooled(teams, baseline)
    known = Alike(known.mean[:, None], known.variance[:, None])
    return apart, evidence(apart, shrunk_phi(teams, baseline, known).ravel())


def spoken(found, false=0.05, *, together=True, within=YEAR, baseline=BASELINE):
    """Return the share of charts, in per cent, whose evidence passes the limit within so many weeks."""
    return 100 * (found[:, :within] > threshold(baseline, false, together=together)).any(axis=1).mean()


@pytest.mark.parametrize("phi", [0.0, 0.25])
def test_the_charts_of_a_team_give_a_false_signal_in_three_to_seven_of_a_hundred_years(phi):
    _, found = read(weeks(phi, 20_000))

    assert 3 <= spoken(found) <= 7
    assert 15 <= spoken(found, 0.2) <= 25


@pytest.mark.parametrize(("baseline", "phi"), [(12, 0.0), (12, 0.25), (52, 0.0), (52, 0.25)])
def test_a_shorter_or_a_longer_baseline_keeps_the_promise(baseline, phi):
    _, found = read(weeks(phi, 10_000, baseline), baseline=baseline)

    assert 3 <= spoken(found, baseline=baseline) <= 7


def test_two_standard_deviations_are_seen_within_eight_weeks_in_88_of_a_hundred_independent_charts():
    _, found = read(weeks(0.0, 20_000), shift=2)

    assert spoken(found, within=8) >= 88
    assert spoken(found, 0.2, within=6) >= 88
    assert spoken(found, within=12) >= 96


def test_two_standard_deviations_are_seen_where_weeks_resemble_each_other_only_later():
    _, found = read(weeks(0.25, 20_000), shift=2)

    assert 60 <= spoken(found, within=8) <= 70
    assert spoken(found, within=12) >= 80


def test_a_chart_by_itself_keeps_the_promise_where_weeks_resemble_each_other_and_is_slower():
    _, alike = read(weeks(0.25, 20_000), together=False)
    _, independent = read(weeks(0.0, 20_000), together=False)
    _, shifted = read(weeks(0.0, 20_000), together=False, shift=2)

    assert 3 <= spoken(alike, together=False) <= 7
    assert spoken(independent, together=False) <= 3
    assert 70 <= spoken(shifted, within=8, together=False) < 88


def test_ten_slices_share_the_false_signals_of_one_metric():
    _, found = read(weeks(0.0, 40_000))

    assert 3 <= 10 * spoken(found, 0.005) <= 7


@pytest.mark.parametrize(
    ("draw", "straight", "least"),
    [
        (lambda rng, size: rng.poisson(1, size), lambda x: x, 1.0),
        (lambda rng, size: rng.poisson(2, size), lambda x: x, 1.0),
        (lambda rng, size: rng.poisson(5, size), lambda x: x, 1.0),
        (lambda rng, size: rng.poisson(15, size), lambda x: signals.straight("root", x, 1, 1), 0.0),
        (lambda rng, size: rng.poisson(rng.gamma(8 / 3, 3, size)), lambda x: signals.straight("root", x, 1, 1), 0.0),
        (lambda rng, size: rng.lognormal(0, 1, size), lambda x: signals.straight("log", x, 1, 1e-9), 0.0),
        (
            lambda rng, size: np.median(rng.lognormal(0, 1, (*size, 4)), axis=2),
            lambda x: signals.straight("log", x, 1, 1e-9),
            0.0,
        ),
        (
            lambda rng, size: rng.binomial(20, 0.15, size) / 20,
            lambda x: signals.straight("logit", x, np.full(x.shape, 20.0), 1),
            0.0,
        ),
    ],
    ids=[
        "one a week",
        "two a week",
        "five a week",
        "fifteen a week",
        "overdispersed",
        "lognormal",
        "medians",
        "shares",
    ],
)
def test_counts_durations_and_shares_give_no_more_than_eight_false_signals(draw, straight, least):
    series = straight(draw(np.random.default_rng(5), (10_000, BASELINE + YEAR)).astype(float))
    apart, found = read(series, least=least)

    assert 0.5 <= spoken(found) <= 8
    assert 100 * (np.abs(apart) > reach(BASELINE)).any(axis=1).mean() <= 8


def test_a_calm_normal_chart_has_an_unusual_week_about_once_in_a_hundred_years():
    apart, _ = read(weeks(0.0, 20_000))

    assert 0.5 <= 100 * (np.abs(apart) > reach(BASELINE)).any(axis=1).mean() <= 1.5


def test_what_wanders_is_watched_by_its_changes_and_keeps_the_promise():
    paths = np.random.default_rng(4).standard_normal((10_000, BASELINE + YEAR)).cumsum(axis=1)
    _, levels = read(paths)
    changes = np.diff(paths, axis=1)
    _, found = read(changes, baseline=BASELINE - 1)

    assert spoken(levels) > 40
    assert 3 <= spoken(found, baseline=BASELINE - 1) <= 7


# What the engine says of one series


def test_a_calm_series_is_usual_and_its_marks_hold_the_evidence_of_the_arithmetic(words):
    words()
    series = calm(40)
    found = watch(told(), points(series))
    apart = (series[26:] - series[:26].mean()) / series[:26].std(ddof=1)

    assert (found.state, found.signal) == ("usual", None)
    assert (found.baseline.n, found.baseline.transform) == (26, "raw")
    assert [mark.value for mark in found.marks] == series.tolist()
    assert [mark.evidence for mark in found.marks[:26]] == [None] * 26
    assert [mark.evidence for mark in found.marks[26:]] == pytest.approx(
        evidence(apart[None], np.array([found.baseline.phi]))[0].tolist()
    )


def test_a_shift_says_since_when_from_where_to_where_and_how_sure_that_is(words):
    words()
    series = calm(48)
    series[40:] += 6
    found = watch(told(), points(series))

    assert found.state == found.signal.kind == "shift"
    assert abs(found.signal.since - (MONDAY + timedelta(weeks=40))) <= timedelta(weeks=1)
    assert found.signal.until == MONDAY + timedelta(weeks=48)
    assert found.signal.before == pytest.approx(series[:26].mean())
    assert found.signal.after == pytest.approx(np.median(series[40:]), abs=0.5)
    assert 3 < found.signal.low < found.signal.after - found.signal.before < found.signal.high < 9
    assert (found.signal.direction, found.marks[-1].level) == ("up", "signal")


def test_the_interval_of_a_shift_covers_it_nine_times_in_ten(words):
    words()
    held = []
    for seed in range(200):
        series = calm(36, seed)
        series[26:] += 8  # so large that the day it began is plain
        signal = watch(told(), points(series)).signal
        held.append(signal.low <= 8 <= signal.high)

    assert 0.85 <= np.mean(held) <= 1


def test_a_fall_of_a_duration_is_told_in_its_own_unit(words):
    words()
    series = np.exp(calm(52, mean=3.0, sd=0.4))
    series[38:] /= 4
    signal = watch(told(signal="log"), points(series)).signal

    assert signal.direction == "down"
    assert signal.before == pytest.approx(20, rel=0.25)
    assert signal.after == pytest.approx(5, rel=0.3)
    assert -20 < signal.low < signal.after - signal.before < signal.high < -10


def test_one_odd_week_is_unusual_and_no_shift(words):
    words()
    series = calm(46)
    series[-1] = 200
    odd = watch(told(), points(series))
    week_after = watch(told(), points([*series, 20]))

    assert (odd.state, odd.marks[-1].unusual, odd.marks[-1].level) == ("unusual", True, None)
    assert (odd.signal.kind, odd.signal.after, odd.signal.direction) == ("unusual", 200, "up")
    assert odd.signal.since == odd.signal.until - timedelta(weeks=1)
    assert week_after.state == "usual"


def test_the_first_week_after_the_baseline_is_no_shift_however_far_off(words):
    words()

    assert watch(told(), points([*calm(26), 500])).state == "unusual"


def test_fewer_than_twelve_weeks_are_too_few_and_longer_periods_too(words):
    words()
    month = timedelta(days=30)

    assert watch(told(), points(calm(11))).state == "too few"
    assert watch(told(), points(calm(12))).state == "usual"
    assert watch(told(), points([])).state == "too few"
    assert watch(told(), points(calm(60), step=month)) == watch(told(), points([]))
    assert watch(told(), points([3.0] * 40)).baseline is None


def test_silence_longer_than_ever_is_a_gap_and_not_a_zero(words):
    words()
    known = calm(30)
    known[[5, 9]] = np.nan

    assert watch(told(), points([*known, np.nan])).state == "usual"
    assert watch(told(), points([*known, np.nan, np.nan])).state == "gap"
    assert watch(told(), points([*calm(30), np.nan])).state == "gap"
    assert watch(told(), points([*calm(30), np.nan, 20])).state == "usual"
    assert watch(told(), points([*calm(30), np.nan])).marks[-1].evidence is None


def test_the_turn_of_the_year_is_shown_and_left_out_of_limits_and_evidence(words):
    words()
    series = calm(72)
    quiet = points(series, starts=date(2025, 9, 1))
    turn = [day.isocalendar().week in {51, 52, 53, 1} for day in quiet["starts"]]
    without = watch(told(), quiet[~np.array(turn)])
    quiet.loc[turn, "value"] = 0
    found = watch(told(), quiet)
    hollow = [mark for mark in found.marks if mark.special]

    assert len(hollow) == sum(turn) == 7  # 2026 has a week 53
    assert {(mark.special, mark.value, mark.evidence, mark.unusual) for mark in hollow} == {
        ("the turn of the year", 0, None, False)
    }
    assert found.baseline == without.baseline
    assert [mark for mark in found.marks if not mark.special] == list(without.marks)


def test_special_weeks_of_the_teams_calendar_are_left_out_and_named(words):
    words('[calendar]\nspecial = [{since = 2026-03-04, until = 2026-03-10, what = "company week"}]\n')
    series = calm(40)
    series[7:9] = 500  # the weeks of 2 and 9 March
    found = watch(told(), points(series))

    assert [mark.special for mark in found.marks if mark.special] == ["company week"] * 2
    assert found.baseline.n == 26
    assert found.baseline.mean < 25
    assert usual(told(), points(series)).middle < 25


def test_the_baseline_is_frozen_whatever_comes_after(words):
    words()
    series = calm(60)
    first = watch(told(), points(series[:26])).baseline
    series[30:] += 50

    assert watch(told(), points(series)).baseline == first


def test_a_person_renews_a_baseline_with_a_reason_and_the_old_one_stays(words):
    words('[baselines]\nanything = {since = 2026-09-07, because = "We deploy on demand now."}\n')
    series = calm(60)
    series[34:] += 10
    found = watch(told(), points(series))

    assert (found.state, found.baseline.because) == ("usual", "We deploy on demand now.")
    assert found.baseline.since == date(2026, 9, 7)
    assert [(one.since, one.n) for one in found.earlier] == [(MONDAY, 26)]
    assert found.earlier[0].mean < found.baseline.mean - 8
    assert usual(told(), points(series)).since == date(2026, 9, 7)


def test_a_renewed_baseline_waits_for_twelve_weeks_and_several_renewals_are_kept(words):
    words("[baselines]\nanything = [2026-11-02, {since = 2026-07-27, because = 'A new form.'}, 2030-01-07]\n")
    series = calm(52)
    early, later = watch(told(), points(series[:50])), watch(told(), points(series, starts=MONDAY))

    assert early.state == "too few"
    assert [one.because for one in early.earlier] == ["the first periods there are", "A new form."]
    assert [one.since for one in later.earlier] == [MONDAY, date(2026, 7, 27)]


def test_a_long_history_is_held_against_the_half_year_that_ended_a_year_before_the_first_collection(nouns):
    begun, series = pd.Timestamp("2026-06-01 09:00"), calm(600)
    old = date(2015, 1, 5)
    nouns(syncs=[{"started_at": begun}, {"started_at": begun + timedelta(days=200)}])
    now, later = (usual(told(), points(series[:weeks], starts=old)) for weeks in (596, 600))

    assert now.since == date(2024, 12, 2)
    assert now == later
    assert watch(told(), points(series, starts=old)).baseline.since == now.since


def test_a_long_history_that_was_never_dated_starts_at_its_start(nouns):
    nouns()

    assert usual(told(), points(calm(400), starts=date(2015, 1, 12))).since == date(2015, 1, 12)


def test_small_counts_are_taken_as_they_are_and_spread_out_ones_by_their_root(words):
    words()
    rng = np.random.default_rng(2)

    def taken(values, *metric):
        return watch(told(*metric), points(values)).baseline.transform

    assert taken(rng.poisson(5, 40), "count", "root") == "raw"
    assert taken(rng.poisson(rng.gamma(2, 6, 40)), "count", "root") == "root"
    assert taken(np.exp(calm(40, sd=0.3)), "median", "log") == "log"
    assert taken(rng.binomial(20, 0.2, 40) / 20, "share", "logit") == "logit"


def test_what_never_happened_before_is_noticed_when_it_begins(words):
    words()
    begins = watch(told("count", "root"), points([0] * 30 + [4, 5, 3, 4]))

    assert (begins.state, begins.signal.direction) == ("shift", "up")
    assert begins.signal.since == MONDAY + timedelta(weeks=30)
    assert watch(told("count", "root"), points([0] * 30 + [1])).state == "usual"


def test_a_balance_is_watched_by_its_changes_and_told_by_its_level(words):
    words()
    steps = np.random.default_rng(3).integers(-2, 3, 45)
    steps[36:] += 5
    level = 30 + steps.cumsum()
    found = watch(told("balance"), points(level))

    assert found.baseline.transform == "change of raw"
    assert found.state == "shift"
    assert (found.signal.before, found.signal.after) == (level[35], level[-1])
    assert found.signal.low < level[-1] - level[35] < found.signal.high


def test_weeks_with_few_rows_count_as_evidence_and_show_no_number(words):
    words()
    found = watch(told(minimum=8), points(calm(40), n=5))

    assert found.state == "usual"
    assert {mark.value for mark in found.marks} == {None}
    assert all(mark.evidence is not None for mark in found.marks[26:])


# The whole list


def bugs(per_week, area="Cart"):
    days = [
        MONDAY + timedelta(weeks=week, days=n % 5) for week, count in enumerate(per_week) for n in range(int(count))
    ]
    return [
        {"id": f"{area}{n}", "source": "jira", "project": "SHOP", "key": f"SHOP-{n}", "title": "Thing", "is_bug": True,
         "url": f"https://j.example/{n}", "type": "Bug", "created_at": pd.Timestamp(day) + timedelta(hours=9), "components": [area]}
        for n, day in enumerate(days)
    ]  # fmt: skip


def test_every_metric_is_watched_once_and_asked_once(nouns, monkeypatch):
    nouns(complete_to="2026-09-14", issues=bugs([4, 6, 5, 3, 7] * 6 + [14, 15, 13, 16, 14]))
    asked, trend = [], signals.trend
    monkeypatch.setattr(signals, "trend", lambda one, **how: (asked.append(one.name), trend(one, **how))[1])
    found = {one.metric: one for one in watches()}

    assert asked == [one.name for one in METRICS] == list(found)
    assert found["bugs_opened"].state == "shift"
    assert found["bugs_opened"].signal.since == MONDAY + timedelta(weeks=30)
    assert found["pickup_time"].state == "too few"


def test_the_slices_of_a_metric_are_watched_apart_and_share_its_false_signals(nouns):
    calm, wave = [2, 3, 1, 2, 3] * 7, [2, 3, 1, 2, 3] * 5 + [8, 12, 11, 9, 10, 12, 9, 11, 10, 12]
    nouns(complete_to="2026-09-14", issues=bugs(calm) + bugs(wave, "Pay"))
    found = {one.slice: one for one in watches([metric("bugs_opened")], by="area")}

    assert {name: one.state for name, one in found.items()} == {"Cart": "usual", "Pay": "shift"}
    assert [one.false for one in found.values()] == [0.025, 0.025]
    assert expected_false(found.values()) == 0.05


def test_twenty_charts_give_about_one_false_signal_a_year(words):
    words()
    watched = [watch(told(), points(calm(30, seed))) for seed in range(20)]

    assert expected_false(watched) == pytest.approx(1)
    assert expected_false([watch(told(), points([]))]) == 0
