"""An entry of the journal, one version of it, and how a kind of entry is declared."""

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

LINE, TEXT, DRAWN = 300, 20_000, 300_000  # most characters of a line, of a text and of a picture
Form = Literal["line", "text", "day", "choice", "metric", "number", "view", "entry", "entries", "picture", "pictured"]
SHOWABLE = re.compile(r"data:image/(webp|jpeg|png);base64,[A-Za-z0-9+/=]+")  # a picture, whole and from nowhere else


@dataclass(frozen=True)
class Field:
    """One thing a kind of entry says: its name, how people are asked for it, and in which form they answer.

    A `view` is the address of what was looked at, an `entry` the id of another entry, `entries` those of several parted by
    spaces; the page that leads to the form hands them over. A `picture` is a picture as text, `pictured` the id of the entry
    that holds one. `after` are the answers to `state` after which it is needed.
    """

    name: str
    asks: str
    form: Form = "text"
    needed: bool = False
    choices: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def wrong(self, value: Any) -> str | None:
        """Return in words why a value cannot be kept, None if it can."""
        if value in (None, ""):
            return f"'{self.asks}' is still empty." if self.needed else None
        if self.form == "number":
            return None if isinstance(value, (int, float)) else f"'{self.asks}' takes a number."
        return self._wrong_words(value) if isinstance(value, str) else f"'{self.asks}' takes words."

    def _wrong_words(self, value: str) -> str | None:
        most = {"text": TEXT, "view": TEXT, "entries": TEXT, "picture": DRAWN}.get(self.form, LINE)
        if self.form == "day" and day(value) is None:
            return f"'{self.asks}' takes a day such as 2026-03-31."
        if self.form == "choice" and value not in self.choices:
            return f"'{self.asks}' is one of: {', '.join(self.choices)}."
        if len(value) > most:
            return f"'{self.asks}' takes at most {most:,} characters."
        return None if self.form != "picture" or SHOWABLE.fullmatch(value) else f"'{self.asks}' takes a picture."


@dataclass(frozen=True)
class Kind:
    """One declaration per kind of entry; its form, its list, its search and its export follow from it.

    The first field is its title. `question` is what it asks of whoever writes it. `due` names the field with the day on which
    it comes back by itself, `rhythm` how far off that day is unless somebody says otherwise. `page` is where it is begun, where
    that is not Memory.
    """

    name: str
    title: str
    question: str
    fields: tuple[Field, ...]
    due: str = ""
    rhythm: timedelta | None = None
    page: str = ""

    def wrong(self, body: dict[str, Any]) -> list[str]:
        """Return in words what keeps a body from being an entry of this kind; an empty list if nothing does."""
        known = {field.name for field in self.fields}
        strange = [f"'{name}' is no field of a {self.title.lower()}." for name in body if name not in known]
        asked = [replace(one, needed=one.needed or body.get("state") in one.after) for one in self.fields]
        return strange + [told for field in asked if (told := field.wrong(body.get(field.name)))]

    def words(self, one: "Entry") -> str:
        """Return an entry of this kind as Markdown: a heading, a line for every answer, and whose version it is.

        Lists of other entries and pictures are left out: they are ids.
        """
        body = {name: " ".join(str(value).split()) for name, value in one.answers.items() if value not in (None, "")}
        title, *others = self.fields
        read = [field for field in others if field.name in body and field.form not in {"entries", "pictured"}]
        told = [f"- **{field.asks}**: {body[field.name]}" for field in read]
        signed = f"- version {one.version} by {one.author} on {one.at:%Y-%m-%d}"
        return "\n".join([f"### {body.get(title.name, self.title)}", "", *told, signed, ""])


@dataclass(frozen=True)
class Entry:
    """One version of an entry. `base` is the version its writer saw, 0 for none; a body of None takes the entry back.

    `at` is zone-less UTC. `seq` counts all versions of all entries in the order they were accepted.
    """

    id: str
    version: int
    base: int
    kind: str
    body: dict[str, Any] | None
    author: str
    at: datetime
    seq: int = 0

    @property
    def answers(self) -> dict[str, Any]:
        """Return what it says by the names of its kind's fields, nothing where it was taken back."""
        return self.body or {}

    def line(self) -> str:
        """Return the version as it stands in journal.jsonl."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()}, ensure_ascii=False)


def day(answer: object) -> date | None:
    """Return a day that was answered, None for what is none."""
    try:
        return date.fromisoformat(str(answer))
    except ValueError:
        return None
