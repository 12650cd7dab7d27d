"""A signal as a card: the week it began, its size as a range, where it comes from, what was near, and the question."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st

from metrics.digest import KINDS, Moved, carried, headline, largest, plain
from metrics.words import amount, capital, day
from pages import reading, safe

NEAR = 4  # told at once; the others open


def card(one: Moved, *, opened: bool) -> None:
    """Draw one signal. What it comes from adds up to the whole change; what was near is near and no cause."""
    with st.expander(f"{KINDS[one.signal.kind]} · {headline(one)}", expanded=opened, key=f"card-{one.metric.name}"):
        where, around = st.columns([3, 2], gap="large")
        with where:
            _where(one)
        with around, st.container(gap="xsmall"):
            _near(one)
        for question in one.questions:
            safe.text(question, "ask")
        view = urlencode(dict(parse_qsl(urlsplit(one.link).query)) | reading.day_in_link())
        topic = {"write": "topic", "what": headline(one), "metric": one.metric.name, "view": view}
        begun = {"write": "decision", "metric": one.metric.name, "context": headline(one), "view": view}
        with st.container(horizontal=True):
            st.page_link("explore.py", label="Open the chart and the rows", query_params=dict(parse_qsl(view)))
            st.page_link("memory.py", label="Talk about this", query_params=topic)
            st.page_link("memory.py", label="Decide something about it", query_params=begun)


def _where(one: Moved) -> None:
    safe.text("Where it comes from", "strong")
    if not one.where:
        safe.text("It cannot be split further: all of it is of one area and one kind.", "note")
    for by, parts in one.where.items():
        words, told = carried(one.metric, by, parts)
        safe.text(words, "note")
        sizes = [size for _, size in largest(parts)]
        safe.bars([(plain(part), size, said) for (part, said), size in zip(told, sizes, strict=True)], words)


def _near(one: Moved) -> None:
    safe.text("What was near", "strong")
    if one.near.empty:
        safe.text("Nothing that is known of.", "note")
        return
    apart = [abs((at - one.signal.since).days) for at in one.near["at"]]
    first = sorted(sorted(range(len(apart)), key=apart.__getitem__)[:NEAR])
    for at, what, area in one.near[["at", "what", "area"]].iloc[first].itertuples(index=False, name=None):
        safe.text(f"{day(at)}: {plain(what)}{f' ({plain(area)})' if area else ''}", "note")
    more = len(one.near) + one.more - len(first)
    if more:
        with st.popover("All that was near", type="tertiary", width="content"):
            told = one.near.assign(at=[day(at) for at in one.near["at"]])
            columns = {"at": "When", "what": "What", "kind": "Kind", "area": "Area", "url": "Source"}
            safe.table(told, columns, alt="What was near", wide="what", source="url")
            if one.more:
                safe.text(capital(f"{amount(one.more, 'more thing')} happened in these weeks."), "note")
