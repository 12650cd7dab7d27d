"""What a chart on a page is: sentence, picture with its usual range, where it comes from, its rows, and a question if it moved."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from inspect import cleandoc
from itertools import islice
from typing import Any, Literal
from urllib.parse import urlencode, urljoin

import plotly.graph_objects as go
import streamlit as st

import data
import metrics
from metrics import Metric
from metrics import noted as notes
from metrics.noted import WRITTEN, Noted, counted, gathered, line
from pages import figure, linked, past, reading, safe, sentences, words
from pages.reading import EVERY, REACH, View, here
from pages.sections import choice
from pages.words import Frame

NOTED = 12  # things told by name under a chart, of what people wrote and of what happened by itself
NOT_THESE = ["zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]


def every_picker() -> str:
    """Draw the choice between weeks, months and quarters and return it."""
    return st.segmented_control("Every", list(EVERY), default="week", required=True, key="every", bind="query-params")


def one_of(label: str, names: list[str], key: str, width: int | Literal["stretch"] = "stretch") -> str | None:
    """Draw a filter over names from the data and return the chosen one, None for all."""
    return st.selectbox(label, names, index=None, placeholder="All", key=key, bind="query-params", width=width)


def chart(  # noqa: PLR0913  all that one chart is told
    edition: str,
    view: View,
    *,
    on_select: Callable[[], None] | None = None,
    picked: date | None = None,
    only: Collection[str] = (),
    also: Mapping[str, str] | None = None,
    written: tuple[Noted, ...] | None = None,
) -> None:
    """Draw a metric under the chart contract. Each mark is a link to its rows.

    Where `on_select` is given, the rows stand below: it is called after a click, which clicked() reads, and `picked` is the period
    to show as chosen.
    `only` keeps the slices of these names, and `also` is what else belongs in the link. `written` is what people wrote down, for
    pages that have read it already.
    """
    metric, every = view.metric, view.every
    history = reading.history(edition, view)
    points = reading.within(history, view.reach)
    points = points[points["slice"].isin(only)] if only else points
    complete = reading.complete_to(edition, metric)
    lacks = reading.lacks(edition, metric)
    if complete is None or points["value"].isna().all():
        safe.text(metric.title, "sentence", "h3")
        safe.text((lacks if complete is None or points.empty else None) or sentences.nothing(metric, points, complete))
        if metric.private and lacks:
            safe.text(sentences.WHY, "note")
        return
    facts = [sentences.sample(metric, points), f"complete to {words.moment(complete, data.team().timezone)}"]
    caption = sentences.caption(metric, points, every, complete)
    before = {
        name: reading.earlier(history[history["slice"] == name], part, view)
        for name, part in (points.groupby("slice") if view.compare else ())
    }
    dashed = sentences.compared(view, before.values())
    told = reading.noted(edition, view, points, reading.written(edition) if written is None else written)
    periods = sorted(set(zip(points["starts"], points["ends"], strict=True)))
    if view.by:
        slices = dict(islice(reading.slices(points).items(), figure.MOST))
        usuals = {name: metrics.usual(metric, history[history["slice"] == name]) for name in slices}
        watches = reading.sliced_watches(edition, view)
        picture = figure.panels(
            view, slices, usuals, watches, before, figure.Told(caption, dashed), _by_slice(view, told, slices, periods)
        )
        sentence = sentences.sliced(metric, view.by, len(slices), points["slice"].nunique())
        question = None
    else:
        ranges = reading.usuals(metric, history)
        watch = reading.watch(edition, view)
        marks = gathered(told, periods)
        picture = figure.draw(
            view, points, ranges, watch, before.get("all"), figure.Told(caption, dashed), picked, marks
        )
        now = watch if points["starts"].max() == history["starts"].max() else None  # days long past say nothing of now
        sentence = sentences.headline(metric, points, every, now)
        question = sentences.prompt(metric, now)
        facts.insert(1, sentences.band(metric, ranges[-1] if ranges else None))
    safe.text(sentence, "sentence", "h3")
    if view.compare:
        facts.append(dashed or f"nothing to compare with: {view.compare}")
    if view.team and not isinstance(view.area, str):
        facts.append(sentences.NOT_SPLIT if view.area is None else view.team)
    alt = "; ".join(filter(None, (sentence, dashed, f"noted in this time: {counted(told)}" if told else "")))
    _picture(view, points, picture, alt, on_select)
    with st.container(key=f"under-{metric.name}", gap=None):
        safe.text(" · ".join(facts), "note")
        if lacks:
            safe.text(lacks, "note")
        _ways_on(view, points, picked, also or {}, told, rows_link=on_select is None)
        if question:
            safe.text(question, "prompt")


def grid(edition: str, views: Sequence[View]) -> None:
    """Draw some charts side by side, two in a row; each mark is a link to its rows."""
    places = st.grid(2, min_column_width=540, gap=("medium", "large"))
    written = reading.written(edition)
    for view in views:
        with places.cell():
            past.drawn(partial(chart, edition, view, written=written), view.metric.title)


def by_month(name: str) -> View:
    """Return a view of what is told month by month, over a year at least: fewer months show nothing."""
    view = here(metrics.metric(name), "month")
    return replace(view, reach="12 months") if view.reach in REACH and view.reach != "All" else view


def section(edition: str, sections: dict[str, tuple[str, ...]], key: str, monthly: Collection[str] = ()) -> str:
    """Draw the choice between groups of metrics, and the charts of the one chosen; the choice is in the link.

    What is in `monthly` happens too rarely for weeks to say anything.
    """
    chosen = choice(sections, key)
    safe.text(chosen, "sentence", "h2")
    grid(edition, [by_month(name) if name in monthly else here(metrics.metric(name)) for name in sections[chosen]])
    return chosen


def clicked(metric: Metric) -> tuple[str, str] | None:
    """Return the names of the period and the slice whose mark was clicked last on a metric's chart, if one was."""
    state = st.session_state.get(_key(metric))
    marks = state["selection"]["points"] if state else []
    of = marks[0].get("customdata") if marks else None  # the dashed line leads nowhere
    return tuple(of) if of else None


