"""Real members of etcd on loopback, for tests of backups."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from kubequorum_node.backup.connection import over_tcp
from kubequorum_node.backup.errors import BackupError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.host import Host
from lab import ports
from lab.artifacts import ensure

_FIRST_PORT = 24790
_START_SECONDS = 120.0
_TOKEN = "of-a-test"


class Member:
    """A member; it keeps its data when it is killed."""

    def __init__(
        self, name: str, folder: Path, *, cluster: dict[str, int], client_port: int, token: str
    ) -> None:
        self.name = name
        self.client_port = client_port
        self._folder = folder
        self._cluster = cluster
        self._token = token
        self._programs = ensure(["etcd"]).programs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def peer_url(self) -> str:
        """How other members reach it."""
        return f"http://127.0.0.1:{self._cluster[self.name]}"

    @property
    def data_folder(self) -> Path:
        """Where its data are."""
        return self._folder / self.name

    def start(self) -> None:
        """Start it with the data that it has."""
        peer, client = self.peer_url, f"http://127.0.0.1:{self.client_port}"
        members = ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in self._cluster.items())
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._programs["etcd"]), f"--name={self.name}"),
                    *(f"--data-dir={self.data_folder}", f"--initial-cluster={members}"),
                    *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
                    *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
                    *(f"--initial-cluster-token={self._token}", "--unsafe-no-fsync"),
                ],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it at once; safe to repeat."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def gateway(self) -> Gateway:
        """A client of it."""
        return Gateway(over_tcp("127.0.0.1", self.client_port))

    def tools(self) -> EtcdTools:
        """Etcd's programs, with this member as the one whose data are saved."""
        return EtcdTools(
            host=Host(),
            etcd=str(self._programs["etcd"]),
            etcdctl=str(self._programs["etcdctl"]),
            etcdutl=str(self._programs["etcdutl"]),
            member=(f"--endpoints=http://127.0.0.1:{self.client_port}",),
        )


class Cluster:
    """Members of one cluster."""

    def __init__(self, folder: Path, names: tuple[str, ...] = ("a",), *, token: str = _TOKEN) -> None:
        folder.mkdir(exist_ok=True)
        free = free_ports(2 * len(names))
        peers = dict(zip(names, free, strict=False))
        self.members = {
            name: Member(name, folder, cluster=peers, client_port=port, token=token)
            for name, port in zip(names, free[len(names) :], strict=True)
        }

    def start(self) -> "Cluster":
        """Start all members and wait until they serve."""
        for member in self.members.values():
            member.start()
        for member in self.members.values():
            wait_until(lambda member=member: _serves(member), seconds=_START_SECONDS)  # type: ignore[misc]
        return self

    def stop(self) -> None:
        """End all members."""
        for member in self.members.values():
            member.kill()

    def leader(self) -> Member:
        """The member that leads."""
        return next(member for member in self.members.values() if _leads(member))

    def followers(self) -> list[Member]:
        """Those that do not."""
        leader = self.leader()
        return [member for member in self.members.values() if member is not leader]


def wait_until(holds: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for something that must come true.

    Raises:
        TimeoutError: it did not.

    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    found, port = [], _FIRST_PORT
    for _ in range(count):
        port = ports.next_free(port)
        found.append(port)
        port += 1
    return found


def _serves(member: Member) -> bool:
    try:
        return member.gateway().revision() > 0
    except BackupError:
        return False


def _leads(member: Member) -> bool:
    try:
        status = member.gateway().status()
    except BackupError:
        return False
    return status.leader == status.member_id
