"""What a room sees: a whole demo by keyboard and a wall that turns by itself, large enough, whole, and back after an interruption."""

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from data.journal import journal
from pages import theme
from pages.picture import small
from tests.test_browser import browser, dashboard, rgb
from tests.test_pages import happenings
from tests.test_states import AXE, PALE, lately

__all__ = ["browser"]  # fixtures

TV = {"width": 1920, "height": 1080}
LONG = "An account of everything that happened " * 9
WORD = "Donaudampfschifffahrtsgesellschaftskapitän"
# Every text and picture that can be seen, and what is wrong with its size or place. The keys have no place on the screen.
SEEN = """() => {
    const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const one = node.parentElement;
        if (!node.data.trim() || !one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        if (one.closest('style, script, .st-key-demo-keys')) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            if (box.width < 2) continue;
            const said = node.data.trim().slice(0, 40), size = parseFloat(getComputedStyle(one).fontSize);
            if (size < 44) found.push(`${size} px: ${said}`);
            if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) found.push(`off the screen: ${said}`);
            for (const part of document.querySelectorAll('.cairn-slide > *')) {
                const frame = part.getBoundingClientRect();
                const air = 0.14 * box.height;  // above and below the letters
                const over = Math.min(box.bottom - air, frame.bottom) - Math.max(box.top + air, frame.top);
                if (!part.contains(one) && part.checkVisibility() && over > 6 && !part.matches('.way')) found.push(`over another: ${said}`);
            }
        }
    }
    for (const one of document.querySelectorAll('.cairn-slide .picture')) {
        const box = one.getBoundingClientRect(), words = one.closest('.middle').getBoundingClientRect();
        if (!one.naturalWidth || !one.alt || box.height < 300) found.push('a picture cannot be seen');
        if (box.right > words.right + 1 || box.bottom > words.bottom + 1) found.push('a picture stands over its place');
    }
    for (const name of ['html', '.stMain', '.cairn-slide'])
        for (const one of document.querySelectorAll(name))
            if (one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1) found.push(`${name} scrolls`);
    return found;
}"""


def drawn(size: tuple[int, int]) -> str:
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, "PNG")
    return small(written.getvalue())


@pytest.fixture(scope="module")
def url(publish_nouns, tmp_path_factory):
    """A dashboard with a demo this week: short stories, the longest there may be, and everything else a demo tells."""
    with pytest.MonkeyPatch.context() as patch:
        publish_nouns(patch, tmp_path_factory.mktemp("demo"), "", **lately(happenings()))
        kept, today = journal(), datetime.now(UTC).date()

        def write(kind: str, **words) -> None:
            kept.write(kind, {"day": f"{today}", "shown": "shown", **words}, "Ada")

        wide, tall = (
            kept.write("picture", {"shows": "A locker", "picture": drawn(size)}, "Ada").id
            for size in ((1280, 720), (405, 720))
        )
        late = {"title": "Lockers open at night", "why": "Who works late comes late.", "thanks": "Ada", "order": 1}
        write("story", **late, now="5 minutes", was="two days", picture=wide)
        write(
            "story",
            title="A service in minutes",
            was="two days",
            now="5 minutes",
            why="It waited.",
            order=2,
            url="https://github.com/acme/shop/pull/7",
        )
        write(
            "story",
            title=LONG[:300],
            why=f"{LONG}\n{LONG}",
            thanks=LONG[:300],
            was=LONG[:300],
            now=LONG[:300],
            order=3,
            url=f"https://evil.example/{WORD}",
            picture=tall,
        )
        write(
            "story",
            title=f"{WORD} {WORD}",
            why=f"{WORD} {WORD} {WORD}",
            now=WORD,
            thanks=WORD,
            order=4,
            metric="bugs_opened",
        )
        write("story", title=LONG[:72], why=LONG, metric="bugs_opened", order=5)
        for kind in ("finding", "lesson", "joke"):
            write(kind, what=LONG[:300])
            write(kind, what=f"{WORD} {WORD}")
        start, end = today - timedelta(days=9), today + timedelta(days=30)
        tried = {
            "change": LONG[:290],
            "whom": "search",
            "outcome": "x",
            "because": "y",
            "start": f"{start}",
            "end": f"{end}",
        }
        kept.write("experiment", tried, "Ada")
        kept.write("rock", {"title": LONG[:290], "why": LONG, "order": 1, "state": "open", "planned": f"{end}"}, "Ada")
        with dashboard() as address:
            yield address


