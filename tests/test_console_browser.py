"""What a person sees who asks in SQL: the answer after Ctrl+Enter, nothing of what it holds alive, and everybody else undisturbed."""

import csv
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from data import console_log, editions
from data.open_file import open_file
from tests.test_browser import browser, dashboard, link, settle, visit
from tests.test_console import processes
from tests.test_drill import lives
from tests.test_drill_browser import ALIVE

__all__ = ["browser", "visit"]  # fixtures

LONG = "select count(*) from range(100000) a, range(100000) b, range(100000) c"
HOSTILE = """select '<img src=x onerror=document.title="PWNED">' as "<b>=1+1</b>", '=cmd()' as "=2+2", 'javascript:alert(1)' as url"""


@pytest.fixture(scope="module")
def url(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CAIRN_CONSOLE", raising=False)
        publish_nouns(patch, tmp_path_factory.mktemp("console-browser"), "", **lives())
        with dashboard() as address:
            yield address


def to(url: str, sql: str, **more: str) -> str:
    return f"{url}/console?{urlencode({'sql': sql, **more})}"


def ask(page: Page) -> None:
    page.get_by_role("button", name="Ask", exact=True).click()


def test_drill_leads_to_a_question_that_ctrl_enter_asks_and_the_link_keeps(url, visit):
    page = visit(f"{url}/explore?metric=Bugs+opened")
    page.get_by_role("link", name="Ask in SQL what no chart tells").click()
    page.wait_for_url("**/console**")
    settle(page)
    page.get_by_role("textbox", name="One SELECT").fill("select 6 * 7 as n")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("One row in")).to_be_visible()
    settle(page)

    assert link(page)["sql"] == "select 6 * 7 as n"
    page.reload()
    settle(page)
    expect(page.get_by_role("textbox", name="One SELECT")).to_have_value("select 6 * 7 as n")
    assert page.get_by_text("One row in").count() == 0


def test_what_an_answer_holds_is_only_text_and_its_file_is_safe_from_formulas(url, visit):
    """`visit` fails on every request to the outside and on every error of the browser."""
    page = visit(to(url, HOSTILE))
    ask(page)
    expect(page.get_by_text("One row in")).to_be_visible()
    settle(page)

    assert page.evaluate(ALIVE) == []
    assert page.title() == "Cairn"
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as told:
        names, values = list(csv.reader(told))
    assert names == ["<b>=1+1</b>", "'=2+2", "url"]
    assert values[1:] == ["'=cmd()", "javascript:alert(1)"]


def test_while_a_question_takes_all_it_may_others_see_their_pages_and_it_is_ended_without_a_trace(url, visit):
    asking = visit(to(url, LONG))
    ask(asking)
    asking.get_by_text("Asking …").wait_for()
    others = visit(f"{url}/explore?metric=Bugs+opened")
    expect(others.get_by_role("heading", level=1)).to_have_text("Drill")

    expect(asking.get_by_text("It takes longer than 5 seconds and was ended.", exact=False)).to_be_visible()
    settle(asking)
    assert console_log.newest("team", 1)[0].outcome == "ended after its time"
    assert processes(open_file(editions.newest_of_all()).name) == []


@pytest.mark.parametrize("below", ["What can be asked", "Saved queries", "What was asked"])
def test_a_narrow_screen_shows_all_of_it_without_going_sideways(below, url, visit):
    page = visit(to(url, "from about", below=below))
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page)
    settle(page)

    page.wait_for_function(
        "() => document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth"
    )
