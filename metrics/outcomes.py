"""What a Workflow gave back: hours of work that did not happen and days nobody waited, as ranges, less what it costs.

A run is not an hour saved. Only demand that would have come by hand anyway counts, at what it took before the Workflow was
there, less support, upkeep and the attempts that failed or were repeated. The hours of the platform team, the hours of the
people who ask and the days of waiting are three different things: they are never added together.
"""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from data import CairnError, query, team
from metrics.metric import known
from metrics.words import full_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from data.team import Baseline, Spread, Touch, Workflow

DRAWS = 20_000
AT_ONCE = 4_000_000  # random numbers held in memory together
FEWEST = 8  # tickets, fewer say nothing about the hours one takes
CAPPED_FROM = 20  # tickets, from which on the longest twentieth are cut to the 95th percentile
OWN = 10  # served tickets, from which on a kind of request is told apart from the others
NINETY = 1.6448536269514722  # standard deviations between the middle and the end of a 90 % interval
EIGHTY = (10, 90)  # percentiles
GUESS = (0.3, 0.1, 0.8)  # hours of work in an hour a ticket is active, where nobody has timed any: middle, low, high
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Range:
    """An estimate, the middle and 80 % interval of what it may be as well, and the chance that it is more than nothing."""

    value: float
    middle: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True)
class Kind:
    """One kind of request by hand, or all the small ones together, where kinds are told apart."""

    before: int  # came in the baseline
    manual: int  # came in the period all the same
    active: tuple[float, ...]  # hours, of those served in the baseline


@dataclass(frozen=True)
class Facts:
    """What is known of one Workflow: before it was there, and in one period. Times are hours unless a name says otherwise.

    `active` are the hours the tickets of the baseline were active, `kinds` the same by kind of request where two or more are
    known well enough, `timed` pairs of (hours timed, hours active), `kappa` what
    stands for them where nothing was timed, `touch` the hours of work one request took where that was assumed as a whole:
    both as (middle, low, high) of a lognormal, low to high holding 90 %.
    """

    before: int  # requests by hand in the baseline
    weeks_before: float
    weeks: float
    manual: int  # requests by hand in the period
    requests: int = 0
    ok: int = 0
    first_ok: int = 0
    attempts: int = 0
    failed: int = 0
    support: int = 0
    active: tuple[float, ...] = ()
    kinds: tuple[Kind, ...] = ()
    timed: tuple[tuple[float, float], ...] = ()
    kappa: tuple[float, float, float] | None = None
    touch: tuple[float, float, float] | None = None
    faded: float = 1.0  # what is left of the old hours after a decay without us
    requester_hours: float | None = None
    attempt_hours: float = 0.0
    repair_hours: float = 0.0
    support_hours: float = 0.0
    upkeep: float = 0.0
    days_before: float | None = None  # half of the requests by hand waited less
    days_now: float | None = None


@dataclass(frozen=True)
class Reclaimed:
    """What one Workflow gave back in one period. A part is None where it cannot be known; `notes` say why and what to do."""

    workflow: str
    since: date
    until: date  # the day after its last
    facts: Facts | None = None
    displaced: float | None = None  # requests that would have come by hand, and were served without
    induced: float | None = None  # served requests that come because asking is easy: a cost, and no time reclaimed
    platform: Range | None = None  # hours of the platform team
    requesters: Range | None = None  # hours of the people who ask
    waiting: Range | None = None  # days
    upper_case: float | None = None  # hours of the platform team if every served request had been asked for by hand
    assumed: tuple[str, ...] = ()  # which parts nobody measured
    baseline: str = ""
    sentences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Friction:
    """How a Workflow went in one period; a share is None where nothing was asked for."""

    workflow: str
    since: date
    until: date
    requests: int
    success: float | None
    first_time_success: float | None
    attempts_per_request: float | None
    bypass: float | None  # requests by hand among all that were served or asked for by hand
    support_per_100: float | None
    induced: float | None  # share of the served requests


