"""Burn list: technical investments with their payback as ranges, the case for each on a page, and what came of those that were made."""

from datetime import date, timedelta

import streamlit as st

import data
import metrics
from data.entry import Entry
from data.journal import Journal
from metrics import burn, experiment
from metrics.burn import Item, Payback
from metrics.plan import DASH
from metrics.words import capital, full_day
from pages import reading, safe
from pages.experiment import weeks
from pages.form import titled

NONE = "Nothing is on the list yet. An investment says what it takes and what it gives back as ranges, and in which number it should show."
WEEKS = 52  # on the common scale; what takes longer ends at its edge
OTHER_REASONS = "These overlap: by payback alone they cannot be told apart. Choose among them by other reasons."


def draw(kept: Journal) -> None:
    """Draw what may be invested in by payback, then what was done and how good the estimates have been."""
    st.page_link("memory.py", label="New investment", query_params={"write": "burn"})
    entries = kept.entries("burn")
    if not entries:
        safe.text(NONE)
        return
    told = {entry.id: (entry, burn.item(entry.id, entry.answers)) for entry in entries}
    _open({id_: one for id_, one in told.items() if one[0].answers.get("state") == "open"})
    _done([one for one in told.values() if one[0].answers.get("state") == "done"])
    if gone := [
        (one[1].title, safe.entry(id_)) for id_, one in told.items() if one[0].answers.get("state") == "let go"
    ]:
        st.subheader("Let go", anchor=False)
        safe.links(gone)


def _open(told: dict[str, tuple[Entry, Item]]) -> None:
    """Draw what may be invested in: a frame for each group that payback cannot tell apart, the soonest first."""
    groups = burn.groups([found for _, one in told.values() if (found := burn.payback(one))])
    if groups:
        safe.spans(
            [_span(one) for group in groups for one in group], "Weeks until each has paid for itself", (0, WEEKS)
        )
        safe.text(
            f"Weeks until each has paid for itself, in 8 of 10 cases. The scale has {WEEKS} weeks; what takes longer stands at its edge.",
            "note",
        )
    for group in groups:
        with st.container(border=True, gap="small"):
            if len(group) > 1:
                safe.text(OTHER_REASONS, "note")
            for one in group:
                _item(*told[one.item.id], one)
    unknown = [one for one in told.values() if burn.payback(one[1]) is None]
    if unknown:
        safe.text("Payback not known yet", "strong")
        for entry, one in unknown:
            _item(entry, one, None)


def _item(entry: Entry, one: Item, found: Payback | None) -> None:
    """Draw an investment: its payback, what it says, and the case to carry."""
    safe.text(one.title, "sentence", "h3")
    safe.text(burn.sentence(found, one))
    body = entry.answers
    facts = [
        f"should show in {titled(body['metric'])}"
        if body.get("metric")
        else f"the number it should show in is {burn.UNKNOWN}"
    ]
    facts.append(f"{body['sure']}" if body.get("sure") else f"how sure we are is {burn.UNKNOWN}")
    facts += [f"{body['says']} says so"] if body.get("says") else []
    if found:
        facts.append(f"waiting a quarter costs about {found.waiting:.2g} person-days")
    safe.text(capital(" · ".join(facts)), "note")
    _ways(entry, one, "")


def _span(found: Payback) -> tuple[str, float, float, str]:
    """Return the payback of an investment as a bar on the common scale; what takes longer ends at its edge."""
    low, _, high = found.weeks
    begins = min(low, WEEKS - 1)
    return found.item.title, begins, max(0.5, min(high, WEEKS) - begins), f"{low:.0f}{DASH}{high:.0f}"


def _done(told: list[tuple[Entry, Item]]) -> None:
    """Draw what was invested in, the number before and since, and how often the estimates held."""
    st.subheader("Done, and what came of it", anchor=False)
    cost, gave = burn.record([one for _, one in told])
    safe.text(f"{cost.words} {gave.words}", "lead")
    for entry, one in told:
        body = entry.answers
        with st.container(border=True, gap="small"):
            safe.text(one.title, "sentence", "h3")
            safe.text(_outcome(one))
            since = _since(entry)
            if since:
                safe.text(f"{titled(str(body.get('metric')))}: {since}")
            if body.get("came"):
                safe.text(f"What came of it: {body['came']}", "ask")
            _ways(entry, one, since)


def _outcome(one: Item) -> str:
    """Return estimate and outcome side by side; what nobody said is not known yet."""
    parts = []
    for what, estimate, came, unit in (
        ("took", one.cost, one.took, "person-days"),
        ("gives back", one.saves, one.saved, "person-days a week"),
    ):
        told = burn.UNKNOWN if came is None else f"{came:g} {unit}"
        range_ = f"estimated {estimate[0]:g} to {estimate[2]:g}" if estimate else f"estimate {burn.UNKNOWN}"
        parts.append(f"{what} {told} ({range_})")
    return capital(f"it {' and '.join(parts)}.")


def _since(entry: Entry) -> str:
    """Return what the weeks before and since an investment let anybody say of its number."""
    body, today = entry.answers, reading.today()
    metric = next((one for one in metrics.METRICS if one.name == body.get("metric")), None)
    if metric is None or metric.private or not body.get("since"):
        return ""
    begins = date.fromisoformat(body["since"])
    others = experiment.nearby(reading.between(reading.edition(), begins, today), entry.id)
    claim = experiment.held_against(metric, weeks(metric, None), begins, today + timedelta(days=1), data.team(), others)
    return f"before {full_day(begins)} and since. {claim.words}"


def _ways(entry: Entry, one: Item, since: str) -> None:
    body = entry.answers
    page = burn.case(one, body, titled(str(body["metric"])) if body.get("metric") else "", since)
    with st.container(horizontal=True, vertical_alignment="center", key=f"under-burn-{entry.id}"):
        st.page_link("memory.py", label="Open", query_params={"entry": entry.id})
        st.download_button(
            "The case on a page",
            page,
            safe.file_name("case", one.title, ending="md"),
            "text/markdown",
            key=f"case-{entry.id}",
            type="tertiary",
            on_click="ignore",
        )
        if entry.answers.get("state") == "open":
            st.page_link(
                "memory.py",
                label="It is done",
                query_params={
                    "entry": entry.id,
                    "change": str(entry.version),
                    "state": "done",
                    "since": f"{reading.today()}",
                },
            )
