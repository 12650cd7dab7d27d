"""Who asked to be forgotten, as keyed hashes alone: when GitHub or Jira name them again, the name is not kept."""

import contextlib
import hashlib
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

NOBODY = "somebody-forgotten"
NAME = re.compile(r"[\w-]+(?::[\w-]+)*")  # a login, or an account id of Jira


def person_key(home: Path) -> str:
    """Return the secret behind every hash of a person. It stays on this machine, in a file of its own."""
    path = home / "person.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(handle, secrets.token_hex(32).encode())
            os.close(handle)
    return path.read_text(encoding="ascii").strip()


@lru_cache(4096)
def mark(login: str, key: str) -> str:
    """Return what is kept of a login or account id that is to be forgotten: it tells nobody who that was."""
    return hashlib.sha256(f"{key} forgotten {login.lower()}".encode()).hexdigest()


def without(body: Any, marks: frozenset[str], key: str) -> Any:
    """Return the body with the names behind the marks written out of every text."""
    if isinstance(body, dict):
        return {name: without(value, marks, key) for name, value in body.items()}
    if isinstance(body, list):
        return [without(one, marks, key) for one in body]
    return NAME.sub(lambda found: _swapped(found[0], marks, key), body) if isinstance(body, str) else body


def _swapped(name: str, marks: frozenset[str], key: str) -> str:
    if mark(name, key) in marks:
        return NOBODY
    return ":".join(NOBODY if mark(part, key) in marks else part for part in name.split(":"))
