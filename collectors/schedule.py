"""Collecting again and again: a sync, a wait, another sync, until somebody asks to stop.

Each sync is a process of its own, so none can take the next one down, and a stop is the kill at any instant that a sync survives.
"""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from data import CairnError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SPREAD = 0.1  # of a wait, more or less: hosts that were started together do not ask together for long
SYNC = (sys.executable, "-m", "collectors", "sync", "--json")
OUTCOMES = {0: "complete", 1: "something left unread", 2: "could not start", 130: "stopped"}
FIGURES = ("new", "changed", "requests", "points", "seconds")


@dataclass(frozen=True)
class Turn:
    """What came of one sync that began at a moment (UTC), and what it said where not all went well."""

    at: datetime
    outcome: str
    figures: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def command(
    every: Annotated[str, typer.Option(help="How long to wait between two syncs: 90s, 30m, 2h or 1d.")] = "1h",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each sync instead of a sentence.")
    ] = False,
) -> None:
    """Collect again and again, a line for each sync. One that fails or finds another running does not end it; Ctrl+C does."""
    wait = interval(every)
    try:
        for turn, pause in turns(wait, one_sync, random.Random()):  # noqa: S311 nothing secret hangs on it
            after = datetime.now(UTC) + timedelta(seconds=pause)
            print(
                _line(turn, after) if as_json else _words(turn, after),
                file=sys.stdout if as_json else sys.stderr,
                flush=True,
            )
            time.sleep(pause)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Every page read so far is kept; the next sync goes on from there.\n")


def turns(wait: float, sync: Callable[[], Turn], luck: random.Random) -> Iterator[tuple[Turn, float]]:
    """Run a sync and yield what came of it with the seconds to wait before the next, without end."""
    while True:
        yield sync(), wait * luck.uniform(1 - SPREAD, 1 + SPREAD)


def one_sync() -> Turn:
    """Run one sync in a process of its own, out of reach of a Ctrl+C that is meant for this one; a stop here kills it."""
    at = datetime.now(UTC)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(SYNC, start_new_session=True, **pipes) as running:  # noqa: S603 no word of it comes from outside
        try:
            out, err = running.communicate()
        except KeyboardInterrupt:
            running.kill()
            running.wait()
            raise
    return told(at, running.returncode, out, err)


def told(at: datetime, code: int, out: str, err: str) -> Turn:
    """Return what came of a sync by its exit code and what it printed. What is no word for people is not passed on."""
    if "Traceback" in err or code not in OUTCOMES:
        why = f"It ended with {code}. 'python -m collectors sync' shows why; what was read before is kept."
        return Turn(at, "broke off", said=(why,))
    if not out.strip():  # progress is told in lines that are moved in
        return Turn(at, OUTCOMES[code], said=tuple(line for line in err.splitlines() if line and line[0] != " "))
    found = json.loads(out.splitlines()[-1])
    said = tuple(dict.fromkeys(sentence for source in found["sources"] for sentence in source["parked"]))
    return Turn(at, OUTCOMES[code], {name: found[name] for name in FIGURES}, said)


def interval(text: str) -> int:
    """Return the seconds that '90s', '30m', '2h' or '1d' say. Raises CairnError for anything else."""
    found = re.fullmatch(r"([1-9]\d{0,5})([smhd])", text)
    if not found:
        raise CairnError(f"'{text}' is no time to wait.\nSay --every 30m, 2h or 1d; nothing was collected.")
    return int(found[1]) * SECONDS[found[2]]


def _words(turn: Turn, after: datetime) -> str:
    """Return one line: when, what came of it, the figures, the first thing that went wrong, and when it goes on."""
    figures = ", {new} new and {changed} changed rows, {requests} requests, {seconds:.1f} s" if turn.figures else ""
    said = list(turn.said)
    if turn.figures and len(said) > 1:
        said[1:] = [f"And {len(said) - 1} more; the page Health names them all."]
    line = f"{turn.at:%Y-%m-%d %H:%M} UTC: {turn.outcome}{figures.format(**turn.figures)}."
    return " ".join([line, *" ".join(said).split(), f"Next at {after:%H:%M} UTC."])


def _line(turn: Turn, after: datetime) -> str:
    return json.dumps(
        {
            "at": f"{turn.at:%Y-%m-%dT%H:%M:%SZ}",
            "outcome": turn.outcome,
            **{name: turn.figures.get(name) for name in FIGURES},
            "said": turn.said,
            "next": f"{after:%Y-%m-%dT%H:%M:%SZ}",
        }
    )
