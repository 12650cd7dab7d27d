"""What a stream is: something an API lists, read newest first, kept page by page, gone on with where it stopped."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.wire import METER, Meter, Wire
from data import Landed, Live, Origin, Progress, Row

Place = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some rows and the place that is reached when they are kept. `done` ends the stream for this run."""

    rows: list[Row]
    place: Place
    done: bool
    expected: int | None = None


@dataclass(frozen=True)
class Context:
    """Where a stream is read: over which line, into which store, for which repository or project, and from when on."""

    wire: Wire
    store: Live
    source: str
    kind: str
    scope: str
    since: datetime | None = None
    projects: tuple[str, ...] = ()

    def origin(self, stream: str) -> Origin:
        """Return where the rows of a stream come from here."""
        return Origin(self.source, self.kind, stream, self.scope)


@dataclass(frozen=True)
class Stream:
    """One declaration per thing an API lists.

    `name` is its raw table. `read` yields Pages from a place on. `finish`, if any, fetches what the pages left out and
    lands it itself; it returns what changed. `every` keeps slow-moving lists from being asked at each run. `unfinished`
    is the SQL condition on raw rows whose items are not final and must be visited again.
    """

    name: str
    read: Callable[[Context, Place], AsyncIterator[Page]]
    finish: Callable[[Context], Awaitable[Landed]] | None = None
    every: timedelta = timedelta(0)
    unfinished: str = ""


@dataclass(frozen=True)
class Span:
    """Read from `after` down to `until`; `top` is the newest time it began at."""

    after: Any = None
    until: str | None = None
    top: str | None = None


@dataclass(frozen=True)
class Batch:
    """What one request of a newest-first list gave: items with their times, and where the next request begins."""

    rows: list[Row]
    times: list[str]
    after: Any
    expected: int | None = None


Fetch = Callable[[Any, Place], Awaitable[Batch]]


async def newest_first(fetch: Fetch, place: Place, overlap: timedelta, since: datetime | None) -> AsyncIterator[Page]:
    """Walk a list from its newest item down to what is known, and go on with walks that an earlier run left unfinished.

    A kill leaves its walk in `place`: the next run first reads what came since, then the rest of the old walk. Nothing
    between the two is skipped because each walk ends below the top of the one before it, by `overlap`.
    """
    spans = [Span(**span) for span in place.get("spans", ())]
    known = spans[-1].top if spans and spans[-1].top else place.get("newest")
    if since and (not known or (place.get("floor") and stamp(since) < place["floor"])):
        place = {**place, "floor": stamp(since)}  # nothing older was ever asked for
        known = None
    spans.append(Span(until=minus(known, overlap) if known else place.get("floor")))
    newest = place.get("newest")
    while spans:
        span = spans.pop()
        batch = await fetch(span.after, place)
        top = span.top or (max(batch.times) if batch.times else None)
        ended = batch.after is None or bool(span.until and batch.times and min(batch.times) < span.until)
        if ended:
            newest = max(filter(None, (newest, top)), default=None)
        else:
            spans.append(replace(span, after=batch.after, top=top))
        place = {**place, "newest": newest, "spans": [vars(s) for s in spans]}
        yield Page(batch.rows, place, done=not spans, expected=batch.expected)


def moment(told: str) -> datetime:
    """Return a time an API told, with any offset, as zone-less UTC."""
    return datetime.fromisoformat(told).astimezone(UTC).replace(tzinfo=None)


def stamp(at: datetime) -> str:
    """Return a zone-less UTC time as GitHub writes it."""
    return at.isoformat(timespec="seconds") + "Z"


def minus(told: str, span: timedelta) -> str:
    """Return a time an API told, so much earlier."""
    return stamp(moment(told) - span)


@dataclass
class Tally(Meter):
    """What one run did to one stream of one scope, and what it cost."""

    stream: str = ""
    scope: str = ""
    new: int = 0
    changed: int = 0
    read: int = 0
    expected: int | None = None


async def collect(stream: Stream, at: Context, on_page: Callable[[Tally], None]) -> Tally:
    """Read one stream of one scope to its end, keeping each page with its place. Raises Refused as the line does."""
    tally = Tally(stream=stream.name, scope=at.scope)
    METER.set(tally)
    origin = at.origin(stream.name)
    known = at.store.progress(origin)
    if known.complete_to and at.wire.now - known.complete_to < stream.every:
        return tally
    started = None
    async for page in stream.read(at, known.place or {}):
        started = started or at.wire.now
        complete_to = started if page.done and not stream.finish else known.complete_to
        progress = Progress(page.place, complete_to, page.expected or known.expected)
        landed = at.store.land(origin, page.rows, progress, at.wire.now)
        tally.new += landed.new
        tally.changed += landed.changed
        tally.read += len(page.rows)
        tally.expected = page.expected or tally.expected
        on_page(tally)
    if stream.finish:
        kept = await stream.finish(at)
        tally.new += kept.new
        tally.changed += kept.changed
        last = at.store.progress(origin)
        at.store.land(origin, [], replace(last, complete_to=started, error=None), at.wire.now)
    return tally
