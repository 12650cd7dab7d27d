"""One run of the collectors: every source at once, every stream to its end, a fresh edition when it is over."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from collectors import STREAMS, discovery, probe
from collectors.source import Source
from collectors.stream import STRANGE, Context, Stream, Tally, collect, moment, stamp
from collectors.wire import Forbidden, Missing, Refused, Stopped, Unauthorised, Wire
from data import Edition, Live, Origin, publish, retention, team
from data.editions import drop_old_editions

AT_ONCE = 4  # repositories read side by side on one line
PACE = 20.0  # seconds between editions while a first collection runs
T = TypeVar("T")
GRACE = 5.0  # seconds to finish the pages in hand when somebody asks to stop


@dataclass
class Outcome:
    """What one run did to one source. `parked` holds, in words, what could not be read and why."""

    source: Source
    tallies: list[Tally] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    never: bool = False  # something was refused that has never been read: a mistake in team.toml or the token
    locked_out: bool = False  # the token was refused: nothing else of this source is tried
    stopped: bool = False  # somebody asked to stop before everything was read
    taken: bool = False  # another collector of the same lake is reading it, and it is left to that one
    under_way: dict[tuple[str, str], Tally] = field(default_factory=dict)  # streams that have begun and not ended
    requests: int = 0
    points: int = 0
    left: int | None = None
    seconds: float = 0.0
    extent: dict[str, dict[str, int | None]] = field(
        default_factory=dict
    )  # of each stream: how much there is, and should be
    lost: dict[str, int] = field(default_factory=dict)  # items of each stream found to be no more

    @property
    def started(self) -> bool:
        """Whether anything could be read, and nothing is named that never could."""
        return not self.never and (not self.parked or any(t.requests for t in self.tallies))

    @property
    def new(self) -> int:
        """Rows that were not there before."""
        return sum(t.new for t in self.tallies)

    @property
    def changed(self) -> int:
        """Rows that say something else than before."""
        return sum(t.changed for t in self.tallies)

    @property
    def resumes(self) -> str:
        """Where the next sync goes on when this one was stopped."""
        begun = [
            f"{stream.split('_', 1)[-1].replace('_', ' ')}{'' if scope == '*' else f' of {scope}'} from page {tally.pages + 1}"
            for (scope, stream), tally in self.under_way.items()
        ]
        more = f" and {len(begun) - 2} more" if len(begun) > 2 else ""
        return f"resumes with {', '.join(begun[:2])}{more}" if begun else "resumes where it was"

    def figures(self) -> dict[str, object]:
        """Return the run's figures as the last line of `sync --json` prints them."""
        return {
            "source": self.source.name,
            "kind": self.source.kind,
            "requests": self.requests,
            "points": self.points,
            "budget_left": self.left,
            "seconds": round(self.seconds, 2),
            "streams": {
                name: {
                    "read": sum(t.read for t in self.tallies if t.stream == name),
                    "new": sum(t.new for t in self.tallies if t.stream == name),
                    "changed": sum(t.changed for t in self.tallies if t.stream == name),
                    "gone": self.lost.get(name, 0),
                    "set_aside": sum(t.rejected for t in self.tallies if t.stream == name),
                    "new_fields": sum(t.fields for t in self.tallies if t.stream == name),
                    **self.extent.get(name, {}),
                }
                for name in dict.fromkeys(t.stream for t in self.tallies)
            },
            "parked": self.parked,
            "stopped": self.stopped,
        }


class Watch(Protocol):
    """Whoever is told how it goes."""

    def park(self, source: str) -> None:
        """Hear that something of a source is left for the next run."""

    def page(self, tally: Tally, wire: Wire) -> None:
        """Hear how far a stream is."""

    def done(self, tally: Tally) -> None:
        """Hear that a stream has ended."""

    def say(self, line: str) -> None:
        """Hear a sentence."""


class Press:
    """Publishes an edition from time to time while much is still to come, and one at the end."""

    def __init__(self, store: Live) -> None:
        self.store = store
        self.last = time.monotonic()
        self.cost = 0.0

    def maybe(self) -> None:
        """Publish if the last time was long enough ago for the work it takes."""
        if time.monotonic() - self.last > max(PACE, 10 * self.cost):
            self.now()

    def now(self) -> Edition:
        """Publish and return the new edition."""
        began = time.monotonic()
        made = publish(self.store)
        self.last, self.cost = time.monotonic(), time.monotonic() - began
        return made


