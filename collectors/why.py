"""Why something is done, in the words of its pull request or issue: the one thing that is kept of a description.

Descriptions hold addresses, names and secrets, so they do not come in. What comes in is the sentence or two that say why:
what stands under a heading or a label like 'Why', else the first sentence with 'so that' or 'because'. Everything here takes
a time in proportion to the length it reads, whatever somebody has written.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

READ = 20_000  # characters of a description that are read
MOST = 300  # characters that are kept
HEADING = 80  # a longer line is none
FEW = 4  # words that a sentence must still have when an address or a name was taken out of it

NAMES = "why|motivations?|background|problems?|purpose|rationale|reason(?:s|ing)?|context"
SAYS = re.compile(rf"\b(?:{NAMES}|so that|because)\b", re.IGNORECASE)
GROUNDS = re.compile(r"\b(?:so that|because) \S+ \S.*[^:?]$", re.IGNORECASE)
TITLE = re.compile(  # Why, 2. Motivation and context, What & why, Why is this needed, What problem does it solve
    r"(?:\d+ )?(?:(?:the|our|what(?: is the)?) |[\w ]{1,30}?(?: and | or | ?[&/+] ?))?"
    rf"(?:{NAMES})"
    r"(?: (?:and|or|for|of|behind|statement|is|are|do|does|did|this|we|it|the|to)\b.*| ?[&/+].*)?"
)

# What is not read at all, and what is a sign of something else.
UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|\{(code|noformat|quote)\b[^{}\n]{0,200}\}.*?(?:\{\1\}|\Z)", re.DOTALL)
TAGS = (
    (re.compile(r"<h[1-6]\b[^<>]{0,200}>", re.IGNORECASE), "\n# "),
    (re.compile(r"</h[1-6]>|</?(?:p|br|li|ul|ol|div|tr)\b[^<>]{0,200}>", re.IGNORECASE), "\n"),
    (re.compile(r"</?(?:b|strong)>", re.IGNORECASE), "**"),
)
FENCE = ("```", "~~~")
QUOTED = re.compile(
    r">|bq\.|\||\[[^\[\]]{1,100}\]:|[\w-]{1,40}-by:", re.IGNORECASE
)  # also tables, addresses of links, trailers
MARKED = re.compile(r"(?:#{2,6}|#(?=\s)|h[1-6]\.)\s*")
BULLET = re.compile(r"(?:[-*+•]{1,3}|\d{1,3}[.)])\s+(?:\[([ xX]?)\]\s)?")
BOLD = re.compile(rf"(\*\*|__|\*)(.{{1,{HEADING}}}?)\1\s*[:.]?\s*")
LABEL = re.compile(rf"([^:]{{1,{HEADING}}}):(?:\s+|$)")
OTHER = re.compile(r"(?:\*\*|__|\*)?[A-Z][\w-]{0,30}(?: [\w-]{1,30}){0,2}(?:\*\*|__|\*)?:")  # any label, like How:
LINE = re.compile(r"={2,}|-{2,}|\*{3,}|_{3,}")
MARKS = (
    (re.compile(r"!\[[^\[\]]{0,300}\]\((?:[^()]|\([^()]{0,200}\)){0,500}\)"), ""),  # an image
    (re.compile(r"![^!\s|]{1,200}\.\w{2,5}(?:\|[^!]{0,200})?!"), ""),
    (re.compile(r"\[([^\[\]|]{1,300})\]\((?:[^()]|\([^()]{0,200}\)){0,500}\)"), r"\1"),  # a link
    (re.compile(r"\[([^\[\]|]{1,300})\]\[[^\[\]]{0,100}\]"), r"\1"),
    (re.compile(r"\[([^\[\]|]{1,300})\|[^\[\]]{1,500}\]"), r"\1"),
    (re.compile(r"\[~[^\[\]]{1,200}\]"), " @ "),  # a person
    (re.compile(r"\[(?:https?:|mailto:|\^)[^\[\]]{1,500}\]"), ""),
    (re.compile(r"<[^<>\s@]{1,200}@[^<>\s]{1,200}>"), " @ "),
    (re.compile(r"</?[a-zA-Z][^<>]{0,500}>"), " "),
    (re.compile(r"(?:https?://|www\.)[^\s<>()\[\]|]+", re.IGNORECASE), ""),
    (re.compile(r"\{(?:color|panel|info|note|tip|warning|anchor)\b[^{}]{0,200}\}|\{\{|\}\}"), ""),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])"), r"\1"),
    (re.compile(r"\(\s{0,9}\)"), ""),
    (re.compile(r"[*`]+|~~|__+|(?<!\w)_|_(?!\w)"), ""),
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|\w{1,32});", re.IGNORECASE)
ENDS = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.) ")
PERSON = re.compile("[@\uff20]")  # an e-mail address or a mention
SECRET = re.compile(r"(?=[^\W\d]*\d)[\w+=.-]{20,}")  # long, without a space, and with a number in it
HANGING = {"by", "from", "with", "to", "for", "via", "per", "cc", "and", "or", "&", "thanks"}
POINTS_ON = re.compile(
    r"(?:fix(?:es|ed)?|clos(?:es?|ed)|resolv(?:es?|ed)|see|refs?|part of|related to)\b[\s:]*\S*", re.IGNORECASE
)

# Jira Cloud's documents: what stands around the content of a node, and whose content is not read.
AROUND = {
    "paragraph": ("", "\n\n"),
    "heading": ("\n\n# ", "\n\n"),
    "listItem": ("\n\n- ", "\n\n"),
    "taskItem": ("\n\n- ", "\n\n"),
    "hardBreak": ("\n", ""),
    "rule": ("\n\n", ""),
    "mention": (" @ ", ""),
}
PASSED = {"codeBlock", "blockquote", "table", "media", "inlineCard", "blockCard", "embedCard", "emoji", "extension"}


def reasoned(item: Any) -> Any:
    """Return a pull request or an issue with `why`, null where it does not say, in the place of its description."""
    if not isinstance(item, dict):
        return item
    if isinstance(fields := item.get("fields"), dict) and "description" in fields:
        return {**item, "fields": _swapped(fields, "description")}
    return _swapped(item, "body") if "body" in item else item


def _swapped(told: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != name} | {"why": why(told[name])}


def why(told: Any) -> str | None:
    """Return what a description says about why, on one line, or None. It is Markdown, Jira's wiki text or its document."""
    text = plain(told) if isinstance(told, dict) else told
    if not isinstance(text, str) or not SAYS.search(text := text[:READ]):
        return None
    found = list(_paragraphs(text))
    for named, sentences in found:
        if named:
            return _cut(sentences)
    every = (one for _, sentences in found for one in sentences)
    return next((_cut([one]) for one in every if GROUNDS.search(one)), None)


