"""What somebody reads when what they pressed cannot be done, wherever on a page that is: its words, and never a traceback."""

from data import CairnError
from pages import safe


def in_words(error: Exception) -> bool | None:
    """Draw what went wrong, and tell that nothing else needs to be said of it; None for what has no words."""
    if not isinstance(error, CairnError):
        return None
    for line in str(error).splitlines():
        safe.text(line, "strong")
    return True