@dataclass
class Run:
    """One run over some sources. What cannot be read is said in the outcome of its source; the others go on."""

    store: Live
    watch: Watch
    since: datetime | None = None
    stopped: bool = False
    wires: list[Wire] = field(default_factory=list)
    readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def all(self, sources: list[Source]) -> list[Outcome]:
        """Collect from all sources at once and publish. Returns one Outcome per source."""
        self.press = Press(self.store)
        words, now = team(self.store.company), _now()
        self.store.kept_from = retention.kept_from(words, now)
        if self.since and self.store.kept_from:
            self.since = max(self.since, self.store.kept_from)
        if told := self.store.about("anew"):
            self.watch.say(told)
        with self.listening():
            outcomes = await asyncio.gather(*map(self.source, sources))
            if all(outcome.taken for outcome in outcomes):
                return outcomes
            gone = retention.again(self.store, words, now)
            self.press.now()
            if gone:
                drop_old_editions(self.store.company)
                self.watch.say(f"{gone:,} rows have become too old to be kept ([keep] in team.toml) and are gone.")
        return outcomes

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Meet Ctrl+C and a polite kill by finishing the pages in hand; what is there is then published."""
        loop, signals = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            for one in signals:
                loop.add_signal_handler(one, self.stop)
        try:
            yield
        finally:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                for one in signals:
                    loop.remove_signal_handler(one)

    def stop(self) -> None:
        """Send no other request, keep the pages that are on their way, and give up on those that do not come in time."""
        if self.stopped:
            self.give_up()
            return
        self.stopped = True
        self.watch.say("Stopping: the pages in hand are finished first. Once more, and they are given up.")
        for wire in self.wires:
            wire.stopped = True
        asyncio.get_running_loop().call_later(GRACE, self.give_up)

    def give_up(self) -> None:
        """Drop the requests that are under way."""
        for reader in self.readers:
            reader.cancel()

    async def source(self, source: Source) -> Outcome:
        """Read every scope of one source over one line, unless another collector is at it."""
        with self.store.claim(f"{source.kind} {source.name}") as free:
            return await self.claimed(source) if free else Outcome(source, taken=True)

    async def claimed(self, source: Source) -> Outcome:
        """Read every scope of one source that nobody else reads now."""
        outcome, began, started = Outcome(source), time.monotonic(), _now()
        async with source.wire() as wire:
            wire.on_wait = self.pause
            wire.stopped = self.stopped
            self.wires.append(wire)
            reader = asyncio.ensure_future(self.everything(outcome, wire))
            self.readers.append(reader)
            try:
                await reader
            except (Stopped, asyncio.CancelledError):
                if not self.stopped:
                    raise
            outcome.stopped = self.stopped
            outcome.requests, outcome.points, outcome.left = wire.requests, wire.points, wire.left
        outcome.seconds = time.monotonic() - began
        outcome.lost = {stream: n for (name, stream), n in self.store.lost.items() if name == source.name}
        self.store.synced(
            started_at=started,
            finished_at=_now(),
            source=source.name,
            requests=outcome.requests,
            points=outcome.points,
            new_rows=outcome.new,
            changed_rows=outcome.changed,
            seconds=outcome.seconds,
            outcome="stopped" if outcome.stopped else "partial" if outcome.parked else "complete",
        )
        return outcome

    def pause(self, told: str) -> None:
        """Say that a limit makes us wait, and use the time to publish what is there."""
        self.watch.say(told)
        self.press.maybe()

    async def everything(self, outcome: Outcome, wire: Wire) -> None:
        """Read every scope of a source."""
        source, gate = outcome.source, asyncio.Semaphore(AT_ONCE)

        async def scope(name: str) -> None:
            async with gate:
                await self.scope(outcome, self.context(source, wire, name), marks.get(name))

        async def owner(name: str) -> None:
            async with gate:
                await self.scope(outcome, self.context(source, wire, name), "", discovery.OWNER)

        scopes = await self.scopes(outcome, wire)
        told = await self.glance(outcome, wire, scopes)
        marks = discovery.renamed(self.context(source, wire, "*"), told)
        names = dict.fromkeys([*marks, *(name for name in scopes if name not in told)])
        owners = discovery.owners(names) if source.kind == "github" else []
        await together(*map(scope, names), *map(owner, owners))

    def context(self, source: Source, wire: Wire, scope: str) -> Context:
        """Return where the streams of one scope are read."""
        jobs = tuple(glob for table in source.github for glob in table.jobs)
        return Context(wire, self.store, source.name, source.kind, scope, self.since, source.projects, jobs)

    async def scopes(self, outcome: Outcome, wire: Wire) -> tuple[str, ...]:
        """Return what is read of a source: its scopes, and the repositories found in the organisations it names."""
        source = outcome.source
        for name in dict.fromkeys(name for table in source.github for name in table.organisations):
            await self.scope(outcome, self.context(source, wire, name), "", discovery.ORGANISATION)
        return discovery.scopes(self.store, source.name, source.github) if source.github else source.scopes

    async def glance(self, outcome: Outcome, wire: Wire, scopes: tuple[str, ...]) -> dict[str, str]:
        """Return the marks of the scopes that have something to read."""
        source = outcome.source
        if source.kind != "github" or outcome.locked_out:
            return dict.fromkeys(scopes, "")
        try:
            return await probe.glance(wire, self.store, source.name, scopes, STREAMS["github"])
        except Unauthorised as refused:
            self.park(outcome, Origin(source.name, source.kind, probe.PROBE, scopes[0]), refused, wire.now)
        except (Refused, *STRANGE):  # too much for one question, or not understood: each is read as if it were new
            return dict.fromkeys(scopes, "")
        return {}

    async def scope(
        self, outcome: Outcome, at: Context, mark: str | None, streams: tuple[Stream, ...] | None = None
    ) -> None:
        """Read the streams of one scope side by side, each after those it builds on, as long as the door is open.

        Without a mark nothing in it is new, and only lists with a rhythm of their own are read. Where nobody has looked yet,
        and at a Jira site, the first stream goes ahead of the others: it tells whether there is such a place at all.
        """
        wanted = [s for s in streams or STREAMS[at.kind] if mark is not None or s.every]
        ahead = wanted[: at.kind != "github" or mark in {"", "null"}]
        found: dict[str, asyncio.Future[Refused | None]] = {}

        async def read(stream: Stream) -> Refused | None:
            before = {name: await found[name] for name in (*stream.needs, *stream.after) if name in found}
            if any(before.get(name) for name in stream.needs):
                return Refused(f"{stream.name} waits for what it is made from")
            return await self.stream(outcome, at, stream)

        for stream in ahead:
            refused = await self.stream(outcome, at, stream)
            if isinstance(refused, Unauthorised):
                return
            if isinstance(refused, Missing):
                outcome.never |= self.store.progress(at.origin(stream.name)).complete_to is None
                return
            found[stream.name] = asyncio.get_running_loop().create_future()
            found[stream.name].set_result(refused)
        for stream in wanted[len(ahead) :]:
            found[stream.name] = asyncio.ensure_future(read(stream))
        refusals = await together(*found.values())
        # what has a rhythm of its own is tried again by it
        whole = all(refused is None or stream.every for stream, refused in zip(wanted, refusals, strict=True))
        if mark and whole and not self.stopped:
            probe.seen(at.wire, self.store, at.source, at.scope, mark)

    async def stream(self, outcome: Outcome, at: Context, stream: Stream) -> Refused | None:
        """Read one stream of one scope. Returns why it could not be read to its end, if so; it is parked then.

        What a token was refused twice is asked for in the stream's own rhythm from then on: a third time tells nothing new.
        """
        if outcome.locked_out:
            return Unauthorised("the token was refused")
        origin = at.origin(stream.name)
        known = self.store.progress(origin)
        shut = (known.place or {}).get("shut", {})
        if shut.get("key") != at.wire.key:
            shut = {}
        if stream.every and shut.get("times", 0) > 1 and at.wire.now - moment(shut["at"]) < stream.every:
            return Forbidden(known.error)

        def page(tally: Tally) -> None:
            outcome.under_way[at.scope, stream.name] = tally
            self.watch.page(tally, at.wire)
            self.press.maybe()

        try:
            tally = await collect(stream, at, page)
        except Refused as refused:
            if stream.every and isinstance(refused, Forbidden):
                shut = {"key": at.wire.key, "times": shut.get("times", 0) + 1, "at": stamp(at.wire.now)}
                self.store.land(origin, [], replace(known, place={**(known.place or {}), "shut": shut}), at.wire.now)
            self.park(outcome, origin, refused, at.wire.now)
            return refused
        outcome.under_way.pop((at.scope, stream.name), None)
        outcome.tallies.append(tally)
        self.watch.done(tally)
        self.press.maybe()
        return None

    def park(self, outcome: Outcome, origin: Origin, refused: Refused, now: datetime) -> None:
        """Keep why a stream could not be read."""
        last = self.store.progress(origin).complete_to
        outcome.never |= isinstance(refused, Unauthorised) and last is None
        told = f"{refused} Last read completely on {last:%Y-%m-%d %H:%M} UTC." if last else str(refused)
        self.store.failed(origin, str(refused), now)
        if not (outcome.locked_out and isinstance(refused, Unauthorised)):
            outcome.parked.append(told)
            self.watch.park(outcome.source.name)
        outcome.locked_out |= isinstance(refused, Unauthorised)


async def together(*some: Awaitable[T]) -> list[T]:
    """Return what all gave. What one of them raises is raised when the others are done: a stop finishes every page in hand."""
    under_way = [asyncio.ensure_future(one) for one in some]
    await asyncio.gather(*under_way, return_exceptions=True)
    return [one.result() for one in under_way]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
