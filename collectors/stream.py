"""What a stream is: something an API lists, read newest first, kept page by page, gone on with where it stopped."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.why import reasoned
from collectors.wire import METER, Expired, Meter, Refused, Wire
from data import Landed, Live, Origin, Progress, Reject, Row

Place = dict[str, Any]
STRANGE = (KeyError, TypeError, AttributeError, ValueError, IndexError)  # what an answer of an unknown form leads to
TRIES = 3  # times a stream is gone on with when an answer had an unknown form
MOST = 0.05  # of a stream's items may be set aside; more, and it is not the items that are wrong
SAME = 3  # pages with nothing but the same items, after which a list is taken to have no end


@dataclass(frozen=True)
class Page:
    """Some rows and the place that is reached when they are kept. `done` ends the stream for this run."""

    rows: list[Row] | list[Row | Reject]
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
    jobs: tuple[str, ...] = ()  # globs of the workflows whose jobs are read
    awaited: dict[str, asyncio.Task[Any]] = field(default_factory=dict, compare=False)  # see `once`

    def origin(self, stream: str) -> Origin:
        """Return where the rows of a stream come from here."""
        return Origin(self.source, self.kind, stream, self.scope)

    async def once(self, name: str, ask: Callable[[], Coroutine[Any, Any, dict[str, Any]]]) -> dict[str, Any]:
        """Return an answer that several streams wait for: while the first of them asks, the others wait with it.

        Nothing is kept: who comes when it is there, or tries again, asks anew.
        """
        if name not in self.awaited:
            task = self.awaited[name] = asyncio.ensure_future(ask())
            task.add_done_callback(lambda _: self.awaited.pop(name))
        return await self.awaited[name]


@dataclass(frozen=True)
class Stream:
    """One declaration per thing an API lists.

    `name` is its raw table. `read` yields Pages from a place on. `finish`, if any, fetches what the pages left out and
    lands it itself; it returns what changed. `every` keeps slow-moving lists from being asked at each run. `unfinished`
    is the SQL condition on raw rows whose items are not final and must be visited again. `by_id`: `finish` asks again for
    what was set aside; without it the list is read from its beginning. `needs`: the streams it is made from; when one of
    them could not be read in this run, it waits for the next. `after`: the streams that are read before it, if they can be.
    """

    name: str
    read: Callable[[Context, Place], AsyncIterator[Page]]
    finish: Callable[[Context], Awaitable[Landed]] | None = None
    every: timedelta = timedelta(0)
    unfinished: str = ""
    by_id: bool = False
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """Read from `after` down to `until`; `top` is the newest time it began at."""

    after: Any = None
    until: str | None = None
    top: str | None = None


@dataclass(frozen=True)
class Batch:
    """What one request of a newest-first list gave: items with their times, and where the next request begins."""

    rows: list[Row] | list[Row | Reject]
    times: list[str]
    after: Any
    expected: int | None = None


Fetch = Callable[[Any, Place], Awaitable[Batch]]


async def newest_first(
    fetch: Fetch, place: Place, overlap: timedelta, since: datetime | None, now: Callable[[], datetime] | None = None
) -> AsyncIterator[Page]:
    """Walk a list from its newest item down to what is known, and go on with walks that an earlier run left unfinished.

    `now` is the service's clock: an item from the future is kept, but no walk ends at its time.

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
    before, alike = set[str](), 0
    while spans:
        span = spans.pop()
        batch = await fetch(span.after, place)
        here = {row.id for row in batch.rows}
        alike = alike + 1 if here and here == before and batch.after is not None else 0
        if alike >= SAME:
            raise Refused(
                "The same items come again and again, and the list has no end. What was read is kept; run again later."
            )
        before, latest = here, stamp(now()) if now else "~"
        top = span.top or max((time for time in batch.times if time <= latest), default=None)
        ended = batch.after is None or bool(span.until and batch.times and min(batch.times) < span.until)
        if ended:
            newest = max(filter(None, (newest, top)), default=None)
        else:
            spans.append(replace(span, after=batch.after, top=top))
        place = {**place, "newest": newest, "spans": [vars(s) for s in spans]}
        yield Page(batch.rows, place, done=not spans, expected=batch.expected)


def moment(told: str) -> datetime:
    """Return a time an API told, with any offset or none, as zone-less UTC."""
    at = datetime.fromisoformat(told)
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


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
    rejected: int = 0  # items set aside
    fields: int = 0  # fields nobody had seen before
    pages: int = 0
    expected: int | None = None
    before: int = 0  # items that were there when the run began

    def add(self, landed: Landed) -> None:
        """Count what was kept."""
        self.new += landed.new
        self.changed += landed.changed
        self.rejected += landed.rejected
        self.fields += landed.fields


