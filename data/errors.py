"""What people read when something cannot go on: one to three lines, never a traceback."""


class CairnError(Exception):
    """What happened, where, why, what to do next and what is safe, in one to three lines. Commands exit with 2."""


class NeverCollectedError(CairnError):
    """There is no edition to read yet."""


class OlderError(CairnError):
    """An edition of the past was made by an older Cairn and does not hold what is asked for."""
