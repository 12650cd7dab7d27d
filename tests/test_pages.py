"""Every page opens, says where its numbers come from, and says what to do when something is missing."""

import json
import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import metrics
from data import Live, publish
from metrics import METRICS, Usual
from metrics.questions import unsaid
from pages import figure, sentences, theme, words
from pages.reading import REACH, View

HOUSE = Path(__file__).resolve().parent.parent
PAGES = ("this_week.py", "explore.py", "health.py")
MONDAY = date(2025, 11, 3)
WEEKS = 30
GAP = 20  # the week in which too few changes were merged to say anything


def week(number: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(weeks=number), datetime.min.time())


def happenings() -> dict[str, list[dict[str, Any]]]:
    """Return thirty weeks of a small team; the last one brings far more bugs than usual."""
    pulls, deployments, bugs, runs = [], [], [], []
    for number in range(WEEKS):
        start = week(number)
        for nth in range(3 if number == GAP else 9):
            opened, name = start + timedelta(hours=7 * nth), f"{number}-{nth}"
            pulls.append(
                {
                    "id": name,
                    "repo": ("acme/checkout", "acme/search")[nth % 2],
                    "number": number * 100 + nth,
                    "title": "<b>Totals</b> ![x](https://evil.example/x.png)",
                    "url": f"https://github.com/acme/checkout/pull/{number * 100 + nth}",
                    "opened_at": opened - timedelta(hours=5 + number % 3),
                    "first_commit_at": opened - timedelta(hours=20 + 3 * (number % 4)),
                    "merged_at": opened,
                    "deployed_at": opened + timedelta(hours=3),
                    "bot": False,
                }
            )
        for nth in range(4 + number % 3):
            place = {"repo": "acme/checkout", "environment": "production", "production": True, "outcome": "success"}
            deployments.append({"id": f"{number}-{nth}", "sha": f"{number}{nth}", **place})
            deployments[-1] |= {"created_at": start + timedelta(days=nth), "url": "https://github.com/acme/checkout"}
        for nth in range(20 if number == WEEKS - 1 else 2 + number % 2):
            issue = {"source": "jira", "project": "SHOP", "title": "A cent is missing", "type": "Bug", "is_bug": True}
            key = f"SHOP-{number * 100 + nth}"
            bugs.append({"id": key, "key": key, "url": f"https://jira.example/browse/{key}", **issue})
            bugs[-1] |= {"created_at": start + timedelta(hours=nth), "status_kind": "queue", "priority": "High"}
        run = {"repo": "acme/platform", "title": "Provision mail", "self_service": "Provision", "outcome": "success"}
        runs.append({"id": str(number), "created_at": start, "url": "https://evil.example/run", **run})
    return {"pull_requests": pulls, "deployments": deployments, "issues": bugs, "workflow_runs": runs}


@pytest.fixture(scope="module")
def collected(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        words = 'timezone = "Europe/Berlin"\n'
        yield publish_nouns(patch, tmp_path_factory.mktemp("collected"), words, **happenings())


def open_page(page: str = "this_week.py", **link: str) -> AppTest:
    """Return a page as somebody sees it who opens it from a link; it has not crashed."""
    app = AppTest.from_file((HOUSE / "pages" / "menu.py").resolve(), default_timeout=90)
    app.switch_page(page)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def told(app: AppTest) -> str:
    """Return the text of a page in the order it is drawn."""
    drawn = [one.proto.body for one in app.get("html") if not one.proto.body.startswith("<style>")]
    drawn += [one.value for one in (*app.title, *app.subheader, *app.markdown, *app.code)]
    return "\n".join(re.sub(r"<[^>]+>", "", body) for body in drawn)


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(one.proto.spec) for one in app.get("plotly_chart")]


def picker(app: AppTest, key: str) -> Any:
    return next(one for one in (*app.selectbox, *app.get("button_group")) if one.key == key)


