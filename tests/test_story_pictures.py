"""A story may carry a picture: small, without what else its file tells, never fetched from elsewhere, and in nobody's way."""

import base64
import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from PIL import Image

from data import CairnError
from data.entry import DRAWN
from data.journal import Journal, journal
from data.kinds import PICTURE, STORY
from metrics import demo
from metrics.demo import Slide
from pages import picture, slide
from pages.picture import REFUSED, small
from tests.test_pages import open_page
from tests.test_pages import told as drawn
from tests.test_safe import Elements, hostile

WEEK = date(2026, 6, 1)
FRIDAY = WEEK + timedelta(days=4)
TINY = f"data:image/png;base64,{'A' * 8}=="


def file(shown: Image.Image, form: str = "PNG", **more) -> bytes:
    written = BytesIO()
    shown.save(written, form, **more)
    return written.getvalue()


def kept_as(text: str) -> Image.Image:
    assert text.startswith("data:image/webp;base64,")
    return Image.open(BytesIO(base64.b64decode(text.partition(",")[2])))


def plain(size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size)


# What is kept of a file


def test_a_photo_is_kept_upright_and_small_without_where_and_by_whom_it_was_taken():
    taken = plain((2000, 1000))
    taken.paste("red", (0, 0, 1000, 1000))
    told = Image.Exif()
    told[0x0112], told[0x013B], told[0x010F] = 6, "Ada Lovelace", "Acme"  # turned by a quarter; who; camera
    told.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0)})  # where
    content = file(taken, "JPEG", exif=told, comment=b"of Ada", icc_profile=b"Ada's screen")
    assert b"Ada Lovelace" in content
    found = kept_as(small(content))

    assert found.size == (360, 720)
    assert found.getpixel((180, 30))[0] > 200, "what was left is on top"
    assert found.getpixel((180, 690))[0] < 50
    assert (dict(found.getexif()), found.info.get("icc_profile"), found.info.get("xmp")) == ({}, None, None)
    assert b"Ada" not in base64.b64decode(small(content).partition(",")[2])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_every_sort_of_colour_are_taken_and_what_is_clear_is_white(mode):
    found = kept_as(small(file(plain(mode=mode)))).convert("RGB")

    assert found.size == (40, 30)
    assert min(found.getpixel((5, 5))) > 250 if mode in {"LA", "RGBA"} else max(found.getpixel((5, 5))) < 5


def test_the_first_picture_of_a_film_is_taken():
    film = file(Image.new("RGB", (30, 20), "red"), "GIF", save_all=True, append_images=[plain((30, 20))])

    assert kept_as(small(film)).convert("RGB").getpixel((5, 5))[0] > 200


def test_a_picture_that_is_too_heavy_loses_quality_and_then_size_until_it_fits(monkeypatch):
    noise = file(Image.effect_noise((300, 200), 120))
    best, most = len(small(noise)), []
    for part in (0.8, 0.3):
        monkeypatch.setattr(picture, "DRAWN", int(part * best))
        most.append(kept_as(small(noise)).size)
        assert len(small(noise)) <= part * best

    assert most[0] == (300, 200)
    assert most[1] < (300, 200)
    monkeypatch.setattr(picture, "DRAWN", 10)
    with pytest.raises(CairnError):
        small(noise)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><img src=x onerror=alert(1)>",
        b"\x89PNG\r\n\x1a\n and no more",
        file(plain((600, 400)))[:200],
        file(plain((20_000, 20_000), "1")),
        file(plain((9_000, 8_000), "1")),
        file(plain(), "BMP"),
    ],
    ids=["empty", "svg", "html", "no png", "cut off", "20,000 a side", "72 million", "another form"],
)
def test_what_is_no_picture_or_too_large_to_open_is_refused_in_one_sentence(content):
    with pytest.raises(CairnError, match=re.escape(REFUSED)):
        small(content)


# Where it is kept


def test_pictures_are_read_by_their_kind_alone_and_leave_with_everything_else(tmp_path):
    kept = Journal(f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "journal.jsonl")
    one = kept.write("picture", {"shows": "A locker at night", "picture": TINY}, "Ada")
    story = kept.write("story", {"title": "Lockers", "day": f"{WEEK}", "shown": "shown", "picture": one.id}, "Ada")

    assert [entry.id for entry in kept.entries()] == [story.id]
    assert [entry.id for entry in kept.versions()] == [story.id]
    assert [entry.id for entry in kept.find("lockers")] == [story.id]
    assert kept.find("base64") == []
    assert [entry.id for entry in kept.entries("picture")] == [one.id]
    assert [entry.id for entry in kept.everything()] == [one.id, story.id]
    assert TINY in kept.twin.read_text()
    assert one.id not in STORY.words(story)


def test_a_picture_says_what_it_shows_and_is_nothing_but_a_picture():
    whole = {"shows": "A locker", "picture": TINY}

    assert PICTURE.wrong(whole) == []
    assert PICTURE.wrong({"picture": TINY}) == ["'What the picture shows, for whoever cannot see it' is still empty."]
    assert PICTURE.wrong({**whole, "picture": "https://evil.example/x.png"}) == ["'The picture' takes a picture."]
    assert PICTURE.wrong({**whole, "picture": TINY + "A" * DRAWN}) == [
        "'The picture' takes at most 300,000 characters."
    ]


