"""The store from the command line: ask it anything, read-only, or build its nouns again."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import duckdb
import typer

from data import CairnError, Live, company, people, publish, query
from data.editions import drop_old_editions

main = typer.Typer(
    help="Where it stays: ask the published edition, or build it again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@main.command("query")
def ask(
    sql: Annotated[str, typer.Argument(help="One SELECT over the nouns, for example: from deployments limit 5")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list of rows instead of a table.")] = False,
) -> None:
    """Answer one read-only SQL question from the published edition. Times are UTC."""
    try:
        answer = query(sql)
    except duckdb.Error as error:
        told = str(error).split("\n\n")[0]
        raise CairnError(
            f"The question could not be answered: {' '.join(told.split())}\n"
            "Tables: 'show tables'; columns: 'describe deployments'. Nothing was changed."
        ) from None
    if as_json:
        sys.stdout.write(f"{answer.to_json(orient='records', date_format='iso', date_unit='s', indent=1)}\n")
    else:
        sys.stdout.write(answer.to_string(index=False, max_rows=1000) + "\n")


@main.command()
def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line instead of a sentence.")] = False,
) -> None:
    """Build the nouns again from what was collected, without one request, and publish them."""
    with Live(company()) as live:
        made = publish(live)
    if as_json:
        sys.stdout.write(json.dumps({"edition": made.name, "company": made.company}) + "\n")
    else:
        sys.stdout.write(f"Edition {made.name} is published.\n")


@main.command("show-me")
def show_me(
    login: Annotated[str, typer.Argument(help="A GitHub login, or a Jira account id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of lines.")] = False,
) -> None:
    """Show everything that is held of one person: where their login stands in what GitHub and Jira told."""
    with Live(company()) as live:
        found = people.held(live, login)
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    for one in found:
        sys.stdout.write(f"{one.table} {one.id}: {', '.join(one.places)}\n")
    sys.stdout.write(
        f"{len(found)} raw rows name {login}. Nouns and pages hold a keyed hash instead, and no name."
        " 'python -m data forget LOGIN' writes the name out of all of them.\n"
    )


@main.command("forget")
def forget_login(
    login: Annotated[str, typer.Argument(help="A GitHub login, or a Jira account id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Write one person's login out of everything that is held, publish anew, and prove that nothing is left."""
    if not yes:
        typer.confirm(f"Write {login} out of every row? This cannot be undone.", abort=True)
    with Live(company()) as live:
        rows = people.forget(live, login)
        publish(live)
        drop_old_editions(live.company)
        left = people.held(live, login)
    if left:
        raise CairnError(f"{len(left)} rows still name {login}; run the command again. Nothing else was changed.")
    sys.stdout.write(
        f"{rows} rows named {login}; none does now, in the store or in an edition. Copies you made yourself are not reached.\n"
    )


def run() -> None:
    """Run the commands; an error for people ends with exit code 2 and never with a traceback."""
    try:
        main()
    except CairnError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    run()