def rows(items: Iterable[Any], make: Callable[[Any], Row], scope: str) -> list[Row | Reject]:
    """Return items as rows. One whose form is not known is set aside with the reason; the others go on.

    Of a description nothing is kept but what it says about why, whether its item has become a row or not.
    """
    made: list[Row | Reject] = []
    if isinstance(items, (dict, str)):
        raise TypeError("no list where a list belongs")
    for told in items:
        item = reasoned(told)
        try:
            made.append(make(item))
        except STRANGE as error:
            name = item.get("id") if isinstance(item, dict) else None
            made.append(Reject(str(name or ""), oddity(error), scope, item))
    return made


async def collect(stream: Stream, at: Context, on_page: Callable[[Tally], None]) -> Tally:
    """Read one stream of one scope to its end, keeping each page with its place. Raises Refused as the line does.

    An answer of an unknown form, or a place the service has forgotten, is met by going on from what was kept.
    """
    tally = Tally(stream=stream.name, scope=at.scope)
    METER.set(tally)
    origin = at.origin(stream.name)
    again = at.store.release(origin, at.wire.now)
    known = at.store.progress(origin)
    if known.complete_to and at.wire.now - known.complete_to < stream.every and not again:
        return tally
    if again and not stream.by_id:  # nothing but the list itself leads to what was set aside
        known = replace(known, place={name: v for name, v in (known.place or {}).items() if name == "floor"})
        at.store.land(origin, [], known, at.wire.now)
    strange = 0
    while True:
        try:
            await _through(stream, at, tally, on_page)
        except Expired:
            if strange >= TRIES:
                raise
            strange = TRIES  # once is enough
            _forget_cursors(at, origin)
        except STRANGE as error:
            strange += 1
            if strange >= TRIES:
                raise Refused(
                    f"{at.wire.name} answered in a form this program does not know ({_title(stream, at)}: {oddity(error)})."
                    " What was read before is kept. Run again later; if it stays so, update Cairn."
                ) from error
        else:
            at.store.settled(origin)
            return tally


async def _through(stream: Stream, at: Context, tally: Tally, on_page: Callable[[Tally], None]) -> None:
    """Read the pages of a stream from its place on, then what they left out."""
    origin = at.origin(stream.name)
    known = at.store.progress(origin)
    started = None
    # a first reading goes back no further than what is kept
    here = at if at.since or known.place else replace(at, since=at.store.kept_from)
    async for page in stream.read(here, known.place or {}):
        started = started or at.wire.now
        complete_to = started if page.done and not stream.finish else known.complete_to
        expected = known.expected if page.expected is None else page.expected
        progress = Progress(page.place, complete_to, expected)
        landed = at.store.land(origin, page.rows, progress, at.wire.now)
        tally.add(landed)
        tally.read += len(page.rows)
        tally.pages += 1
        tally.expected = expected
        if tally.pages == 1 and not page.done:
            tally.before = at.store.held(origin) - landed.new
        on_page(tally)
        _unless_adrift(stream, at, tally, landed, len(page.rows))
    if stream.finish:
        tally.add(await stream.finish(at))
        last = at.store.progress(origin)
        at.store.land(origin, [], replace(last, complete_to=started, error=None), at.wire.now)


def _unless_adrift(stream: Stream, at: Context, tally: Tally, landed: Landed, read: int) -> None:
    """Raise when so many items have an unknown form that the form itself must have changed."""
    most = MOST * max(tally.read, tally.expected or 0)
    if tally.rejected > 1 and (tally.rejected > most or landed.rejected == read):
        reason = at.store.reason(at.origin(stream.name))
        raise Refused(
            f"{tally.rejected} of {tally.read} items of {_title(stream, at)} have a form this program does not know ({reason})."
            " They are set aside, and reading this list stopped; what was kept is safe. Update Cairn, or look into the table rejects."
        )


def _forget_cursors(at: Context, origin: Origin) -> None:
    """Let walks begin anew from their own top: the service has forgotten where they were."""
    known = at.store.progress(origin)
    place = dict(known.place or {})
    if place.get("spans"):
        place["spans"] = [{**span, "after": None} for span in place["spans"]]
    place.pop("walk", None)
    at.store.land(origin, [], replace(known, place=place), at.wire.now)


def _title(stream: Stream, at: Context) -> str:
    name = stream.name.split("_", 1)[-1].replace("_", " ")
    return name if at.scope == "*" else f"{name} of {at.scope}"


def oddity(error: Exception) -> str:
    """Return in a few words what was wrong with the form of an answer."""
    told = " ".join(str(error).split())[:120]
    return f"no {told}" if isinstance(error, KeyError) else told or type(error).__name__
