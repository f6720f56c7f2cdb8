"""Clients of a small etcd of their own, which is killed while they write."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import ports
from lab.artifacts import ensure
from lab.workload import EtcdTarget, Identity, LoadError, Targets, fill, judge, loading

FIRST_PORT = 23790


class OneEtcd:
    """A single member on loopback, with a certificate of its own."""

    def __init__(self, folder: Path) -> None:
        self._program = ensure(["etcd"]).programs["etcd"]
        self._folder = folder
        self._port = ports.next_free(FIRST_PORT)
        self._certificate, self._key = folder / "own.crt", folder / "own.key"
        request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
        subprocess.run(
            [
                *("openssl", *request.split(), "-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", str(self._key), "-out", str(self._certificate)),
            ],
            check=True,
            capture_output=True,
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def targets(self) -> Targets:
        """Its address for clients."""
        own = Identity(ca=self._certificate, certificate=self._certificate, key=self._key)
        return Targets(etcd=EtcdTarget(endpoints=(f"https://localhost:{self._port}",), identity=own))

    def start(self) -> None:
        """Start it with its data."""
        url = f"https://localhost:{self._port}"
        with (self._folder / "etcd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._program), "--data-dir", str(self._folder / "data")),
                    *("--listen-client-urls", f"https://127.0.0.1:{self._port}"),
                    *("--advertise-client-urls", url, "--listen-peer-urls", "http://127.0.0.1:0"),
                    *("--cert-file", str(self._certificate), "--key-file", str(self._key)),
                    *("--client-cert-auth", "--trusted-ca-file", str(self._certificate)),
                ],
                stderr=log,
            )

    def kill(self) -> None:
        """Kill it; safe to repeat."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[OneEtcd]:
    """A running one."""
    etcd = OneEtcd(tmp_path)
    etcd.start()
    yield etcd
    etcd.kill()


def test_a_killed_etcd_makes_a_gap_and_loses_nothing(etcd: OneEtcd, tmp_path: Path) -> None:
    """Acknowledged writes survive a restart, and the clients observe the gap."""
    away_seconds = 3.0
    with loading(etcd.targets, tmp_path / "load", pause_seconds=0.05) as load:
        deadline = time.monotonic() + 30
        while load.last_write("etcd") is None:
            assert time.monotonic() < deadline, "no write within 30 s"
            time.sleep(0.1)
        time.sleep(1)
        etcd.kill()
        time.sleep(away_seconds)
        etcd.start()
        killed = load.history_time()
        while (load.last_write("etcd") or 0) < killed:
            assert time.monotonic() < deadline, "no write within 30 s"
            time.sleep(0.1)
    verdict = judge(load.history)
    assert verdict.complaints() == []
    assert verdict.linearizable
    assert verdict.acknowledged > 10
    assert verdict.targets["etcd"].gap_seconds > away_seconds - 1


def test_an_etcd_that_forgets_is_found(etcd: OneEtcd, tmp_path: Path) -> None:
    """It restarts without its data: acknowledged writes are lost, and that is found."""
    with loading(etcd.targets, tmp_path / "load", pause_seconds=0.05, key_seconds=1) as load:
        time.sleep(3)
        etcd.kill()
        (tmp_path / "data").rename(tmp_path / "lost")
        etcd.start()
        time.sleep(3)
    verdict = judge(load.history)
    assert verdict.writes_lost > 0
    assert not verdict.linearizable


def test_an_etcd_that_does_not_come_back_is_reported(etcd: OneEtcd, tmp_path: Path) -> None:
    """Without last reads nothing proves that no write was lost."""
    with loading(etcd.targets, tmp_path / "load", last_reads_seconds=2) as load:
        time.sleep(2)
        etcd.kill()
        with pytest.raises(LoadError, match="could not be read within 2 s"):
            load.stop()


def test_an_etcd_is_filled(etcd: OneEtcd, tmp_path: Path) -> None:
    """So many bytes are in its database; filling one that does not answer is an error."""
    wanted = 24 << 20
    fill(etcd.targets, tmp_path / "fill", size_bytes=wanted)
    assert wanted < (tmp_path / "data" / "member" / "snap" / "db").stat().st_size < 3 * wanted
    nowhere = Targets(etcd=None)
    with pytest.raises(LoadError, match="no etcd"):
        fill(nowhere, tmp_path / "fill", size_bytes=1)
