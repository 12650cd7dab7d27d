"""The one door through which text that other people wrote reaches the screen or a file.

Titles, names and addresses come from outside and may hold markup, formulas or lies. Pages hand them to these functions and to
nothing else: markdown would load pictures from elsewhere, a link column would open whatever it is given.
"""

import html
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import pandas as pd
import streamlit as st

import data
from data.entry import SHOWABLE

FORMULA = tuple(
    "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
)  # what a spreadsheet takes for the start of a formula, full width included
RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
Place = tuple[str, str, int | None]  # scheme, host, port
GATEWAY = ("https", "api.atlassian.com", None)  # a Cloud site read through it has issues at its own address
OURS = re.compile(r"/(item\?id|memory\?entry)=[\w.~%+-]+", re.ASCII)
LONGEST_LINK = 2_000
LONGEST_CELL = 500
SCRIPT = Path(__file__).with_name("frame.js").read_text(encoding="utf-8")


def plain(value: object) -> str:
    """Return the value as text that any screen can take: control characters and halves of characters become �."""
    return UNSHOWABLE.sub("�", "" if value is None else str(value))


def text(value: object, style: str = "body", tag: str = "p", width: Literal["stretch", "content"] = "stretch") -> None:
    """Draw the value as it stands, as plain text. `style` names a class of look.css; `tag` an element for screen readers."""
    st.html(f'<{tag} class="cairn-{style}"><bdi>{html.escape(plain(value))}</bdi></{tag}>', width=width)


def bars(told: Sequence[tuple[str, float, str]], alt: str, within: tuple[float, float] | None = None) -> None:
    """Draw each name with a bar and what is said of it, from a common zero, so that they can be seen to add up.

    `within` are the least and the most of a scale that several drawings share.
    """
    ends = within or [find([0.0, *(size for _, size, _ in told)]) for find in (min, max)]
    spans([(name, min(size, 0), abs(size), said) for name, size, said in told], alt, (ends[0], ends[1]))


def spans(told: Sequence[tuple[str, float, float, str]], alt: str, within: tuple[float, float]) -> None:
    """Draw each name with a bar from where it begins, as long as it is, on a common scale, and what is said of it."""
    low, high = within
    span = (high - low) or 1.0
    rows = "".join(
        f'<tr><th scope="row" title="{html.escape(plain(name))}"><bdi>{html.escape(plain(name))}</bdi></th>'
        f'<td><div style="margin-left:{100 * (begins - low) / span:.1f}%;width:{100 * size / span:.1f}%"></div></td>'
        f"<td>{html.escape(said)}</td></tr>"
        for name, begins, size, said in told
    )
    st.html(f'<table class="cairn-bars" aria-label="{html.escape(alt)}">{rows}</table>')


def root() -> str:
    """Return what stands before the address of every page: nothing, or the path below which Cairn is served."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def item(id_: object) -> str:
    """Return the address of our own page about one pull request or issue."""
    return f"{root()}/item?{urlencode({'id': plain(id_)})}"


def entry(id_: object) -> str:
    """Return the address of our own page about one entry of the journal."""
    return f"{root()}/memory?{urlencode({'entry': plain(id_)})}"


def drill(query: dict[str, str]) -> str:
    """Return the address of Drill in a state."""
    return f"{root()}/explore?{urlencode(query)}"


def links(named: Iterable[tuple[object, object]]) -> None:
    """Draw texts with their addresses as a list of links. An address that is not safe to open leaves its text alone."""
    places, rows = allowed(), []
    for name, url in named:
        said = f"<bdi>{html.escape(plain(name)[:LONGEST_CELL])}</bdi>"
        ours = isinstance(url, str) and OURS.fullmatch(url.removeprefix(root()))
        if checked := url if ours else link(url, places):
            place = "" if ours else ' target="_blank"'
            said = f'<a href="{html.escape(str(checked))}"{place} rel="noopener noreferrer">{said}</a>'
        rows.append(f"<li>{said}</li>")
    st.html(f'<ul class="cairn-links">{"".join(rows)}</ul>')


def moments(told: Sequence[tuple[str, str, str]], alt: str) -> None:
    """Draw what happened, one under the other: when, what, and what somebody wrote about it."""
    rows = "".join(
        f"<li><time>{html.escape(when)}</time><b>{html.escape(what)}</b> <bdi>{html.escape(plain(said))}</bdi></li>"
        for when, what, said in told
    )
    st.html(f'<ol class="cairn-life" aria-label="{html.escape(alt)}">{rows}</ol>')


def plot_text(value: object, longest: int = 60) -> str:
    """Return the value for a label in a chart, where Plotly would read some HTML: escaped, on one line, cut with an ellipsis."""
    line = " ".join(plain(value).split())
    return html.escape(line if len(line) <= longest else line[: longest - 1] + "…")


def cell(value: object) -> object:
    """Return the value for a file a spreadsheet may open: text that looks like a formula gets a ' in front, the rest stays."""
    if not isinstance(value, str):
        return value
    return "'" + value if value.startswith(FORMULA) or value.lstrip().startswith(FORMULA) else value


def csv(frame: pd.DataFrame) -> bytes:
    """Return the frame as CSV (RFC 4180, UTF-8 with a mark so that spreadsheets read names right), safe from formulas."""
    checked = pd.DataFrame({column: [cell(value) for value in frame[column]] for column in frame.columns}, dtype=object)
    return (
        checked.map(lambda value: plain(value) if isinstance(value, str) else value)
        .to_csv(index=False, header=[str(cell(plain(name))) for name in frame.columns], lineterminator="\r\n")
        .encode("utf-8-sig")
    )


