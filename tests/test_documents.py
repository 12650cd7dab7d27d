"""The documents tell the truth: what they list is what there is, what they claim a test keeps, and what they quote is said."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

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