@pytest.fixture
def screen(browser, url):
    """Return a function that opens the demo on a television; what goes wrong in the browser fails the test."""
    wrong, pages = [], []

    def opened(link: str, address: str = url) -> Page:
        page = browser.new_page(viewport=TV)
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{address}/demo?{link}")
        expect(page.locator(".cairn-slide")).to_be_visible()
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert wrong == []


def place(page: Page) -> str:
    return page.locator(".cairn-slide footer span").first.inner_text()


@pytest.mark.parametrize(("name", "colours"), [("dark", theme.DARK), ("light", theme.LIGHT)])
def test_a_whole_demo_is_led_by_keyboard_and_can_be_read_from_the_last_row(name, colours, screen):
    page = screen(f"mode=live&theme={name}")
    count = int(place(page).split()[-1])
    found = []

    assert count >= 9
    assert page.locator(".cairn-slide").evaluate("one => getComputedStyle(one).backgroundColor") == rgb(colours.paper)
    assert not page.locator("header").is_visible()
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    for nth in range(1, count + 1):
        expect(page.locator(".cairn-slide")).to_have_attribute("aria-label", f"Slide {nth} of {count}")
        page.wait_for_function("() => [...document.images].every(one => one.complete)")
        found += [(nth, one) for one in [*page.evaluate(SEEN), *page.evaluate(PALE)]]
        page.keyboard.press(("ArrowRight", "Space", "PageDown")[nth % 3])
    found += page.evaluate(AXE) if name == "dark" else []

    assert [*map(str, found)] == []
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".cairn-slide")).to_have_attribute("aria-label", f"Slide {count - 1} of {count}")
    assert f"slide={count - 1}" in page.url
    assert f"theme={name}" in page.url
    page.keyboard.press("Home")
    expect(page.locator(".cairn-slide")).to_have_attribute("aria-label", f"Slide 1 of {count}")
    page.keyboard.press("Escape")
    expect(page.locator(".cairn-slide")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_is_taken_along_is_led_by_the_same_keys_and_prints_a_page_for_each_slide(screen, url, tmp_path):
    page = screen("mode=live")
    count = int(place(page).split()[-1])
    page.goto(f"{url}/prepare")
    with page.expect_download() as told:
        page.get_by_role("button", name="Take it along as one file").click()
    told.value.save_as(tmp_path / "demo.html")
    page.goto((tmp_path / "demo.html").as_uri())
    page.keyboard.press("End")

    assert page.locator(".cairn-slide:visible footer span").first.inner_text() == f"{count} of {count}"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator(".cairn-slide:visible footer span").first.inner_text() == f"2 of {count}"
    assert page.locator(".cairn-slide img").evaluate_all("all => all.map(one => one.naturalWidth)") == [1280, 405]
    assert pages_on_paper(page, tmp_path) == count
    page.goto(f"{url}/prepare")
    page.get_by_role("link", name="For paper or a PDF").click()
    expect(page.get_by_text("choose 'Save as PDF'")).to_be_visible()
    expect(page.locator(".cairn-slide")).to_have_count(count)
    assert pages_on_paper(page, tmp_path) == count


def pages_on_paper(page: Page, place: Path) -> int:
    """Return how many pages the PDF has that a browser makes of a page."""
    page.pdf(path=place / "demo.pdf", prefer_css_page_size=True)
    return len(re.findall(rb"/Type /Page\b", (place / "demo.pdf").read_bytes()))


def test_a_wall_shows_every_slide_by_itself_and_stays_where_a_key_leads_it(screen):
    page = screen("pace=10")
    count = int(place(page).split()[-1])
    for nth in (*range(1, count + 1), 1):  # whichever comes first, all of them come
        page.wait_for_function("nth => document.querySelector('.cairn-slide')?.id === `slide-${nth}`", arg=nth)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("mode=live"))

    assert page.evaluate(SEEN) == []


def test_a_wall_says_that_it_lost_its_server_and_is_back_by_itself(screen):
    with dashboard() as address:
        page = screen("pace=10", address)
        port = urlsplit(address).port
    expect(page.locator(".cairn-slide .lost")).to_be_visible()
    expect(page.locator(".cairn-slide .lost")).to_contain_text("Reconnecting. What stands here is from")
    assert page.evaluate(SEEN.replace("> 6", "> 9999")) == []  # it lies over the slide's foot
    with dashboard(port):
        expect(page.locator(".cairn-slide .lost")).to_be_hidden(timeout=10_000)
        before = place(page)
        page.wait_for_function(
            "before => document.querySelector('.cairn-slide footer span').innerText !== before", arg=before
        )
