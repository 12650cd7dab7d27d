"""From any mark to its rows, and from there to why: every number opens, every change adds up, every piece of work has a life."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

import data
import metrics
from metrics import METRICS, paste, story
from metrics.change import change
from metrics.metric import trend
from metrics.questions import unsaid
from pages.reading import View, searched
from pages.words import number, period, unit
from tests.test_pages import GAP, MONDAY, charts, happenings, linked, open_page, picker, table_of_rows, told, week

HOUSE = Path(__file__).resolve().parent.parent
HOSTILE = HOUSE.parent / "shared" / "knowledge" / "hostile.json"
# Whatever is no tag of our own, or leads elsewhere than to our pages and the team's sources.
OTHER = re.compile(
    r"<(?!/?(?:p|bdi|h2|h3|table|tr|th|td|div|ol|ul|li|time|b)\b|/a>|a href=\"(?:/|https://github\.com/|https://jira\.example/))"
)
SPECIAL = "<b>Totals</b> ![x](https://evil.example/x.png)"


def lives() -> dict[str, list[dict[str, object]]]:
    """Return what test_pages has, and the whole life of one issue and of what was changed for it."""
    there = happenings()
    begun = week(26) + timedelta(hours=9)
    day = timedelta(days=1)
    there["issues"].append(
        {
            "id": "life", "source": "jira", "project": "SHOP", "key": "SHOP-9000", "title": SPECIAL, "type": "Incident",
            "url": "https://jira.example/browse/SHOP-9000", "is_incident": True, "created_at": begun,
            "resolved_at": begun + 9 * day, "resolution": "Fixed", "reopens": 1, "status": "Done", "sprint": "Sprint 4",
        }
    )  # fmt: skip
    cause = {"id": "cause", "source": "jira", "key": "SHOP-8000", "title": SPECIAL, "created_at": begun - 9 * day}
    there["issues"].append(cause | {"url": "https://jira.example/browse/SHOP-8000"})
    there["issue_causes"] = [
        {"issue_id": "life", "key": "SHOP-8000", "cause_id": "cause", "service": service} for service in ("A", "B")
    ]
    moves = [
        ("To Do", "Doing", "queue", "active"),
        ("Doing", "Done", "active", "done"),
        ("Done", "Doing", "done", "active"),
    ]
    there["issue_moves"] = [
        {
            "id": str(nth), "issue_id": "life", "moved_at": begun + (nth + 1) * day, "from_status": from_, "to_status": to,
            "from_kind": from_kind, "to_kind": to_kind, "step": nth + 1,
        }
        for nth, (from_, to, from_kind, to_kind) in enumerate(moves)
    ]  # fmt: skip
    there["issue_spells"] = [
        {"issue_id": "life", "step": 0, "status": "To Do", "kind": "queue", "began_at": begun, "ended_at": begun + day},
        {
            "issue_id": "life",
            "step": 1,
            "status": "Doing",
            "kind": "active",
            "began_at": begun + day,
            "ended_at": begun + 2 * day,
        },
    ]
    there["sprints"] = [{"id": "4", "name": "Sprint 4"}]
    there["sprint_issues"] = [
        {"issue_id": "life", "sprint_id": "4", "entered_at": begun + timedelta(hours=1), "late": True}
    ]
    change_ = {
        "id": "PR", "repo": "acme/checkout", "number": 77, "title": SPECIAL, "url": "https://github.com/acme/checkout/pull/77",
        "opened_at": begun, "first_commit_at": begun - day, "first_ready_at": begun + day, "first_review_at": begun + 2 * day,
        "approved_at": begun + 3 * day, "merged_at": begun + 4 * day, "deployed_at": begun + 5 * day, "bot": False, "size": 12,
    }  # fmt: skip
    there["pull_requests"].append(change_)
    there["reviews"] = [
        {
            "id": "1",
            "pull_request_id": "PR",
            "state": "changes_requested",
            "submitted_at": begun + 2 * day,
            "reviewer": "abc",
        },
        {"id": "2", "pull_request_id": "PR", "state": "approved", "submitted_at": begun + 3 * day, "reviewer": "abc"},
    ]
    there["pull_request_issues"] = [{"pull_request_id": "PR", "key": "SHOP-9000", "issue_id": "life"}]
    there["deployments"].append(
        {
            "id": "D", "repo": "acme/checkout", "environment": "production", "production": True, "outcome": "success",
            "created_at": begun + 5 * day, "finished_at": begun + 5 * day, "url": "https://evil.example/d", "sha": "d",
        }
    )  # fmt: skip
    there["changes"] = [{"pull_request_id": "PR", "deployed_at": begun + 5 * day, "deployment_id": "D"}]
    there["incidents"] = [
        {"id": "i", "issue_id": "life", "key": "SHOP-9000", "title": SPECIAL, "began_at": begun + 5 * day, "deployment_id": "D",
         "how": "The last deployment there before it."}
    ]  # fmt: skip
    return there


def life(id_: str | None) -> story.Story:
    one = story.story(id_ or "")
    assert one
    return one


@pytest.fixture(scope="module")
def collected(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield publish_nouns(patch, tmp_path_factory.mktemp("drill"), 'timezone = "Europe/Berlin"\n', **lives())


# Every mark opens its rows


@dataclass(frozen=True)
class Opens:
    """A mark: whose, of which period and slice, its number as it is drawn or what is said of it, and what it leads to."""

    metric: metrics.Metric
    every: str
    period: str
    of: str
    value: float | None
    said: str
    leads: dict[str, str]

    @property
    def starts(self) -> date:
        periods = metrics.trend(self.metric, self.every)["starts"]
        return next(one for one in periods if period(one, self.every) == self.period)


def marks(app):
    """Return the marks of each chart of a page, the oldest first."""
    for chart in app.get("plotly_chart"):
        spec, camera = json.loads(chart.proto.spec), json.loads(chart.proto.config)["toImageButtonOptions"]["filename"]
        name = next(one.name for one in METRICS if re.match(rf"{one.name}(-by-\w+)?-", camera))
        every = next(word for word in ("week", "month", "quarter") if f"-{word}-" in camera)
        for trace in spec["data"]:
            if "customdata" in trace:  # not the time it is compared with
                by = next((one for one in ("area", "kind") if f"-by-{one}-" in camera), None)
                view = View(metrics.metric(name), every, by=by)
                yield [
                    Opens(
                        view.metric,
                        every,
                        of[0],
                        of[1],
                        value,
                        "",
                        view.link(period=of[0], of=by and of[1], range=None),
                    )
                    for of, value in zip(trace["customdata"], trace["y"], strict=True)
                    if value is not None
                ]
    for chart in linked(app):
        yield [
            Opens(metrics.metric(chart.metric), query["every"], query["period"], "", None, said, query)
            for query, _, _, said in chart.marks
        ]


WALK = [("this_week.py", {}), ("knowledge.py", {})]
WALK += [
    ("flow.py", {"flow": one}) for one in ("Delivery", "Pull requests", "Reviews", "Issues", "Mix", "Bugs", "Checks")
]
WALK += [("outcomes.py", {"outcomes": one}) for one in ("Workflows", "Toil and interruptions", "Usage")]
WALK += [
    ("explore.py", {"metric": one, "slice": by})
    for one in ("Bugs opened", "Change lead time")
    for by in ("area", "kind")
]


def folded(metric, rows):
    """Return the number that some rows make."""
    values = rows["value"].dropna()
    return {"count": len(values), "median": values.median(), "share": values.mean()}.get(metric.fold, values.sum())


@pytest.mark.parametrize(
    ("page", "link"), WALK, ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else value
)
def test_the_number_on_a_mark_is_what_its_rows_make(page, link, collected):
    by = link.get("slice")
    for chart in marks(open_page(page, **link)):
        for mark in chart:
            metric = mark.metric
            if metric.private or metric.censored:
                continue
            value = folded(metric, metrics.behind(metric, mark.starts, mark.every, **({by: mark.of} if by else {})))
            if mark.value is None:
                assert mark.said.startswith(f"{number(value, metric)}{unit(metric)} "), (metric.name, mark.period)
            else:
                assert value == pytest.approx(mark.value), (metric.name, mark.period, mark.of)


@pytest.mark.parametrize(
    ("page", "link"), WALK, ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else value
)
def test_a_mark_of_every_chart_opens_the_page_that_lists_its_rows(page, link, collected):
    """The oldest mark of each chart: the one that a shorter range would not show."""
    by = link.get("slice")
    for mark in (chart[0] for chart in marks(open_page(page, **link)) if chart):
        if mark.metric.private:
            continue
        app = open_page("explore.py", **mark.leads)
        there = metrics.behind(mark.metric, mark.starts, mark.every, **({by: mark.of} if by else {}))
        assert picker(app, "period").value == mark.period
        said = told(app)
        there_is = re.split(" (?:in|on) ", mark.said)[0] or f"{number(mark.value, mark.metric)}{unit(mark.metric)}"
        assert there_is in said
        assert ("The chart counts" in said) or ("Their " in said)
        if len(there) and len(there) <= 50:
            assert table_of_rows(app)["what"].tolist() == there["what"].tolist()


def test_a_mark_stands_as_high_as_its_number_says(collected):
    for chart in linked(open_page("this_week.py")):
        points = metrics.trend(metrics.metric(chart.metric)).tail(12).dropna(subset="value")
        heights = [down for _, _, down, _ in reversed(chart.marks)]
        drawn = dict(zip([period(start, "week") for start in points["starts"]], points["value"], strict=True))
        values = [drawn[query["period"]] for query, _, _, _ in reversed(chart.marks)]
        assert len(values) == len(points) > 3
        if len(set(values)) > 1:
            slope, zero = np.polyfit(values, heights, 1)
            assert slope < 0
            assert np.abs(np.polyval((slope, zero), values) - heights).max() < 0.02
        else:
            assert len(set(heights)) == 1


def test_all_rows_of_a_range_are_the_rows_of_its_marks(collected):
    app = open_page("explore.py", metric="Bugs opened", period="All in this range")
    [chart] = charts(app)

    assert f"{sum(chart['data'][0]['y']):.0f} rows in this range" in told(app)
    assert len(table_of_rows(app)) == sum(chart["data"][0]["y"])


# Facets, search, pages


def test_facets_count_the_rows_in_sight_under_the_other_filter(collected):
    app = open_page("explore.py", metric="Bugs opened", kind="High")
    areas, kinds = (one.value for one in app.dataframe if "name" in one.value)
    bugs = metrics.rows(metrics.metric("bugs_opened"), since="2026-03-09", until="2026-06-01")

    assert (
        dict(zip(areas["name"], areas["rows"], strict=True))
        == bugs[bugs["kind"] == "High"]["area"].value_counts().to_dict()
    )
    assert dict(zip(kinds["name"], kinds["rows"], strict=True)) == bugs["kind"].value_counts().to_dict()
    assert kinds.loc[kinds["chosen"] == "✓", "name"].tolist() == ["High"]


@pytest.mark.parametrize("metric", [one for one in METRICS if not one.private], ids=lambda one: one.name)
def test_the_parts_of_a_metric_are_all_it_ever_had_with_the_rows_of_some_days(collected, metric):
    since, until = MONDAY + timedelta(weeks=8), MONDAY + timedelta(weeks=30)
    found = metrics.parts(metric, since, until).set_index(["area", "kind"])["rows"]

    there = metrics.rows(metric)
    some = metrics.rows(metric, since=since, until=until).groupby(["area", "kind"]).size()
    if metric.fold == "balance":
        some = metrics.behind(metric, until - timedelta(weeks=1)).groupby(["area", "kind"])["value"].sum()
    assert sorted(found.index) == sorted(set(zip(there["area"], there["kind"], strict=True)))
    assert found[found != 0].to_dict() == some.to_dict()


def test_what_drill_offers_to_choose_from_is_one_question_and_draws_nothing_apart(collected, monkeypatch):
    asked = []
    monkeypatch.setattr(
        metrics, "trend", lambda *args, by=None, **more: asked.append(by) or trend(*args, by=by, **more)
    )

    st.cache_data.clear()
    open_page("explore.py", metric="Bugs opened", kind="High")
    assert set(asked) == {None}

    open_page("explore.py", metric="Bugs opened", kind="High", slice="area")
    assert set(asked) == {None, "area"}


def test_a_facet_of_what_stands_counts_it_once(collected):
    areas = next(one.value for one in open_page("explore.py", metric="Open bugs").dataframe if "name" in one.value)
    still = metrics.behind(metrics.metric("open_bugs"), "2026-05-25")

    assert areas["rows"].sum() == len(still)


def test_a_search_keeps_the_rows_that_hold_the_text_and_takes_it_as_it_stands():
    rows = pd.DataFrame(
        {"what": ["A cent", "100% (.*)", None], "area": ["pay", "pay", "basket"], "kind": ["x", None, "y"]}
    )

    assert searched(rows, "CENT")["what"].tolist() == ["A cent"]
    assert searched(rows, "(.*)")["what"].tolist() == ["100% (.*)"]
    assert len(searched(rows, "basket")) == 1
    assert searched(rows, "") is rows


def test_a_search_is_in_the_link_and_the_number_above_stays(collected):
    app = open_page("explore.py", metric="Bugs opened", find="basket")

    assert set(table_of_rows(app)["area"]) == {"basket"}
    assert "20 rows in the week of 25 May. The chart counts 20 bugs." in told(app)
    assert "Seven rows of them with the text that is looked for." in told(app)


def test_rows_come_fifty_a_page_and_the_page_is_in_the_link(collected):
    link = {"metric": "Bugs opened", "range": "All", "period": "All in this range"}
    first, second = (table_of_rows(open_page("explore.py", **link, sheet=page)) for page in ("1", "2"))
    bugs = metrics.rows(metrics.metric("bugs_opened"))["what"].tolist()

    assert first["what"].tolist() == bugs[:50]
    assert second["what"].tolist() == bugs[50:100]


# A change, broken down


@pytest.mark.parametrize("every", ["week", "month"])
def test_the_parts_of_a_change_add_up_to_it(every, collected):
    told_ = 0
    for metric in METRICS:
        points = metrics.trend(metric, every).dropna(subset="value").tail(2)
        if len(points) < 2 or metric.private or metric.censored:
            continue
        (earlier, later), told_ = [(one.starts, one.ends) for one in points.itertuples()], told_ + 1
        moved = points["value"].iloc[1] - points["value"].iloc[0]
        for by in ("area", "kind"):
            parts = change(metric, earlier, later, by, every)
            assert parts["change"].sum() == pytest.approx(moved, abs=1e-9), (metric.name, by)
    assert told_ >= 12


def test_a_change_is_drawn_with_its_parts_and_each_leads_on(collected):
    app = open_page("explore.py", metric="Bugs opened", show="What changed")
    text = told(app)
    ways = [one for one in app.get("page_link") if one.proto.label == "Look into"]

    assert "Bugs opened: 2 bugs in the week of 18 May, 20 bugs in the week of 25 May. The change is +18 bugs." in text
    assert "By area, +18 bugs" in text
    assert re.search(r"pay\+\d+", text)
    assert len(ways) >= 2
    assert "show=What+changed" in ways[0].proto.query_string
    assert "period=25+May+2026" in ways[0].proto.query_string
    assert unsaid(unescape(text).replace(SPECIAL, "")) == []


def test_a_change_between_any_two_periods_is_in_the_link(collected):
    text = told(
        open_page("explore.py", metric="Bugs opened", show="What changed", period="25 May 2026", against="4 May 2026")
    )

    assert re.search(r"Bugs opened: \d bugs in the week of 4 May, 20 bugs in the week of 25 May", text)


def test_what_cannot_be_split_says_so_and_leads_to_its_rows(collected):
    app = open_page("explore.py", metric="Bugs opened", show="What changed", area="pay", kind="High")

    assert "It cannot be split further" in told(app)
    assert "The rows of the later one" in [one.proto.label for one in app.get("page_link")]


def test_a_period_without_a_mark_has_no_change_to_explain(collected):
    gap = MONDAY + timedelta(weeks=GAP)
    app = open_page(
        "explore.py", metric="Pull request cycle time", show="What changed", period=f"{gap.day} {gap:%b %Y}"
    )

    assert "too few rows with a value for a mark" in told(app)


# Side by side


def test_two_periods_stand_side_by_side(collected):
    text = told(open_page("explore.py", metric="Bugs opened", show="Side by side"))

    assert "The week of 18 May: 2 bugs" in text
    assert "The week of 25 May: 20 bugs" in text


def lines(chart):
    """Return the traces of a chart that are the number's, without what was noted under it."""
    return [one for one in chart["data"] if one.get("name") != "noted" and one.get("hoverinfo") != "skip"]


