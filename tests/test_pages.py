"""Every page opens, says where its numbers come from, and says what to do when something is missing."""

import html
import json
import re
import tomllib
from base64 import b64decode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

import metrics
from data import Live, publish
from metrics import METRICS, digest, signals
from metrics.questions import STATES, unsaid
from metrics.signals import Baseline, Mark, Signal, Watch
from pages import figure, reading, sentences, theme, words
from pages.reading import REACH, View, usuals

HOUSE = Path(__file__).resolve().parent.parent
PAGES = ("this_week.py", "outcomes.py", "flow.py", "knowledge.py", "explore.py", "health.py")
WORKFLOW = '[[workflows]]\nname = "Provision"\nruns = ["provision*"]\n'
MONDAY = date(2025, 11, 3)
WEEKS = 30
GAP = 20  # the week in which too few changes were merged to say anything


def week(number: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(weeks=number), datetime.min.time())


def happenings() -> dict[str, list[dict[str, Any]]]:
    """Return thirty weeks of a small team; the last one brings far more bugs than usual."""
    pulls, deployments, bugs, runs, asked = [], [], [], [], []
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
            bugs[-1] |= {"components": ["pay" if nth % 3 else "basket"], "escaped": nth == 0}
        for nth in range(5 + number % 2):
            key = f"TASK-{number * 100 + nth}"
            done = {"id": key, "key": key, "source": "jira", "project": "SHOP", "type": "Task", "is_bug": False}
            done |= {"created_at": start, "resolved_at": start + timedelta(days=nth), "status_kind": "done"}
            bugs.append(done)
        for nth in range(1 + number % 3):
            hand = {"channel": "manual", "workflow": "Provision", "type": "Access", "title": "A mailbox"}
            asked.append({"id": f"{number}-{nth}", "key": f"OPS-{number}{nth}", "created_at": start, **hand})
        run = {"repo": "acme/platform", "title": "Provision mail", "self_service": "Provision", "outcome": "success"}
        runs.append({"id": str(number), "created_at": start, "url": "https://evil.example/run", **run})
    return {
        "pull_requests": pulls,
        "deployments": deployments,
        "issues": bugs,
        "workflow_runs": runs,
        "requests": asked,
    }


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


def told(app: Any) -> str:
    """Return the text of a page in the order it is drawn."""
    drawn = [one.proto.body for one in app.get("html") if not one.proto.body.startswith(("<style>", "<script>"))]
    drawn += [one.value for one in (*app.title, *app.subheader, *app.markdown, *app.code)]
    return "\n".join(re.sub(r"<[^>]+>", "", body) for body in drawn)


def charts(app: AppTest) -> list[dict[str, Any]]:
    """Return the pictures a page sends to the browser, after making sure that Plotly knows every word of them."""
    found = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    for one in found:
        go.Figure(one)
    return found


LINKED = re.compile(
    r'^<div class="cairn-chart" role="group" aria-label="([^"]*)".*?<div>(.*?)</div>.*?data-file="([\w-]+).png"'
    r'.*?<img src="data:image/svg\+xml;base64,([^"]*)"'
)
DAYS = re.compile(r'<time datetime="([^"]*)"[^>]*>([^<]*)<')
MARK = re.compile(r'<a href="/explore\?([^"]*)"[^>]*left:([\d.]+)%;top:([\d.]+)%" aria-label="([^"]*)"')
NOTED = re.compile(r'<span role="img"[^>]*aria-label="([^"]*)"><b class="([\w-]+)"')


@dataclass(frozen=True)
class Linked:
    """A picture whose marks are links: what it shows, what stands in it, and what it is saved as.

    Marks are the query each leads with, how far right and down each stands in per cent, and what is said of it; signs are what
    was noted and the shape each has; days are the words over lines that mark them; behind all of it lie the lines, as SVG.
    """

    alt: str
    caption: str
    file: str
    lines: str
    marks: list[tuple[dict[str, str], float, float, str]]
    signs: list[tuple[str, str]]
    days: list[tuple[str, str]]

    @property
    def metric(self) -> str:
        return self.file.split("-")[0]