# The three states, and the half one


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_what_was_collected(page, collected):
    app = open_page(page)

    assert "Data complete: GitHub to Mon 1 Jun 02:00 and Jira to Mon 1 Jun 02:00 (Europe/Berlin)" in told(app)
    assert "Sandbox" not in told(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_when_nothing_happened_yet(page, nouns):
    nouns()
    app = open_page(page)

    assert charts(app) == []
    if page != "health.py":
        assert "as something does, it shows here" in told(app) or "it shows here after the next" in told(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_to_do_when_nothing_was_ever_collected(page, monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    app = open_page(page)

    assert [one.value for one in app.title] == ["Nothing has been collected yet"]
    assert [one.value for one in app.code] == ["make run", "python -m collectors sync"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_which_source_was_read_only_in_part(page, nouns):
    jira = {"source": "jira.example", "kind": "jira", "stream": "jira_issues", "scope": "SHOP", "incomplete": 12}
    github = {"source": "github.com", "kind": "github", "stream": "github_pull_requests", "complete_to": "2026-06-01"}
    nouns(sources=[github, {**jira, "error": "Jira answered HTML.\nCheck the address."}], **happenings())
    app = open_page(page)

    assert "Not read to the end yet: Jira (issues)." in told(app)
    assert "python -m collectors sync" in told(app)
    if page == "this_week.py":
        assert len(charts(app)) == 4  # what GitHub alone can say
        assert "Not read to the end yet from GitHub and Jira" in told(app)
    if page == "health.py":
        missing = app.dataframe[0].value
        assert missing["error"].tolist() == ["Jira answered HTML.\nCheck the address."]


@pytest.mark.parametrize("page", PAGES)
def test_made_up_data_is_called_made_up_on_every_page(page, monkeypatch, tmp_path):
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path))
    with Live("sandbox") as live:
        publish(live)

    assert "Sandbox company: made-up data" in told(open_page(page))


def test_a_mistake_in_the_teams_words_is_said_in_words(nouns, tmp_path):
    nouns()
    (tmp_path / "team.toml").write_text('nmae = "Us"\n', encoding="utf-8")
    app = open_page()

    assert "nmae" in told(app)


def test_a_new_edition_is_on_the_page_without_a_restart(nouns):
    def deployed(count: int) -> list[dict[str, Any]]:
        place = {"repo": "a/b", "environment": "live", "production": True, "outcome": "success"}
        return [{"id": str(n), "sha": str(n), "created_at": week(n), **place} for n in range(count)]

    nouns(deployments=deployed(9))
    before = charts(open_page("explore.py", metric="Deployment frequency", range="All"))
    nouns(deployments=deployed(12))
    after = charts(open_page("explore.py", metric="Deployment frequency", range="All"))

    assert sum(before[0]["data"][0]["y"]) == 9
    assert sum(after[0]["data"][0]["y"]) == 12


# The link


def test_a_link_opens_exactly_what_was_looked_at(collected):
    link = {
        "metric": "Deployment frequency",
        "every": "month",
        "range": "All",
        "slice": "kind",
        "area": "checkout",
        "period": "March 2026",
        "of": "production",
    }
    app = open_page("explore.py", **link)

    assert {key: picker(app, key).value for key in link} == link


BROKEN = {
    "metric": "../../app",
    "every": "-5",
    "range": "2026-12-31..2026-01-01",
    "slice": "title; DROP TABLE x",
    "area": "<script>alert(1)</script>",
    "kind": "\x00🎉%00%0d%0a",
    "period": "0001-01-01..9999-12-31",
    "of": "x" * 10_000,
    "rule": "1e999",
    "unheard": "of",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_broken_link_opens_the_default_view(page, collected):
    app = open_page(page, **BROKEN)

    assert picker(app, "range").value == "12 weeks"
    if page == "explore.py":
        assert picker(app, "metric").value == METRICS[0].title
        assert picker(app, "every").value == "week"
        assert picker(app, "area").value is None
        assert picker(app, "period").value == "25 May 2026"


# The chart contract


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_chart_shows_the_numbers_of_the_trend(metric, collected):
    expected = metrics.trend(metric)
    [chart] = charts(open_page("explore.py", metric=metric.title, range="All")) or [{"data": [{"x": [], "y": []}]}]

    if expected["value"].notna().any():
        assert chart["data"][0]["x"] == [start.isoformat() for start in expected["starts"]]
        assert chart["data"][0]["y"] == [None if pd.isna(value) else value for value in expected["value"]]
    else:
        assert chart["data"][0]["y"] == []


@pytest.mark.parametrize("reach", REACH)
def test_the_range_counts_back_from_the_last_complete_week(reach, collected):
    shown = charts(open_page("explore.py", metric="Deployment frequency", range=reach))[0]["data"][0]["x"]
    weeks = {"6 weeks": 6, "12 weeks": 12, "6 months": 26, "12 months": WEEKS, "All": WEEKS}

    assert len(shown) == weeks[reach]
    assert shown[-1] == (MONDAY + timedelta(weeks=WEEKS - 1)).isoformat()


def test_slices_have_a_panel_each_in_the_order_of_their_names(collected):
    [chart] = charts(
        open_page("explore.py", metric="Pull request cycle time", slice="area", range="All", every="month")
    )
    expected = metrics.trend(metrics.metric("pull_request_cycle_time"), "month", by="area")

    assert [one["name"] for one in chart["data"]] == ["checkout", "search"]
    for drawn in chart["data"]:
        values = expected.loc[expected["slice"] == drawn["name"], "value"]
        assert drawn["y"] == [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize("page", ["this_week.py", "explore.py"])
def test_every_chart_says_range_sample_usual_freshness_and_the_ways_on(page, collected):
    app = open_page(page)
    under = [one.proto.body for one in app.get("html") if "n = " in one.proto.body]
    drawn = app.get("plotly_chart")

    assert len(drawn) == len(under) > 0
    for chart, line in zip(drawn, under, strict=True):
        camera = json.loads(chart.proto.config)["toImageButtonOptions"]
        spec = json.loads(chart.proto.spec)
        assert re.search(r"(ranged|held).+ (in the week of|on) ", chart.proto.alt)
        assert re.search(
            r"n = [\d,]+.* · usual .+ \(baseline .+ 20\d\d to .+ 20\d\d\) · complete to Mon 1 Jun 02:00", line
        )
        assert "complete to 1 Jun" in spec["layout"]["title"]["text"]
        assert camera["scale"] == 2
        assert re.fullmatch(r"[a-z_]+-week-12-weeks-2026-06-01", camera["filename"])
        assert spec["data"][0]["mode"] == "lines+markers"
        assert spec["layout"]["yaxis"]["range"][0] == 0
    labels = [one.proto.popover.label for one in app.get("popover")]
    assert labels.count("Definition") == labels.count("Copy link") == len(drawn)
    assert [one.label for one in app.get("download_button")].count("CSV") >= len(drawn)


def test_the_usual_range_is_drawn_from_the_frozen_baseline(collected):
    metric = metrics.metric("deployment_frequency")
    usual = metrics.usual(metric, metrics.trend(metric))
    layout = charts(open_page("explore.py", metric=metric.title))[0]["layout"]
    band = next(shape for shape in layout["shapes"] if shape["type"] == "rect")

    assert usual
    assert (band["y0"], band["y1"]) == (usual.low, usual.high)


def test_a_week_with_too_few_rows_is_a_gap_and_never_zero(collected):
    drawn = charts(open_page("explore.py", metric="Pull request cycle time", range="All"))[0]["data"][0]

    assert drawn["y"][GAP] is None
    assert drawn["connectgaps"] is False


def test_below_six_points_there_are_dots_and_nothing_is_called_usual(nouns):
    place = {"repo": "a/b", "environment": "live", "production": True, "outcome": "success"}
    nouns(deployments=[{"id": str(n), "sha": str(n), "created_at": week(WEEKS - n), **place} for n in (1, 2, 3, 4, 5)])
    app = open_page("explore.py", metric="Deployment frequency")
    [chart] = charts(app)

    assert chart["data"][0]["mode"] == "markers"
    assert "shapes" not in chart["layout"] or all(shape["type"] != "rect" for shape in chart["layout"]["shapes"])
    assert sentences.TOO_EARLY in told(app)


def test_a_question_stands_only_under_a_chart_that_moved(collected):
    app = open_page()
    asked = [one.proto.body for one in app.get("html") if one.proto.body.startswith('<p class="cairn-prompt"')]
    moved = []
    for chart in app.get("plotly_chart"):
        metric = metrics.metric(json.loads(chart.proto.config)["toImageButtonOptions"]["filename"].split("-")[0])
        points = metrics.trend(metric)
        usual = metrics.usual(metric, points)
        moved.append(any(sentences.outside(value, usual) for value in points["value"].tail(12)))

    assert any(moved)
    assert not all(moved)
    assert len(asked) == sum(moved)
    assert "In the week of 25 May" in told(app)
    assert "bugs opened (20, usual " in told(app)


def test_a_mark_outside_the_usual_range_differs_in_shape_and_not_only_in_colour(collected):
    drawn = charts(open_page("explore.py", metric="Bugs opened"))[0]["data"][0]

    assert drawn["marker"]["symbol"] == ["circle"] * 11 + ["diamond"]


def test_the_number_on_the_chart_is_the_number_of_rows_behind_it(collected):
    app = open_page("explore.py", metric="Bugs opened", period="25 May 2026")
    rows = app.dataframe[0].value

    assert len(rows) == 20 == charts(app)[0]["data"][0]["y"][-1]
    assert rows["url"].tolist() == metrics.behind(metrics.metric("bugs_opened"), date(2026, 5, 25))["url"].tolist()
    assert "20 rows in the week of 25 May. The chart counts 20 bugs." in told(app)


def test_rows_show_titles_as_they_stand_and_link_only_to_the_teams_sources(collected):
    pulls = open_page("explore.py", metric="Pull request cycle time", period="25 May 2026").dataframe[0].value
    runs = open_page("explore.py", metric="Workflow runs", period="25 May 2026").dataframe[0].value

    assert all("<b>Totals</b> ![x](https://evil.example/x.png)" in what for what in pulls["what"])
    assert all(url.startswith("https://github.com/acme/") for url in pulls["url"])
    assert runs["url"].isna().all()
    assert runs["note"].tolist() == ["link left out"]


def test_health_tells_how_far_each_stream_was_read_and_what_the_rules_match(nouns):
    stream = {"source": "github.com", "kind": "github", "stream": "github_pull_requests", "complete_to": "2026-06-01"}
    parts = {"items": 40, "incomplete": 0, "gone": 1, "expected": 41, "tried_at": "2026-06-01"}
    nouns(
        sources=[{**stream, **parts, "scope": scope} for scope in ("acme/checkout", "acme/search")],
        syncs=[{"started_at": "2026-06-01", "source": "github.com", "requests": 214, "new_rows": 80}],
        rule_matches=[{"rule": "production", "matched": "preprod", "items": 7, "applies": None}],
    )
    app = open_page("health.py", range="All")
    streams, syncs, rules = (one.value for one in app.dataframe)

    assert streams[["what", "items", "gone", "expected"]].to_numpy().tolist() == [["pull requests", 80, 2, 82]]
    assert syncs["requests"].tolist() == [214]
    assert rules["matched"].tolist() == ["preprod"]
    assert [one.label for one in app.expander] == [metric.title for metric in METRICS]


# Words and colours


@pytest.mark.parametrize(
    "prompt",
    [
        *(text.format(when="The week of 28 Sep") for text in sentences.PROMPTS.values()),
    ],
)
def test_a_prompt_is_a_short_question_about_the_work(prompt):
    assert prompt.endswith("?")
    assert len(prompt.split()) <= 16
    assert not unsaid(prompt, question=True)


def test_numbers_are_said_to_two_figures_and_counts_whole():
    count, median = metrics.metric("deployment_frequency"), metrics.metric("change_lead_time")

    assert [words.number(value, count) for value in (0, 7, 1234)] == ["0", "7", "1,234"]
    assert [words.number(value, median) for value in (0, 0.0341, 1.26, 13.7, 136.2)] == [
        "0",
        "0.034",
        "1.3",
        "14",
        "140",
    ]


def test_three_sentences_say_what_moved_what_did_not_and_what_cannot_be_said():
    one, two, three = metrics.metric("bugs_opened"), metrics.metric("change_lead_time"), metrics.metric("workflow_runs")
    usual = Usual(1, 3, 5, date(2025, 1, 6), date(2025, 7, 7), 26)
    told = [sentences.Reading(one, MONDAY, 9, usual), sentences.Reading(two, MONDAY, 3, usual)]

    assert sentences.summary(told, [three]) == [
        "In the week of 3 Nov, one measure left its usual range: bugs opened (9, usual 1 to 5).",
        "One measure stayed inside: change lead time.",
        "Too early or too little to say anything about Workflow runs.",
    ]
    assert sentences.summary(told[1:], [])[0] == "In the week of 3 Nov, nothing left its usual range."
    assert sentences.summary([], [three])[0] == "Too early to say what is usual."


def light(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_their_ground(colours):
    for ground in (colours.paper, colours.surface):
        assert all(contrast(text, ground) >= 4.5 for text in (colours.ink, colours.muted, colours.signal))
        assert all(contrast(mark, ground) >= 3.0 for mark in (*colours.series, colours.axis, colours.context))


def test_streamlit_draws_with_the_same_colours():
    told_to_streamlit = tomllib.loads((HOUSE / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    for name, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        section = told_to_streamlit[name]
        assert section["backgroundColor"] == colours.paper
        assert section["secondaryBackgroundColor"] == colours.surface
        assert section["textColor"] == colours.ink
        assert section["chartCategoricalColors"] == [
            *colours.series,
            *colours.series,
        ]  # fewer than ten, and Plotly falls back


def test_a_chart_follows_the_theme(collected, monkeypatch):
    view = View(metrics.metric("deployment_frequency"))
    points = metrics.trend(view.metric)
    seen = set()
    for colours in (theme.LIGHT, theme.DARK):
        monkeypatch.setattr(figure, "tokens", lambda colours=colours: colours)
        seen.add(figure.draw(view, points, None, "").data[0].line.color)

    assert seen == {theme.LIGHT.series[0], theme.DARK.series[0]}