def test_areas_are_compared_only_with_a_reason_that_everybody_sees(collected):
    link = {"metric": "Bugs opened", "show": "Side by side", "beside": "Two areas", "left": "pay", "right": "basket"}
    without = open_page("explore.py", **link)
    reason = "Where does the <b>new</b> form help?"
    app = open_page("explore.py", **link, because=reason)

    assert "Say first what the comparison is for." in told(without)
    assert len(lines(charts(without)[0])) == 1
    assert "Compared because: Where does the &lt;b&gt;new&lt;/b&gt; form help?" in told(app)
    assert [one["name"] for one in lines(charts(app)[0])] == ["basket", "pay"]
    copied = next(one.value for one in app.code if "explore?" in one.value)
    assert "because=Where+does" in copied
    assert "left=pay" in copied


# The life of one piece of work


def test_a_pull_request_tells_its_life_in_order_and_its_phases(collected):
    one = life("PR")

    assert [it.what for it in one.moments] == [
        "First commit", "Opened", "Ready for review", "First review: changes asked for", "Reviewed: approved", "Merged",
        "Deployed to production", "An incident began that is tied to its deployment",
    ]  # fmt: skip
    assert [stay.name for stay in one.stays] == list(story.PHASES)
    assert [(it.how, it.id) for it in one.related] == [
        ("Issue it names", "life"),
        ("Deployment", None),
        ("Incident", "life"),
    ]
    assert "abc" not in str(one)


