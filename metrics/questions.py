"""The questions a number may start: from its state, from where a change comes from, and from the metric's own words.

At most two, about the work and never about a person. What may not be said is said here once, and every word on screens,
in questions and in mail is held against it by the tests.
"""

import re
from typing import TYPE_CHECKING

from metrics.metric import Metric
from metrics.words import day

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from metrics.contribution import By
    from metrics.signals import Signal, Watch

MOST = 2
LONGEST = 25  # words
JUDGES = re.compile(  # no word that judges, blames or sets a mark to reach
    r"\b(good|bad|poor|better|best|worse|worst|worsen\w*|improv\w+|deteriorat\w+|target\w*|should|must|blame\w*|guilt\w*"
    r"|culprits?|underperform\w*|lazy|elite)\b|!|[\U0001F300-\U0001FAFF\u2600-\u27BF]",
    re.IGNORECASE,
)
PEOPLE = re.compile(r"\b(who|whom|whose|why did|why didn't|your fault|behind)\b", re.IGNORECASE)
PLAIN = re.compile(r"\w[\w ./#-]{0,38}\w")  # a name from outside that can stand in a sentence
MOSTLY = 0.5  # of the change
STATES = {
    "too few": "What would you expect to see here once there is more?",
    "usual": "Did you notice something that this number misses?",
    "gap": "What went on in this stretch that the number cannot show?",
    "unusual": "What was different in {when}?",
    "look": "Has something begun to change since {when}?",
    "shift": "Did we change how we work around {when}?",
}
COMES_FROM = {
    "phase": "Most of the change lies in {part}: what was different there {since}?",
    "area": "Most of the change comes from {part}: what was different there {since}?",
    "kind": "Most of the change is of the kind {part}: what was different there {since}?",
}
NOT_SET = "Most of the change has no {by} set: which of these can be told apart?"
MIX = "Most of the change is another mix: did the work itself change {since}?"
SPREAD = "The change is spread over {n} areas: what do they have in common {since}?"


def unsaid(text: str, *, question: bool = False) -> list[str]:
    """Return the words of a text that are not said anywhere; of a question, also those that point at people."""
    found = [one.group() for one in JUDGES.finditer(text)]
    return found + [one.group() for one in PEOPLE.finditer(text)] if question else found


def questions(metric: Metric, watch: "Watch", parts: "Mapping[By, pd.DataFrame] | None" = None) -> tuple[str, ...]:
    """Return at most two questions for the state a metric is in. `parts` are its contributions by the ways they were split.

    Something unusual or moved gets one question from where it comes from, or from its state, and one of the metric's own,
    which goes round by the week so that the same signal is not asked the same thing for ever.
    """
    signal = watch.signal
    if signal is None or watch.state not in {"unusual", "look", "shift"}:
        return (STATES[watch.state],) if watch.state in {"too few", "usual", "gap"} else ()
    first = _where_from(parts or {}, signal) or STATES[signal.kind].format(when=f"the week of {day(signal.since)}")
    own = metric.asks[signal.until.toordinal() // 7 % len(metric.asks)] if metric.asks else None
    return tuple(dict.fromkeys(one for one in (first, own) if one))[:MOST]


def _where_from(parts: "Mapping[By, pd.DataFrame]", signal: "Signal") -> str | None:
    """Return the question about the part that carries most of a change, if one does; the narrowest way of splitting first."""
    since = (
        f"in the week of {day(signal.since)}" if signal.kind == "unusual" else f"since the week of {day(signal.since)}"
    )
    for by in ("phase", "area", "kind"):
        told = parts.get(by)
        if told is None or len(told) < 2 or told["share"].isna().all():
            continue
        mix = told["mix"].sum() / told["change"].sum()
        if mix > MOSTLY:
            return MIX.format(since=since)
        part, share = told["part"].iloc[0], told["share"].iloc[0]
        if share <= MOSTLY:
            continue
        if part == "not set":
            return NOT_SET.format(by=by)
        if by == "phase" or can_stand(part):
            return COMES_FROM[by].format(part=part[0].lower() + part[1:] if by == "phase" else part, since=since)
    areas = parts.get("area")
    if areas is not None and len(areas) > 2 and areas["share"].iloc[0] <= MOSTLY:
        return SPREAD.format(n=len(areas), since=since)
    return None


def can_stand(name: str) -> bool:
    """Tell if a name from outside can stand in a question: short, of plain letters, with no word that is not said."""
    return PLAIN.fullmatch(name) is not None and len(name.split()) <= 4 and not unsaid(name, question=True)
