"""Collect from GitHub and Jira, or look first at what a collection would read.

`sync --json` ends with one line: {"company", "edition", "seconds", "requests", "points", "new", "changed", "per_1000_pull_requests":
{"requests", "points"} or null, "sources": [{"source", "kind", "requests", "points", "budget_left", "seconds", "streams": {name:
{"read", "new", "changed", "gone", "set_aside", "new_fields", "items", "incomplete", "expected"}}, "parked": [sentence, ...]}]}.
"""

import asyncio
import json
import signal
import sys
import time
from datetime import datetime
from typing import Annotated, Literal

import typer

from collectors import checks, init, sandbox, schedule, source, sync
from collectors.progress import Reporter
from data import CairnError, Live, edition, team, team_file

main = typer.Typer(
    help="How it comes in: collect from GitHub and Jira into the store.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Kind = Literal["github", "jira"]
JSON = Annotated[bool, typer.Option("--json", help="End with one line of figures as JSON.")]
MOST = 12  # of what could not be read is said in full
ONLY = Annotated[Kind | None, typer.Option("--source", help="Read only this kind of source.")]


@main.command("sync")
def sync_command(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="On a first collection, go back no further than this day."),
    ] = None,
    only: ONLY = None,
    as_json: JSON = False,
) -> None:
    """Collect what is new. Without any token it collects the sandbox company."""
    began = time.monotonic()
    with Reporter() as reporter:
        company, sources, anchor = _sources(only, reporter)
        with Live(company) as store:
            if anchor and store.about("anchor") != anchor:
                store.clear()
                store.tell("anchor", anchor)
            try:
                outcomes = asyncio.run(sync.Run(store, reporter, since).all(sources))
            except KeyboardInterrupt:
                reporter.say("Stopped. Every page read so far is kept; the next sync goes on from there.")
                raise typer.Exit(130) from None
            _remember(company)
            for outcome in outcomes if as_json else ():
                outcome.extent = store.extent(outcome.source.name)
        for outcome in outcomes:
            reporter.say(_sentence(outcome))
            for line in _unread(outcome):
                reporter.say(f"  {line}")
    if as_json:
        sys.stdout.write(json.dumps(_figures(company, outcomes, time.monotonic() - began)) + "\n")
    if any(outcome.stopped for outcome in outcomes):
        raise typer.Exit(130)
    if not all(outcome.started for outcome in outcomes):
        raise typer.Exit(2)
    if any(outcome.parked for outcome in outcomes):
        raise typer.Exit(1)


@main.command()
def check(only: ONLY = None, as_json: JSON = False) -> None:
    """Say what the tokens may do, what each rule of team.toml matches and what a collection would cost. Changes nothing."""
    with Reporter() as reporter:
        company, sources, _ = _sources(only, reporter)
    found = asyncio.run(checks.run(sources, team(company)))
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(checks.words(found) + "\n")
    if any(problem for one in found["sources"] for problem in one["problems"]):
        raise typer.Exit(2 if not any(one["who"] for one in found["sources"]) else 1)


main.command("init")(init.command)
main.command("schedule")(schedule.command)


def _sources(
    only: Kind | None, reporter: Reporter
) -> tuple[Literal["team", "sandbox"], list[source.Source], str | None]:
    if source.any_token():
        if not team_file().exists():
            raise CairnError(
                f"A token is set, but there is no {team_file()}.\n"
                "Copy team.example.toml there and name your repositories and projects; nothing was collected."
            )
        words = team("team")
        found, anchor, company = source.sources(words), None, "team"
    else:
        reporter.say(
            "No token is set: collecting the sandbox company, a made-up team. README.md says how to connect yours."
        )
        found, day = source.sandbox()
        anchor, company = day.isoformat(), "sandbox"
    chosen = [s for s in found if only in (None, s.kind)]
    if not chosen:
        raise CairnError(
            f"{team_file()} names no {only or 'github or jira'} source.\nAdd a [github] or [jira] table; nothing was collected."
        )
    return company, chosen, anchor


def _remember(company: str) -> None:
    """Let the sandbox company write down what it knows; a team writes for itself."""
    if company == "sandbox":
        sandbox.remember(source.sandbox_day())


def _sentence(outcome: sync.Outcome) -> str:
    if outcome.taken:
        return f"{outcome.source.name}: another collector is reading it, and it is left to that one."
    end = "with something left unread:" if outcome.parked else "complete."
    if outcome.stopped:
        end = f"stopped, and every page read so far is kept. The next sync {outcome.resumes}."
    points = f", {outcome.points} points" if outcome.points else ""
    if rate := _per_thousand([outcome]):
        points += f" ({rate['requests']:.0f} and {rate['points']:.0f} per 1,000 pull requests)"
    return (
        f"{outcome.source.name}: {outcome.new} new and {outcome.changed} changed rows,"
        f" {outcome.requests} requests{points}, {outcome.seconds:.1f} s; {end}"
    )


def _unread(outcome: sync.Outcome) -> list[str]:
    """Return what could not be read, MOST of it: hundreds of repositories may lack the same permission."""
    told = list(dict.fromkeys(outcome.parked))
    more = (
        [f"And {len(told) - MOST} more; 'sync --json' and the page Health name them all."] if len(told) > MOST else []
    )
    return told[:MOST] + more


def _figures(company: str, outcomes: list[sync.Outcome], seconds: float) -> dict[str, object]:
    made = edition()
    return {
        "company": company,
        "edition": made.name if made else None,
        "seconds": round(seconds, 2),
        "requests": sum(o.requests for o in outcomes),
        "points": sum(o.points for o in outcomes),
        "new": sum(o.new for o in outcomes),
        "changed": sum(o.changed for o in outcomes),
        "per_1000_pull_requests": _per_thousand(outcomes),
        "sources": [o.figures() for o in outcomes],
    }


def _per_thousand(outcomes: list[sync.Outcome]) -> dict[str, float] | None:
    """Return the requests and points a thousand pull requests cost, with all that happened to them; None if none was read."""
    tallies = [t for o in outcomes for t in o.tallies if t.stream == "github_pull_requests" and t.read]
    read = sum(t.read for t in tallies)
    if not read:
        return None
    costs = {"requests": sum(t.requests for t in tallies), "points": sum(t.points for t in tallies)}
    return {name: round(1000 * cost / read, 1) for name, cost in costs.items()}


def run() -> None:
    """Run the commands. Errors for people end with exit code 2, an interruption with 130; never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.modules.setdefault("pandas", None)  # pyright: ignore[reportArgumentType] DuckDB would load it, and no frame is made here
    try:
        main()
    except CairnError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    run()
