"""The documents tell the truth: what they list is what there is, what they claim a test keeps, and what they quote is said."""

import re
import tomllib
from pathlib import Path
from typing import get_args, get_type_hints

import duckdb

from metrics import METRICS, Metric

HOUSE = Path(__file__).resolve().parent.parent


def document(name: str) -> str:
    return (HOUSE / "docs" / name).read_text(encoding="utf-8")


# Definitions


def test_every_metric_is_defined_once_with_how_it_misleads_and_what_it_asks():
    told = document("definitions.md").split("[[[cog", 1)[1]

    for metric in METRICS:
        (its,) = re.findall(rf"^### [^\n]+\n\n`{metric.name}` · (.*?)(?=^##|\Z)", told, re.MULTILINE | re.DOTALL)
        assert metric.about in its
        assert metric.caution in its
        assert [line for line in its.splitlines() if line.startswith("- ")] == [f"- {ask}" for ask in metric.asks]
    assert len(re.findall(r"^### ", told, re.MULTILINE)) == len(METRICS)


def test_every_fold_is_explained_and_no_other():
    explained = re.findall(r"^\| (\w+) \|", document("definitions.md").split("| --- | --- |")[1], re.MULTILINE)

    assert explained == list(get_args(get_type_hints(Metric)["fold"]))


# The data dictionary


def test_every_table_and_column_of_an_edition_is_in_the_data_dictionary_and_no_other(nouns):
    with duckdb.connect(str(nouns().path), read_only=True) as edition:
        there = edition.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns() where not internal"
        ).fetchall()
    told = document("data.md").split("[[[cog", 1)[1]
    written = [
        (table, *column)
        for table, its in re.findall(r"^## (\w+)\n(.*?)(?=^## |^<!--)", told, re.MULTILINE | re.DOTALL)
        for column in re.findall(r"^\| `(\w+)` \| (\S+) \| \S", its, re.MULTILINE)
    ]

    assert sorted(written) == sorted(there)


def test_no_words_of_the_data_dictionary_are_about_what_is_not_there(nouns):
    with duckdb.connect(str(nouns().path), read_only=True) as edition:
        there = edition.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
    words = tomllib.loads((HOUSE / "data" / "nouns" / "words.toml").read_text(encoding="utf-8"))
    every = words.pop("every")

    own = {(table, name) for table, its in words.items() for name in its if name != "rows"}
    assert own <= set(there)
    assert {name for table, name in there if (table, name) not in own} == set(every)