def definition(metric: Metric, *, sql: bool = False) -> None:
    """Draw what a metric is, how it misleads and what it asks, and its SQL. All of it stands in its declaration."""
    safe.text(metric.about)
    safe.text(f"Take care: {metric.caution}")
    for question in metric.asks:
        safe.text(question, "ask")
    if sql:
        st.code(cleandoc(metric.sql), language=None)  # in colour, those of Health are ten thousand parts to draw


def address(query: dict[str, str]) -> str:
    """Return the whole address of Explore in a state, to be pasted anywhere."""
    return urljoin(st.context.url or "", safe.drill(query))


def _by_slice(
    view: View, told: list[Noted], slices: Mapping[str, Frame], periods: Sequence[tuple[date, date]]
) -> dict[str, list[figure.Noted]]:
    """Return what was noted for each panel: of areas, what concerns the area or everybody."""
    return {name: gathered(notes.of(told, [name] if view.by == "area" else ()), periods) for name in slices}


def _noted(told: list[Noted]) -> None:
    """Draw what was noted as a list for whoever has no pointer, the newest first: what people wrote, then the rest."""
    for by_people in (True, False):
        those = [one for one in reversed(told) if (one.kind in WRITTEN) is by_people]
        if those:
            safe.text("Written down" if by_people else "Happened by itself", "strong")
            safe.links([(line(one), safe.entry(one.entry) if one.entry else one.url) for one in those[:NOTED]])
        if len(those) > NOTED:
            safe.text(f"and {len(those) - NOTED:,} more", "note")


def _ways_on(  # noqa: PLR0913  all that one chart leads to
    view: View, points: Frame, picked: date | None, also: Mapping[str, str], told: list[Noted], *, rows_link: bool
) -> None:
    """Draw the small words under the grey line: where a reader goes from here."""
    query = view.link(
        period=words.period(picked or points["starts"].max(), view.every),
        of=st.session_state.get("of") if view.by else None,
        **also,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with st.popover("Definition", type="tertiary"):
            definition(view.metric)
        if rows_link and not view.metric.private:
            st.page_link("explore.py", label="See the rows", query_params=query)
        starts = points["starts"].max() if picked is None else picked
        if told:
            with st.popover("What was noted", type="tertiary"):
                _noted(told)
        noted = {"write": "note", "since": f"{starts:%Y-%m-%d}", "view": urlencode(query)}
        st.page_link("memory.py", label="Note", query_params=noted)
        with st.popover("Copy link", type="tertiary"):
            st.code(address(query), language=None, wrap_lines=True)
        shown = points if view.by else points.drop(columns="slice")
        st.download_button(
            "CSV", lambda: safe.csv(shown), _file(view, points, "csv"), "text/csv", type="tertiary", on_click="ignore"
        )


def _picture(view: View, points: Frame, picture: go.Figure, alt: str, on_select: Callable[[], None] | None) -> None:
    """Draw the large picture of Drill with all that Plotly can, any other one as words with links."""
    if on_select:
        st.plotly_chart(
            picture,
            theme=None,
            key=_key(view.metric),
            on_select=on_select,
            selection_mode="points",
            config=_config(view, points),
            alt=alt,
        )
    else:
        small(view, points, picture, alt)


def small(view: View, points: Frame, picture: go.Figure, alt: str) -> None:
    """Draw a picture that costs next to nothing, each mark of it a link to its rows."""
    safe.made(linked.markup(picture, alt, partial(_rows, view), _file(view, points, "png")))


def _rows(view: View, told: str) -> str:
    """Return the address of the rows of a period."""
    return safe.drill(view.link(period=told))


def _key(metric: Metric) -> str:
    return f"chart-{metric.name}"


def _config(view: View, points: Frame) -> dict[str, Any]:
    """Leave one button, the camera, always in sight; its picture carries title, range and freshness."""
    picture = {"format": "png", "scale": 2, "filename": _file(view, points, "png").removesuffix(".png")}
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtonsToRemove": NOT_THESE,
        "toImageButtonOptions": picture,
    }


def _file(view: View, points: Frame, ending: str) -> str:
    by = view.by and f"by-{view.by}"
    parts = (
        view.metric.name,
        by,
        view.area if isinstance(view.area, str) else view.team,
        view.kind,
        view.every,
        view.reach if isinstance(view.reach, str) else points["starts"].min(),
        points["ends"].max(),
    )
    return safe.file_name(*filter(None, parts), ending=ending)
