"""What was seen on a day can be seen again on the pages, number for number, by whoever opens the link; a lake keeps that."""

import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pytest
from playwright.sync_api import Page, expect

import data
from data import CairnError, editions, lake_editions
from data.lake import NOUNS, named
from tests import postgres as server
from tests.test_browser import browser, click_mark, dashboard, link, marks, settle, visit  # noqa: F401 fixtures among them
from tests.test_pages import HOUSE, MONDAY, PAGES, charts, happenings, linked, open_page, picker, table_of_rows, told

TEAM = 'timezone = "Europe/Berlin"\n'
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()
OLDEST, DAY = TODAY - timedelta(days=90), TODAY - timedelta(days=40)
SEEN = {"seen": f"{DAY}"}
LATE = MONDAY + timedelta(weeks=28)  # a week of which some was learned since
SINCE = "Only learned of since"
KNOWN = 2  # such bugs were known on DAY


def learned(more: int) -> dict[str, Any]:
    """Return what happened, with so many bugs more in one week."""
    told = happenings()
    one = next(issue for issue in told["issues"] if issue.get("is_bug"))
    when = datetime.combine(LATE, datetime.min.time())
    for n in range(more):
        title = "A cent is missing" if n < KNOWN else SINCE
        told["issues"].append({**one, "title": title, "id": f"L-{n}", "key": f"L-{n}", "created_at": when})
    return told


def keep(lake: str, path: Path, day: Any, place: Path) -> None:
    """Let a lake keep an edition as one of noon of a day."""
    its = named(lake, place)
    name = f"{day:%Y%m%d}T120000000000-{path.stem.partition('-')[2]}"
    assert lake_editions.keep(its, path, name, 1)
    with psycopg.connect(its.catalog, autocommit=True) as catalog:
        catalog.execute(
            f"update {NOUNS}.ducklake_snapshot set snapshot_time = %s::timestamptz"
            f" where snapshot_id = (select max(snapshot_id) from {NOUNS}.ducklake_snapshot)",
            (f"{day} 12:00Z",),
        )


@pytest.fixture(scope="module")
def made(publish_nouns, tmp_path_factory) -> list[Path]:
    """The files of three editions, each with more bugs than the one before; the oldest lacks what later Cairns keep."""
    files = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CAIRN_STORE", raising=False)
        files += [
            publish_nouns(patch, tmp_path_factory.mktemp("made"), TEAM, **learned(more)).path for more in (0, KNOWN, 5)
        ]
    with duckdb.connect(str(files[0])) as connection:
        connection.execute("drop table releases; alter table deployments drop column why_failed")
        connection.execute("alter table deployments drop column finished_at; drop table workflow_runs")
    return files


@pytest.fixture(scope="module")
def kept(made, postgres, tmp_path_factory):
    """A host whose lake keeps three editions: of OLDEST, of DAY, and of yesterday."""
    place = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        yield host(patch, server.lake(postgres), place, made)


def host(patch: pytest.MonkeyPatch, lake: str, place: Path, made: list[Path]) -> str:
    patch.setenv("CAIRN_HOME", str(place / "home"))
    patch.setenv("CAIRN_CONFIG", str(place / "team.toml"))
    patch.setenv("CAIRN_STORE", lake)
    patch.setenv("CAIRN_LAKE", str(place / "lake"))
    (place / "team.toml").write_bytes((made[0].parents[2] / "team.toml").read_bytes())
    for path, day in zip(made, (OLDEST, DAY, TODAY - timedelta(days=1)), strict=True):
        keep(lake, path, day, place / "home")
    editions._ARRIVALS.clear()
    return lake


@pytest.fixture
def own(made, lake, monkeypatch, tmp_path) -> str:
    """The same, for a test that changes it."""
    return host(monkeypatch, lake, tmp_path, made)


def bugs(app: Any) -> list[str]:
    [chart] = [one for one in linked(app) if one.metric == "bugs_opened"]
    return [said for _, _, _, said in chart.marks]


# The same numbers again


@pytest.mark.parametrize("page", PAGES)
def test_a_page_as_seen_on_a_day_is_drawn_as_it_was_drawn_then(page, made, kept, monkeypatch):
    now, app = open_page(page), open_page(page, **SEEN)
    monkeypatch.delenv("CAIRN_STORE")
    monkeypatch.setenv("CAIRN_HOME", str(made[1].parents[1]))
    then = open_page(page)

    def drawn(app: Any) -> Any:
        large = [(one["data"], one["layout"]) for one in charts(app)]
        return large, [(it.alt, it.caption, it.lines, [mark[1:] for mark in it.marks]) for it in linked(app)]

    def rows(app: Any) -> list[str]:
        return [one.value.to_csv() for one in app.dataframe]

    assert (drawn(app), rows(app)) == (drawn(then), rows(then))
    if page in {"this_week.py", "explore.py"}:
        assert drawn(now) != drawn(app)