def linked(app: Any) -> list[Linked]:
    """Return the pictures of a page whose marks are links."""
    drawn = [(one.proto.body, LINKED.match(one.proto.body)) for one in app.get("html")]
    return [
        Linked(
            *map(html.unescape, found.groups()[:3]),
            b64decode(found[4]).decode(),
            [
                (dict(parse_qsl(html.unescape(query))), float(left), float(top), html.unescape(said))
                for query, left, top, said in MARK.findall(body)
            ],
            NOTED.findall(body),
            DAYS.findall(body),
        )
        for body, found in drawn
        if found
    ]


def table_of_rows(app: AppTest) -> pd.DataFrame:
    """Return the rows that a page lists."""
    return next(one.value for one in app.dataframe if "what" in one.value)


def expanders(app: AppTest) -> list[Any]:
    return list(app.expander)


def picker(app: AppTest, key: str) -> Any:
    return next(one for one in (*app.selectbox, *app.date_input, *app.get("button_group")) if one.key == key)


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

    assert charts(app) == linked(app) == []
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
        assert len(linked(app)) == 2  # what GitHub alone can say
        assert "Bugs opened needs issues, which cannot be read. Jira answered HTML." in told(app)
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
    "flow": "../Delivery",
    "outcomes": "\u202e\uffff",
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
    under = [one.proto.body for one in app.get("html") if "cairn-note" in one.proto.body and "n = " in one.proto.body]
    drawn = [(one.alt, one.caption, one.file) for one in linked(app)]
    for chart in app.get("plotly_chart"):
        spec, camera = json.loads(chart.proto.spec), json.loads(chart.proto.config)["toImageButtonOptions"]
        drawn.append((chart.proto.alt, spec["layout"]["title"]["text"], camera["filename"]))
        assert camera["scale"] == 2
        assert spec["data"][0]["mode"] == "lines+markers"
        assert spec["layout"]["yaxis"]["range"][0] == 0

    assert len(drawn) == len(under) > 0
    for (alt, caption, file), line in zip(drawn, under, strict=True):
        assert re.search(r"(ranged|held).+ (in the week of|on) ", alt)
        assert re.search(
            r"n = [\d,]+.* · usual .+ \(baseline .+ 20\d\d to .+ 20\d\d\) · complete to Mon 1 Jun 02:00", line
        )
        assert "complete to 1 Jun" in caption
        assert re.fullmatch(r"[a-z_]+-week-12-weeks-2026-06-01", file)
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
    drawn = [one.metric for one in linked(app)]
    moved = [one for one in signals.watches() if one.metric in drawn and one.signal]

    assert 0 < len(moved) < len(drawn)
    assert len(asked) == len(moved)
    assert "As of the week of 25 May, bugs opened" in told(app)
    assert "had an unusual week" in told(app)
    assert "unusual week of 25 May" in told(app)


def test_a_signal_is_a_card_with_its_size_its_parts_what_was_near_and_its_questions(collected):
    app = open_page()
    watch = next(one for one in signals.watches() if one.metric == "bugs_opened")
    one = digest.moved(metrics.metric("bugs_opened"), watch)
    card = next(one for one in expanders(app) if "Bugs opened" in one.label)
    text = told(card)

    assert card.label == f"Unusual week · {digest.headline(one)}"
    for by, parts in one.where.items():
        carried, each = digest.carried(one.metric, by, parts)
        assert carried in text
        assert all(part in text and said in text for part, said in each)
        assert sum(size for _, size in digest.largest(parts)) == pytest.approx(parts["change"].sum())
    assert "basket" in text
    assert "What was near" in text
    assert "production deployment" in text
    assert all(question in text for question in one.questions)
    ways = ["Open the chart and the rows", "Talk about this", "Decide something about it"]
    assert [link.label for link in card.get("page_link")] == ways


def test_the_week_says_how_often_chance_alone_makes_a_signal(collected):
    watched = signals.watches()
    false = words.two_figures(signals.expected_false(watched))

    assert f"expect about {false} false signals a year" in told(open_page())


def test_what_moved_is_told_of_all_metrics_and_not_only_of_those_with_a_chart(collected):
    text = told(open_page()).split("\n")
    states = [one.state for one in signals.watches()]

    assert any(line.startswith(words.capital(words.amount(states.count("usual"), "measure"))) for line in text)
    assert any(line.startswith(words.capital(words.amount(states.count("too few"), "measure"))) for line in text)


