"""How the nouns are made: each statement of the model as soon as what it reads is there, one at a time on each connection.

An edition of a small store is made of next to nothing; what takes time is planning, and a connection plans on one core. That of a
large one wants memory: what stands in `scratch` goes as soon as all that read it have.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Condition, Thread

import duckdb

COMMENT = re.compile(r"--[^\n]*")
MAKES = re.compile(r"create table (scratch\.)?(\w+)|insert into (\w+)")
SETS = re.compile(r"(?:set variable|create or replace temp macro|create temp view) (\w+)|set ()\w+")


@dataclass(frozen=True)
class Step:
    """One statement, the numbers of the earlier ones it comes after, and of those its connection must have run before it.

    A table is there for all connections. A variable, a macro or a view is each connection's own, and tells no others.
    `uses` are the tables in scratch that must not have gone yet.
    """

    sql: str
    own: bool
    after: frozenset[int]
    given: frozenset[int]
    uses: frozenset[str]


@lru_cache(2)
def steps(model: str) -> tuple[Step, ...]:
    """Return the statements of a model in their order. Raises ValueError for one of which nobody knows what it is for."""
    found: list[Step] = []
    words: list[set[str]] = []
    known: dict[str, int] = {}  # by name, the last statement that told of it; by '' one that holds for all that follows
    scratch = set[str]()
    for nth, statement in enumerate(duckdb.extract_statements(model)):
        bare = COMMENT.sub("", statement.query).strip()
        makes, sets = MAKES.match(bare), SETS.match(bare)
        told = makes or sets
        if told is None:
            raise ValueError(f"a statement of the model neither makes nor sets anything: {bare[:60]}")
        if makes and makes[1]:
            scratch.add(makes[2])
        words.append({"", *re.findall(r"\w+", bare)})
        needs = {known[word] for word in words[nth] & known.keys()}
        if makes and makes[3]:  # who read the table before more was added to it has read it without
            needs |= {before for before in range(nth) if makes[3] in words[before]}
        own = {one for one in needs if found[one].own}
        given = own.union(*(found[one].given for one in own))
        after = (needs - own).union(*(found[one].after for one in own))
        uses = (words[nth] & scratch).union(*(found[one].uses for one in own))
        found.append(Step(statement.query, makes is None, frozenset(after), frozenset(given), frozenset(uses)))
        known[told[told.lastindex or 0]] = nth
    return tuple(found)


def make(connections: Sequence[duckdb.DuckDBPyConnection], model: str) -> None:
    """Run the statements of a model; what it made in scratch is gone then. Raises what the first that fails raised, when all rest."""
    todo = steps(model)
    waiting = [nth for nth, step in enumerate(todo) if not step.own]
    users = Counter(table for nth in waiting for table in todo[nth].uses)
    done, failed, turn = set[int](), list[BaseException](), Condition()

    def ready() -> int | None:
        return next((nth for nth in waiting if todo[nth].after <= done), None)

    def work(connection: duckdb.DuckDBPyConnection) -> None:
        has = set[int]()
        try:
            while True:
                with turn:
                    turn.wait_for(lambda: failed or not waiting or ready() is not None)
                    nth = ready()
                    if failed or nth is None:
                        return
                    waiting.remove(nth)
                for before in sorted(todo[nth].given - has):
                    connection.execute(todo[before].sql)
                has |= todo[nth].given
                connection.execute(todo[nth].sql)
                with turn:
                    done.add(nth)
                    spent = _spent(todo[nth], users)
                    turn.notify_all()
                connection.execute(spent)
        except BaseException as error:  # noqa: BLE001 raised below
            with turn:
                failed.append(error)
                turn.notify_all()

    others = [Thread(target=work, args=(connection,)) for connection in connections[1:]]
    for other in others:
        other.start()
    work(connections[0])
    for other in others:
        other.join()
    if failed:
        raise failed[0]


def _spent(step: Step, users: Counter[str]) -> str:
    """Return the SQL that lets go of the tables a step was the last to use."""
    users.subtract(step.uses)
    return "".join(f"drop table scratch.{table};" for table in step.uses if not users[table])