def test_a_line_above_says_as_on_which_day_it_is_and_leads_back_to_now(kept):
    app = open_page(**SEEN)

    assert f"As seen on {DAY.day} {DAY:%b} {DAY.year}: the edition of" in told(app)
    assert "What was learned since is not here; what people wrote down is from now." in told(app)
    assert "last read to the end on" not in told(app), "of then it is no news that it is not fresh"
    app.button(key="now").click().run()
    assert picker(app, "seen").value is None
    assert "As seen on" not in told(app)
    assert bugs(app) == bugs(open_page())


def test_every_way_on_from_a_day_leads_to_that_day_and_from_now_to_now(kept):
    for day in ({}, SEEN):
        app = open_page(**day)
        ways = [query for chart in linked(app) for query, *_ in chart.marks]
        ways += [
            dict(parse_qsl(one.proto.query_string))
            for one in app.get("page_link")
            if "metric=" in one.proto.query_string and "write=" not in one.proto.query_string
        ]
        ways += [dict(parse_qsl(urlsplit(one.value).query)) for one in app.code if "/explore?" in one.value]

        assert len(ways) > 20
        assert [way for way in ways if way.get("seen") != day.get("seen")] == []


def test_the_rows_behind_a_mark_are_those_it_counted_then(kept):
    asked = {"metric": "Bugs opened", "period": f"{LATE.day} {LATE:%b} {LATE.year}"}
    now, then = open_page("explore.py", **asked), open_page("explore.py", **asked, **SEEN)

    assert len(table_of_rows(now)) == len(table_of_rows(then)) + 3
    assert list(table_of_rows(now)["what"]).count(f"L-3 {SINCE}") == 1
    assert SINCE not in table_of_rows(then).to_csv()
    assert len(table_of_rows(then)) == charts(then)[0]["data"][0]["y"][-2]


def test_numbers_of_now_and_of_then_are_never_taken_for_each_other(kept):
    now, then, oldest = ({}, SEEN, {"seen": f"{OLDEST}"})
    first = [bugs(open_page(**day)) for day in (now, then, oldest)]

    assert len({tuple(one) for one in first}) == 3
    assert [bugs(open_page(**day)) for day in (oldest, now, then)] == [first[2], first[0], first[1]]


def test_what_runs_without_the_page_around_it_asks_for_the_day_itself():
    apart = {
        path.name
        for path in (HOUSE / "pages").glob("*.py")
        if re.search(r"^\s*@?.*st\.(fragment|dialog)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert apart == {"demo.py", "form.py", "hour.py", "talk.py", "search.py"}, (
        "the search asks; the others show now alone"
    )


@pytest.mark.parametrize(
    "page", ["hour.py", "plan.py", "memory.py", "prepare.py", "pulse.py", "setup.py", "console.py"]
)
def test_a_page_that_people_write_on_or_talk_over_shows_now_whatever_the_link_says(page, kept):
    app = open_page(page, **SEEN)

    assert not [one for one in app.date_input if one.key == "seen"]
    assert "As seen on" not in told(app)
    assert all("seen=" not in one.proto.query_string for one in app.get("page_link"))


def test_the_day_stays_over_a_page_that_shows_now_and_a_link_made_there_leads_to_now(kept):
    app = open_page(**SEEN)

    def go(page: str, **asked: str) -> None:
        app.switch_page(page)
        app.query_params.clear()
        for name, value in asked.items():
            app.query_params[name] = value
        app.run()

    go("memory.py")
    assert "As seen on" not in told(app)
    go("flow.py")
    assert picker(app, "seen").value == DAY
    go("memory.py")
    go("explore.py", metric="Bugs opened")
    assert picker(app, "seen").value is None
    assert charts(app) == charts(open_page("explore.py", metric="Bugs opened"))


def test_commands_of_a_chart_print_it_as_seen_then_and_sql_that_would_tell_of_now_is_not_offered(kept):
    app = open_page("explore.py", metric="Bugs opened", show="SQL and export", **SEEN)
    commands = [one.value for one in app.code if "-m metrics" in one.value]

    assert len(commands) == 2
    assert all(f"--as-of={DAY}" in one for one in commands)
    assert not any("-m data query" in one.value for one in app.code)
    assert "SQL asks what was published last" in told(app)


def test_one_piece_of_work_is_told_as_it_was_known_then(kept):
    now, then = (told(open_page("item.py", id="L-3", **day)) for day in ({}, SEEN))

    assert SINCE in now
    assert SINCE not in then
    assert "no pull request and no issue here" in then


# Days that cannot be shown


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ("2026-02-30", "The link asks for a day that is none, so this is how it is now."),
        ("\x00<script>" + "9" * 9_000, "The link asks for a day that is none"),
        ("2001-03-31", "The lake keeps nothing as old as 31 Mar 2001 any more"),
        (f"{TODAY + timedelta(days=9)}", "has not come yet, so this is how it is now."),
    ],
)
@pytest.mark.parametrize("page", ["this_week.py", "explore.py", "item.py"])
def test_a_day_that_cannot_be_shown_is_said_and_now_is_shown(page, seen, said, kept):
    app = open_page(page, seen=seen)

    assert said in told(app)
    assert picker(app, "seen").value is None
    assert f"Choose a day from {OLDEST.day} {OLDEST:%b} {OLDEST.year} on." in told(app)
    assert len(charts(app) + linked(app)) == len(charts(open_page(page)) + linked(open_page(page)))


