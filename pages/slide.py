"""How a slide looks: its markup, on a screen and in a file that carries everything in itself. Every word in it is escaped."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from metrics.demo import Figure, Slide
from pages import safe
from pages.theme import DARK, LIGHT, Tokens

THEMES = {"dark": DARK, "light": LIGHT}
SHORT, LONG = 5, 9  # letters of a number that stand in the largest size, and in the second
ADDRESS = 22  # letters of an address that is no link
FEWEST = 6  # weeks, fewer are no picture
ELSEWHERE = "html .cairn-slide .number.two { font-size: calc(96 * var(--u)); }\n"  # other letters are wider than ours
SCRIPT = """
const slides = [...document.querySelectorAll('.cairn-slide')];
let now = Math.max(0, slides.findIndex(one => '#' + one.id === location.hash));
const show = to => {
    now = Math.min(slides.length - 1, Math.max(0, to));
    slides.forEach((one, place) => one.hidden = place !== now);
    history.replaceState(null, '', '#' + slides[now].id);
};
addEventListener('keydown', event => {
    const to = { ArrowRight: now + 1, ' ': now + 1, PageDown: now + 1, ArrowLeft: now - 1, PageUp: now - 1, Home: 0, End: slides.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); show(to); }
});
addEventListener('click', event => event.target.closest('a') || show(now + 1));
show(now);
"""


@dataclass(frozen=True)
class Foot:
    """What stands under every slide: how fresh its numbers are, and the time."""

    fresh: str
    clock: str = ""
    lost: str = ""  # said while the server cannot be reached


@dataclass(frozen=True)
class Picture:
    """What stands beside the words of a slide: the picture as text, and what it shows."""

    drawn: str
    shows: str


def style(theme: str, scale: float = 1.0) -> str:
    """Return the style of slides in a theme; `scale` makes everything larger."""
    colours = "".join(f"--{name}: {value}; " for name, value in _colours(THEMES[theme]).items())
    return f":root {{ {colours}--scale: {scale:.2f}; }}\n{Path(__file__).with_name('slide.css').read_text('utf-8')}"


def markup(one: Slide, place: int, count: int, foot: Foot, picture: Picture | None = None) -> str:
    """Return a slide as HTML, the place counted from 1."""
    seen = _picture(picture)
    lines = "".join(f"<p><bdi>{_words(line)}</bdi></p>" for line in one.lines)
    middle = f'<div class="lines">{lines}{_thanks(one)}</div>' if lines or one.thanks else ""
    link = f'<span class="link">{_link(one.link)}</span>' if one.link else ""
    lost = f'<p class="lost">{_words(foot.lost)}</p>' if foot.lost else ""
    return (
        f'<section class="cairn-slide {one.sort}{" pictured" if seen else ""}" id="slide-{place}" aria-label="Slide {place} of {count}">'
        f'<p class="over"><bdi>{_words(one.over)}</bdi></p><h1><bdi>{_words(one.headline)}</bdi></h1>'
        f'<div class="middle"><div class="told">{middle}{_figure(one.figure)}</div>{seen}</div>'
        f"{f'<p class=ask>{_words(one.ask)}</p>' if one.ask else ''}"
        f'<footer><span>{place} of {count}</span><span class="fresh">{_words(foot.fresh)}</span>{link}'
        f'<span class="clock">{_words(foot.clock)}</span></footer>'
        f'<div class="way"><div style="width:{100 * place / count:.1f}%"></div></div>{lost}</section>'
    )


def every(slides: Sequence[Slide], foot: Foot, pictures: Mapping[str, Picture] | None = None) -> str:
    """Return all slides of a demo as HTML, in their order, with their pictures by id."""
    told, there = enumerate(slides, 1), pictures or {}
    return "\n".join(markup(one, place, len(slides), foot, there.get(one.picture)) for place, one in told)


def file(
    slides: Sequence[Slide], title: str, theme: str, fresh: str, pictures: Mapping[str, Picture] | None = None
) -> bytes:
    """Return a whole demo as one HTML file that needs nothing else: the same keys, and a page for each slide when printed."""
    body = every(slides, Foot(fresh), pictures)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_words(title)}</title>\n'
        f"<style>\n{style(theme)}{ELSEWHERE}</style></head>\n<body>\n{body}\n<script>{SCRIPT}</script></body></html>\n"
    ).encode()


def _picture(one: Picture | None) -> str:
    drawn = safe.drawn(one.drawn) if one else None
    return f'<img class="picture" src="{drawn}" alt="{_words(one.shows)}">' if one and drawn else ""


def _thanks(one: Slide) -> str:
    return f'<p class="thanks"><bdi>{_words(one.thanks)}</bdi></p>' if one.thanks else ""


def _figure(one: Figure | None) -> str:
    if one is None:
        return ""
    size = "one" if len(one.number) <= SHORT else "two" if len(one.number) <= LONG else "three"
    about = f'<p class="about"><bdi>{_words(one.about)}</bdi></p>' if one.about else ""
    return f'<div class="figure"><p class="number {size}"><bdi>{_words(one.number)}</bdi></p>{about}{_weeks(one)}</div>'


def _weeks(one: Figure) -> str:
    """Return the last weeks as dots over the usual range, the last one larger; it holds no words."""
    there = [value for value in one.points if value is not None]
    if len(there) < FEWEST:
        return ""
    low, high = min([*there, *(one.band or ())]), max([*there, *(one.band or ())])

    def down(value: float) -> float:
        return 100 * (1 - (value - low) / ((high - low) or 1.0))

    band = ""
    if one.band:
        top, bottom = down(one.band[1]), down(one.band[0])
        band = f'<div class="band" style="top:{top:.1f}%;height:{bottom - top:.1f}%"></div>'
    dots = "".join(
        f'<i style="left:{100 * nth / (len(one.points) - 1):.1f}%;top:{down(value):.1f}%"></i>'
        for nth, value in enumerate(one.points)
        if value is not None
    )
    return f'<div class="weeks" role="img" aria-label="the last {len(one.points)} weeks over the usual range">{band}{dots}</div>'


def _link(url: str) -> str:
    """Return an address as a short link; one that is not safe to open is only shown."""
    if not (checked := safe.link(url)):
        shown = url.removeprefix("https://")
        return _words(shown if len(shown) <= ADDRESS else shown[: ADDRESS - 1] + "…")
    return f'<a href="{html.escape(checked)}" target="_blank" rel="noopener noreferrer">{_words(short(checked))}</a>'


def short(url: str) -> str:
    """Return what a link is called where there is little room: shop#34, SHOP-12, shop v1.4."""
    parts = [part for part in url.split("?", maxsplit=1)[0].split("/")[3:] if part]
    if len(parts) >= 4 and parts[2] in {"pull", "issues"}:
        return f"{parts[1]}#{parts[3]}"
    if len(parts) >= 5 and parts[2:4] == ["releases", "tag"]:
        return f"{parts[1]} {parts[4]}"
    return (parts or [url])[-1][:ADDRESS]


def _colours(one: Tokens) -> dict[str, str]:
    return {
        "paper": one.paper,
        "surface": one.surface,
        "ink": one.ink,
        "muted": one.muted,
        "band": one.band,
        "mark": one.series[0],
        "signal": one.signal,
    }


def _words(text: object) -> str:
    return html.escape(safe.plain(text))
