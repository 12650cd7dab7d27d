"""The example of team.toml is one that works, says everything that can be said, and tells the truth about the defaults."""

import re
from pathlib import Path

from pydantic import BaseModel

from data import Team, read_team

EXAMPLE = Path(__file__).resolve().parent.parent / "team.example.toml"
README = EXAMPLE.with_name("README.md")


def switched_on(tmp_path: Path) -> Team:
    """Return the example with every setting in force that it shows switched off."""
    path = tmp_path / "team.toml"
    path.write_text(
        re.sub(r"^#(?=[\w\[])", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    return read_team(path)


def unsaid(words: BaseModel, where: str = "") -> list[str]:
    """Return the keys a part of the file could have and has not, wherever they are."""
    missing = [f"{where}{key}" for key in type(words).model_fields if key not in words.model_fields_set]
    for key in words.model_fields_set:
        value = getattr(words, key)
        parts = value if isinstance(value, tuple) else (value,)
        missing += [name for part in parts if isinstance(part, BaseModel) for name in unsaid(part, f"{where}{key}.")]
    return missing


def test_the_example_works_as_it_stands():
    assert read_team(EXAMPLE).github[0].repositories == ("owner/name",)


def test_every_setting_there_is_stands_in_the_example(tmp_path: Path):
    assert not unsaid(switched_on(tmp_path))


def test_a_setting_the_example_lacks_is_found(tmp_path: Path):
    path = tmp_path / "team.toml"
    path.write_text("[[github]]\nrepositories = ['a/b']\n", encoding="utf-8")

    assert {"name", "github.url", "workflows"} <= set(unsaid(read_team(path)))


def test_what_the_example_calls_the_default_is_the_default(tmp_path: Path):
    shown, nothing_said = switched_on(tmp_path), Team()

    for key in ("name", "timezone", "bots", "deployments", "bugs", "issues", "incidents", "statuses"):
        assert getattr(shown, key) == getattr(nothing_said, key), key
