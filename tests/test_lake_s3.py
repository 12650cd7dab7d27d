"""A lake whose files lie on S3: everything it promises on a disk, asked of a server that checks every signature."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from data import CairnError, Live, Origin, Progress, Row, edition, publish, query
from tests import torture

HOUSE = Path(__file__).resolve().parent.parent
PULLS = Origin("github.com", "github", "github_pull_requests", "acme/shop")
DAY = datetime(2026, 3, 1)  # noqa: DTZ001 zone-less UTC, like everything in the store
SECRET = "canary-secret-of-the-bucket"


@pytest.fixture
def bucket(lake, monkeypatch, tmp_path) -> Iterator[Path]:
    """A bucket on loopback that the environment leads to; gives the folder in which the server keeps it."""
    (tmp_path / "s3" / "shelf").mkdir(parents=True)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    told = {
        "CAIRN_LAKE": "s3://shelf/cairn",
        "CAIRN_INSECURE_HOSTS": "127.0.0.1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "cairn",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "CAIRN_HOME": str(tmp_path / "home"),
        "CAIRN_CONFIG": str(tmp_path / "team.toml"),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    command = [Path(sys.executable).with_name("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}"]
    command += ["--auth-key", f"cairn,{SECRET}", "--vfs-cache-mode", "off", "--config", os.devnull, tmp_path / "s3"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        while True:
            try:
                httpx.get(told["AWS_ENDPOINT_URL"])
                break
            except httpx.TransportError:
                assert server.poll() is None
        yield tmp_path / "s3" / "shelf"
        server.kill()


def land(store: Live, *ids: str, body: str = "x") -> None:
    store.land(PULLS, [Row(one, DAY, {"title": body}, "acme/shop") for one in ids], Progress({"page": 1}), DAY)


def test_what_is_collected_and_shown_lies_on_s3_and_comes_back_from_it(bucket, monkeypatch, tmp_path):
    with Live("team") as store:
        for nth in range(4):
            land(store, *(f"{nth}-{n}" for n in range(20)), body=f"@zz-canary {nth}")
        made = publish(store)
        store.tidy()
        before = store.fingerprint(store.connection)
    numbers = query("select * from sources").to_csv()
    assert len(list(bucket.rglob("*.parquet"))) > 4
    assert not (tmp_path / "home" / "lake").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "person.key").write_bytes((tmp_path / "home" / "person.key").read_bytes())
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "other"))

    assert edition().name == made.name
    assert query("select * from sources").to_csv() == numbers
    with Live("team") as store:
        assert store.fingerprint(store.connection) == before
    held = torture.held("team")
    command = [sys.executable, "-m", "data", "forget", "zz-canary", "--yes"]
    told = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert held.keys() == torture.held("team").keys()
    assert len(list(bucket.glob("cairn/cairn_raw/raw/github_pull_requests/*.parquet"))) == 1


def test_a_wrong_key_and_plain_http_to_a_host_nobody_named_are_said_in_words(bucket, monkeypatch):
    with Live("team") as store:
        land(store, *map(str, range(20)))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-that-is-wrong")
    with pytest.raises(CairnError, match="could not be read or written") as told, Live("team") as store:
        land(store, *map(str, range(20, 40)))
    assert "canary" not in str(told.value)
    monkeypatch.delenv("CAIRN_INSECURE_HOSTS")
    with pytest.raises(CairnError, match="is not https"):
        Live("team")