def test_a_mark_outside_the_usual_range_differs_in_shape_and_not_only_in_colour(collected):
    drawn = charts(open_page("explore.py", metric="Bugs opened"))[0]["data"][0]["marker"]

    assert drawn["symbol"] == ["circle"] * 11 + ["diamond"]
    assert drawn["color"] == [theme.LIGHT.series[0]] * 11 + [theme.LIGHT.paper]
    assert drawn["line"]["width"] == [0] * 11 + [2]


def test_a_special_week_is_hollow_and_says_why(nouns):
    nouns('[calendar]\nspecial = [{ since = 2026-05-04, until = 2026-05-10, what = "<b>Move</b>" }]\n', **happenings())
    drawn = charts(open_page("explore.py", metric="Deployment frequency"))[0]["data"][0]
    place = drawn["x"].index("2026-05-04")

    assert drawn["marker"]["color"][place] == theme.LIGHT.paper
    assert drawn["marker"]["symbol"][place] == "circle"
    assert drawn["text"][place].endswith("left out of what is usual: &lt;b&gt;Move&lt;/b&gt;")


def test_an_earlier_usual_range_stays_drawn_where_it_held(nouns):
    nouns("[baselines]\ndeployment_frequency = 2026-03-02\n", **happenings())
    metric = metrics.metric("deployment_frequency")
    earlier, now = usuals(metric, metrics.trend(metric))
    shapes = charts(open_page("explore.py", metric=metric.title, range="All"))[0]["layout"]["shapes"]
    thin = [shape for shape in shapes if shape["type"] == "line" and shape.get("x1") == now.since.isoformat()]
    band = next(shape for shape in shapes if shape["type"] == "rect")

    assert now.since == date(2026, 3, 2)
    assert [shape["y0"] for shape in thin] == [earlier.low, earlier.high]
    assert {shape["x0"] for shape in thin} == {earlier.since.isoformat()}
    assert (band["x0"], band["y0"], band["y1"]) == (now.since.isoformat(), now.low, now.high)


def test_a_share_is_said_with_its_interval_and_a_median_with_what_most_stay_below(collected):
    share = metrics.metric("unreviewed_share")
    point = pd.Series({"value": 0.1, "low": 0.04, "high": 0.24, "p85": None})
    median = pd.Series({"value": 3.0, "low": 2.0, "high": 4.0, "p85": 6.8})

    assert sentences.spread(share, point) == " (4.0 to 24 %)"
    assert sentences.spread(metrics.metric("change_lead_time"), median) == " (85 % within 6.8)"
    assert sentences.spread(metrics.metric("bugs_opened"), median) == ""


@pytest.mark.parametrize("metric", [one for one in METRICS if one.private], ids=lambda metric: metric.name)
@pytest.mark.parametrize("slicing", ["area", "kind"])
def test_a_number_about_people_has_no_rows_and_says_why(metric, slicing, collected):
    link = {"slice": slicing, "kind": "night", "period": "25 May 2026", "every": "month", "range": "All"}
    app = open_page("explore.py", metric=metric.title, **link)

    assert "its rows are never shown" in told(app)
    assert not app.dataframe


def test_what_a_number_lacks_is_said_beside_it(nouns):
    pulls = {"source": "github.com", "kind": "github", "stream": "github_pull_requests", "complete_to": "2026-06-01"}
    scopes = [{**pulls, "scope": "acme/checkout"}, {**pulls, "scope": "acme/search", "complete_to": None}]
    nouns(sources=scopes, **happenings())
    app = open_page("explore.py", metric="Pull request cycle time")

    assert len(charts(app)) == 1
    assert "This number lacks something: pull requests of acme/search (not read to the end yet)." in told(app)


