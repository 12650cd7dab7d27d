"""What a person sees who drills: from a mark to a life in two clicks, by facets, on a narrow screen, with hostile words."""

import pytest
from playwright.sync_api import Page, expect

from tests.test_browser import browser, click_mark, dashboard, link, settle, visit
from tests.test_drill import hostile, lives, poisoned

__all__ = ["browser", "visit"]  # fixtures

OWN = [
    "<img src=x onerror=document.title='PWNED'>",
    "![x](https://evil.example/x.png)",
    "[open](javascript:alert(1))",
    "=1+1",
]
ALIVE = """() => { const HERE = [location.origin, 'https://github.com', 'https://jira.example'];
    return [...document.querySelectorAll('.stMain *')].filter(one =>
    ['SCRIPT', 'IFRAME', 'FORM', 'OBJECT', 'EMBED', 'VIDEO', 'BASE', 'META'].includes(one.tagName)
    || [...one.attributes].some(two => two.name.startsWith('on'))
    || (one.tagName === 'A' && one.href && !HERE.includes(new URL(one.href).origin))
    || (one.tagName === 'IMG' && /evil|^https?:/.test(one.getAttribute('src') || '')))
    .map(one => one.outerHTML.slice(0, 200)); }"""


@pytest.fixture(scope="module")
def url(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        told = lives()
        for table, rows in poisoned([*OWN, *hostile()]).items():
            told[table] = [*told.get(table, []), *rows]
        publish_nouns(patch, tmp_path_factory.mktemp("drill-browser"), "", **told)
        with dashboard() as address:
            yield address


def click_cell(page: Page, table: str, row: int, left: int = 60) -> None:
    """Click a cell of a table, which is a canvas with rows of 35 px."""
    grid = page.locator(f"{table} canvas").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    assert box
    page.mouse.click(box["x"] + left, box["y"] + 35 * (row + 1.5))


def test_two_clicks_lead_from_a_mark_to_a_life_and_its_source(url, visit):
    page = visit(f"{url}/flow?flow=Bugs")
    click_mark(page, 8)
    page.wait_for_url("**/explore?**")
    settle(page)
    expect(page.get_by_text("The chart counts")).to_be_visible()
    period = link(page)["period"]
    click_cell(page, ".st-key-rows", 0, left=300)
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    settle(page)

    source = page.get_by_role("link", name="Open at its source")
    assert source.get_attribute("href").startswith("https://jira.example/browse/SHOP-")
    page.get_by_role("link", name="Back to the rows").click()
    expect(page.get_by_text("The chart counts")).to_be_visible()
    settle(page)
    expect(page.get_by_role("combobox", name="Period")).to_have_value(period)


def test_a_facet_filters_by_one_click_and_another_takes_it_back(url, visit):
    page = visit(f"{url}/explore?metric=Bugs+opened&period=18+May+2026")
    click_cell(page, ".st-key-facets", 0)
    page.wait_for_url("**area=**")
    settle(page)
    name = link(page)["area"]
    expect(page.get_by_role("combobox", name="Area", exact=True)).to_have_value(name)
    click_cell(page, ".st-key-facets", 0)
    page.wait_for_url(lambda address: "area=" not in address)
    settle(page)

    expect(page.get_by_role("combobox", name="Area", exact=True)).to_have_value("")


@pytest.mark.parametrize("path", ["explore?metric=Bugs+opened&show=What+changed", "item?id=PR", "item?id=life"])
def test_a_narrow_screen_shows_all_of_it_without_going_sideways(path, url, visit):
    page = visit(f"{url}/{path}")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)

    page.wait_for_function(  # a table fits itself into its new place a moment later
        "() => document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth"
    )


def test_hostile_words_are_only_text_wherever_one_drills(url, visit):
    """`visit` fails on every request to the outside and on every error of the browser."""
    page = visit(f"{url}/explore?metric=Bugs+opened&period=25+May+2026")
    for path in (
        "explore?metric=Bugs+opened&period=25+May+2026",
        "explore?metric=Bugs+opened&period=25+May+2026&show=What+changed&slice=area",
        "explore?metric=Bugs+opened&period=25+May+2026&show=Side+by+side",
        "explore?metric=Bugs+opened&show=SQL+and+export&area=%3Cimg+src%3Dx+onerror%3Ddocument.title%3D%27PWNED%27%3E",
        *(f"item?id={kind}{nth}" for kind in "bh" for nth in range(len(OWN))),
    ):
        page.goto(f"{url}/{path}")
        settle(page)
        assert page.evaluate(ALIVE) == [], path
        assert page.title() == "Cairn"