def test_an_issue_tells_its_moves_its_sprint_and_that_it_was_opened_again(collected):
    one = life("life")

    assert [(it.what, it.said) for it in one.moments] == [
        ("Created", ""),
        ("Came into a sprint that had begun", "Sprint 4"),
        ("Moved, at work", "To Do → Doing"),
        ("Moved, done", "Doing → Done"),
        ("Opened again, at work", "Done → Doing"),
        ("Resolved", "Fixed"),
    ]
    assert [(stay.name, stay.until and stay.until - stay.since) for stay in one.stays] == [
        ("To Do", timedelta(days=1)),
        ("Doing", timedelta(days=1)),
    ]
    assert [it.how for it in one.related] == ["Pull request", "Deployment tied to it", "Linked as its cause"]
    assert [(it.how, it.id) for it in life("cause").related] == [("Linked as caused by it", "life")]


@pytest.mark.parametrize("name", ["coding_time", "pickup_time", "review_time", "merge_time", "deploy_time"])
def test_a_phase_in_a_life_is_as_long_as_its_metric_says(name, collected):
    told_ = metrics.rows(metrics.metric(name)).set_index("url")["value"].dropna()
    title = metrics.metric(name).title
    seen = 0
    for url, hours in told_[told_ > 0].items():
        one = life(story.found(str(url)))
        stays = {stay.name: (stay.until - stay.since).total_seconds() / 3600 for stay in one.stays if stay.until}
        assert stays[title] == pytest.approx(hours)
        seen += 1
        if seen == 12:
            break
    assert seen