def test_the_usual_range_of_a_share_ends_at_all_of_it(collected):
    points = metrics.trend(metrics.metric("change_fail_rate")).assign(value=[0.9, 1.0] * (WEEKS // 2))

    assert usuals(metrics.metric("change_fail_rate"), points)[-1].high == 1


# The other pages


def test_every_metric_has_its_place_on_a_page_of_its_own_kind():
    shown = {"knowledge_depth", "thinly_known_share", "review_evenness"}
    for page in ("flow.py", "outcomes.py"):
        source = (HOUSE / "pages" / page).read_text(encoding="utf-8")
        shown |= {name for name in re.findall(r'"([a-z_]+)"', source) if name in {one.name for one in METRICS}}

    assert shown == {one.name for one in METRICS}


@pytest.mark.parametrize("page", ["flow.py", "outcomes.py"])
def test_each_group_of_charts_opens_from_its_link(page, collected):
    key = page.removesuffix(".py")
    for group in picker(open_page(page), key).options:
        app = open_page(page, **{key: group})

        assert picker(app, key).value == group
        assert group in told(app).split("\n")
        assert len(app.get("html")) > 4


def test_a_workflow_says_what_it_needs_to_tell_what_it_gave_back(nouns):
    nouns(WORKFLOW, **happenings())
    text = told(open_page("outcomes.py"))

    assert "What it was like before &#x27;Provision&#x27; is not known: add baseline" in text
    assert "Nothing was asked of it in this time." in text


def test_without_a_workflow_the_page_says_how_to_name_one(nouns):
    nouns(**happenings())

    assert "Name one under [[workflows]] in team.toml" in told(open_page("outcomes.py"))


def known_parts(nouns) -> None:
    """Publish five parts of the system, of which two need a second person."""
    parts = {"billing": 0, "basket": 1, "search": 2, "mail": 3, "login": 1}
    held = [
        {
            "component_id": nth,
            "repo": "acme/checkout",
            "component": name,
            "depth": parts[name],
            "history": 12,
            "changes": 10 * nth,
        }
        for nth, name in enumerate(parts)
    ]
    nouns(knowledge=[{**one, "month": month} for one in held for month in ("2026-04-01", "2026-05-01")], **happenings())


def test_knowledge_lists_parts_of_the_system_by_depth_and_no_people(nouns):
    known_parts(nouns)
    app = open_page("knowledge.py")
    lists = {one.label: one.dataframe[0].value["what"].tolist() for one in expanders(app)}

    assert lists == {
        "Needs somebody to know it: 1": ["checkout billing"],
        "Needs a second person: 2": ["checkout basket", "checkout login"],
        "Two people know it: 1": ["checkout search"],
        "Three or more know it: 1": ["checkout mail"],
    }
    shown = told(app)
    assert "of five parts of the system two parts needed a second person, and one part somebody to know them." in shown
    assert "changed 40 times in twelve months, and one person knows it" in shown
    assert "offers to show it" not in shown


def test_a_list_of_parts_that_is_too_long_ends_and_leads_to_all_of_them(nouns, monkeypatch):
    monkeypatch.setattr(reading, "LISTED", 1)
    known_parts(nouns)
    lists = {one.label: one for one in expanders(open_page("knowledge.py"))}
    some = lists["Needs a second person: 2"]

    assert some.dataframe[0].value["what"].tolist() == ["checkout basket"]
    [way] = some.get("page_link")
    assert way.proto.label == "The first 1 by name; see all"
    assert "kind=needs+a+second+person" in way.proto.query_string
    assert not lists["Two people know it: 1"].get("page_link")


def test_the_number_on_the_chart_is_the_number_of_rows_behind_it(collected):
    app = open_page("explore.py", metric="Bugs opened", period="25 May 2026")
    listed = table_of_rows(app)

    assert len(listed) == 20 == charts(app)[0]["data"][0]["y"][-1]
    assert listed["url"].tolist() == metrics.behind(metrics.metric("bugs_opened"), date(2026, 5, 25))["url"].tolist()
    assert "20 rows in the week of 25 May. The chart counts 20 bugs." in told(app)


def test_rows_show_titles_as_they_stand_and_link_only_to_the_teams_sources(collected):
    pulls = table_of_rows(open_page("explore.py", metric="Pull request cycle time", period="25 May 2026"))
    runs = table_of_rows(open_page("explore.py", metric="Workflow runs", period="25 May 2026"))

    assert all("<b>Totals</b> ![x](https://evil.example/x.png)" in what for what in pulls["what"])
    assert all(url.startswith("https://github.com/acme/") for url in pulls["url"])
    assert runs["url"].isna().all()
    assert runs["note"].tolist() == ["link left out"]


def test_health_tells_how_far_each_stream_was_read(nouns):
    stream = {"source": "github.com", "kind": "github", "stream": "github_pull_requests", "complete_to": "2026-06-01"}
    parts = {"items": 40, "incomplete": 0, "gone": 1, "expected": 41, "tried_at": "2026-06-01"}
    nouns(
        sources=[{**stream, **parts, "scope": scope} for scope in ("acme/checkout", "acme/search")],
        syncs=[{"started_at": "2026-06-01", "source": "github.com", "requests": 214, "new_rows": 80}],
    )
    app = open_page("health.py", range="All")
    streams, syncs = (one.value for one in app.dataframe)

    assert streams[["what", "items", "gone", "expected"]].to_numpy().tolist() == [["pull requests", 80, 2, 82]]
    assert syncs["requests"].tolist() == [214]
    assert [one.label for one in expanders(app)] == [metric.title for metric in METRICS]


# Words and colours


@pytest.mark.parametrize("page", PAGES)
def test_no_page_says_a_word_that_judges(page, collected):
    own = told(open_page(page)).replace("<b>Totals</b> ![x](https://evil.example/x.png)", "")

    assert unsaid(own) == []


@pytest.mark.parametrize("verdict", [*sentences.VERDICTS.values(), *(STATES[one] for one in sentences.VERDICTS)])
def test_a_verdict_neither_judges_nor_asks_about_people(verdict):
    assert not unsaid(verdict, question=True)


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


def watched(name: str, state: Any) -> tuple[Any, Watch]:
    signal = None
    if state in {"unusual", "look", "shift"}:
        signal = Signal(name, "all", state, MONDAY, MONDAY + timedelta(weeks=1), 1, 9, 7, 9, "up", 9.0)
    baseline = None if state == "too few" else Baseline(date(2025, 1, 6), date(2025, 7, 7), 26, 3, 1, 0, "raw", "")
    marks = () if state == "too few" else (Mark(MONDAY, 9.0, 9.0, None, unusual=state == "unusual", special=""),)
    return metrics.metric(name), Watch(name, "all", state, baseline, marks, signal, false=0.05)


def test_three_sentences_say_what_moved_what_did_not_and_what_cannot_be_said():
    names = {"bugs_opened": "unusual", "change_lead_time": "usual", "workflow_runs": "too few", "throughput": "shift"}
    told = [watched(*one) for one in names.items()]

    assert sentences.summary(told) == [
        "As of the week of 3 Nov, issues finished moved; bugs opened had an unusual week.",
        "One measure did as usual: change lead time.",
        "One measure cannot be held against anything yet.",
    ]
    assert sentences.summary(told[1:2])[0] == "As of the week of 3 Nov, nothing moved."
    assert sentences.summary(told[2:3])[0] == "Too early to say what is usual."
    assert sentences.summary([watched("bugs_reopened", "gap")])[1] == (
        "Without a value for longer than usual: bugs reopened."
    )
    assert sentences.chance(told).startswith(
        "With three charts watched, expect about 0.15 false signals a year, and 0.60"
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("too few", "nothing to hold it against yet"),
        ("usual", "nothing unusual"),
        ("unusual", "an unusual week of 3 Nov"),
        ("look", "worth a look since the week of 3 Nov"),
        ("shift", "moved in the week of 3 Nov"),
        ("gap", "no value for longer than usual"),
    ],
)
def test_the_sentence_over_a_chart_ends_with_the_state_it_is_in(state, said):
    metric, watch = watched("bugs_opened", state)
    points = pd.DataFrame({"starts": [MONDAY], "value": [9.0], "low": [None], "high": [None], "p85": [None]})

    assert sentences.headline(metric, points, "week", watch) == f"Bugs opened: 9 in the week of 3 Nov; {said}"
    assert (sentences.prompt(metric, watch) is not None) == (watch.signal is not None)


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
        seen.add(figure.draw(view, points, [], None, None, figure.Told("")).to_dict()["data"][0]["line"]["color"])

    assert seen == {theme.LIGHT.series[0], theme.DARK.series[0]}
