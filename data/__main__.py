"""The store from the command line: ask it anything, read-only, or build its nouns again."""

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from data import CairnError, Live, company, console, console_log, looked, people, publish, retention, team
from data.editions import drop_old_editions
from data.store import folder, home, lake_of

main = typer.Typer(
    help="Where it stays: ask the published edition, or build it again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


journal_commands = typer.Typer(help="What people wrote down: print it, take it in.", no_args_is_help=True)
main.add_typer(journal_commands, name="journal")


@main.command("query")
def ask(
    sql: Annotated[str, typer.Argument(help="One SELECT over the nouns, for example: from deployments limit 5")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list of rows instead of a table.")] = False,
) -> None:
    """Answer one SELECT over the published edition. It can open nothing else. Times are UTC."""
    answer = console.ask(sql, console.COMMAND)
    if as_json:
        sys.stdout.write(f"{answer.frame().to_json(orient='records', date_format='iso', date_unit='s', indent=1)}\n")
    else:
        sys.stdout.write(answer.frame().to_string(index=False, max_rows=1000) + "\n")
    if left_out := answer.left_out():
        sys.stderr.write(f"{left_out} Ask for less at a time, or for sums instead of rows.\n")
        raise typer.Exit(1)


@main.command()
def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line instead of a sentence.")] = False,
) -> None:
    """Build the nouns again from what was collected, without one request, and publish them."""
    with Live(company()) as live:
        made = publish(live, afresh=True)
    if as_json:
        sys.stdout.write(json.dumps({"edition": made.name, "company": made.company}) + "\n")
    else:
        sys.stdout.write(f"Edition {made.name} is published.\n")


@main.command("health")
def tell_health(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of a sentence.")] = False,
) -> None:
    """Say how current the numbers are. Ends with 0 when they are, 1 when they are old, 2 before anything was read to its end."""
    from data import health  # noqa: PLC0415

    found = health.state(datetime.now(UTC).replace(tzinfo=None))
    sys.stdout.write(f"{json.dumps(found.told()) if as_json else found.sentence()}\n")
    raise typer.Exit({"ok": 0, "stale": 1}.get(found.word, 2))


@main.command("backup")
def back_up(file: Annotated[Path, typer.Argument(help="The file to write, for example cairn-2026-11-21.tar.")]) -> None:
    """Write everything that cannot be made again into one file: what was collected, what people wrote, the key, the rules."""
    from data.backup import backup  # noqa: PLC0415 the other commands need no SQLAlchemy

    about = backup(file, datetime.now(UTC).date())
    sys.stdout.write(
        f"{file} holds {', '.join(about['members'])} of {'your team' if about['company'] == 'team' else 'the sandbox company'}."
        " It names people as GitHub and Jira do, and lets hashes be told: keep it where only you can read it.\n"
    )


@main.command("restore")
def take_back(file: Annotated[Path, typer.Argument(help="What backup wrote.", exists=True)]) -> None:
    """Take a backup back into an empty CAIRN_HOME and publish it: the same pages, number for number."""
    from data.backup import restore  # noqa: PLC0415

    made = restore(file)
    sys.stdout.write(f"Edition {made.name} is published. Tokens are not in a backup: set them before the next sync.\n")


@main.command("move")
def move_store(
    to: Annotated[str, typer.Option(help="A lake, named as in CAIRN_STORE, or file: out of the lake of CAIRN_STORE.")],
) -> None:
    """Copy what was collected into a lake, or out of it into a file, and prove that both hold the same. What is here stays."""
    from data import lake, move  # noqa: PLC0415 who has no lake pays nothing for it

    file = folder("team") / "live.duckdb"
    if to == "file":
        source = lake_of("team")
        if not source:
            raise CairnError("CAIRN_STORE names no lake to move out of. Nothing was changed.")
        told, after = move.out_of_lake(source, file), "Unset CAIRN_STORE, then run 'python -m data rebuild'."
    else:
        told = move.into_lake(file, lake.named(to, home()))
        os.environ["CAIRN_STORE"] = to
        with Live("team") as live:
            publish(live, afresh=True)
        after = "Set CAIRN_STORE to it on every host; the file stays as it is, and may go when you have looked at the pages."
    rows = f"{sum(told.values()):,} rows in {len(told)} tables"
    sys.stdout.write(f"{rows} are the same in both, by their number and by their hash. {after}\n")


@main.command("tidy")
def tidy_lake() -> None:
    """Write the small files of a lake together, and let go of versions that nobody will ask for. A sync does it once an hour."""
    with Live("team") as live:
        if not live.lake:
            raise CairnError("CAIRN_STORE names no lake, and the file keeps itself tidy. Nothing was changed.")
        before = live.size()
        live.tidy()
        sys.stdout.write(f"What was collected took {before:,} bytes and takes {live.size():,}.\n")


@main.command("bundle")
def pack(
    file: Annotated[Path, typer.Argument(help="The file to write, for example cairn-support.zip.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Write what somebody who helps needs to know: versions, sizes, counts, outcomes. No row, no name, no address, no secret."""
    from data import bundle  # noqa: PLC0415 the other commands need none of it

    held = bundle.members()
    for one in held:
        sys.stdout.write(f"{one.name:<15}{len(one.text.encode()):>7,} bytes  {one.what}\n")
    if not yes:
        typer.confirm(f"Write these {len(held)} files into {file}? Nothing is sent anywhere.", abort=True)
    bundle.write(file, held)
    sys.stdout.write(f"{file} is written. Look into it before you pass it on.\n")


@main.command("show-me")
def show_me(
    login: Annotated[
        str, typer.Argument(help="A GitHub login, a Jira account id, or the e-mail somebody logs in with.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of lines.")] = False,
) -> None:
    """Show everything that is held of one person: where their login stands in what GitHub and Jira told."""
    with Live(company()) as live:
        found = people.held(live, login)
    found += [people.Held("looked", f"{one.day}", (one.page,)) for one in looked.of(login)]
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    for one in found:
        sys.stdout.write(f"{one.table} {one.id}: {', '.join(one.places)}\n")
    sys.stdout.write(
        f"{len(found)} rows name {login}. Nouns and pages hold a keyed hash instead, and no name."
        " 'python -m data forget LOGIN' writes the name out of all of them.\n"
    )


@main.command("forget")
def forget_login(
    login: Annotated[
        str, typer.Argument(help="A GitHub login, a Jira account id, or the e-mail somebody logs in with.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Write one person's login out of everything that is held, publish anew, and prove that nothing is left."""
    if not yes:
        typer.confirm(f"Write {login} out of every row? This cannot be undone.", abort=True)
    with Live(company()) as live:
        rows = people.forget(live, login) + looked.forget(login)
        publish(live, afresh=True)  # no row has a new version, and the nouns before hold the name in titles
        drop_old_editions(live.company)
        console_log.forget(live.company, login)
        left = people.held(live, login)
    if left:
        raise CairnError(f"{len(left)} rows still name {login}; run the command again. Nothing else was changed.")
    sys.stdout.write(
        f"{rows} rows named {login}; none does now, in the store or in an edition. Copies you made yourself are not reached.\n"
    )


@main.command()
def retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let go of raw answers and items that ended longer ago than [keep] in team.toml says, and publish anew. Keeps what people wrote."""
    words = team(company())
    since = retention.kept_from(words, datetime.now(UTC).replace(tzinfo=None))
    if since is None:
        raise CairnError(
            "team.toml does not say for how many months raw answers are kept, so all of them are.\n"
            "Write [keep] and months = 24, for example, and run this again; nothing was changed."
        )
    with Live(company()) as live:
        going = retention.preview(live, since)
        for one in going:
            sys.stdout.write(f"{one.table}: {one.go:,} rows go, {one.stay:,} stay\n")
        for name in retention.unfounded(words, since):
            sys.stdout.write(
                f"The baseline of {name} is worked out from tickets, some of which go: write it down as a sample first.\n"
            )
        told = f"what ended before {since:%Y-%m-%d} and was kept for {words.keep.months} months"
        if dry_run:
            sys.stdout.write(f"{sum(one.go for one in going):,} rows would go: {told}. Nothing was changed.\n")
            return
        if not yes:
            typer.confirm(f"Let go of {told}? This cannot be undone.", abort=True)
        gone = retention.let_go(live, since, words)
        publish(live, anyway=True)
        drop_old_editions(live.company)
    sys.stdout.write(
        f"{gone:,} rows are gone, from the store and from every edition. From now on the first sync of each month goes on with it."
        " Backups and copies you made yourself are not reached.\n"
    )


@journal_commands.command("export")
def export(
    form: Annotated[
        Literal["jsonl", "md"], typer.Option("--format", help="Every version, or what holds now to read.")
    ] = "jsonl",
) -> None:
    """Print the journal: every version as a line of JSON, which import takes, or what holds now as Markdown."""
    from data.journal import journal  # noqa: PLC0415 the other commands need no SQLAlchemy
    from data.kinds import KINDS  # noqa: PLC0415

    if form == "jsonl":
        sys.stdout.write("".join(f"{one.line()}\n" for one in journal().everything()))
        return
    for kind in KINDS:
        told = [kind.words(one) for one in journal().entries(kind.name)]
        sys.stdout.write(f"## {kind.title}s\n\n{chr(10).join(told)}\n" if told else "")


@journal_commands.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="What export or the file journal.jsonl gave.", exists=True)],
) -> None:
    """Take over what another journal or a lost one's journal.jsonl holds. What is there already stays as it is."""
    from data.journal import journal, read_twin  # noqa: PLC0415

    versions = read_twin(file)
    new = journal().adopt(versions)
    sys.stdout.write(f"{new} of {len(versions)} versions were new and are kept now.\n")


def run() -> None:
    """Run the commands; an error for people ends with exit code 2 and never with a traceback."""
    try:
        main()
    except CairnError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    run()