def test_the_choice_reaches_from_the_oldest_edition_to_today(kept):
    open_page()
    seen = picker(open_page(), "seen")

    assert (seen.label, seen.min, seen.max) == ("As seen on", OLDEST, TODAY)


def test_without_a_lake_no_day_is_offered_and_a_link_that_asks_for_one_is_answered_in_words(made, monkeypatch):
    monkeypatch.delenv("CAIRN_STORE", raising=False)
    monkeypatch.setenv("CAIRN_HOME", str(made[2].parents[1]))
    monkeypatch.setenv("CAIRN_CONFIG", str(made[2].parents[2] / "team.toml"))
    app = open_page(**SEEN)

    assert not [one for one in app.date_input if one.key == "seen"]
    assert "Only a lake keeps how it was seen on another day" in told(app)
    assert linked(app)
    assert "Only a lake" not in told(open_page())


@pytest.mark.parametrize("page", ["this_week.py", "explore.py"])
def test_while_the_lake_is_away_a_day_is_said_not_to_be_there_and_now_is(page, own, monkeypatch):
    open_page(page, **SEEN)
    monkeypatch.setenv("CAIRN_STORE", f"{own} password=canary-of-the-lake".replace("host=/", "host=/nowhere/"))
    app = open_page(page, **SEEN)

    assert "The lake cannot be reached since" in told(app)
    assert "the last edition brought from it is here" in told(app)
    assert "canary" not in told(app)
    assert not charts(app) + linked(app)
    app.button(key="now").click().run()
    assert not app.exception
    assert charts(app) + linked(app)


@pytest.mark.parametrize("page", PAGES)
def test_what_an_older_cairn_did_not_keep_is_said_in_its_place_and_the_rest_is_drawn(page, kept):
    app = open_page(page, seen=f"{OLDEST}")
    whole = open_page(page, **SEEN)

    assert f"As seen on {OLDEST.day} {OLDEST:%b}" in told(app)
    drawn, all_ = len(charts(app) + linked(app)), len(charts(whole) + linked(whole))
    assert drawn == all_ or ("an older Cairn made this edition" in told(app) and 0 < drawn < all_)
    if page == "this_week.py":
        assert 0 < drawn < all_


def test_drill_says_what_an_older_cairn_did_not_keep(kept):
    app = open_page("explore.py", metric="Workflow runs", seen=f"{OLDEST}")

    assert "an older Cairn made this edition. Choose a later day." in told(app)


# What it costs, and what stays


def test_pages_do_not_ask_the_lake_each_time_which_days_it_keeps(kept, monkeypatch):
    open_page(**SEEN)
    looks = []
    monkeypatch.setattr(lake_editions, "Turns", lambda lake: looks.append(lake) or pytest.fail("it was asked"))
    monkeypatch.setattr(lake_editions, "LOOK", 9_999)
    editions._ARRIVALS[Path(os.environ["CAIRN_HOME"]) / "published"]._next = time.monotonic() + 9_999
    for day in ({}, SEEN, {}, SEEN):
        open_page(**day)

    assert looks == []


def test_few_of_the_editions_of_other_days_stay_and_none_that_was_just_asked(own, made, monkeypatch, tmp_path):
    past = tmp_path / "home" / "past"
    monkeypatch.setattr(editions, "FEW", 1)
    noon = timedelta(hours=36)
    days = [datetime.combine(day, datetime.min.time()) + noon for day in (OLDEST, DAY)]
    (past / "x").parent.mkdir(parents=True)
    (past / "20200101T000000000000-x.99.tmp").write_text("of a host that was killed")
    os.utime(past / "20200101T000000000000-x.99.tmp", (0, 0))
    first, second = (data.as_of(day) for day in days)

    assert {path.stem for path in past.iterdir()} == {first.name, second.name}, "both were asked just now"
    with data.asking(first):
        os.utime(first.path, (0, 0))
        data.as_of(days[1])
        assert [path.stem for path in past.iterdir()] == [second.name]
        assert len(data.query("select * from issues")) > 0, "who asks it still gets an answer"
    assert data.as_of(days[0]).path.exists(), "it is brought again"