@pytest.mark.parametrize(
    ("row", "phases"),
    [
        ({"draft": True}, ["Coding"]),
        ({"draft": False}, ["Coding", "Waiting for review"]),
        ({"draft": False, "closed_at": 9}, ["Coding", "Waiting for review"]),
        ({"draft": False, "merged_at": 9}, ["Coding", "Waiting to deploy"]),
        (
            {"draft": False, "first_review_at": 5, "merged_at": 9},
            ["Coding", "Waiting for review", "Review", "Waiting to deploy"],
        ),
    ],
)
def test_what_is_still_open_is_in_its_phase_so_far(row, phases):
    at = {name: week(26) + timedelta(hours=hour) for name, hour in row.items() if name != "draft"}
    blank = dict.fromkeys(
        ("first_ready_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at", "deployed_at")
    )
    opened = {"opened_at": week(26) + timedelta(hours=2), "first_commit_at": week(26) + timedelta(hours=1)}
    found = story.phases(blank | opened | at | {"draft": row["draft"]})

    assert [stay.name for stay in found] == phases
    assert (found[-1].until is None) == ("closed_at" not in row)


def test_the_page_of_a_piece_of_work_shows_titles_as_they_stand_and_links_only_to_sources(collected):
    app = open_page("item.py", id="PR")
    text = told(app)
    related = app.dataframe[0].value

    assert "&lt;b&gt;Totals&lt;/b&gt;" in text
    assert "Waiting for review" in text
    assert "24 h" in text
    assert related["url"].dropna().tolist() == ["https://jira.example/browse/SHOP-9000"]
    assert "link left out" in related["note"].tolist()
    assert unsaid(text.replace("&lt;b&gt;Totals&lt;/b&gt; ![x](https://evil.example/x.png)", "")) == []


