"""What surrounds every page: range, comparison, team, freshness, search, keys and charter, all of it in the link."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

import data
import data.areas
import metrics
import metrics.search
from data.journal import journal
from data.team import Team
from pages import parts, reading, safe, sentences, warm
from pages.charter import CHARTER
from tests.test_pages import MONDAY, PAGES, WEEKS, charts, happenings, linked, open_page, picker, table_of_rows, told

TEAMS = """
[[teams]]
name = "Payments"
repositories = ["acme/checkout"]
components = ["pay"]

[[teams]]
name = "Finding"
repositories = ["acme/search"]
"""


@pytest.fixture(scope="module")
def collected(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield publish_nouns(patch, tmp_path_factory.mktemp("framed"), TEAMS, **happenings())


# Whose part it is


def test_teams_are_told_before_the_areas_they_own_and_neither_takes_the_others_name():
    words = Team.model_validate(
        {
            "github": {"repositories": ["acme/checkout", "acme/alone"]},
            "jira": {"url": "https://jira.example", "projects": ["PAY"]},
            "teams": [{"name": "Checkout", "repositories": ["acme/check*"], "projects": ["PAY"]}],
            "services": [{"name": "till", "repositories": ["acme/checkout"]}],
        }
    )
    choices = data.areas.choices(words)

    assert list(choices) == ["Team Checkout", "alone", "checkout", "PAY", "till"]
    assert data.areas.belonging(choices["Team Checkout"], ["till", "Checkout", "alone", "PAY"]) == (
        "till",
        "Checkout",
        "PAY",
    )


def test_several_areas_are_counted_as_one_and_their_rows_are_those_of_each(collected):
    bugs = metrics.metric("bugs_opened")
    both = metrics.trend(bugs, area=("pay", "basket"))
    each = [metrics.trend(bugs, area=name)["value"].fillna(0) for name in ("pay", "basket")]

    assert both["value"].tolist() == (each[0] + each[1]).tolist() == metrics.trend(bugs)["value"].tolist()
    assert len(metrics.behind(bugs, both["starts"].iloc[-1], area=("pay", "basket"))) == both["value"].iloc[-1]
    assert metrics.trend(bugs, area=())["value"].isna().all()


def test_a_number_about_people_is_not_told_of_several_areas_together(collected):
    private = next(one for one in metrics.METRICS if one.private)

    with pytest.raises(data.CairnError, match="never of some together"):
        metrics.trend(private, "month", area=("checkout", "search"))


def test_a_team_narrows_every_chart_that_is_split_and_the_others_say_that_they_are_not(collected):
    app = open_page(team="Team Payments")
    shown = {chart.metric: [said for _, _, _, said in chart.marks] for chart in linked(app)}
    there = len(metrics.behind(metrics.metric("bugs_opened"), date(2026, 5, 25), area="pay"))
    text = told(app)

    assert shown["bugs_opened"][-1].startswith(f"{there} bugs in the week of 25 May")
    assert there < 20
    assert " · Team Payments" in text
    assert sentences.NOT_SPLIT in text  # requests by hand


def test_the_rows_of_a_team_are_those_its_mark_counts(collected):
    app = open_page("explore.py", metric="Bugs opened", team="Team Payments", period="25 May 2026")

    assert len(app.dataframe[0].value) == charts(app)[0]["data"][0]["y"][-1]
    assert set(app.dataframe[0].value["area"]) == {"pay"}


# What it is compared with


@pytest.mark.parametrize(("compare", "back"), [("previous period", 6), ("same period last year", 52)])
def test_the_dashed_line_is_the_earlier_time_and_says_its_dates(compare, back, collected):
    app = open_page("explore.py", metric="Deployment frequency", range="6 weeks", compare=compare)
    drawn = charts(app)[0]["data"]
    if back > WEEKS:
        assert len(drawn) == 1
        assert "nothing to compare with: same period last year" in told(app)
        return
    values = metrics.trend(metrics.metric("deployment_frequency"))["value"].tolist()
    first, last = MONDAY + timedelta(weeks=WEEKS - 12), MONDAY + timedelta(weeks=WEEKS - 6, days=-1)

    assert drawn[1]["line"]["dash"] == "dash"
    assert drawn[1]["x"] == drawn[0]["x"]
    assert drawn[1]["y"] == values[-12:-6]
    assert f"dashed: previous period, {first.day} {first:%b} 2026 to {last.day} {last:%b} 2026" in told(app)
    assert "dashed: previous period" in charts(app)[0]["layout"]["title"]["text"]


def test_without_a_comparison_nothing_is_dashed(collected):
    assert [len(chart["data"]) for chart in charts(open_page("explore.py", metric="Deployment frequency"))] == [1]


# Days that somebody chooses

WINTER = {"range": "Custom", "first": "2026-01-07", "last": "2026-02-17"}  # from a Wednesday to a Tuesday: seven weeks


def weeks(first: int, last: int) -> list[str]:
    return [f"{MONDAY + timedelta(weeks=number)}" for number in range(first, last)]


def test_of_days_that_are_chosen_every_week_is_shown_that_one_of_them_lies_in(collected):
    app = open_page("explore.py", metric="Deployment frequency", **WINTER)
    [chart] = charts(app)

    assert chart["data"][0]["x"] == weeks(9, 16)
    assert "5 Jan to 22 Feb 2026" in chart["layout"]["title"]["text"]
    assert "in the week of 16 Feb" in told(app)
    assert {name: str(one.value) for name in WINTER for one in [picker(app, name)]} == WINTER
    assert table_of_rows(app)["happened_at"].dt.date.between(date(2026, 2, 16), date(2026, 2, 22)).all()


def test_the_period_before_chosen_days_is_as_long_as_they_are(collected):
    drawn = charts(open_page("explore.py", metric="Deployment frequency", compare="previous period", **WINTER))[0][
        "data"
    ]
    values = metrics.trend(metrics.metric("deployment_frequency"))["value"].tolist()

    assert drawn[1]["x"] == drawn[0]["x"] == weeks(9, 16)
    assert drawn[1]["y"] == values[2:9]


def test_days_long_past_say_nothing_of_how_it_is_now(collected):
    now, then = (told(open_page("explore.py", metric="Bugs opened", **link)) for link in ({}, WINTER))

    assert "; an unusual week of 25 May" in now
    assert "25 May" not in then.split("n = ")[0]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("first", "last"), [("2026-01-07", "2026-02-17"), ("2011-01-01", "2011-12-31")])
def test_every_page_opens_on_chosen_days_and_keeps_them_in_its_ways_on(page, first, last, collected):
    app = open_page(page, range="Custom", first=first, last=last, team="checkout")
    ways = [one.proto.query_string for one in app.get("page_link") if one.proto.label == "See the rows"]

    assert (app.query_params["first"], app.query_params["last"]) == (first, last)
    assert all(f"range=Custom&first={first}&last={last}" in way for way in ways)
    drawn = charts(app) or linked(app)
    assert len(ways) > 0 or not drawn or page == "explore.py"
    if first == "2011-01-01" and page != "health.py":
        assert not drawn


@pytest.mark.parametrize("show", ["Rows", "What changed", "Side by side", "SQL and export"])
def test_days_on_which_nothing_happened_are_no_fault(show, collected):
    link = {"range": "Custom", "first": "2011-01-01", "last": "2011-12-31", "period": "All in this range"}
    app = open_page("explore.py", metric="Bugs opened", show=show, slice="area", **link)

    assert "Nothing happened in this range yet" in told(app)


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("2026-02-17", "2026-01-07", weeks(9, 16)),  # the wrong way round
        ("2026-01-07", "", weeks(18, 30)),
        ("", "2026-02-17", weeks(18, 30)),
        ("2026-02-30", "1e999", weeks(18, 30)),
        ("-1", "<script>\x00", weeks(18, 30)),
        ("0001-01-01", "9999-12-31", weeks(18, 30)),
    ],
)
def test_days_that_are_none_leave_the_usual_range(first, last, shown, collected):
    app = open_page("explore.py", metric="Deployment frequency", range="Custom", first=first, last=last)

    assert charts(app)[0]["data"][0]["x"] == shown
    assert ("Choose both days. Until then the last 12 weeks are shown." in told(app)) == (shown == weeks(18, 30))


# The link


NONSENSE = {"range": "1e999", "compare": "<script>", "team": "Team \x00🎉" + "x" * 5_000}


@pytest.mark.parametrize("page", [*PAGES, "setup.py"])
def test_nonsense_in_the_link_opens_the_page_as_it_is_by_default(page, collected):
    app = open_page(page, **NONSENSE)

    assert picker(app, "range").value == "12 weeks"
    assert picker(app, "compare").value is None
    assert picker(app, "team").value is None


def test_over_one_piece_of_work_no_range_is_asked_for_and_the_one_chosen_before_stays(collected):
    app = open_page("health.py", range="6 weeks")
    app.switch_page("item.py")
    app.query_params.clear()
    app.query_params["id"] = "29-0"
    app.run()

    assert "What happened" in told(app)
    assert [one.key for one in (*app.selectbox, *app.get("button_group"))] == []
    app.switch_page("flow.py").run()
    assert picker(app, "range").value == "6 weeks"


# At hand on every page


@pytest.mark.parametrize("page", [*PAGES, "setup.py"])
def test_every_page_says_how_fresh_it_is_and_has_search_keys_and_charter(page, collected):
    app = open_page(page)

    assert "Complete to Mon 1 Jun" in told(app)
    assert {"Search", "Keys"} <= {one.label for one in app.button}
    assert all(said in told(app) for _, said in CHARTER)
    assert any("show-me" in one.value and "forget" in one.value for one in app.code)


def test_a_source_that_was_not_read_to_its_end_is_not_called_complete(nouns):
    nouns(
        sources=[
            {"source": "github.com", "kind": "github", "stream": "all", "complete_to": "2026-06-01"},
            {"source": "jira", "kind": "jira", "stream": "all"},
        ]
    )

    assert "Not read to the end yet" in told(open_page("health.py"))


def test_data_that_has_not_been_read_for_days_is_called_old_and_fresh_data_is_not(nouns):
    def read(ago: timedelta) -> str:
        when = str(datetime.now(UTC).replace(tzinfo=None) - ago)
        nouns(complete_to=when)
        return told(open_page("health.py"))

    assert "GitHub and Jira: last read to the end on" in read(timedelta(days=3))
    assert "last read to the end on" not in read(timedelta(hours=30))


def test_the_search_finds_metrics_by_their_words_and_things_by_their_titles(collected):
    found = metrics.search.things("totals 2900")

    assert metrics.search.named("lead time")[0].title == "Change lead time"
    assert found["kind"].tolist() == ["pull request"]
    assert found["what"].tolist() == ["checkout #2900 <b>Totals</b> ![x](https://evil.example/x.png)"]
    assert metrics.search.things("SHOP-2900")["what"].tolist() == ["SHOP-2900 A cent is missing"]
    assert len(metrics.search.things("cent")) == metrics.search.EACH


def test_the_search_finds_what_was_written_down(nouns):
    nouns()
    assert metrics.search.written("friday") == []
    kept = journal().write("decision", {"title": "Ship on Fridays", "why": "Customers asked"}, "Ada")
    [(found, name)] = metrics.search.written("FRIDAYS customers")

    assert (found.id, name) == (kept.id, "Decision: Ship on Fridays")
    assert metrics.search.written("mondays") == []
    assert metrics.search.written("  ") == []


@pytest.mark.parametrize("typed", ["", "   ", "%", "'; drop table issues; --", "\x00", "x" * 9_000, "\u202e \ud7ff"])
def test_whatever_is_typed_into_the_search_is_only_looked_for(typed, collected):
    assert metrics.search.things(typed).empty
    assert len(metrics.search.named(typed)) == 0


def test_the_way_to_a_piece_of_work_holds_whatever_its_name(collected, monkeypatch):
    drawn = []
    monkeypatch.setattr(safe.st, "html", drawn.append)
    safe.links([("one", safe.item('a"><script>&id=b'))])

    assert 'href="/item?id=a%22%3E%3Cscript%3E%26id%3Db"' in drawn[0]


def test_the_ways_hold_when_cairn_is_served_below_a_path(collected, monkeypatch):
    drawn = []
    monkeypatch.setattr(safe.st, "get_option", lambda name: "/tools/cairn/" if name == "server.baseUrlPath" else None)
    monkeypatch.setattr(safe.st, "html", drawn.append)
    safe.links([("one", safe.item("PR_1")), ("two", "/elsewhere/item?id=PR_1")])

    assert 'href="/tools/cairn/item?id=PR_1"' in drawn[0]
    assert drawn[0].count("<a ") == 1
    assert parts.address({"metric": "Reviews"}).endswith("/tools/cairn/explore?metric=Reviews")


def test_a_link_that_is_not_safe_to_open_leaves_its_text_alone(collected, monkeypatch):
    drawn = []
    monkeypatch.setattr(safe.st, "html", drawn.append)
    safe.links(
        [("<i>one</i>", "javascript:alert(1)"), ("two", "https://github.com/a/b?x=<"), ("three", "/item?id=%22'>")]
    )

    assert drawn == [
        '<ul class="cairn-links"><li><bdi>&lt;i&gt;one&lt;/i&gt;</bdi></li><li><bdi>two</bdi></li><li><bdi>three</bdi></li></ul>'
    ]


def test_what_takes_seconds_is_worked_out_before_anybody_opens_the_page(nouns, monkeypatch):
    edition = nouns(TEAMS, **happenings())
    warm.prepare(edition.name)
    for slow in ("signals.watches", "digest.moved", "metrics.trend"):
        monkeypatch.setattr(f"pages.reading.{slow}", lambda *_: pytest.fail("somebody waited for it"))
    app = open_page()

    assert "As of the week of 25 May, bugs opened" in told(app)
    assert len(app.expander) == len(reading.moving(edition.name)) > 0
    assert linked(open_page("flow.py"))


def test_a_gap_in_a_chart_says_whether_there_was_too_little_or_nothing():
    points = pd.DataFrame({"n": [3, 0], "of": [3, 0], "value": [1.5, None]})
    few, none = metrics.metric("age_of_open_bugs"), metrics.metric("failed_deployment_recovery_time")

    assert "where n is below" in sentences.sample(few, points)
    assert sentences.sample(none, points) == "n = 3, no mark where nothing happened"