def file_name(*parts: object, ending: str) -> str:
    """Return a file name made of the parts: letters, digits, . _ - only, at most 80 characters, never hidden or reserved."""
    stem = (
        re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(str(part) for part in parts))
        .strip("-.")[: 79 - len(ending)]
        .rstrip("-.")
    )
    return f"{'file-' if not stem or RESERVED.match(stem) else ''}{stem}.{ending}"


def link(url: object, places: set[Place] | None = None) -> str | None:
    """Return the address if it is safe to open: on a GitHub or Jira this team reads, without user names or tricks. Else None.

    `places` saves asking for places() anew for every address.
    """
    if (
        not isinstance(url, str)
        or not url.isascii()
        or len(url) > LONGEST_LINK
        or re.search(r"[\s\\\x00-\x1f<>\"]", url)
    ):
        return None
    try:
        place = _place(url)
    except ValueError:
        return None
    known = places if places is not None else allowed()
    scheme, host, port = place
    by_gateway = GATEWAY in known and (scheme, port) == ("https", None) and host.endswith(".atlassian.net")
    return url if place in known or by_gateway else None


def allowed() -> set[Place]:
    """Return where links may lead: github.com and the sources in the team's words, http only where it is allowed by name."""
    words = data.team()
    roots = ["https://github.com", *(source.url for source in (*words.github, *words.jira))]
    insecure = {name.strip() for name in os.environ.get("CAIRN_INSECURE_HOSTS", "").split(",")}
    return {place for place in map(_place, roots) if place[0] == "https" or place[1] in insecure}


def table(  # noqa: PLR0913  all that a table may be
    frame: pd.DataFrame,
    columns: dict[str, str],
    *,
    alt: str,
    wide: str | None = None,
    source: str | None = None,
    key: str | None = None,
    on_select: Callable[[], None] | Literal["rerun"] | None = None,
) -> None:
    """Draw the columns of the frame named in `columns` (name to heading). `wide` is the one that gets more room.

    `source` is the column of addresses to link. One that is not safe to open is left out, and its row says so. After a
    click, `on_select` is called, or the page runs again; picked() then tells the row.
    """
    shown = frame[[name for name in columns if name != source]].copy()
    looks: dict[str, Any] = {}
    for name in shown.columns:
        width = "large" if name == wide else None
        if pd.api.types.is_datetime64_any_dtype(shown[name]):
            looks[name] = st.column_config.DatetimeColumn(columns[name], format="ddd D MMM YYYY, HH:mm", width=190)
        elif pd.api.types.is_numeric_dtype(shown[name]):
            looks[name] = st.column_config.NumberColumn(columns[name], format="localized")
        else:
            shown[name] = [None if pd.isna(value) else plain(value)[:LONGEST_CELL] for value in shown[name]]
            looks[name] = st.column_config.TextColumn(columns[name], width=width)
    if source:
        places = allowed()
        links = [link(url, places) for url in frame[source]]
        left_out = [bool(pd.notna(url)) and not safe for url, safe in zip(frame[source], links, strict=True)]
        shown[source] = links
        looks[source] = st.column_config.LinkColumn(columns[source], display_text="Open", width="small")
        if any(left_out):
            shown["note"] = ["link left out" if out else None for out in left_out]
            looks["note"] = st.column_config.TextColumn("", width="small")
    more: dict[str, Any] = {"on_select": on_select, "selection_mode": "single-cell"} if on_select else {}
    st.dataframe(shown, hide_index=True, column_config=looks, alt=alt, placeholder="", key=key, **more)


def picked(key: str) -> tuple[int, str] | None:
    """Return the row, counted from 0, and the column of the cell that was clicked in a table, None if none was."""
    state = st.session_state.get(key)
    cells = state["selection"]["cells"] if state else []
    return (int(cells[0][0]), str(cells[0][1])) if cells else None


def made(markup: str) -> None:
    """Draw what slide.py and linked.py make, a slide, its style or a picture: every word in it is escaped there."""
    st.html(markup)


def drawn(value: object) -> str | None:
    """Return a picture that is kept as text, None for what is no such picture: nothing is ever fetched from elsewhere."""
    return value if isinstance(value, str) and SHOWABLE.fullmatch(value) else None


def picture(value: object, shows: object = "") -> None:
    """Draw a picture that is kept as text, small, with what it shows for whoever cannot see it; nothing where it is none."""
    if checked := drawn(value):
        st.html(f'<img class="cairn-picture" src="{checked}" alt="{html.escape(plain(shows))}">')


def look() -> None:
    """Put look.css and frame.js on the page. They hold no data, and the content policy lets no other script run."""
    st.html(Path(__file__).with_name("look.css"))
    st.html(f"<script>{SCRIPT}</script>", unsafe_allow_javascript=True)
    dark = (
        st.context.theme.type == "dark"
    )  # said of the whole page: what opens over it stands beside the app, not in it
    st.html(f"<style>:root {{ color-scheme: {'dark' if dark else 'light'}; }}</style>")


def _place(url: str) -> Place:
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError(url)
    return parts.scheme, parts.hostname, parts.port
