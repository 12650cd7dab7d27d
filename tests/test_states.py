"""Every page in every state its data can be in, light and dark: it says what is the matter, and everybody can read it.

Measured in the page as a browser draws it: contrast of text and of marks, what is cut off, what goes sideways, and what
axe-core finds, in what is ours and in what Streamlit draws around it. Tables of rows are pictures to a browser: of what
stands in them nothing is measured here.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pages import theme
from tests.test_browser import HOUSE, READY, browser, dashboard, rgb
from tests.test_drill import lives

__all__ = ["browser"]  # fixtures

NEVER = "Nothing has been collected yet"
MENU = (HOUSE / "pages" / "menu.py").read_text("utf-8")
PAGES = dict(re.findall(r'st\.Page\("(\w+)\.py", title="([^"]+)"', MENU))
del PAGES["demo"]  # a slide for a wall and nothing around it: test_demo_browser.py measures it
HIDDEN = re.findall(r'st\.Page\("(\w+)\.py", .*visibility="hidden"', MENU)
ADDRESS = {"item": "item?id=PR"}
THEMES = {"light": theme.LIGHT, "dark": theme.DARK}
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
AGO = {"fresh": timedelta(hours=2), "stale": timedelta(days=9)}

WORDS = {
    "sandbox": {"": "Sandbox company: made-up data"},
    "real": {"": "Complete to"},
    "empty": {
        "": "othing has happened yet|Nothing happened in this range yet",
        "item": "There is no pull request and no issue here",
        "experiments": "No experiment is written down yet",
        "memory": "Nothing of this is written down yet",
        "prepare": "Nothing that is not told above",
        "plan": "No goal is written down yet",
        "brief": "Nothing is written down yet, so there is nothing to hand over",
        "pulse": "Three pulses are told together",
        "look_back": "No incident is known",
        "one_to_one": "Nobody has answered yet",
        "hour": "No strategy hour was held yet",
        "health": "there was nothing in it",
        "setup": "Nothing has been read yet that a rule could match",
        "console": "No column says who somebody is",
    },
    "never": {"": "make run", "setup": "collect"},
    "half": {"": r"Not read to the end yet: Jira \(issues\)"},
    "stale": {"": "last read to the end on .+ What happened since is not here"},
}

DRAWN = READY.replace("&& document.querySelector('.st-key-footer')", "&& document.querySelector('h1')")
FITTED = """() => [...document.querySelectorAll('.stPlotlyChart')].every(chart =>
    Math.abs(chart.querySelector('.main-svg').getBoundingClientRect().width - chart.clientWidth) < 2)
    && [...document.querySelectorAll('header a, .stDataFrame')]
        .every(one => !one.checkVisibility() || one.getBoundingClientRect().right <= innerWidth)"""
TURNED = """([paper, muted]) => [...document.querySelectorAll('.stPlotlyChart')].every(chart =>
    getComputedStyle(chart.querySelector('.main-svg')).backgroundColor === paper
    && [...chart.querySelectorAll('.gtitle')].every(title => getComputedStyle(title).fill === muted))
    && [...document.querySelectorAll('.cairn-chart')].every(chart => getComputedStyle(chart).backgroundColor === paper)"""
SIDEWAYS = """() => ['html', '.stMain'].map(name => document.querySelector(name))
    .filter(one => one.scrollWidth > one.clientWidth).map(one => `goes sideways: ${one.scrollWidth} of ${one.clientWidth}`)"""
CUT = """() => {
    const found = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const seen = one => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (!node.data.trim() || !seen(node.parentElement) || node.parentElement.closest('style, script')) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        if (box.width < 2 || getComputedStyle(node.parentElement).fontFamily.includes('Material')) continue;
        let across = true, down = true;
        for (let one = node.parentElement; one && (across || down); one = one.parentElement) {
            const style = getComputedStyle(one), frame = one.getBoundingClientRect();
            if (frame.width < 2) break;  // kept for screen readers
            if (one.namespaceURI.endsWith('svg') && one.tagName !== 'svg' || style.display === 'inline') continue;
            if (/auto|scroll/.test(style.overflowX)) across = false;
            if (/auto|scroll/.test(style.overflowY)) down = false;
            if (across && /hidden|clip/.test(style.overflowX) && (box.right > frame.right + 1 || box.left < frame.left - 1)
                || down && /hidden|clip/.test(style.overflowY) && (box.bottom > frame.bottom + 3 || box.top < frame.top - 3)) {
                found.add(`cut off: ${node.data.trim().slice(0, 60)}`);
                break;
            }
            if (one.classList.contains('stPlotlyChart')) break;
        }
    }
    for (const one of document.querySelectorAll('input'))
        if (seen(one) && one.scrollWidth > one.clientWidth + 1) found.add(`cut off: ${one.value || one.placeholder}`);
    return [...found];
}"""
PALE = """() => {
    const brush = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true }), known = new Map();
    const parsed = name => {
        if (!known.has(name)) {
            brush.clearRect(0, 0, 1, 1);
            brush.fillStyle = name;
            brush.fillRect(0, 0, 1, 1);
            const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
            known.set(name, [r, g, b, a / 255]);
        }
        return known.get(name);
    };
    const over = (top, alpha, ground) => ground.map((one, place) => top[place] * alpha + one * (1 - alpha));
    const light = colour => colour.map(one => one / 255).map(one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
        .reduce((sum, one, place) => sum + one * [.2126, .7152, .0722][place], 0);
    const contrast = (one, two) => {
        const [low, high] = [light(one), light(two)].sort((a, b) => a - b);
        return (high + .05) / (low + .05);
    };
    const lineage = one => one ? [one, ...lineage(one.parentElement)] : [];
    const ground = one => lineage(one).reverse().reduce((below, part) => {
        const [r, g, b, a] = parsed(getComputedStyle(part).backgroundColor);
        return over([r, g, b], a, below);
    }, [255, 255, 255]);
    const faded = one => lineage(one).reduce((all, part) => all * getComputedStyle(part).opacity, 1);
    const against = (one, colour, alpha = 1, below = ground(one)) => {
        const top = parsed(colour);
        return contrast(over(top, top[3] * alpha * faded(one), below), below);
    };
    const seen = one => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1;
    const found = new Set();
    const told = (what, is, least) => { if (is < least - .01) found.add(`contrast ${is.toFixed(2)} < ${least}: ${what}`); };
    for (const one of document.querySelectorAll('body *:not(style, script, noscript)')) {
        const words = [...one.childNodes].filter(part => part.nodeType === 3).map(part => part.data.trim()).join(' ').trim();
        const style = getComputedStyle(one);
        if (words && seen(one) && !one.closest('[disabled], [aria-disabled=true]')) {
            const drawn = one.namespaceURI.endsWith('svg');
            told(words.slice(0, 60), drawn ? against(one, style.fill, style.fillOpacity) : against(one, style.color),
                style.fontFamily.includes('Material') ? 3 : 4.5);
        }
        if (one.placeholder && !one.value && seen(one))
            told(one.placeholder, against(one, getComputedStyle(one, '::placeholder').color,
                getComputedStyle(one, '::placeholder').opacity), 4.5);
    }
    for (const one of document.querySelectorAll('.stPlotlyChart :is(.points path, .js-line)')) {
        if (!seen(one)) continue;
        const style = getComputedStyle(one);
        const drawn = [[style.fill, style.fillOpacity], [style.stroke, style.strokeOpacity]].filter(([name]) => name !== 'none');
        told(`mark ${one.getAttribute('class')} of ${one.closest('.stPlotlyChart').getAttribute('aria-label')?.slice(0, 40)}`,
            Math.max(...drawn.map(([name, alpha]) => against(one, name, alpha))), 3);
    }
    for (const one of document.querySelectorAll('.cairn-chart a b')) {  // a hollow mark is seen by its edge
        const style = getComputedStyle(one), below = ground(one.parentElement);
        if (seen(one)) told('a mark', Math.max(against(one, style.backgroundColor, 1, below), against(one, style.borderTopColor, 1, below)), 3);
    }
    for (const [name, part] of [['.cairn-bars div', null], ['.cairn-chart span b', null], ['.cairn-life li', '::before'], ['.cairn-prompt', '::before']])
        for (const one of document.querySelectorAll(name)) {
            const style = getComputedStyle(one, part), below = ground(part ? one : one.parentElement);
            if (seen(one)) told(name, against(one, name === '.cairn-prompt' ? style.color : style.backgroundColor, 1, below), 3);
        }
    return [...found];
}"""
# Its rule for contrast is slow, leaves out what is drawn and lets large text be paler: PALE measures that.
AXE = """() => axe.run(document, {
    resultTypes: ['violations'], iframes: false, rules: { 'color-contrast': { enabled: false } } })
    .then(all => all.violations.filter(one => ['serious', 'critical'].includes(one.impact)).flatMap(one => one.nodes.map(
        node => `${one.impact} ${one.id}: ${node.target.join(' ')} ${node.html.slice(0, 160)}`)))"""


def lately(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the same happenings, whole weeks later, so that the last of them has just been."""
    times = [told for rows in tables.values() for row in rows for told in row.values() if isinstance(told, datetime)]
    later = timedelta(weeks=(datetime.now(UTC).replace(tzinfo=None) - max(times)) // timedelta(weeks=1))
    return {
        name: [{key: told + later if isinstance(told, datetime) else told for key, told in row.items()} for row in rows]
        for name, rows in tables.items()
    }


def read(ago: str) -> str:
    return f"{datetime.now(UTC).replace(tzinfo=None) - AGO[ago]:%Y-%m-%d %H:%M}"


@pytest.fixture
def states(request, publish_nouns, monkeypatch, tmp_path) -> dict[str, Callable[[], Any]]:
    """What brings a home into each of the six states. What was recorded of real work ends months ago."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "JIRA_"))]:
        monkeypatch.delenv(name)

    def publish(ago: str, tables: dict[str, Any]) -> None:
        publish_nouns(monkeypatch, tmp_path, "", complete_to=read(ago), **tables)

    def collect(since: str) -> None:
        command = [sys.executable, "-m", "collectors", "sync", "--since", since]
        subprocess.run(command, cwd=HOUSE, check=True, capture_output=True)

    def sandbox() -> None:
        monkeypatch.setenv("CAIRN_SANDBOX_DAY", "2026-11-20")
        collect("2026-08-24")

    def recorded() -> None:
        request.getfixturevalue("replay")
        collect("2026-05-01")

    half = [
        {"source": "github.com", "kind": "github", "stream": "github_pull_requests", "complete_to": read("fresh")},
        {
            "source": "jira.example", "kind": "jira", "stream": "jira_issues", "scope": "SHOP", "incomplete": 12,
            "error": "Jira answered HTML.\nCheck the address.",
        },
    ]  # fmt: skip
    return {
        "sandbox": sandbox,
        "real": recorded,
        "empty": lambda: publish("fresh", {}),
        "never": lambda: None,
        "half": lambda: publish("fresh", {**lately(lives()), "sources": half}),
        "stale": lambda: publish("stale", lately(lives())),
    }


def show(page: Page, name: str, state: str, mode: str) -> None:
    """Open a page by its place in the menu and wait until all of it is drawn in the theme.

    Charts are drawn on the server: they take on another theme when their page runs again.
    """
    if name not in HIDDEN:
        page.locator("header").get_by_role("link", name=PAGES[name], exact=True).click()
    expect(page).to_have_url(re.compile(rf"/{'' if name == 'this_week' else name}(\?.*)?$"))
    title = PAGES[name] if state != "never" or name == "setup" else NEVER
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    colour = rgb(THEMES[mode].paper)
    expect(page.locator(".stApp")).to_have_css("background-color", colour)
    page.wait_for_function(DRAWN)
    page.wait_for_function(TURNED, arg=[colour, rgb(THEMES[mode].muted)])


def resize(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.wait_for_function(FITTED)


@pytest.mark.parametrize("state", WORDS)
def test_every_page_says_what_is_the_matter_and_can_be_read_in_light_and_dark(state, states, browser):
    states[state]()
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    found = []
    with dashboard(warm=state == "sandbox") as address:
        page = browser.new_page(viewport=LAPTOP)
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: found.append(("the browser", str(error))))
        for mode in THEMES:
            page.emulate_media(color_scheme=mode)
            for name in reversed(PAGES):  # those without a place in the menu first
                if name in HIDDEN:
                    page.goto(f"{address}/{ADDRESS.get(name, name)}")
                    page.wait_for_function(DRAWN)
                    page.evaluate(axe)  # not a script of the page, so the content policy has no say in it
                show(page, name, state, mode)
                found += [(name, mode, one) for one in page.evaluate(PALE)]
                if mode == "dark":
                    continue  # the rest is the same in every colour
                said = page.locator(".stApp").inner_text()
                if not re.search(WORDS[state].get(name, WORDS[state][""]), said):
                    found.append((name, "does not say what is the matter: " + said))
                if page.locator(".stException, .stAlert").count() or "Traceback" in said:
                    found.append((name, "shows an error"))
                found += [(name, one) for one in page.evaluate(AXE)]
                for size in (LAPTOP, PHONE):
                    resize(page, size)
                    found += [(name, size["width"], one) for one in (*page.evaluate(SIDEWAYS), *page.evaluate(CUT))]
                page.set_viewport_size(LAPTOP)
        page.context.close()

    assert found == []
