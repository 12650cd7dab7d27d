"""A picture beside what somebody writes: asked for in a form, made small, and nothing kept of its file but what it shows."""

import base64
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import streamlit as st
from PIL import Image, ImageOps

from data import CairnError
from data.entry import DRAWN, LINE, Entry, Field
from data.journal import Journal
from data.kinds import PICTURE, title
from pages import safe

ENDINGS = ["png", "jpg", "jpeg", "webp", "gif"]
READ = ("PNG", "JPEG", "WEBP", "GIF")  # whatever a file is called
MOST_MEGABYTES = 10
MOST_PIXELS = 50_000_000  # those of a good telephone; more would fill the memory of everybody
WIDTH, HEIGHT = 1280, 720
SMOOTH = {"L", "LA", "RGB", "RGBA", "CMYK"}  # colours that can be made smaller as they are
PARTS, QUALITIES = (1, 0.7, 0.4), (85, 75, 60, 40)  # tried one after the other until it is light enough
REFUSED = (
    "This file cannot be read as a picture, so nothing was kept. PNG, JPEG, WebP and GIF files of up to"
    f" {MOST_PIXELS // 1_000_000} million pixels can; a screenshot of it would do."
)
ALONE = "A picture is described, and no picture is chosen yet."


@dataclass(frozen=True)
class Brought:
    """What a form was told about a picture: the one that is there, a new file, what it shows, whether it goes."""

    there: Entry | None
    file: bytes
    shows: str
    away: bool

    @cached_property
    def answers(self) -> dict[str, str]:
        """Return what the picture says from now on, nothing where there is none. Raises CairnError for what cannot be kept."""
        if self.away or not (self.file or self.there or self.shows):
            return {}
        if not self.file and not self.there:
            raise CairnError(ALONE)
        drawn = small(self.file) if self.file else str(self.there and self.there.answers.get("picture"))
        told = {"shows": self.shows, "picture": drawn}
        if wrong := PICTURE.wrong(told):
            raise CairnError("\n".join(wrong))
        return told

    def keep(self, kept: Journal, author: str) -> str:
        """Write it down where it is new or says something else, and return its id, nothing where there is none.

        A new file is a new entry, so that whoever undoes a change of the story has the earlier picture again.
        """
        same = None if self.file else self.there
        if not self.answers:
            return ""
        if same is None:
            return kept.write(PICTURE.name, self.answers, author).id
        if same.answers != self.answers:
            kept.write(PICTURE.name, self.answers, author, entry=same.id, base=same.version)
        return same.id


def asked(kept: Journal, field: Field, now: object) -> Brought:
    """Draw the question for a picture and return what was answered; `now` is the id of the one that is there."""
    there = of(kept, now)
    draw(there)
    asks = "Another picture instead" if there else field.asks
    file = st.file_uploader(f"{asks} (may stay empty)", ENDINGS, max_upload_size=MOST_MEGABYTES)
    shows = st.text_input(PICTURE.fields[0].asks, title(there) if there else "", max_chars=LINE)
    away = bool(there) and st.checkbox("Take the picture away")
    return Brought(there, file.getvalue() if file else b"", shows.strip(), away)


def of(kept: Journal, id_: object) -> Entry | None:
    """Return the picture with an id, None where there is none any more."""
    found = kept.history(str(id_)) if id_ else []
    return found[-1] if found and found[-1].kind == PICTURE.name and found[-1].body else None


def draw(one: Entry | None) -> None:
    """Draw a picture, small, where there is one."""
    if one:
        safe.picture(one.answers.get("picture"), title(one))


def apart(given: dict[str, Any]) -> tuple[dict[str, Brought], dict[str, Any]]:
    """Return the pictures among what a form was told, and all else, each by the name of its field."""
    pictures = {name: one for name, one in given.items() if isinstance(one, Brought)}
    return pictures, {name: value for name, value in given.items() if name not in pictures}


def wrong(pictures: dict[str, Brought]) -> list[str]:
    """Return in words what keeps pictures from being kept, an empty list if nothing does."""
    told = []
    for one in pictures.values():
        try:
            _ = one.answers
        except CairnError as error:
            told += str(error).splitlines()
    return told


def keep(kept: Journal, pictures: dict[str, Brought], author: str) -> dict[str, str]:
    """Write pictures down, and return their ids by the names of their fields."""
    ids = {name: one.keep(kept, author) for name, one in pictures.items()}
    return {name: id_ for name, id_ in ids.items() if id_}


def small(file: bytes) -> str:
    """Return a picture as the text that is kept: upright, at most 1280 by 720, as WebP, without what else its file tells.

    Raises CairnError for what is no picture, is broken, or has more pixels than can be opened here.
    """
    try:
        with Image.open(BytesIO(file), formats=READ) as opened:
            shown = _upright(opened)
    except Exception as error:  # the readers of broken files fail in many ways
        raise CairnError(REFUSED) from error
    shown.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    width, height = shown.size
    for part in PARTS:
        shown.thumbnail((max(1, width * part), max(1, height * part)), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            written = BytesIO()
            shown.save(written, "WEBP", quality=quality)
            told = f"data:image/webp;base64,{base64.b64encode(written.getvalue()).decode()}"
            if len(told) <= DRAWN:
                return told
    raise CairnError(REFUSED)


def _upright(opened: Image.Image) -> Image.Image:
    """Return the pixels of a picture and nothing else of it, turned as it was taken, on white where one sees through it."""
    if opened.width * opened.height > MOST_PIXELS:
        raise ValueError(opened.size)
    opened.draft("RGB", (WIDTH, WIDTH))  # a large photo is never unpacked whole
    whole = opened if opened.mode in SMOOTH else opened.convert("RGBA")
    whole.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)  # before it is turned: a copy would be as large
    upright = ImageOps.exif_transpose(whole).convert("RGBA")
    shown = Image.new("RGB", upright.size, "white")
    shown.paste(upright, mask=upright)
    return shown