# How it is told


@pytest.mark.parametrize(
    "value",
    [
        'data:image/webp;base64,AAAA" onerror="alert(1)',
        "data:image/webp;base64,AAAA\n",
        "data:image/svg+xml;base64,AAAA",
        "data:text/html;base64,AAAA",
        "https://evil.example/x.png",
        "javascript:alert(1)",
    ],
)
def test_only_a_whole_picture_of_a_known_form_reaches_a_slide(value):
    def tags(value: str) -> set[str]:
        seen = slide.Picture(value, "A locker")
        return {tag for tag, *_ in Elements(slide.markup(Slide("story", "", ""), 1, 1, slide.Foot(""), seen)).tags}

    assert "img" not in tags(value)
    assert "img" in tags(TINY)


def test_hostile_words_about_a_picture_are_only_words():
    for value in hostile("text"):
        seen = slide.Picture(TINY, f'" onerror="{value}')
        page = Elements(slide.markup(Slide("story", "", ""), 1, 1, slide.Foot(""), seen))

        assert [{name for name, _ in names} for tag, *names in page.tags if tag == "img"] == [{"class", "src", "alt"}]


def test_beside_a_picture_there_are_fewer_letters_and_what_is_cut_stands_in_the_notes():
    long = "An account of everything " * 12
    one = demo.fitted(Slide("story", "", long[:70], (long,), ask="What then?", picture="p"))

    assert len(demo.said(one)) <= demo.BESIDE < demo.MOST_LETTERS
    assert " ".join(long.split()) in " ".join(" ".join(one.notes).split())


def test_a_picture_leaves_with_the_file_and_is_fetched_from_nowhere():
    told = [Slide("story", "", "Lockers", picture="p"), Slide("story", "", "Desks")]
    whole = slide.file(told, "Demo", "light", "", {"p": slide.Picture(TINY, "A locker")}).decode()

    assert re.findall(r"(?:src|href)=\"([^\"]+)\"", whole) == [TINY]
    assert 'alt="A locker"' in whole


# Preparing it


def filled(app, content: bytes | None, shows: str):
    """Fill in what a story's form asks about a picture, and send it."""
    if content is not None:
        app.file_uploader[0].set_value(("locker.png", content, "image/png"))
    next(one for one in app.text_input if one.label.startswith("What the picture shows")).set_value(shows)
    app.text_input(key="author").set_value("Ada")
    next(one for one in app.button if one.label == "Keep it").click().run()
    assert not app.exception
    return app


def pages_html(app) -> str:
    return "".join(one.proto.body for one in app.get("html"))


def test_a_story_gets_a_picture_with_its_words_and_a_bad_file_keeps_nothing(nouns):
    nouns()
    kept = journal()
    app = open_page("prepare.py", week=f"{WEEK}", write="story")
    app.text_input[0].set_value("Lockers open at night")

    assert REFUSED in drawn(filled(app, b"<html>", "A locker"))
    assert "is still empty" in drawn(filled(app, file(plain()), ""))
    assert {one.kind for one in kept.everything()} == {"draft"}
    filled(app, file(plain()), "A locker at night")
    [story], [shown] = kept.entries("story"), kept.entries("picture")
    assert (story.answers["picture"], shown.answers["shows"]) == (shown.id, "A locker at night")
    app = open_page("prepare.py", week=f"{WEEK}", change=story.id)
    assert 'alt="A locker at night"' in pages_html(app)
    filled(app, None, "The locker by the door")
    assert kept.history(shown.id)[-1].answers == {**shown.answers, "shows": "The locker by the door"}
    [way] = [one.proto for one in app.get("page_link") if one.proto.label == "For paper or a PDF"]
    whole = open_page("demo.py", **dict(part.split("=") for part in way.query_string.split("&")))
    assert "Print this page" in drawn(whole)
    assert 'alt="The locker by the door"' in pages_html(whole)


def test_another_picture_is_another_entry_and_none_again_is_undone_like_any_change(nouns):
    nouns()
    kept = journal()
    first = kept.write("picture", {"shows": "A locker", "picture": TINY}, "Ada")
    said = {"title": "Lockers", "day": f"{WEEK}", "shown": "shown", "picture": first.id}
    story = kept.write("story", said, "Ada")

    app = filled(open_page("prepare.py", week=f"{WEEK}", change=story.id), file(plain()), "The new locker")
    second = kept.entries("picture")[0]
    assert kept.history(story.id)[-1].answers["picture"] == second.id != first.id
    app.query_params["change"] = story.id
    app.run()
    app.checkbox[0].check()
    filled(app, None, "The new locker")
    assert "picture" not in kept.history(story.id)[-1].answers
    assert kept.undo(story.id, "Ada").answers["picture"] == second.id
    assert 'alt="The new locker"' in pages_html(open_page("memory.py", entry=story.id))
    kept.undo(second.id, "Ada")  # the picture itself is taken back
    screen = open_page("demo.py", mode="live", slide="2", week=f"{WEEK}")
    assert "Lockers" in drawn(screen)
    assert "<img" not in pages_html(screen)
