"""docs/torture.md says what was run, what broke and what was not run; a run of one part leaves what the others told."""

import json

import pytest

from tests import chosen, torture, tortured
from tests.tortured import Ran, write

PARTS = {"wire": ("spoilt requests", 0), "kills": ("chains of four kills", 250)}
CASES = """
import pytest

def test_a(): ...
def test_b(): raise ValueError
def test_c(): pytest.skip("not here")
def test_d(): ...
def test_e(oops): ...
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "torture.md"


def rows(file) -> dict[str, list[str]]:
    told = [line.strip("| ").split(" | ") for line in file.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return {cells[0]: [cell.strip() for cell in cells] for cells in told}


def test_what_was_not_run_is_said(file):
    write([], PARTS, file)

    assert [cells[3] for cells in rows(file).values()] == ["run", "---", "not run", "not run"]
    assert rows(file)["kills"][2] == "250"


def test_a_run_of_one_part_changes_its_own_row_and_no_other(file):
    write([Ran("wire", "spoilt requests", 4598, range(0, 4598, 50), [], 312.4)], PARTS, file)
    before = rows(file)["wire"]
    write([Ran("kills", "chains of four kills", 250, range(10, 12), [11], 31.0)], PARTS, file)
    write([Ran("kills", "chains of four kills", 250, range(4), [], 60.0)], PARTS, file)

    assert rows(file)["wire"] == before
    assert before[2:6] == ["4,598", "92: 0 to 4550, one in 50", "0", "312"]
    assert rows(file)["kills"][2:6] == ["250", "4: 0 to 3", "0", "60"]


def test_a_broken_case_is_told_by_its_number(file):
    one = Ran("kills", "chains of four kills", 250, range(10, 14), [11, 13], 31.0)
    write([one], PARTS, file)

    assert rows(file)["kills"][4] == "2: 11, 13"
    assert "2 BROKEN: [11, 13]" in one.words()


def test_what_this_machine_could_not_run_does_not_count_as_run():
    assert Ran("hostile", "hostile words", 9, range(9), [], 3.0, left_out=2).which() == "0 to 8, 2 could not"
    assert Ran("lake", "minutes", 10, range(2), [], 3.0, seen={"pages": 1200}).which() == "0 to 1, 1,200 pages"
    assert Ran("hostile", "hostile words", 9, range(9), [], 3.0, left_out=2).row()[3] == "7: 0 to 8, 2 could not"


def test_the_version_names_the_commit_and_the_machine_its_cores():
    assert len(tortured.version().split()[0]) >= 7
    assert "cores" in tortured.machine()


def test_promises_of_other_files_are_run_by_number_and_counted(monkeypatch, tmp_path, capsys):
    (tmp_path / "test_cases.py").write_text(CASES, encoding="utf-8")
    monkeypatch.setattr(chosen, "HERE", tmp_path)

    assert chosen.main("test_cases", "1", "5", "1") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"cases": 5, "numbers": [1, 2, 3, 4], "broken": [1, 4], "left_out": [2]}
    assert chosen.main("no_such_promise", "0", "9", "1") == 1


def test_every_part_of_the_torture_has_a_row_of_its_own_and_says_what_its_cases_are():
    assert not torture.PARTS.keys() & torture.PROMISED.keys()
    assert all(words for *_, words in (*torture.PARTS.values(), *torture.PROMISED.values()))