@dataclass(frozen=True)
class Toil:
    """Work by hand that comes again and leaves nothing behind: hours in a period, and their share of the team's."""

    since: date
    until: date
    tickets: int
    hours: Range | None = None
    share: Range | None = None
    notes: tuple[str, ...] = ()


# The arithmetic ------------------------------------------------------------------------------------------------------------


def estimate(facts: Facts, seed: int = 1) -> dict[str, Any]:
    """Return displaced, induced, platform, requesters, waiting and upper_case of Reclaimed, from facts alone.

    Demand that would have come anyway is the rate before, gamma-Poisson; tickets and timed pairs are resampled; 20,000 draws,
    the same for the same seed. measurement 6.3.
    """
    generator = np.random.default_rng(seed)
    hours, drawn = _touch(facts, generator)
    rate = generator.gamma(facts.before + 0.5, 1 / facts.weeks_before, DRAWS)
    likely = np.clip(generator.poisson(rate * facts.weeks) - facts.manual, 0, facts.ok)
    displaced = float(np.clip(facts.before / facts.weeks_before * facts.weeks - facts.manual, 0, facts.ok))
    costs = facts.support * facts.support_hours + facts.upkeep + facts.failed * facts.repair_hours
    found: dict[str, Any] = {"displaced": displaced, "induced": facts.ok - displaced}
    if hours is not None and drawn is not None:
        found["platform"] = _range(displaced * hours - costs, likely * drawn - costs)
        found["upper_case"] = facts.ok * hours - costs
    if facts.requester_hours is not None:
        spent = facts.attempts * facts.attempt_hours
        found["requesters"] = _range(displaced * facts.requester_hours - spent, likely * facts.requester_hours - spent)
    if facts.days_before is not None and (facts.days_now is not None or not facts.ok):
        days = facts.days_before - (facts.days_now or 0)
        found["waiting"] = _range(displaced * days, likely * days)
    return found


def _touch(facts: Facts, generator: np.random.Generator) -> "tuple[float | None, NDArray[np.floating[Any]] | None]":
    """Return the hours of work one request by hand took, and that as draws; None where nothing is known of it."""
    if facts.touch:
        return facts.touch[0] * facts.faded, _lognormal(facts.touch, generator) * facts.faded
    if not facts.active or not (facts.timed or facts.kappa):
        return None, None
    active, means = _active(facts, generator)
    if facts.timed:
        pairs = np.array(facts.timed)
        sums = _resampled(pairs, generator)
        kappa = pairs[:, 0].sum() / pairs[:, 1].sum()
        kappas = np.divide(sums[:, 0], sums[:, 1], out=np.full(DRAWS, kappa), where=sums[:, 1] > 0)
    else:
        guess = facts.kappa or GUESS
        kappa, kappas = guess[0], _lognormal(guess, generator)
    return float(active * kappa * facts.faded), means * kappas * facts.faded


def _active(facts: Facts, generator: np.random.Generator) -> "tuple[float, NDArray[np.floating[Any]]]":
    """Return the hours one request by hand was active on average, and that as draws.

    Of kinds each is resampled in itself, and weighed as what was displaced is spread over them. The baseline shows that mix
    on so many tickets and no more, so it is drawn as well.
    """
    if not facts.kinds:
        active = np.array(facts.active)
        return float(active.mean()), _resampled(active[:, None], generator)[:, 0]
    came = np.array([one.before for one in facts.kinds])
    active = np.array([np.mean(one.active) for one in facts.kinds])
    means = np.stack([_resampled(np.array(one.active)[:, None], generator)[:, 0] for one in facts.kinds], axis=1)
    mixes = generator.dirichlet(came, DRAWS)
    return float(_left(came / came.sum(), facts) @ active), (_left(mixes, facts) * means).sum(axis=1)


def _left(mix: "NDArray[np.floating[Any]]", facts: Facts) -> "NDArray[np.floating[Any]]":
    """Return a mix over kinds less what of each came by hand all the same: that was not displaced. As it is, if nothing is left."""
    manual = np.array([one.manual for one in facts.kinds])
    left = np.clip(mix * (facts.before / facts.weeks_before * facts.weeks) - manual, 0, None)
    whole = left.sum(axis=-1, keepdims=True)
    return np.divide(left, whole, out=mix.copy(), where=whole > 0)


