"""The pictures of the README: there, all of one size, and left alone where there is no browser to take them with."""

from pathlib import Path

import pytest
from PIL import Image

from tests import pictures

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", pictures.PICTURES)
def test_every_picture_is_there_in_its_size_and_not_heavy(name, mode):
    path = DOCS / f"{name}-{mode}.png"

    with Image.open(path) as picture:
        assert picture.size == (int(pictures.WIDTH * pictures.SHARP), int(pictures.HEIGHT * pictures.SHARP))
    assert path.stat().st_size < 300_000


def test_without_a_browser_the_pictures_stay_and_it_is_said_why(monkeypatch, capsys):
    before = {path: path.read_bytes() for path in DOCS.glob("*.png")}
    monkeypatch.setattr(pictures, "chromium", lambda _: None)
    pictures.main()

    assert "there is no Chromium on this machine" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in DOCS.glob("*.png")} == before
