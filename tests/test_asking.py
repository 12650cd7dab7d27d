"""An edition that is asked often is opened once: the newest answers, a file that changed is read anew, and none outlives its removal."""

import threading
from typing import Any

import duckdb
import pytest

from data import Live, editions, publish, query
from data.editions import drop_old_editions

NAMED = "select value from about where key = 'name'"


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Return the files that were opened so far, in the order of opening."""
    files: list[str] = []
    real = duckdb.connect

    def connect(path: str, **how: Any) -> duckdb.DuckDBPyConnection:
        files.append(path)
        return real(path, **how)

    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    (tmp_path / "team.toml").write_text('name = "Before"\n', encoding="utf-8")
    monkeypatch.setattr(editions.duckdb, "connect", connect)
    return files


def made(words: str = "") -> editions.Edition:
    if words:
        editions.team_file().write_text(f'name = "{words}"\n', encoding="utf-8")
    with Live("team") as live:
        return publish(live)


def test_many_questions_open_an_edition_once_and_a_new_edition_answers_the_next(opened):
    first = made()
    opened.clear()

    assert [query(NAMED).value[0] for _ in range(5)] == ["Before"] * 5
    assert opened == [str(first.path)]

    second = made("After")

    assert query(NAMED).value[0] == "After"
    assert opened.count(str(second.path)) == 1
    assert [path for path, _ in editions._OPEN] == [second.path]


def test_another_file_under_the_same_name_is_opened_anew(opened):
    first = made()
    assert query(NAMED, edition=first).value[0] == "Before"

    second = made("After")
    second.path.replace(first.path)

    assert query(NAMED, edition=first).value[0] == "After"


def test_an_edition_that_was_removed_answers_nobody_any_more(opened):
    first = made()
    assert query(NAMED, edition=first).value[0] == "Before"

    made("After")
    drop_old_editions("team")

    assert not first.path.exists()
    assert not editions._OPEN
    with pytest.raises(duckdb.IOException):
        query(NAMED, edition=first)


def test_threads_ask_two_editions_in_turns_and_every_one_gets_its_answer(opened):
    both = {"Before": made(), "After": made("After")}
    long = "select any_value(value) as value, sum(hash(i)) from about, range(200000) as every(i) where key = 'name'"
    told = []

    def ask(name: str) -> None:
        told.extend((name, query(long, edition=both[name]).value[0]) for _ in range(5))

    threads = [threading.Thread(target=ask, args=(name,)) for name in (*both, *both)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(told) == [("After", "After")] * 10 + [("Before", "Before")] * 10
