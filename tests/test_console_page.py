"""Ask in SQL: a link fills in and a click asks, words from outside stay words, and beyond this machine it is off until somebody says so."""

import csv
import io
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import data
from data import console, console_log
from data.entry import TEXT
from data.journal import journal
from pages import door, safe
from tests.test_console import hostile, numbered
from tests.test_drill import lives
from tests.test_pages import open_page, told


@pytest.fixture(scope="module")
def once(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield publish_nouns(patch, tmp_path_factory.mktemp("console-page"), **lives())


def click(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    return app


def asked(sql: str, **link: str) -> AppTest:
    """Return the page after somebody followed a link with a question and clicked."""
    return click(open_page("console.py", sql=sql, **link), "Ask")


def answer(app: AppTest) -> Any:
    return next((one.value for one in app.dataframe if "c0" in one.value), None)


@pytest.mark.usefixtures("once")
def test_a_link_fills_a_question_in_and_only_a_click_asks_it():
    sql = "select count(*) as n from issues"
    before = len(console_log.newest("team", 999))
    app = open_page("console.py", sql=sql)

    assert app.text_area[0].value == sql
    assert answer(app) is None
    assert len(console_log.newest("team", 999)) == before

    click(app, "Ask")
    assert answer(app)["c0"].tolist() == data.query(sql)["n"].tolist()
    assert "One row in" in told(app)
    assert console_log.newest("team", 1)[0].sql == sql


@pytest.mark.usefixtures("once")
def test_an_answer_stays_while_one_looks_around_and_goes_with_its_question():
    app = asked("select 1 as n")
    app.selectbox(key="table").select("issues").run()
    assert answer(app) is not None

    app.segmented_control(key="below").set_value("Saved queries").run()
    click(app, "Take it over")
    assert app.text_area[0].value != "select 1 as n"
    assert answer(app) is None


@pytest.mark.usefixtures("once")
def test_whatever_is_refused_is_said_in_words():
    assert "This is no SELECT." in told(asked("drop table issues"))
    assert "Table with name nowhere does not exist" in told(asked("from nowhere"))
    assert answer(asked("select 1; select 2")) is None


@pytest.mark.usefixtures("once")
def test_words_and_names_in_an_answer_are_only_text_on_the_screen_and_in_the_file():
    app = asked(
        """select '<img src=x onerror=alert(1)>' as "=1+1", '=2+2' as "<b>", repeat('x', 999) as x, ['=3'] as l"""
    )
    [shown] = answer(app).to_numpy().tolist()

    assert shown == ["<img src=x onerror=alert(1)>", "=2+2", "x" * 199 + "…", "['=3']"]
    [frame] = [one.proto for one in app.dataframe if "c0" in one.value]
    assert '"label": "=1+1"' in frame.columns
    [button] = [one.proto for one in app.get("download_button")]
    assert button.label == "CSV"
    rows = list(csv.reader(io.StringIO(whole(app).decode("utf-8-sig"))))
    assert rows == [["'=1+1", "<b>", "x", "l"], ["<img src=x onerror=alert(1)>", "'=2+2", "x" * 999, "['=3']"]]


def whole(app: AppTest) -> bytes:
    """Return the file that is offered beside an answer."""
    return safe.csv(app.session_state["answered"][1].frame())


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    "link",
    [*hostile()[:12], "\x00", "x" * (TEXT + 1)],
    ids=numbered([*hostile()[:12], "nul", "long"]),
)
def test_a_hostile_link_opens_the_page_and_asks_nothing(link):
    before = len(console_log.newest("team", 999))
    open_page("console.py", sql=link, below=link, table=link)

    assert len(console_log.newest("team", 999)) == before


@pytest.mark.usefixtures("once")
def test_what_can_be_asked_stands_there_with_types_and_notes():
    app = open_page("console.py", table="pull_requests")
    shown = next(one.value for one in app.dataframe if "column" in one.value).set_index("column")

    assert shown.loc["merged_at", "type"] == "TIMESTAMP"
    assert (
        shown.loc["deployed_at", "note"]
        == "when it first reached customers with a production deployment; null while it has not"
    )
    assert "author" not in shown.index
    assert "A pull request, with its moments." in told(app)


def test_a_query_is_saved_under_a_name_for_everybody_and_can_be_taken_over(nouns):
    nouns()
    app = asked("select 41 + 1 as n")
    app.text_input(key="query-title").input("What is it all about?")
    click(app, "Save this query")
    assert "needs what it answers, and your name" in told(app)
    app.text_input(key="query-author").input("Ada")
    click(app, "Save this query")

    [kept] = journal().entries("query")
    assert (kept.answers, kept.author) == ({"title": "What is it all about?", "sql": "select 41 + 1 as n"}, "Ada")
    other = open_page("console.py", below="Saved queries")
    assert "What is it all about?" in told(other)
    next(one for one in other.button if one.key == f"take-{kept.id}").click().run()
    assert other.text_area[0].value == "select 41 + 1 as n"
    assert "select 41 + 1 as n" in told(open_page("memory.py", entry=kept.id))


@pytest.mark.usefixtures("once")
def test_the_questions_to_begin_with_are_answered():
    app = open_page("console.py", below="Saved queries")
    examples = [one.value for one in app.code if one.value.startswith("select")]

    assert len(examples) >= 3
    assert [sql for sql in examples if not console.ask(sql).columns] == []


def test_every_question_stands_in_the_list_whoever_asked_it_and_wherever(nouns):
    nouns()
    console.ask("select 'on the command line'")
    app = asked("drop table issues", below="What was asked")
    shown = next(one.value for one in app.dataframe if "sql" in one.value)

    assert shown["sql"].tolist() == ["drop table issues", "select 'on the command line'"]
    assert shown["outcome"].tolist() == ["refused", "1 row"]
    assert "Who asked is not written down." in told(app)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("near", "setting", "on"),
    [(True, None, True), (False, None, False), (False, "1", True), (True, "0", False), (False, "yes", False)],
)
def test_beyond_this_machine_it_is_off_until_whoever_runs_it_says_so(near, setting, on, monkeypatch):
    monkeypatch.setattr(door, "nearby", lambda: near)
    monkeypatch.setenv("CAIRN_CONSOLE", setting) if setting else monkeypatch.delenv("CAIRN_CONSOLE", raising=False)
    app = open_page("console.py", sql="select 1")

    assert bool(app.text_area) is on
    assert ("CAIRN_CONSOLE=1" in told(app)) is not on


@pytest.mark.usefixtures("once")
def test_drill_leads_to_it_and_takes_the_sql_of_a_view_along():
    app = open_page("explore.py", metric="Bugs opened", show="SQL and export")
    ways = {one.proto.label: one.proto for one in app.get("page_link")}

    assert ways["Ask in SQL what no chart tells"].page == "console"
    assert ways["Change it, and ask it here"].query_string.startswith("sql=with+")
