"""What a person sees: the dashboard in a real browser, from a link, in light and dark, down to the source."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

import metrics
from pages import theme
from tests.test_pages import happenings

HOUSE = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
expect.set_options(timeout=30_000)  # a machine with other work takes long to draw a page
READY = """() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"]')
    && document.querySelector('.st-key-footer')
    && [...document.querySelectorAll('.stPlotlyChart, [class*="st-key-chart-"]')]
        .every(chart => chart.querySelector('.main-svg .points'))"""
POINTER = """([x, y]) => new Promise(told => requestAnimationFrame(() => requestAnimationFrame(
    () => told(getComputedStyle(document.elementFromPoint(x, y)).cursor))))"""
CUT = """() => [...document.querySelectorAll('.stPlotlyChart, .cairn-chart')].flatMap(chart => {
        const frame = chart.getBoundingClientRect();
        return [...chart.querySelectorAll('svg text, i, u')].filter(text => {
            const box = text.getBoundingClientRect();
            return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1
                || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
        }).map(text => text.textContent);
    })"""
DRAWN_FOR = {  # the labels are in two lines, or not
    "All": "() => document.querySelectorAll('.cairn-chart u br').length > 0",
    "12 weeks": "() => document.querySelectorAll('.cairn-chart u br').length === 0",
}
SHADED = """colour => { const marks = [...document.querySelectorAll('.stPlotlyChart .js-line, .cairn-chart a b:not(.diamond)')];
    return marks.length > 0 && marks.every(one => {
        const style = getComputedStyle(one);
        return (one.tagName === 'B' ? style.backgroundColor : style.stroke) === colour;
    }); }"""
BESIDE = """() => [...document.querySelectorAll('header :is(a, button)')].filter(one => one.checkVisibility())
    .every(one => one.getBoundingClientRect().right <= document.querySelector('.st-key-tools').getBoundingClientRect().left)"""
PROBES = ("/_stcore/health", "/_stcore/host-config")  # on a deep link Streamlit looks for itself beside the page first
PICKERS = {"compare": "Compare with", "team": "Team or area"}
SIZES = {"laptop": (1440, 900), "screen": (1920, 1080)}


def chromium(playwright: Playwright) -> str | None:
    """Return where a Chromium of this machine lies, None if there is none."""
    own = playwright.chromium.executable_path
    return next(filter(None, map(shutil.which, NAMES)), own if Path(own).exists() else None)


@contextmanager
def dashboard(port: int = 0, *, warm: bool = False, said: list[str] | None = None):
    """Run the dashboard on a free port of this machine alone; yield its address once it answers. It ends by being killed.

    `said` takes the lines it prints.

    Only where `warm` says so does it work out beforehand what pages will ask for: two cores have enough to do with the tests.
    """
    if not port:
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            port = door.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    with subprocess.Popen(
        command,
        cwd=HOUSE,
        env={**os.environ, "CAIRN_WARM": f"{warm:d}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        said = [] if said is None else said
        hearing = threading.Thread(target=lambda: said.extend(server.stdout))  # a full pipe would halt the server
        try:
            for line in server.stdout:
                said.append(line)
                if "URL:" in line:
                    break
            else:
                pytest.fail("the dashboard did not start: " + "".join(said))
            hearing.start()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()
            if hearing.is_alive():
                hearing.join()


@pytest.fixture(scope="module")
def collected(publish_nouns, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield publish_nouns(patch, tmp_path_factory.mktemp("collected"), "", **happenings())


@pytest.fixture(scope="module")
def url(collected):
    with dashboard() as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        if not (found := chromium(playwright)):
            pytest.skip("no Chromium on this machine; 'playwright install chromium' brings one")
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser):
    """Return a function that opens an address as a new person would; whatever goes wrong in the browser fails the test."""
    wrong, contexts = [], []

    def opened(address: str, mode: str = "light", size: str = "laptop") -> Page:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=mode)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        home = "/".join(address.split("/")[:3])

        def asked(request) -> None:
            if not request.url.startswith((home, home.replace("http", "ws"), "data:", "blob:")):
                wrong.append(f"asked the outside: {request.url}")

        def complained(message) -> None:
            if message.type == "error" and not message.location["url"].endswith(PROBES):
                wrong.append(f"{message.text} {message.location}")

        page.on("request", asked)
        page.on("console", complained)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def settle(page: Page) -> None:
    """Wait until the script has run and everything on the page is drawn."""
    page.wait_for_function(READY, timeout=90_000)


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def marks(page: Page, chart: int = 0):
    return page.locator(".stPlotlyChart, .cairn-chart").nth(chart).locator(".points path, a")


def click_mark(page: Page, number: int, chart: int = 0) -> None:
    marks(page, chart).nth(number).scroll_into_view_if_needed()
    box = marks(page, chart).nth(number).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def click_source(page: Page, row: int) -> None:
    """Click the link of a row. The table is a canvas with rows of 35 px; over a link the pointer changes."""
    grid = page.locator(".st-key-rows canvas").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    height = box["y"] + 35 * (row + 1.5)
    for left in range(int(box["x"] + box["width"]) - 8, int(box["x"]), -12):
        page.mouse.move(left, height)
        if page.evaluate(POINTER, [left, height]) == "pointer":
            page.mouse.click(left, height)
            return
    pytest.fail(f"row {row} has no link")


def link(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_link_opens_its_page_with_the_menu_right_after_a_restart(collected, visit):
    for path, title in (("explore?metric=Deployment%20frequency", "Drill"), ("health", "Health")):
        with dashboard() as address:
            page = visit(f"{address}/{path}")

            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            for name in ("This week", "Drill", "Health"):
                expect(page.get_by_role("link", name=name).first).to_be_visible()
            if title == "Drill":
                expect(page.get_by_role("combobox", name="Metric")).to_have_value("Deployment frequency")
            page.context.close()


def test_loading_a_page_again_shows_the_same(url, visit):
    page = visit(f"{url}/explore?metric=Deployment%20frequency&every=month&range=All")
    before = page.locator("h3").first.inner_text(), marks(page).count()
    page.reload()
    settle(page)

    assert (page.locator("h3").first.inner_text(), marks(page).count()) == before


@pytest.mark.parametrize(("name", "colours"), [("light", theme.LIGHT), ("dark", theme.DARK)])
def test_the_week_reads_well_in_light_and_dark_with_no_label_cut(name, colours, url, visit):
    page = visit(url, name, {"light": "laptop", "dark": "screen"}[name])

    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == rgb(colours.paper)
    assert page.evaluate(SHADED, rgb(colours.series[0]))
    for days in ("All", "12 weeks"):  # over a new year, labels have two lines
        page.get_by_role("radio", name=days, exact=True).click()
        page.wait_for_function(DRAWN_FOR[days])
        settle(page)
        assert page.evaluate(CUT) == []
    camera = page.locator(".cairn-chart > button").first.bounding_box()
    title = page.locator(".cairn-chart > div").first.bounding_box()
    assert title["x"] + title["width"] < camera["x"]
    assert page.evaluate(
        "document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth"
    )


def test_the_menu_leaves_room_for_what_stands_beside_it(url, visit):
    page = visit(f"{url}/health")
    beside = page.locator(".st-key-tools")
    for width in (1920, 1440, 1366, 1280, 1024, 768):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(BESIDE)
        expect(beside.get_by_role("button", name="Search")).to_be_visible()
        assert beside.get_by_text("Complete to").is_visible() == (width >= 1440)


def test_a_mark_leads_to_its_rows_and_a_row_to_its_source(url, visit):
    page = visit(url)
    click_mark(page, 10)
    page.wait_for_url("**/explore?**")
    settle(page)

    assert link(page)["period"] == "18 May 2026"
    told = page.get_by_text("in the week of 18 May. The chart")
    rows = metrics.behind(metrics.METRICS[0], "2026-05-18")
    expect(told).to_contain_text(f"The chart counts {len(rows)} bugs")

    first = rows["url"].iloc[0]
    page.context.route("https://jira.example/**", lambda route: route.fulfill(body="the source"))
    with page.context.expect_event("request", lambda request: request.url == first):
        click_source(page, row=0)


def test_the_rows_of_a_week_are_reached_without_a_mouse(url, visit):
    page = visit(f"{url}/explore?metric=Bugs+opened")
    picker = page.get_by_role("combobox", name="Period")
    picker.focus()
    page.keyboard.type("4 May")
    page.keyboard.press("Enter")
    page.wait_for_url("**period=4+May+2026**")
    settle(page)

    expect(page.get_by_text("in the week of 4 May. The chart counts")).to_be_visible()


def test_a_filter_survives_in_a_new_browser_through_its_link(url, visit):
    page = visit(f"{url}/explore?metric=Pull+request+cycle+time")
    page.get_by_role("combobox", name="Area", exact=True).fill("search")
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="month", exact=True).click()
    page.get_by_role("radio", name="All", exact=True).click()
    page.wait_for_url(lambda address: all(part in address for part in ("area=search", "every=month", "range=All")))
    settle(page)
    other = visit(page.url)

    expect(other.get_by_role("combobox", name="Area", exact=True)).to_have_value("search")
    assert other.locator("h3").first.inner_text() == page.locator("h3").first.inner_text()
    assert marks(other).count() == marks(page).count() > 0


def test_the_range_stays_from_page_to_page(url, visit):
    page = visit(f"{url}/?range=6+months")
    for name in ("Health", "Drill", "This week"):
        page.get_by_role("link", name=name).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        settle(page)
        expect(page.get_by_role("radio", name="6 months")).to_be_checked()
    page.get_by_role("link", name="See the rows").nth(2).click()
    page.wait_for_url("**/explore?**")
    settle(page)

    assert link(page)["range"] == "6 months"
    expect(page.get_by_role("combobox", name="Metric")).to_have_value("Age of open bugs")


def test_what_is_chosen_over_the_page_stays_on_every_page_when_loaded_again_and_after_a_restart(collected, visit):
    days = {"first": "2026-01-07", "last": "2026-02-17"}
    chosen = {"range": "Custom", **days, "compare": "previous period", "team": "checkout"}

    def shown(page: Page) -> dict[str, str]:
        values = {name: page.get_by_role("combobox", name=label) for name, label in PICKERS.items()}
        return {
            "range": page.locator(".st-key-range [aria-checked=true]").inner_text(),
            **{name: page.locator(f".st-key-{name} input[type=date]").input_value() for name in days},
            **{name: one.input_value() for name, one in values.items()},
        }

    with dashboard() as address:
        page = visit(address)
        page.get_by_role("radio", name="Custom").click()
        for name, day in days.items():
            page.locator(f".st-key-{name} [data-type=year]").click()
            page.keyboard.type(day.replace("-", ""))
            page.keyboard.press("Escape")
            page.wait_for_url(f"**{name}={day}**")
        for name, label in PICKERS.items():
            page.get_by_role("combobox", name=label).fill(chosen[name])
            page.keyboard.press("Enter")
            page.wait_for_url(f"**{name}=**")
        for name in ("Knowledge", "Health"):
            page.get_by_role("link", name=name).first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
            settle(page)
            assert shown(page) == chosen
        page.reload()
        settle(page)
        assert shown(page) == link(page) == chosen
        port, path = urlsplit(address).port, page.url.removeprefix(address)
        page.context.close()
    with dashboard(port) as address:
        assert shown(visit(f"{address}{path}")) == chosen


def test_pictures_turn_dark_and_light_with_the_system_while_the_page_is_open(url, visit):
    for path in ("explore?metric=Bugs+opened", ""):
        page = visit(f"{url}/{path}")
        for mode, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
            page.emulate_media(color_scheme=mode)
            page.wait_for_function(SHADED, arg=rgb(colours.series[0]))


def test_what_has_the_focus_keeps_it_when_the_page_runs_again(url, visit):
    page = visit(url)
    themes = {"dark": theme.DARK, "light": theme.LIGHT}
    for mode, way in zip(
        cycle(themes),
        (
            page.get_by_role("link", name="Open the chart and the rows").first,
            page.get_by_role("link", name="See the rows").nth(1),
            page.get_by_role("radio", name="6 weeks"),
        ),
    ):
        way.focus()
        page.emulate_media(color_scheme=mode)
        page.wait_for_function(SHADED, arg=rgb(themes[mode].series[0]))
        settle(page)
        expect(way).to_be_focused()


def test_the_way_back_leads_to_all_that_was_asked_for_in_one_step_each(url, visit):
    page = visit(f"{url}/flow?flow=Bugs")
    menu, pickers = page.get_by_role("link"), page.locator(".st-key-pickers")
    seen = []
    for go, there, title in (
        (page.get_by_role("link", name="See the rows").nth(1).click, "**/explore?**metric=**", "Drill"),
        (page.get_by_role("radio", name="month", exact=True).click, "**every=month**", "Drill"),
        (pickers.get_by_role("radio", name="6 months").click, "**range=6+months**", "Drill"),
        (menu.filter(has_text="Memory").first.click, "**/memory**", "Memory"),
        (menu.filter(has_text="This week").first.click, f"{url}/?**", "This week"),
        (partial(click_mark, page, 10), "**/explore?**period=**", "Drill"),
    ):
        go()
        page.wait_for_url(there)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        settle(page)
        seen.append((title, link(page)))
    del seen[:2]  # a choice on a page is no step: those two lead where the third one stands

    for step, told in (("back", seen[2]), ("back", seen[1]), ("back", seen[0]), ("back", None), ("forward", seen[0])):
        getattr(page, f"go_{step}")()
        title, asked = told or ("Flow & quality", {"flow": "Bugs"})
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        settle(page)
        assert link(page) == asked, step
    expect(page.get_by_role("combobox", name="Metric")).to_have_value("Open bugs")
    expect(page.get_by_role("radio", name="month", exact=True)).to_be_checked()


def test_a_mark_and_a_link_open_what_they_say_whatever_was_chosen_there_before(url, visit):
    page = visit(f"{url}/explore?metric=Pull+request+cycle+time&every=month&area=search&range=6+months")
    expect(page.get_by_role("combobox", name="Area", exact=True)).to_have_value("search")
    for go in (partial(click_mark, page, 10), page.get_by_role("link", name="See the rows").first.click):
        page.get_by_role("link", name="This week").first.click()
        page.wait_for_url(f"{url}/?range=6+months")
        settle(page)
        go()
        page.wait_for_url("**/explore?**")
        settle(page)
        expect(page.get_by_role("combobox", name="Metric")).to_have_value("Bugs opened")
        expect(page.get_by_role("combobox", name="Area", exact=True)).to_have_value("")
        expect(page.get_by_role("radio", name="week", exact=True)).to_be_checked()
        expect(page.get_by_role("radio", name="6 months")).to_be_checked()


def test_a_link_from_drill_to_drill_opens_what_it_says_though_that_is_the_default(url, visit):
    page = visit(f"{url}/explore?metric=Pull+request+cycle+time&every=month")
    page.keyboard.press("Control+k")
    box = page.get_by_role("dialog").get_by_role("textbox")
    box.fill("bugs opened")
    box.press("Enter")
    page.get_by_role("dialog").get_by_role("link", name="Bugs opened").click()
    expect(page.get_by_role("combobox", name="Metric")).to_have_value("Bugs opened")
    expect(page.get_by_role("radio", name="week", exact=True)).to_be_checked()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settle(page)
    page.go_back()
    expect(page.get_by_role("combobox", name="Metric")).to_have_value("Pull request cycle time")
    expect(page.get_by_role("radio", name="month", exact=True)).to_be_checked()


def test_the_search_and_the_way_to_the_rows_need_no_mouse(url, visit):
    page = visit(f"{url}/health?range=6+weeks")
    page.keyboard.press("Control+k")
    box = page.get_by_role("dialog").get_by_role("textbox")
    expect(box).to_be_visible()
    for _ in range(2):  # the dialog itself has the focus first
        if not box.evaluate("box => box === document.activeElement"):
            page.keyboard.press("Tab")
    page.keyboard.type("totals 2900")
    page.keyboard.press("Enter")
    found = page.locator(".cairn-links a")
    expect(found).to_have_text("checkout #2900 <b>Totals</b> ![x](https://evil.example/x.png)")
    assert found.get_attribute("href") == "/item?id=29-0"
    assert found.evaluate("link => link.children[0].children.length") == 0

    box.fill("deployment freq")
    page.keyboard.press("Enter")
    way = page.get_by_role("dialog").get_by_role("link", name="Deployment frequency")
    way.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**metric=Deployment+frequency**")
    settle(page)
    expect(page.get_by_text("in the week of 25 May. The chart counts")).to_be_visible()
    assert link(page)["range"] == "6 weeks"

    for key in ("k", "?"):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_contain_text("show these keys")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_copied_link_opens_what_was_seen(url, visit):
    page = visit(f"{url}/?range=6+weeks")
    page.get_by_role("button", name="Copy link").nth(4).click()
    copied = page.locator('[data-testid="stPopoverBody"] code').inner_text()
    other = visit(copied)

    assert copied.startswith(url)
    assert other.locator("h3").first.inner_text() == page.locator("h3").nth(4).inner_text()


@pytest.mark.parametrize(
    ("path", "camera"),
    [("explore?metric=Deployment%20frequency", '.modebar-btn[data-title*="png" i]'), ("flow", ".cairn-chart > button")],
)
def test_a_chart_is_saved_as_picture_and_as_csv(path, camera, url, visit):
    page = visit(f"{url}/{path}")
    with page.expect_download() as picture:
        page.locator(camera).first.click()
    with page.expect_download() as table:
        page.get_by_role("button", name="CSV").first.click()
    points = pd.read_csv(table.value.path())

    assert picture.value.suggested_filename == "deployment_frequency-week-12-weeks-2026-06-01.png"
    with Image.open(picture.value.path()) as saved:
        assert saved.width > 1000
        assert len(saved.convert("RGB").getcolors(1 << 24)) > 10, "lines, a band and words, not an empty sheet"
    assert points["value"].tolist() == metrics.trend(metrics.metric("deployment_frequency"))["value"].tail(12).tolist()


def test_every_answer_carries_the_strict_content_policy(url):
    with urlopen(url) as page, urlopen(f"{url}/_stcore/health") as health:  # noqa: S310  our own, on loopback
        for answer in (page, health):
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'; script-src 'self' 'sha256-" in policy
            assert "unsafe-eval" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_hostile_titles_are_only_text_in_the_browser(url, visit):
    """The rows hold markup and an address of a picture elsewhere: nothing is drawn of it, and nobody is asked."""
    page = visit(f"{url}/explore?metric=Pull+request+cycle+time")
    page.locator(".st-key-rows canvas").first.scroll_into_view_if_needed()

    expect(page.locator(".st-key-rows td", has_text="<b>Totals</b> ![x]").first).to_be_attached()
    assert page.locator("td b, img[src*='evil.example']").count() == 0
