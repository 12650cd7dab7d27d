"""What `make bench` writes is what was measured: others beside the same served rows, growth beside the data, and what could not be."""

import sys

import pytest

from tests import bench, growth, rivals
from tests.rivals import Cost, Rival


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows(table: str) -> dict[str, list[str]]:
    return {cells(line)[0]: cells(line)[1:] for line in table.splitlines() if line.startswith("|")}


@pytest.fixture
def beside(monkeypatch, recorded):
    """The table with nobody beside Cairn but one that no index knows, and one that fails."""
    unknown = Rival("unknown", ("./no-such-package",), "", lambda _: {})
    failing = Rival("failing", (), "raise SystemExit('it | broke')", lambda _: {})
    monkeypatch.setattr(rivals, "RIVALS", (unknown, failing))
    monkeypatch.setattr(Rival, "title", property(lambda one: one.name))
    there = rivals.install
    monkeypatch.setattr(rivals, "install", lambda one, place: there(one, place) if one.packages else _this(place))
    return rows(rivals.table())


def _this(place):
    (place / "bin").mkdir()
    (place / "bin" / "python").symlink_to(sys.executable)
    return place


def test_what_is_found_is_compared_with_what_was_served(beside):
    """Cairn finds all but when labels were put on pull requests, with one request for five of them, and one when nothing is new."""
    served, found = beside["what there is"], beside["Cairn, with all else it reads, and an edition"]
    at = {name: place for place, name in enumerate(beside["what"])}

    assert [found[at[name]] for name in ("pull requests", "issues", "reviews", "commits")] == [
        served[at[name]] for name in ("pull requests", "issues", "reviews", "commits")
    ]
    assert 3000 < int(found[at["events"]].replace(",", "")) < int(served[at["events"]].replace(",", ""))
    assert int(found[at["requests"]]) < int(served[at["pull requests"]]) / 5
    assert found[at["requests again"]] == "1"
    assert float(found[at["MiB"]]) > 50


def test_whoever_cannot_be_measured_is_named_with_the_reason(beside):
    assert beside["unknown"][0] == "not measured: it could not be installed; without a network nothing can"
    assert beside["failing"][0] == "not measured: it ended with 1 (it / broke)"
    assert len({len(row) for row in beside.values()}) == 1


def test_without_the_recorded_repository_nothing_is_written(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(rivals, "REPLAY", tmp_path / "nowhere")

    assert rivals.table() is None
    assert "not measured" in capsys.readouterr().err


def test_growth_is_told_by_the_row_and_by_the_smallest_company(monkeypatch, tmp_path):
    """Ten times the rows in twenty times the seconds is 2.00; a page that takes half as long again is 1.50."""
    monkeypatch.setattr(rivals, "REPLAY", tmp_path)
    monkeypatch.setattr(
        growth, "collected", lambda size, _: {"rows": size, "first": Cost(size // 100, 0, size / 1000, 200), "again": Cost(1, 0, 0.5, 90)}
    )  # fmt: skip
    monkeypatch.setattr(
        growth,
        "measured",
        lambda size: {
            "rows": size,
            "bytes": size * 400,
            "nouns": 2.0 if size == 100 else 40.0,
            "prepared": 1.0,
            "pages": {"flow.py": {"first": 0.4 if size == 100 else 0.6, "again": 0.2}},
        },
    )
    told = rows(growth.table((100, 1000)))

    assert told["1,000 rows"][:2] == ["40.0", "2.00"]
    assert told["flow.py, the first to open it"] == ["0.400", "0.600", "1.50"]
    assert told["flow.py, opened again"][-1] == "1.00"
    assert told["100,000 rows"][3] == "1.00"


def test_a_part_that_is_not_there_is_said_with_those_that_are(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "rivalz"])
    with pytest.raises(SystemExit):
        bench.main()

    assert "there is no part 'rivalz'; there are collecting, keeping" in capsys.readouterr().err
