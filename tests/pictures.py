"""The pictures of the README, taken of the sandbox company in a browser, in light and dark, and written into docs/."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.test_browser import QUIET, chromium, dashboard, settle

HOUSE = Path(__file__).resolve().parent.parent
DAY = "2026-11-20"  # up to which the company lived, so that every picture shows the same weeks
WIDTH, HEIGHT, SHARP = 1280, 1200, 1.5
COLOURS = 128  # charts and text need few; a picture is then a tenth as large
PICTURES = {
    "week": "",
    "card": "",
    "drill": "explore?metric=Deployment+frequency&slice=area&range=6+months",
}


def main() -> None:
    """Take every picture, or say why not."""
    with sync_playwright() as playwright:
        found = chromium(playwright)
        if found is None:
            print("The pictures in docs/ stay as they are: there is no Chromium on this machine to take new ones with.")
            return
        with tempfile.TemporaryDirectory() as home:
            known = {name: told for name, told in os.environ.items() if not name.startswith(("GITHUB_", "JIRA_"))}
            os.environ.clear()
            os.environ.update(known, CAIRN_HOME=home, CAIRN_CONFIG=f"{home}/team.toml", CAIRN_SANDBOX_DAY=DAY)
            subprocess.run([sys.executable, "-m", "collectors", "sync"], cwd=HOUSE, check=True, capture_output=True)
            with dashboard() as address:
                browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
                for name, path in PICTURES.items():
                    for mode in ("light", "dark"):
                        take(browser, f"{address}/{path}", mode, HOUSE / "docs" / f"{name}-{mode}.png")
                browser.close()


def take(browser: Browser, address: str, mode: str, to: Path) -> None:
    """Write one picture of a page, in as few colours as it needs."""
    size = {"width": WIDTH, "height": HEIGHT}
    page = browser.new_page(viewport=size, device_scale_factor=SHARP, color_scheme=mode)
    page.goto(address)
    settle(page)
    if not to.name.startswith("drill"):
        first_card(page, opened=to.name.startswith("card"))
    page.screenshot(path=to, animations="disabled", caret="hide")
    page.context.close()
    with Image.open(to) as taken:
        taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(to, optimize=True)
    print(f"{to.relative_to(HOUSE)}: {to.stat().st_size / 1000:.0f} kB")


def first_card(page: Page, *, opened: bool) -> None:
    """Open the first card, or close it, where it stands over the charts."""
    card = page.locator("[class*=st-key-card-]").first
    if bool(card.locator("details[open]").count()) is not opened:
        card.locator("summary").click()
        page.mouse.move(0, 0)
    card.get_by_text("What was near").wait_for(state="visible" if opened else "hidden")
    page.wait_for_function("() => document.getAnimations().every(one => one.playState !== 'running')")


if __name__ == "__main__":
    main()
