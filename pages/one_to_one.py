"""One to one: a talk without an agenda. Each answers alone before it, both see both, and nothing else stands here."""

from data.journal import journal
from pages import gut_check

gut_check.draw(journal())