def _resampled(values: "NDArray[np.floating[Any]]", generator: np.random.Generator) -> "NDArray[np.floating[Any]]":
    """Return the column means of as many rows drawn with repetition, DRAWS times."""
    n = len(values)
    step = max(1, AT_ONCE // n)
    parts = [
        values[generator.integers(0, n, (min(step, DRAWS - done), n))].mean(axis=1) for done in range(0, DRAWS, step)
    ]
    return np.concatenate(parts)


def _lognormal(spread: tuple[float, float, float], generator: np.random.Generator) -> "NDArray[np.floating[Any]]":
    middle, low, high = spread
    return generator.lognormal(np.log(middle), np.log(high / low) / (2 * NINETY), DRAWS)


def _range(value: float, drawn: "NDArray[np.floating[Any]]") -> Range:
    low, middle, high = np.percentile(drawn, [EIGHTY[0], 50, EIGHTY[1]])
    return Range(float(value), float(middle), float(low), float(high), float((drawn > 0).mean()))


def capped(active: "Iterable[float]") -> tuple[float, ...]:
    """Return the hours tickets were active, the longest cut to the 95th percentile where there are enough to know it."""
    hours = [float(one) for one in active]
    if len(hours) < CAPPED_FROM:
        return tuple(hours)
    most = float(np.quantile(hours, 0.95))
    return tuple(min(one, most) for one in hours)


# The words -----------------------------------------------------------------------------------------------------------------


def sentences(one: Reclaimed) -> "Iterator[str]":
    """Yield what was given back in words, each with its range: hours of the platform team, of the people who ask, days."""
    when = _when(one.since, one.until)
    if one.platform:
        yield _said(one.platform, "of platform work did not happen", when, "hour", "The platform team's costs")
    if one.requesters:
        yield _said(one.requesters, "of asking by hand did not happen", when, "hour", "Running the Workflow")
    if one.waiting:
        yield _said(one.waiting, "of waiting did not happen", when, "day", "Waiting for the Workflow")


def _said(found: Range, what: str, when: str, unit: str, costs: str) -> str:
    amount, span = _rounded(found.value), f"({ends(found)})"
    if found.value <= 0:
        return f"{costs} took about as much as it gave back or more {when}: {amount} {unit}s {span}."
    return f"Roughly {amount} {unit}{'' if amount == '1' else 's'} {what} {when} {span}."


def ends(found: Range) -> str:
    """Return the ends of a range as roughly as they are known: whole below ten, fives below a hundred; finer where it is narrow."""
    low, high = _roughly(found.low), _roughly(found.high)
    if low < found.value < high:
        return f"{low:,g} to {high:,g}"
    return f"{_rounded(found.low)} to {_rounded(found.high)}"


def _roughly(value: float) -> float:
    size = abs(value)
    step = 0.1 if size < 0.95 else 1 if size < 9.5 else 5 if size < 97.5 else 10 ** (int(np.log10(size)) - 1)
    return round(float(np.floor(value / step + 0.5) * step), 1)


def _rounded(value: float) -> str:
    """Return a number to two figures, without a nought behind the point: 2.3, 20, 110, -4."""
    if abs(value) < 0.05:
        return "0"
    step = 10.0 ** (int(np.floor(np.log10(abs(value)))) - 1)
    rounded = float(np.copysign(np.floor(abs(value) / step + 0.5) * step, value))
    return (
        f"{rounded:,.0f}"
        if step >= 1 or abs(rounded - round(rounded)) < step / 2
        else f"{rounded:,.{1 if step > 0.05 else 2}f}"
    )


def _when(since: date, until: date) -> str:
    days = (until - since).days
    named = {7: "week", **dict.fromkeys(range(28, 32), "month"), **dict.fromkeys(range(89, 93), "quarter")}
    if days in named:
        return f"this {named[days]}"
    return f"from {full_day(since)} to {full_day(until - timedelta(days=1))}"


# From the store ------------------------------------------------------------------------------------------------------------


def reclaimed(workflow: str, since: date, until: date) -> Reclaimed:
    """Return what a Workflow of team.toml gave back from `since` to the day before `until`, days in the team's time zone.

    Past totals stay: the baseline is frozen at its end, and everything else counts in the period it happened in. Raises
    CairnError when there is no such Workflow or the period is none.
    """
    words = _named(workflow)
    one = Reclaimed(words.name, since, until)
    if since >= until:
        raise CairnError(f"A period has to end after it starts, and {since} to {until} does not.")
    before = _days_before(words)
    if note := _unread(words, until) or _no_baseline(words, before, since):
        return replace(one, notes=(note,))
    facts, assumed, notes = _facts(words, before, since, until)
    one = replace(one, baseline=_dated(words.baseline, before, len(facts.kinds)))
    found = replace(one, facts=facts, assumed=assumed, notes=notes, **estimate(facts, _seed(words.name, since, until)))
    return replace(found, sentences=tuple(sentences(found)))


def friction(workflow: str, since: date, until: date) -> Friction:
    """Return how a Workflow of team.toml went from `since` to the day before `until`. Raises CairnError as reclaimed does."""
    words = _named(workflow)
    counts = _counts(words, since, until)
    served = counts["ok"] + counts["manual"]
    found = reclaimed(workflow, since, until)
    asked = counts["requests"]
    return Friction(
        words.name,
        since,
        until,
        asked,
        counts["served"] / asked if asked else None,
        counts["first_ok"] / asked if asked else None,
        counts["tries"] / asked if asked else None,
        counts["manual"] / served if served else None,
        100 * counts["support"] / asked if asked and words.support else None,
        found.induced / counts["ok"] if found.induced is not None and counts["ok"] else None,
    )


def toil(since: date, until: date) -> Toil:
    """Return the hours of toil finished from `since` to the day before `until`, and their share of the team's capacity.

    Hours a ticket was active become hours of work by what was timed, or by an assumption that is named.
    """
    words = team()
    found = query(
        "select id, active_hours from toil_tickets where resolved_at >= $since and resolved_at < $until",
        _instants(since, until),
    )
    one = Toil(since, until, len(found))
    if not words.jira:
        return replace(
            one, notes=("Toil is known from Jira's tickets, and team.toml names no Jira: add [jira] to it.",)
        )
    active = capped(found["active_hours"].dropna())
    if not active:
        told = ", ".join((*words.toil.labels, *words.toil.types))
        note = (
            f"No finished ticket is toil by [toil] in team.toml ({told}), or none of them was ever in an active status."
        )
        return replace(one, notes=(note,))
    timed, kappa, assumed = _kappa(words.toil, found)
    facts = Facts(0, 1, 1, 0, active=active, timed=timed, kappa=kappa)
    hours, drawn = _touch(facts, np.random.default_rng(_seed("toil", since, until)))
    if hours is None or drawn is None:
        return one
    notes = (assumed,) if assumed else ()
    total = _range(hours * len(active), drawn * len(active))
    if not words.toil.capacity:
        more = "For its share of the team's time, write capacity = hours a week under [toil] in team.toml."
        return replace(one, hours=total, notes=(*notes, more))
    capacity = words.toil.capacity * (until - since).days / 7
    share = replace(
        total,
        value=total.value / capacity,
        middle=total.middle / capacity,
        low=total.low / capacity,
        high=total.high / capacity,
    )
    return replace(one, hours=total, share=share, notes=notes)


def _named(workflow: str) -> "Workflow":
    words = team().workflows
    if not words:
        raise CairnError(
            "No Workflow is known. Name one under [[workflows]] in team.toml; team.example.toml shows how."
        )
    names = [one.name for one in words]
    return words[names.index(known(workflow, names, "Workflow"))]


def _unread(words: "Workflow", until: date) -> str:
    """Return why a period cannot be told yet: a source is missing, or is not read to its end. Empty when all is there."""
    said = team()
    kinds = {"github": words.runs, "usage": words.features, "jira": words.replaces or words.forms or words.support}
    names = {"jira": "Jira", "github": "GitHub", "usage": "The usage files"}
    read = query("select kind, max(complete_to) as complete_to from sources group by kind")
    complete = dict(zip(read["kind"], read["complete_to"], strict=True))
    ends = _instants(until, until)["until"]
    for kind in (kind for kind, needed in kinds.items() if needed):
        if kind != "usage" and not getattr(said, kind):
            what = "the requests by hand" if kind == "jira" else "the runs"
            return (
                f"{names[kind]} is missing: {what} are read from it. Name it under [{kind}] in team.toml and collect."
            )
        found = complete.get(kind)
        if found is None or found != found:  # noqa: PLR0124  not a time
            where = "Put them into the folder usage" if kind == "usage" else "Run 'python -m collectors sync'"
            return f"{names[kind]} {'were' if kind == 'usage' else 'was'} never read to the end. {where} and ask again."
        if kind != "usage" and found < ends:
            return (
                f"{names[kind]} is read up to {found:%d %b %Y %H:%M} UTC, and the period ends later."
                " Run 'python -m collectors sync', or ask for a period that is over."
            )
    return ""


def _days_before(words: "Workflow") -> tuple[date, date]:
    """Return the first day of a Workflow's baseline and the day after its last; the same day twice where it is not known."""
    baseline = words.baseline
    since, until = (baseline.since, baseline.until) if baseline else (0, 0)
    if isinstance(since, date) and isinstance(until, date):
        return since, until
    found = query("select opened_on from workflows where name = $name and opened_on is not null", {"name": words.name})
    if isinstance(since, date) or isinstance(until, date) or found.empty:
        return date.min, date.min
    opened = found["opened_on"].iloc[0].date()
    return opened - timedelta(weeks=since), opened - timedelta(weeks=until)


def _no_baseline(words: "Workflow", before: tuple[date, date], since: date) -> str:
    """Return why nothing can be compared with before. Empty when it can."""
    if not words.baseline:
        return (
            f"What it was like before '{words.name}' is not known: add baseline = {{ since = DAY, until = DAY,"
            ' source = "tickets" } to it under [[workflows]] in team.toml.'
        )
    if before[0] == before[1]:
        return (
            f"'{words.name}' was never run, so the weeks before it opened are not known. Look at its runs in team.toml:"
            " 'python -m collectors check' says what they match."
        )
    if before[1] > since:
        return f"The baseline of '{words.name}' ends on {before[1]}: a period that starts earlier has nothing to compare with."
    if not words.replaces and words.baseline.requests is None:
        return f"Which requests '{words.name}' replaces is not known: write replaces = [request types] in team.toml."
    return ""


def _facts(
    words: "Workflow", before: tuple[date, date], since: date, until: date
) -> tuple[Facts, tuple[str, ...], tuple[str, ...]]:
    """Return the facts of a period, which of them are assumed, and notes about what is not known."""
    baseline = words.baseline
    if baseline is None:
        raise ValueError("without a baseline there are no facts")
    came = _baseline(words, before)
    tickets = came[came["served"]]
    counts = _counts(words, since, until)
    measured = tickets.dropna(subset="active_hours")
    active = capped(baseline.active or measured["active_hours"])
    few = baseline.source == "tickets" and len(active) < FEWEST
    timed, kappa, guess = _kappa(words, tickets)
    waited = tickets["days"].dropna()
    days = baseline.days or (float(waited.median()) if len(waited) >= FEWEST else None)
    weeks = (until - since).days / 7
    facts = Facts(
        before=len(came) if baseline.requests is None else baseline.requests,
        weeks_before=(before[1] - before[0]).days / 7,
        weeks=weeks,
        manual=counts["manual"],
        requests=counts["requests"],
        ok=counts["ok"],
        first_ok=counts["first_ok"],
        attempts=counts["attempts"],
        failed=counts["failed"],
        support=counts["support"],
        active=() if few else active,
        kinds=told_apart(came["type"], zip(measured["type"], active, strict=True), _by_hand(words, since, until))
        if baseline.source == "tickets"
        else (),
        timed=timed,
        kappa=kappa,
        touch=_three(baseline.hours) if baseline.hours else None,
        faded=(1 - words.decay) ** ((since + (until - since) / 2 - before[1]).days / DAYS_A_YEAR),
        requester_hours=words.requester_hours,
        attempt_hours=words.attempt_hours or 0.0,
        repair_hours=words.repair_hours,
        support_hours=words.support.hours if words.support else 0.0,
        upkeep=(words.upkeep_hours or 0.0) * weeks,
        days_before=days,
        days_now=counts["days_now"],
    )
    assumed = "the hours of work one request by hand took" if baseline.hours else guess
    return facts, (assumed,) if assumed else (), tuple(_unknown(words, before, facts, len(active)))


def _unknown(words: "Workflow", before: tuple[date, date], facts: Facts, measured: int) -> "Iterator[str]":
    """Yield what is not known, and what to write into team.toml so that it is."""
    if not facts.before:
        yield (
            f"No request by hand was found from {before[0]} to {before[1]}: nothing can be displaced. Look at replaces"
            " and the baseline in team.toml."
        )
    if not words.replaces:
        yield "Requests that still come by hand are not counted: write replaces = [request types] in team.toml."
    if not (facts.touch or facts.active):
        yield (
            f"Not enough yet for the platform team's hours: {measured} tickets of the baseline were active and finished in it,"
            f" {FEWEST} are needed. Widen it, or give source = 'sample' or 'assumption' in team.toml."
        )
    if facts.requester_hours is None:
        yield (
            "For the hours of the people who ask, write requester_hours (what asking by hand took them) and attempt_hours"
            " (what running it takes) in team.toml."
        )
    if words.upkeep_hours is None:
        yield "Its upkeep counts as nothing: write upkeep_hours, the hours a week, in team.toml."
    if words.support is None:
        yield "Questions about it count as nothing: write support = { labels, hours } in team.toml."
    if facts.days_before is None:
        yield "For the waiting removed, write days, how long half of the requests took, into its baseline in team.toml."


def told_apart(
    came: "Iterable[str]", measured: "Iterable[tuple[str, float]]", manual: dict[str, int]
) -> tuple[Kind, ...]:
    """Return the kinds of request that are told apart, the largest first; none where fewer than two are known well enough.

    `came` are the kinds of all requests of the baseline, `measured` those of the served ones with the hours each was active.
    The small kinds are one, and where even that is small the smallest of the others joins it.
    """
    before, hours = Counter(came), defaultdict[str, list[float]](list)
    for kind, active in measured:
        hours[kind].append(active)
    own = sorted((kind for kind in hours if len(hours[kind]) >= OWN), key=lambda kind: (-len(hours[kind]), kind))
    if len(own) < 2:
        return ()
    rest = sorted({*before, *manual} - {*own})
    if rest and sum(len(hours[kind]) for kind in rest) < OWN:
        rest.append(own.pop())
    groups = [*([kind] for kind in own), *([rest] if rest else [])]
    return tuple(
        Kind(
            sum(before[kind] for kind in group),
            sum(manual.get(kind, 0) for kind in group),
            tuple(active for kind in group for active in hours[kind]),
        )
        for group in groups
    )


def _by_hand(words: "Workflow", since: date, until: date) -> dict[str, int]:
    """Return how many requests of each kind still came by hand in a period."""
    told = query(
        """
        select type, count(*) as n
        from requests
        where channel = 'manual' and workflow = $workflow and created_at >= $since and created_at < $until
        group by type
        """,
        {"workflow": words.name, **_instants(since, until)},
    )
    return {str(kind): int(n) for kind, n in zip(told["type"], told["n"], strict=True)}


def _baseline(words: "Workflow", before: tuple[date, date]) -> "pd.DataFrame":
    """Return the requests by hand that came in the baseline: type, served, and of those served active_hours, timed_hours, days.

    All as things stood when the baseline ended: what becomes of a ticket later changes nothing.
    """
    return query(
        """
        select
            r.id,
            type,
            coalesce(served_at < $until, false) as served,
            active_hours,
            epoch(served_at - created_at) / 86400 as days,
            (select sum(seconds) / 3600 from worklogs w where w.issue_id = r.id and w.started_at < $until) as timed_hours,
        from requests r
        where channel = 'manual' and workflow = $workflow and created_at >= $since and created_at < $until
        order by id
        """,
        {"workflow": words.name, **_instants(*before)},
    )


def _counts(words: "Workflow", since: date, until: date) -> dict[str, Any]:
    """Return what happened in a period: each thing at its own moment, so that nothing later changes it."""
    told = query(
        """
        with mine as (from requests where workflow = $workflow and channel = 'self-service' and attempts > 0),
        tries as (
            from workflow_attempts where workflow = $workflow and started_at >= $since and started_at < $until
        ),
        begun as (
            select
                m.id,
                bool_or(t.ok) as ok,
                bool_or(t.ok and t.nth = 1) as first_ok,
                count(t.id) as tries,
            from mine m
            join workflow_attempts t on t.request_id = m.id and t.started_at < $until
            where m.created_at >= $since and m.created_at < $until
            group by m.id
        )
        select
            (select count(*) from begun) as requests,
            (select count(*) from begun where ok) as served,
            (select count(*) from begun where first_ok) as first_ok,
            (select coalesce(sum(tries), 0)::bigint from begun) as tries,
            (select count(*) from mine where served_at >= $since and served_at < $until) as ok,
            (select median(epoch(served_at - coalesce(opened_at, created_at)) / 86400)
                from mine where served_at >= $since and served_at < $until) as days_now,
            (select count(*) from tries) as attempts,
            (select count(*) from tries where outcome not in ('success', 'cancelled', 'open')) as failed,
            (select count(*) from requests
                where workflow = $workflow and channel = 'manual' and created_at >= $since and created_at < $until) as manual,
            (select count(*) from support_tickets
                where workflow = $workflow and created_at >= $since and created_at < $until) as support,
        """,
        {"workflow": words.name, **_instants(since, until)},
    ).iloc[0]
    days = told.pop("days_now")
    return {**{name: int(value) for name, value in told.items()}, "days_now": None if days != days else float(days)}  # noqa: PLR0124


def _kappa(
    words: "Touch", tickets: "pd.DataFrame"
) -> tuple[tuple[tuple[float, float], ...], tuple[float, float, float] | None, str]:
    """Return timed pairs, else the spread that stands for them, and what is assumed then, in words."""
    pairs = words.timed
    if pairs == "worklogs":
        logged = tickets.dropna(subset=["active_hours", "timed_hours"]) if "timed_hours" in tickets else tickets[:0]
        pairs = tuple((float(t.timed_hours), float(t.active_hours)) for t in logged.itertuples())
    if sum(active for _, active in pairs):
        return tuple(pairs), None, ""
    spread = _three(words.kappa) if words.kappa else GUESS
    middle, low, high = (f"{one:g}" for one in spread)
    return (), spread, f"how much of an active hour is work: {middle}, between {low} and {high} (nobody timed a ticket)"


def _three(spread: "Spread") -> tuple[float, float, float]:
    return spread.median, spread.low, spread.high


def _dated(baseline: "Baseline | None", days: tuple[date, date], kinds: int) -> str:
    """Return what a baseline is, in words, and how many kinds of request were told apart in it."""
    if baseline is None:
        return ""
    source = {"tickets": "measured on tickets", "sample": "from a sample", "assumption": "assumed"}[baseline.source]
    apart = f", {kinds} kinds of request each by itself" if kinds else ""
    return f"{full_day(days[0])} to {full_day(days[1] - timedelta(days=1))}, {source}{apart}"


def _instants(since: date, until: date) -> dict[str, datetime]:
    """Return when two days begin where the team is, zone-less UTC."""
    zone = ZoneInfo(team().timezone)
    days = {"since": since, "until": until}
    return {
        name: datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None) for name, day in days.items()
    }


def _seed(name: str, since: date, until: date) -> int:
    """Return a number that is the same whenever the same is asked."""
    return int.from_bytes(hashlib.sha256(f"{name} {since} {until}".encode()).digest()[:8])
