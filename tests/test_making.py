"""The nouns are made on several connections at a time, and nobody can tell from them on how many."""

import duckdb
import pytest

import data
from data import editions, making
from data.store import model
from tests import torture

COUNTED = """
-- a table of words, create table nothing
create table scratch.told as from range(40) t(n);
set variable least = (select min(n) from told);
create or replace temp macro far(n) as n - getvariable('least');
create table scratch.early as select count(*) as n from told;
insert into told from range(40, 50);
create temp view late as from told;
create table counted as select max(far(n)) as most, count(*) as n from late;
create table two as select c.n as late, e.n as early from counted c, early e;
"""


@pytest.fixture
def connections(tmp_path):
    with duckdb.connect(str(tmp_path / "live.duckdb")) as live:
        live.execute("attach ':memory:' as next; attach ':memory:' as scratch")
        made = [live.cursor() for _ in range(4)]
        for one in made:
            one.execute("set search_path = 'next,scratch'")
        yield made


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_statement_runs_when_what_it_reads_is_there_and_with_all_that_was_set(connections, count: int):
    making.make(connections[:count], COUNTED)

    assert connections[0].execute("from counted").fetchall() == [(49, 50)]
    assert connections[0].execute("from two").fetchall() == [(50, 40)], "who read before more was added read without it"
    left = "select table_name from duckdb_tables() where database_name = 'scratch'"
    assert connections[0].execute(left).fetchall() == [], "what was read for the last time makes room"


@pytest.mark.parametrize("count", [1, 4])
def test_the_first_mistake_is_told_and_nothing_waits_for_ever(connections, count: int):
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        making.make(connections[:count], "create table a as from nowhere; create table b as from a;")


def test_a_statement_of_no_known_use_is_refused_before_any_runs(connections):
    with pytest.raises(ValueError, match="neither makes nor sets"):
        making.make(connections, "create table a as select 1; drop table a;")
    assert connections[0].execute("select count(*) from duckdb_tables()").fetchone() == (0,)


def test_every_statement_of_the_model_comes_after_those_whose_tables_it_reads():
    found = making.steps(model())

    names = {
        told[2]: nth for nth, one in enumerate(found) if (told := making.MAKES.search(making.COMMENT.sub("", one.sql)))
    }
    earlier: list[set[int]] = []
    for one in found:
        near = one.after | one.given
        earlier.append(set(near).union(*(earlier[before] for before in near)))
    assert {names[one] for one in ("pull_body", "pull", "workdays", "deployed")} <= earlier[names["pull_requests"]]
    assert all(before < nth for nth, one in enumerate(found) for before in one.after | one.given)


def test_an_edition_made_by_many_says_what_one_made_by_one_says(monkeypatch):
    told = []
    with torture.ground(torture.SHORT) as at, torture.home(at.place / "earlier"), data.Live("sandbox") as store:
        assert store.path.stat().st_size < editions.LITTLE
        for count in (1, 3):
            monkeypatch.setattr(editions, "TOGETHER", count)
            told.append(nouns(data.publish(store, afresh=True)))

    assert told[0] == told[1]
    assert told[0]["pull_requests"]


def nouns(edition: data.Edition) -> dict[str, list[tuple]]:
    """Return the rows of every table that collecting fills, in their order."""
    with duckdb.connect(str(edition.path), read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: connection.execute(f"from {name}").fetchall() for name in names if name != "about"}
