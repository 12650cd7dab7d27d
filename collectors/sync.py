"""One run of the collectors: every source at once, every stream to its end, a fresh edition when it is over."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from collectors import STREAMS, probe
from collectors.source import Source
from collectors.stream import Context, Tally, collect
from collectors.wire import Missing, Refused, Unauthorised, Wire
from data import Edition, Live, Origin, publish

AT_ONCE = 4  # repositories read side by side on one line
PACE = 20.0  # seconds between editions while a first collection runs


@dataclass
class Outcome:
    """What one run did to one source. `parked` holds, in words, what could not be read and why."""

    source: Source
    tallies: list[Tally] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    never: bool = False  # something was refused that has never been read: a mistake in team.toml or the token
    locked_out: bool = False  # the token was refused: nothing else of this source is tried
    requests: int = 0
    points: int = 0
    left: int | None = None
    seconds: float = 0.0

    @property
    def started(self) -> bool:
        """Whether anything could be read, and nothing is named that never could."""
        return bool(self.tallies) and not self.never

    @property
    def new(self) -> int:
        """Rows that were not there before."""
        return sum(t.new for t in self.tallies)

    @property
    def changed(self) -> int:
        """Rows that say something else than before."""
        return sum(t.changed for t in self.tallies)

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
                }
                for name in dict.fromkeys(t.stream for t in self.tallies)
            },
            "parked": self.parked,
        }


class Watch(Protocol):
    """Whoever is told how it goes."""

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

    async def all(self, sources: list[Source]) -> list[Outcome]:
        """Collect from all sources at once and publish. Returns one Outcome per source."""
        self.press = Press(self.store)
        outcomes = await asyncio.gather(*map(self.source, sources))
        self.press.now()
        return outcomes

    async def source(self, source: Source) -> Outcome:
        """Read every scope of one source over one line."""
        outcome, began, started = Outcome(source), time.monotonic(), _now()
        async with source.wire() as wire:
            wire.on_wait = self.watch.say
            gate = asyncio.Semaphore(AT_ONCE)

            async def scope(name: str) -> None:
                async with gate:
                    await self.scope(outcome, self.context(source, wire, name), marks.get(name))

            marks = await self.glance(outcome, wire)
            await asyncio.gather(*map(scope, source.scopes))
            outcome.requests, outcome.points, outcome.left = wire.requests, wire.points, wire.left
        outcome.seconds = time.monotonic() - began
        self.store.synced(
            started_at=started,
            finished_at=_now(),
            source=source.name,
            requests=outcome.requests,
            points=outcome.points,
            new_rows=outcome.new,
            changed_rows=outcome.changed,
            seconds=outcome.seconds,
            outcome="partial" if outcome.parked else "complete",
        )
        return outcome

    def context(self, source: Source, wire: Wire, scope: str) -> Context:
        """Return where the streams of one scope are read."""
        return Context(wire, self.store, source.name, source.kind, scope, self.since, source.projects)

    async def glance(self, outcome: Outcome, wire: Wire) -> dict[str, str]:
        """Return the marks of the scopes that have something to read."""
        source = outcome.source
        if source.kind != "github":
            return dict.fromkeys(source.scopes, "")
        try:
            return await probe.glance(wire, self.store, source.name, source.scopes, STREAMS["github"])
        except Unauthorised as refused:
            self.park(outcome, Origin(source.name, source.kind, probe.PROBE, source.scopes[0]), refused, wire.now)
        except Refused:  # too much for one question, or not understood: every repository is read as if it were new
            return dict.fromkeys(source.scopes, "")
        return {}

    async def scope(self, outcome: Outcome, at: Context, mark: str | None) -> None:
        """Read the streams of one scope, one after the other, as long as the door is open.

        Without a mark nothing in it is new, and only lists with a rhythm of their own are read.
        """
        streams, before = STREAMS[at.kind], len(outcome.parked)
        for stream in streams if mark is not None else [s for s in streams if s.every]:
            if outcome.locked_out:
                return
            try:
                tally = await collect(stream, at, lambda tally: self.watch.page(tally, at.wire))
            except Refused as refused:
                if self.park(outcome, at.origin(stream.name), refused, at.wire.now):
                    return
            else:
                outcome.tallies.append(tally)
                self.watch.done(tally)
            self.press.maybe()
        if mark and len(outcome.parked) == before:
            probe.seen(at.wire, self.store, at.source, at.scope, mark)

    def park(self, outcome: Outcome, origin: Origin, refused: Refused, now: datetime) -> bool:
        """Keep why a stream could not be read. Returns whether nothing else of its scope can be read either."""
        shut = isinstance(refused, (Unauthorised, Missing))
        outcome.never |= shut and self.store.progress(origin).complete_to is None
        self.store.failed(origin, str(refused), now)
        if not (outcome.locked_out and isinstance(refused, Unauthorised)):
            outcome.parked.append(str(refused))
        outcome.locked_out |= isinstance(refused, Unauthorised)
        return shut


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