@pytest.mark.parametrize(
    "link",
    [{}, {"id": ""}, {"id": "none of ours"}, {"id": "\x00\ud7ff%00"}, {"id": "x" * 100_000}, {"id": "' or 1=1 --"}],
)
def test_a_link_to_no_piece_of_work_says_so(link: dict[str, str], collected):
    assert "There is no pull request and no issue here" in told(open_page("item.py", **link))


def test_the_way_back_to_the_rows_takes_only_what_a_view_has(collected):
    app = open_page(
        "item.py", id="PR", back="metric=Bugs+opened&embed=true&period=4+May+2026&\x00=1&area=%ff%00" + "&x=1" * 9_000
    )
    [way] = [one.proto for one in app.get("page_link") if one.proto.label == "Back to the rows"]

    assert "metric=Bugs+opened" in way.query_string
    assert "period=4+May+2026" in way.query_string
    assert "embed" not in way.query_string


# SQL and commands


@pytest.mark.parametrize("every", ["week", "month"])
def test_the_sql_of_a_view_answers_with_its_marks_and_its_rows(every, collected):
    told_ = 0
    for metric in METRICS:
        points = metrics.trend(metric, every).tail(6)
        if points.empty or metric.private:
            continue
        sql, told_ = paste.chart_sql(metric, (points["starts"].min(), points["ends"].max()), every), told_ + 1
        if sql:
            answer = data.query(sql)["value"]
            nothing = 0 if metric.fold in {"count", "sum", "balance"} else -1
            expected = points["value"].fillna(nothing).tolist()
            assert answer.fillna(nothing).tolist() == pytest.approx(expected), metric.name
        one = points.iloc[-1]
        found = data.query(paste.rows_sql(metric, (one["starts"], one["ends"]), every))
        pd.testing.assert_frame_equal(found, metrics.behind(metric, one["starts"], every), check_dtype=False)
    assert told_ >= 20


