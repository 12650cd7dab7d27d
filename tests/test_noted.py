"""What was noted stands on every chart that covers its time: by shape, by pointer, by keyboard, and for screen readers."""

from datetime import date

import pytest

from data.journal import Journal, journal
from metrics.noted import Noted, counted, gathered, line, of
from tests.test_pages import charts, happenings, linked, open_page, told, week

PERIODS = [(date(2026, 3, 2), date(2026, 3, 9)), (date(2026, 3, 9), date(2026, 3, 16))]
WILD = "<b>Half</b> of us ![x](https://evil.example/x.png)"


def noted(since: str, kind: str = "note", until: str | None = None, area: str | None = None) -> Noted:
    return Noted(date.fromisoformat(since), date.fromisoformat(until or since), kind, f"{kind} {since}", area)


def test_what_was_noted_is_gathered_by_period_and_what_people_wrote_comes_first():
    told = [
        noted("2026-02-20"), noted("2026-02-20", "experiment", until="2026-03-10"), noted("2026-03-05", "release"),
        noted("2026-03-08", "incident"), noted("2026-03-15", "decision"), noted("2026-03-16"),
    ]  # fmt: skip
    marks = gathered(told, PERIODS)

    assert [(str(one.starts), one.kind, str(one.until)) for one in marks] == [
        ("2026-03-02", "experiment", "2026-03-09"),
        ("2026-03-09", "decision", "2026-03-09"),
        ("2026-03-02", "several", "2026-03-02"),
    ]
    assert gathered(told, []) == []


def test_a_part_sees_what_concerns_it_or_everybody():
    told = [
        noted("2026-03-02"),
        noted("2026-03-02", "release", area="pay"),
        noted("2026-03-02", "release", area="shop"),
    ]

    assert [one.area for one in of(told, ["pay"])] == [None, "pay"]
    assert of(told) == told
    assert counted(told) == "one note and two releases"
    assert (
        line(noted("2026-03-02", "experiment", until="2026-04-01"))
        == "2 Mar to 1 Apr, experiment: experiment 2026-03-02"
    )


@pytest.fixture
def collected(publish_nouns, monkeypatch, tmp_path):
    release = {"id": "R", "repo": "acme/checkout", "tag": "v2", "name": "Two", "prerelease": False}
    return publish_nouns(
        monkeypatch, tmp_path, **happenings(), releases=[{**release, "published_at": week(24), "url": None}]
    )


def marks(chart: dict) -> list[tuple[str, list[str]]]:
    return [
        (one["marker"]["symbol"][0], one["text"]) for one in chart["data"] if one.get("name") == "noted"
    ]  # fmt: skip


@pytest.mark.usefixtures("collected")
def test_a_note_stands_on_every_chart_that_covers_its_time_and_is_read_without_a_pointer(monkeypatch):
    since = f"{week(25):%Y-%m-%d}"
    kept = journal().write("note", {"what": WILD, "sort": "other", "since": since}, "Ada Somebody")
    journal().write("note", {"what": "Long ago", "sort": "other", "since": "2020-01-01"}, "Ada Somebody")
    asked, read = [], Journal.entries

    def entries(self, kind=None):
        asked.append(kind)
        return read(self, kind)

    monkeypatch.setattr(Journal, "entries", entries)
    app = open_page()
    drawn = linked(app)

    assert len(drawn) == 7
    for chart in drawn:
        assert sorted(chart.signs) == [
            ("20 Apr, release: Two", "line-ns"),
            ("27 Apr, note: &lt;b&gt;Half&lt;/b&gt; of us ![x](https://evil.example/x.png)", "square"),
        ]
        assert "noted in this time: one note and one release" in chart.alt
    assert any(f'href="/memory?entry={kept.id}"' in one.proto.body for one in app.get("html"))
    assert "&lt;b&gt;Half&lt;/b&gt;" in told(app)
    assert "Somebody" not in told(app)
    assert "Long ago" not in told(app).replace("Note: Long ago", "")
    assert len(asked) <= 4, "once for all charts, once for what is due, and for what was near each signal"


@pytest.mark.usefixtures("collected")
def test_a_panel_shows_what_concerns_its_area():
    (chart,) = charts(open_page("explore.py", metric="Deployment frequency", slice="area"))
    assert [text for _, text in marks(chart)] == [["20 Apr, release: Two"]]

    (chart,) = charts(open_page("explore.py", metric="Bugs opened", slice="area"))
    assert marks(chart) == [], "neither part was released"


@pytest.mark.usefixtures("collected")
def test_where_nothing_was_noted_the_scale_begins_at_zero():
    (chart,) = charts(open_page("explore.py", metric="Bugs opened", area="pay"))

    assert marks(chart) == []
    assert chart["layout"]["yaxis"]["range"][0] == 0
