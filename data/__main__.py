"""The store from the command line: ask it anything, read-only, or build its nouns again."""

import json
import sys
from typing import Annotated

import duckdb
import typer

from data import CairnError, Live, company, publish, query

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


def run() -> None:
    """Run the commands; an error for people ends with exit code 2 and never with a traceback."""
    try:
        main()
    except CairnError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    run()