def test_sql_and_commands_take_hostile_names_as_names(collected):
    metric, within = metrics.metric("bugs_opened"), (date(2026, 5, 25), date(2026, 6, 1))
    for name in ("o'x", "'; drop table issues; --", "$(touch x)", "`x`", "--help", 'SQL\n)"; touch x', "a\\"):
        sql = paste.rows_sql(metric, within, area=name)
        assert data.query(sql).empty
        words = shlex.split(paste.show_command(metric, within, area=name))
        assert f"--area={name}" in words
        assert paste.query_command(sql).count("\n") >= sql.count("\n")
        [ending] = re.findall(r"<<'(SQL_*)'", paste.query_command(sql))
        assert paste.query_command(sql).splitlines().count(ending) == 1


def test_the_commands_print_the_numbers_of_the_page(collected):
    app = open_page("explore.py", metric="Bugs opened", area="pay", show="SQL and export")
    commands = [one.value for one in app.code if one.value.startswith("python -m metrics")]
    answers = []
    for command in commands:
        words = shlex.split(command)
        run = subprocess.run([sys.executable, *words[1:]], cwd=HOUSE, capture_output=True, text=True, check=True)
        answers.append(json.loads(run.stdout))
    shown, listed = answers

    assert [point["value"] for point in shown["points"]] == charts(app)[0]["data"][0]["y"]
    assert len(listed["rows"]) == shown["points"][-1]["value"]
    assert len([one for one in app.get("download_button") if one.proto.label.startswith("CSV of")]) == 2


def test_what_is_about_people_leaves_only_as_points(collected):
    one = next(one for one in METRICS if one.private)
    app = open_page("explore.py", metric=one.title, every="month", range="All", show="SQL and export")

    assert not any("select" in code.value and "who" not in code.value and "events" in code.value for code in app.code)
    assert not any("metrics rows" in code.value for code in app.code)


# Hostile words and nonsense links

