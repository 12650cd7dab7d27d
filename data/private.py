"""Files that tell what somebody wrote, asked or looked at: whoever runs Cairn reads them, and nobody else on the machine."""

from pathlib import Path


def file(path: Path) -> Path:
    """Return the path of a file that is there: a new one can be read by its owner alone, an older one stays as it is."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
    return path