def test_an_edition_fetched_before_somebody_was_forgotten_is_not_shown_after_on_any_host(own, tmp_path):
    seen = data.as_of(end_of(DAY))
    assert bugs(open_page(**SEEN))
    assert seen.path.parent.name == "past"
    lake_editions.forget_the_past(named(own, tmp_path / "home"))  # another host forgot
    editions._ARRIVALS[tmp_path / "home" / "published"]._next = 0.1  # ten seconds later
    app = open_page(**SEEN)

    assert "The lake keeps nothing as old as" in told(app) or "keeps no edition from before" in told(app)
    assert not list((tmp_path / "home" / "past").iterdir())
    with pytest.raises(CairnError, match="keeps no edition from before"):
        data.as_of(end_of(DAY))
    assert "The lake keeps nothing as old as" in told(open_page(**SEEN))
    assert linked(open_page())


def end_of(day: Any) -> datetime:
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=23)


def test_an_edition_of_an_older_cairn_that_lies_on_the_shelf_yet_says_what_it_lacks_as_well(own, tmp_path):
    night = datetime.combine(OLDEST + timedelta(days=1), datetime.min.time())
    brought = data.as_of(night)
    shelf = tmp_path / "home" / "published"
    brought.path.rename(shelf / brought.path.name)

    found = data.as_of(night)
    assert found.path.parent == shelf
    with data.asking(found), pytest.raises(data.OlderError, match="Choose a later day"):
        data.query("from workflow_runs")


def test_what_was_let_go_of_by_another_host_goes_from_the_shelf_of_one_that_has_the_newest_already(own, tmp_path):
    data.edition()
    shelf = tmp_path / "home" / "published"
    (shelf / "20250101T000000000000-old.duckdb").write_bytes(b"names somebody")
    editions._ARRIVALS[shelf]._next = 0.1
    editions._ARRIVALS[shelf].look(lambda *_: pytest.fail("it is the newest already"), wait=True)

    assert [path.stem for path in shelf.glob("*.duckdb")] == [data.edition().name]


# What a person sees


def test_somebody_chooses_a_day_follows_a_mark_passes_the_link_on_and_comes_back(kept, visit):  # noqa: F811 the fixture
    week = f"{LATE.day} {LATE:%b} {LATE.year}"
    counted = f"in the week of {LATE.day} {LATE:%b}. The chart counts"
    with dashboard() as address:
        page = visit(address)
        now, nth = said_of(page), [mark.split(",")[0] for mark in said_of(page)].index(said_of(page)[-2].split(",")[0])
        page.locator(".st-key-seen [data-type=year]").click()
        page.keyboard.type(f"{DAY:%Y%m%d}")
        page.keyboard.press("Escape")
        page.wait_for_url(f"**seen={DAY}**")
        line = page.get_by_text("What was learned since is not here")
        expect(line).to_be_visible()
        settle(page)
        then = said_of(page)

        assert (len(now), then[:-2], then[-1]) == (len(then), now[:-2], now[-1])
        assert now[-2] != then[-2]

        page.get_by_role("link", name="Outcomes").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Outcomes")
        expect(line).to_be_visible()
        page.get_by_role("link", name="This week").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("This week")
        settle(page)
        click_mark(page, nth)
        page.wait_for_url("**/explore?**")
        settle(page)

        assert (link(page)["seen"], link(page)["period"]) == (f"{DAY}", week)
        rows = page.get_by_text(counted).inner_text()
        other = visit(page.url)
        assert other.get_by_text(counted).inner_text() == rows
        assert other.locator(".st-key-seen input[type=date]").input_value() == f"{DAY}"
        with other.expect_download() as saved:
            other.get_by_role("button", name="CSV", exact=True).last.click()
        assert SINCE not in saved.value.path().read_text(encoding="utf-8")

        search(page)
        expect(page.get_by_text("Nothing holds all of these words")).to_be_visible()
        page.keyboard.press("Escape")

        page.get_by_role("button", name="Show it as it is now").click()
        expect(line).to_have_count(0)
        settle(page)
        assert "seen" not in link(page)
        assert page.get_by_text(counted).inner_text() != rows
        search(page)
        expect(page.get_by_role("dialog").get_by_text(SINCE).first).to_be_visible()


def said_of(page: Page) -> list[str]:
    """Return what is said of each mark of the first chart."""
    return [one.get_attribute("aria-label") for one in marks(page).all()]


def search(page: Page) -> None:
    page.locator(".st-key-search button").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(SINCE)
    page.keyboard.press("Enter")