def plain(document: dict[str, Any]) -> str:
    """Return a document of Jira Cloud as text with headings, list items and bold words marked; what is unknown is passed through."""
    parts, left, todo = list[str](), READ, list[Any]([document])
    while todo and left > 0:
        node = todo.pop()
        left -= 1
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, dict) and isinstance(kind := node.get("type"), str) and kind not in PASSED:
            attrs = node.get("attrs")
            if kind == "taskItem" and not (isinstance(attrs, dict) and attrs.get("state") == "DONE"):
                continue
            if kind == "text":
                told = str(node.get("text") or "")[:left]
                left -= len(told)
                strong = any(isinstance(m, dict) and m.get("type") == "strong" for m in _list(node.get("marks")))
                parts.append(f"**{told}**" if strong else told)
            before, after = AROUND.get(kind, ("", ""))
            todo += [after, *reversed(_list(node.get("content"))[:left]), before]
    return "".join(parts)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _paragraphs(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Yield the sentences of each paragraph, and whether it is the first under a heading or label that asks why."""
    held, named = list[str](), False
    for line in [*_lines(text), ""]:
        if not line and not held:
            continue
        title, words, begins = _split(line, held)
        if held and (begins or not words):
            if sentences := _sentences(" ".join(held)):
                yield named, sentences
                named = False
            held = []
        if title is not None:
            named = _asks(title)
        if words:
            held.append(words)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text; in the place of what is not read (code, quotes, tables) stand empty ones."""
    text = UNREAD.sub("\n", text)
    for tag, instead in TAGS:
        text = tag.sub(instead, text)
    fence, above = "", ""
    for raw in text.splitlines():
        line = raw.strip()
        if fence:
            fence, line = "" if line.startswith(fence) else fence, ""
        elif line.startswith(FENCE):
            fence, line = line[:3], ""
        elif QUOTED.match(line) or (not above and raw.startswith(("    ", "\t"))):
            line = ""
        yield line
        above = line


def _split(line: str, held: list[str]) -> tuple[str | None, str, bool]:
    """Return the title a line is or begins with, its words, and whether they begin anew what is `held` of the lines above."""
    if LINE.fullmatch(line):
        return held.pop() if len(held) == 1 and line[0] in "=-" else None, "", True
    if mark := MARKED.match(line):
        return line[mark.end() :], "", True
    if item := BULLET.match(line):
        line = "" if item[1] in {"", " "} else line[item.end() :]
    if label := _label(line, follows=bool(held)):
        return *label, True
    return None, line, item is not None


def _label(line: str, *, follows: bool) -> tuple[str, str] | None:
    """Return the label a line begins with, and what it labels.

    That is the rest of the line where it asks why. Another label is told, with its whole line, only if the line `follows`
    one: it ends what that was about.
    """
    for form, place in ((BOLD, 2), (LABEL, 1)):
        if (found := form.match(line)) and _asks(found[place]):
            return found[place], line[found.end() :]
    return ("", line) if follows and OTHER.match(line) else None


def _asks(title: str) -> bool:
    """Whether a heading asks why."""
    return len(title) <= HEADING and bool(TITLE.fullmatch(re.sub(r"[^\w&/+]+", " ", title).strip().lower()))


def _sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph in plain words, without addresses and people; those of which little is left are not there."""
    for mark, instead in MARKS:
        paragraph = mark.sub(instead, paragraph)
    paragraph = ENTITY.sub(lambda found: html.unescape(found[0]), paragraph)
    shown = "".join(c if c.isprintable() else " " for c in paragraph)
    return [bare for one in ENDS.split(" ".join(shown.split())) if (bare := _bare(one))]


def _bare(sentence: str) -> str:
    kept, taken = list[str](), False
    for word in sentence.split():
        if PERSON.search(word) or SECRET.fullmatch(word.strip("\"'(),;:")):
            taken = True
            while kept and kept[-1].lower().strip("(,") in HANGING:
                kept.pop()
        else:
            kept.append(word)
    words = sum(any(map(str.isalpha, word)) for word in kept)
    told = " ".join(kept).lstrip(" -\u2013\u2014:;,.")
    return "" if words < (FEW if taken else 2) or POINTS_ON.fullmatch(told) else told


def _cut(sentences: list[str]) -> str:
    """Return as many sentences as there is room for, of a longer first one as many words."""
    told = sentences[0]
    for one in sentences[1:]:
        if len(told) + 1 + len(one) > MOST:
            break
        told = f"{told} {one}"
    if len(told) <= MOST:
        return told
    return (
        told[: MOST - 1].rpartition(" ")[0].rstrip(" ,;:") + "…" if " " in told[: MOST - 1] else told[: MOST - 1] + "…"
    )
