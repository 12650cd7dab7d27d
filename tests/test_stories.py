"""On the sandbox company the signals find what its table of stories says happened, and little else.

The table is the truth: it is what the company's life is made from. Metrics added later are watched here without being named.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pytest

from collectors.sandbox import STORIES, anchor
from collectors.sandbox.stories import span
from data import query
from metrics import METRICS, metric, trend
from metrics.signals import Watch, expected_false, watches
from metrics.words import full_day
from tests.test_pages import open_page
from tests.test_pages import told as drawn

DAY = date(2026, 11, 20)
STORY = {story.name: story for story in STORIES}
ALSO = {"platform": "Provision service", "OPS": "Provision service"}  # where a metric's area is the Workflow
AFTERWARDS = timedelta(weeks=8)  # a wave is over before the moving mean has forgotten it


@dataclass(frozen=True)
class Episode:
    """Weeks in a row in which one chart gave a signal, or at least a look."""

    metric: str
    slice: str
    since: date
    until: date  # the start of the last of them
    direction: str
    sure: bool  # a signal at least once

    def __str__(self) -> str:
        return f"{self.metric} of {self.slice} {self.direction}, {self.since} to {self.until}"


@pytest.fixture(scope="module")
def seen(sandbox_of, tmp_path_factory) -> list[Watch]:
    """Return every metric of the sandbox company, whole and by area, as the engine sees it on the last day of its life."""
    with pytest.MonkeyPatch.context() as patch:
        sandbox_of(patch, DAY, tmp_path_factory.mktemp("company"))
        return [*watches(), *watches(by="area")]


def episodes(watched: Watch) -> list[Episode]:
    """Return when a chart spoke, in order."""
    found, run = [], []
    ordinary = [mark for mark in watched.marks if mark.evidence is not None]
    for mark in [*ordinary, None]:
        if mark and mark.level:
            run.append(mark)
        elif run:
            found.append(_episode(watched, run))
            run = []
    return found


def _episode(watched, run):
    values = {mark.starts: mark.value for mark in watched.marks if mark.value is not None and not mark.special}
    before = [value for starts, value in values.items() if starts < watched.baseline.until]
    since = [
        value for starts, value in values.items() if run[0].starts - timedelta(weeks=3) <= starts <= run[-1].starts
    ]
    up = not since or not before or np.mean(since) > np.mean(before)
    return Episode(
        watched.metric,
        watched.slice,
        run[0].starts,
        run[-1].starts,
        "up" if up else "down",
        any(mark.level == "signal" for mark in run),
    )


def explains(story, episode) -> bool:
    """Return whether a story says that a chart should move then: its metrics while it goes on, others of its place at first."""
    first, end = span(story, anchor(DAY))
    named, here = episode.metric in story.metrics, episode.slice in {story.place, ALSO.get(story.place)}
    until = end + AFTERWARDS if end else DAY if named else first + AFTERWARDS
    moved = here or (named and episode.slice == "all")
    return moved and story.direction in {"up", "down"} and first <= episode.since <= until


def of(seen, name, *, sure=True):
    """Return the episodes of the metrics a story names, at its place or on the whole, while it goes on."""
    story = STORY[name]
    told = [one for watched in seen for one in episodes(watched) if watched.metric in story.metrics]
    return [one for one in told if explains(story, one) and (one.sure or not sure)]


def watched_weeks(watched: Watch) -> int:
    return sum(mark.evidence is not None for mark in watched.marks)


def test_a_wave_of_bugs_is_found_in_its_service_and_on_the_whole(seen):
    found = {(one.metric, one.slice, one.direction) for one in of(seen, "bug_wave")}

    assert {
        ("bugs_opened", "checkout", "up"),
        ("bugs_opened", "all", "up"),
        ("bugs_resolved", "checkout", "up"),
    } <= found


def test_a_wave_of_bugs_is_found_before_it_is_over(seen):
    first, end = span(STORY["bug_wave"], anchor(DAY))

    assert any(first <= one.since < end for one in of(seen, "bug_wave"))


def test_reviews_that_begin_to_wait_are_found_within_eight_weeks_and_still_there(seen):
    first, _ = span(STORY["reviews_wait"], anchor(DAY))
    [watched] = [one for one in seen if (one.metric, one.slice) == ("pickup_time", "search")]
    found = [one for one in of(seen, "reviews_wait") if one.metric == "pickup_time"]

    assert [(one.slice, one.direction) for one in found] == [("search", "up")]
    assert found[0].since < first + timedelta(weeks=8)
    assert watched.state == "shift"
    assert abs(watched.signal.since - first) <= timedelta(weeks=2)
    assert 3 < watched.signal.after / watched.signal.before < 8  # the table says five times
    assert watched.signal.low < watched.signal.after - watched.signal.before < watched.signal.high


def test_an_experiment_that_worked_is_worth_a_look_in_a_service_of_few_pull_requests(seen):
    found = of(seen, "experiment_worked", sure=False)

    assert ("review_time", "catalogue", "down") in {(one.metric, one.slice, one.direction) for one in found}


def test_pull_requests_that_are_forgotten_and_grow_old_are_found_on_the_whole(seen):
    found = of(seen, "pull_requests_forgotten")

    assert {(one.slice, one.direction) for one in found} == {("all", "up")}


def test_a_workflow_that_opens_is_a_chart_that_begins_and_claims_no_rise_from_weeks_nobody_counted(seen):
    first, _ = span(STORY["provision_launched"], anchor(DAY))
    begun = {one.slice: one for one in seen if one.metric == "workflow_runs"}

    assert set(begun) == {"all", "Provision service"}
    for watched in begun.values():
        assert watched.marks[0].starts == first
        assert watched.baseline.since == first
        assert watched.state == "usual"
        assert not [one for one in episodes(watched) if one.sure]


def test_the_day_a_workflow_opened_is_found_from_its_runs_and_what_it_gave_back_since_is_on_its_page(
    sandbox_of, monkeypatch, tmp_path
):
    sandbox_of(monkeypatch, DAY, tmp_path)
    first, _ = span(STORY["provision_launched"], anchor(DAY))
    [opened] = query("select opened_on::date as opened_on, dated from workflows").itertuples(index=False)
    page = drawn(open_page("outcomes.py"))
    before = opened.opened_on.date() - timedelta(weeks=22), opened.opened_on.date() - timedelta(days=1)
    weekly = trend(metric("workflow_runs"))["value"]

    assert not opened.dated  # nobody wrote it into team.toml
    assert first <= opened.opened_on.date() < first + timedelta(weeks=1)
    assert f"held against {full_day(before[0])} to {full_day(before[1])}, measured on tickets" in page
    assert re.search(r"Roughly \d+ hours of platform work did not happen from", page)
    assert 3 < weekly.mean() < 5.5  # the table says about four


def test_requests_that_a_workflow_took_over_are_found_where_it_is_and_on_the_whole(seen):
    first, _ = span(STORY["requests_displaced"], anchor(DAY))
    found = of(seen, "requests_displaced")

    assert {(one.slice, one.direction) for one in found} == {("all", "down"), ("Provision service", "down")}
    assert all(first < one.since for one in found)


@pytest.mark.parametrize("name", [story.name for story in STORIES if story.direction not in {"up", "down"}])
def test_where_nothing_should_be_claimed_nothing_is(seen, name):
    story = STORY[name]
    first, end = span(story, anchor(DAY))
    claimed = [
        one
        for watched in seen
        if watched.metric in story.metrics and watched.slice == (story.place or "all")
        for one in episodes(watched)
        if one.sure and first <= one.since < (end or DAY) and not any(explains(other, one) for other in STORIES)
    ]

    assert claimed == []


def test_the_quiet_weeks_around_christmas_are_shown_and_never_claimed(seen):
    turn = [mark for watched in seen for mark in watched.marks if mark.special]

    assert turn
    assert all(mark.evidence is None and mark.level is None and not mark.unusual for mark in turn)


def test_nothing_else_is_found_but_what_chance_allows(seen):
    """The false ones are printed: `pytest -s tests/test_stories.py -k chance`."""
    weeks = sum(watched_weeks(one) for one in seen)
    expected = sum(one.false * watched_weeks(one) / 52 for one in seen)
    sure = [one for watched in seen for one in episodes(watched) if one.sure]
    false = [one for one in sure if not any(explains(story, one) for story in STORIES)]
    told = "\n".join(map(str, false)) or "none"
    print(
        f"{len(sure)} signals, {len(false)} of them without a story, {expected:.1f} expected in {weeks} weeks:\n{told}"
    )

    assert len(false) <= most(expected)


def most(expected: float) -> int:
    """Return how many false signals chance gives at most in 99 of a hundred such companies (Poisson)."""
    count, chance = 0, np.exp(-expected)
    held = chance
    while held < 0.99:
        count += 1
        chance *= expected / count
        held += chance
    return count


def test_every_metric_is_watched(seen):
    whole = {one.metric for one in seen if one.slice == "all"}

    assert {one.name for one in METRICS} <= whole
    assert 0 < expected_false(seen) <= 0.05 * 2 * len(METRICS)
