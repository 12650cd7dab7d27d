"""A PostgreSQL of the tests' own, on a socket in a folder: nothing listens on the network, and nothing is left of it."""

import contextlib
import os
import pwd
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

PLACE = next(
    (place for place in sorted(Path("/usr/lib/postgresql").glob("*/bin")) if (place / "initdb").exists()), None
)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run one for as long as this lasts; gives the address of a database in it."""
    with tempfile.TemporaryDirectory() as place:
        who = {}
        if os.getuid() == 0:  # it does not run as root
            user = pwd.getpwnam("postgres")
            os.chown(place, user.pw_uid, user.pw_gid)
            who = {"user": user.pw_uid, "group": user.pw_gid}

        def run(*words: str) -> None:
            assert PLACE
            subprocess.run([str(PLACE / words[0]), "-D", f"{place}/db", *words[1:]], check=True, cwd=place, **who)

        run("initdb", "-U", "cairn", "--auth=trust", "-N")
        alone = f"-c listen_addresses='' -c unix_socket_directories='{place}'"
        run("pg_ctl", "-w", "-l", f"{place}/log", "-o", alone, "start")
        try:
            yield f"postgresql+psycopg://cairn@/postgres?host={place}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def database(address: str) -> str:
    """Make one more empty database and return its address."""
    name = f"d{uuid.uuid4().hex[:12]}"
    with sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    return address.replace("/postgres?", f"/{name}?")


def lake(address: str) -> str:
    """Return the name of a lake whose catalog is an empty database of its own."""
    url = sa.make_url(database(address))
    return f"ducklake:postgres:host={url.query['host']} user={url.username} dbname={url.database}"