NONSENSE: dict[str, str] = {
    "metric": "1e999", "every": "-1", "range": "2026-12-31..2026-01-01", "slice": "\x00", "area": "\u202e<script>", "kind": "x" * 100_000,
    "period": "31 Feb 0000", "of": "../../..", "find": "\x00\x1b[31m" + "y" * 100_000, "sheet": "1e999", "show": "%00", "against": "NaN",
    "beside": "[object Object]", "left": "'", "right": "\uffff", "because": "z" * 100_000, "id": "🎉" * 50_000, "flow": "NaN",
    "outcomes": "-0", "back": "%ff&=&&embed=1" * 9_000, "rule": "\r\n",
}  # fmt: skip


@pytest.mark.parametrize(
    "page",
    sorted(
        path.name
        for path in (HOUSE / "pages").glob("*.py")
        if "edition()" in path.read_text(encoding="utf-8") and path.name not in {"menu.py", "reading.py"}
    ),
)
def test_no_link_is_so_broken_that_a_page_falls_over(page, collected):
    open_page(page, **NONSENSE)


@pytest.mark.parametrize("show", ["Rows", "What changed", "Side by side", "SQL and export"])
@pytest.mark.parametrize("value", ["-1", "9" * 30, "\x00", "x" * 100_000], ids=["minus", "huge", "null", "long"])
def test_a_known_view_survives_nonsense_in_the_rest(show, value, collected):
    rest: dict[str, str] = dict.fromkeys(
        ("period", "against", "sheet", "find", "of", "left", "right", "because"), value
    )

    open_page("explore.py", metric="Bugs opened", show=show, beside="Two areas", slice="area", **rest)


def hostile() -> list[str]:
    if not HOSTILE.exists():
        return []
    return sorted(
        {str(one["value"]) for one in json.loads(HOSTILE.read_text(encoding="utf-8")) if one.get("kind") == "text"}
    )


def poisoned(values: list[str]) -> dict[str, list[dict[str, object]]]:
    """Return pull requests and bugs that bear hostile words in every field somebody outside can write."""
    pulls, bugs, moves = [], [], []
    for nth, value in enumerate(values):
        clean = value.encode("utf-8", "replace").decode().replace("\x00", "")
        at = week(29) + timedelta(minutes=nth)
        both = {"id": f"h{nth}", "title": clean, "url": clean}
        pulls.append(
            both
            | {
                "repo": "acme/" + clean,
                "number": nth,
                "opened_at": at,
                "merged_at": at,
                "base": clean,
                "service": clean,
            }
        )
        bugs.append(
            both
            | {"id": f"b{nth}", "source": "jira", "project": "SHOP", "key": clean, "is_bug": True, "created_at": at}
        )
        bugs[-1] |= {
            "status": clean,
            "type": clean,
            "priority": clean,
            "components": [clean],
            "resolution": clean,
            "parent": clean,
        }
        bugs[-1] |= {"sprint": clean, "resolved_at": at}
        moves.append(
            {"id": str(nth), "issue_id": f"b{nth}", "moved_at": at, "from_status": clean, "to_status": clean, "step": 1}
        )
    return {"pull_requests": pulls, "issues": bugs, "issue_moves": moves}


@pytest.fixture(scope="module")
def hostile_words(publish_nouns, tmp_path_factory):
    values = hostile()
    if not values:
        pytest.skip("the collection of hostile text (../shared/knowledge/hostile.json) is not beside this checkout")
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, tmp_path_factory.mktemp("hostile"), "", **poisoned(values))
        yield values


def test_hostile_words_in_every_field_are_text_on_every_view(hostile_words):
    """Markup of theirs is escaped in all that is drawn; labels and markdown hold none of it."""
    link = {"metric": "Bugs opened", "period": "25 May 2026"}
    apps = [
        open_page("explore.py", **link, show=show)
        for show in ("Rows", "What changed", "Side by side", "SQL and export")
    ]
    apps += [open_page("explore.py", **link, area=value, kind=value, find=value[:100]) for value in hostile_words[::9]]
    apps += [open_page("item.py", id=f"{kind}{nth}") for kind in "bh" for nth in range(0, len(hostile_words), 5)]
    for app in apps:
        for one in app.get("html"):
            if not one.proto.body.startswith("<style>") and not one.proto.unsafe_allow_javascript:
                assert not re.search(OTHER, one.proto.body)
        labels = [
            *(one.value for one in (*app.title, *app.subheader, *app.markdown)),
            *(one.proto.label for one in app.get("page_link")),
        ]
        assert not any("evil" in label or "<script" in label for label in labels)
        assert not app.get("link_button")
