"""A running cluster: commands on its machines, etcdctl, kubectl, members and leader."""

import json
import shlex
from pathlib import Path
from typing import Any

from emulator.faults import FaultClient, FaultError
from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target
from lab.workload import Targets, discover

_PKI = "/etc/kubernetes/pki/etcd"
_ETCDCTL = (
    "etcdctl", "--endpoints=https://127.0.0.1:2379", f"--cacert={_PKI}/ca.crt",
    f"--cert={_PKI}/healthcheck-client.crt", f"--key={_PKI}/healthcheck-client.key",
)  # fmt: skip
_KUBECTL = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--request-timeout=5s")
_SECONDS = 60.0


class MachineError(CommandError):
    """A command on a machine failed, or could not be run."""

    def __str__(self) -> str:
        return reason_of(self)


class Cluster(Resources):
    """A deployed cluster; commands on its machines need real machines."""

    def __init__(self, target: Target, *, machines_state: Path, folder: Path) -> None:
        """Nothing is asked yet.

        Args:
            target: the cluster.
            machines_state: the state folder of the embedded AWS's machines.
            folder: for clients' credentials and histories.
        """
        super().__init__(target)
        self.machines_state = machines_state
        self.folder = folder
        self.faults = FaultClient(machines_state)

    def run(
        self, instance_id: str, script: str, *, stdin: bytes = b"", timeout_seconds: float = _SECONDS
    ) -> bytes:
        """Run a shell script on a machine as root; its output.

        Raises:
            MachineError: it fails, or the machine is not there or does not answer.
        """
        try:
            done = self.faults.run(
                instance_id, ["bash", "-ec", script], stdin=stdin, timeout_seconds=timeout_seconds
            )
        except (FaultError, TimeoutError) as error:
            raise MachineError(f"no command can be run on {instance_id}", why=str(error)) from error
        if done.status != 0:
            printed = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise MachineError(
                f"`{script[:200]}` failed with status {done.status} on {instance_id}", why=printed[-1000:]
            )
        return done.stdout

    def sh(self, instance_id: str, script: str, *, timeout_seconds: float = _SECONDS) -> str:
        """Run a shell script on a machine as root; its output as text.

        Raises:
            MachineError: it fails, or the machine is not there or does not answer.
        """
        return self.run(instance_id, script, timeout_seconds=timeout_seconds).decode(errors="replace")

    def etcdctl(self, *arguments: str, slot: str | None = None) -> str:
        """Run etcdctl on a slot's master against its own member, by default on the first where it works.

        Raises:
            MachineError: it works on none.
        """
        return self._on_master(shlex.join([*_ETCDCTL, *arguments]), slot)

    def kubectl(self, *arguments: str, stdin: str = "", slot: str | None = None) -> str:
        """Run kubectl through the load balancer, on a slot's master, by default on the first where it works.

        Raises:
            MachineError: it works on none.
        """
        return self._on_master(shlex.join([*_KUBECTL, *arguments]), slot, stdin=stdin.encode())

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        """The objects that `kubectl get` finds."""
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", *arguments, "-o", "json"))["items"]
        return items

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects."""
        self.kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(o) for o in objects))

    def etcd_members(self, *, slot: str | None = None) -> dict[str, dict[str, Any]]:
        """Slot to etcd member, as a quorum knows them; a member without a slot is named by its peer URL."""
        members = json.loads(self.etcdctl("member", "list", "-w", "json", slot=slot))["members"]
        return {_slot_of(member): member for member in members}

    def leader(self, *, slot: str | None = None) -> str:
        """The slot of etcd's leader, as a slot's member knows it, by default the first that answers.

        Raises:
            MachineError: there is none.
        """
        (status,) = json.loads(self.etcdctl("endpoint", "status", "-w", "json", slot=slot))
        for name, member in self.etcd_members(slot=slot).items():
            if member["ID"] == status["Status"]["leader"]:
                return name
        raise MachineError("no member of etcd is the leader", why=json.dumps(status))

    def follower(self) -> str:
        """The first slot that has not the leader."""
        leader = self.leader()
        return next(slot for slot in self.slots if slot != leader)

    def database_bytes(self) -> int:
        """How much of etcd's database is in use, on the member that uses least."""
        statuses = [
            json.loads(self.etcdctl("endpoint", "status", "-w", "json", slot=s))[0] for s in self.slots
        ]
        return min(int(entry["Status"]["dbSizeInUse"]) for entry in statuses)

    def targets(self) -> Targets:
        """What clients of the cluster write to."""
        return discover(
            self.target,
            slots=self.slots,
            read_on_master=lambda path: self._on_master(f"cat {path}", None).encode(),
            machines_state=self.machines_state,
            folder=self.folder / "credentials",
        )

    def _on_master(self, command: str, slot: str | None, *, stdin: bytes = b"") -> str:
        failures = []
        for candidate in self.slots if slot is None else (slot,):
            try:
                return self.run(self.master(candidate), command, stdin=stdin).decode(errors="replace")
            except CommandError as error:
                failures.append(str(error))
        raise MachineError("no master could run a command", why=" / ".join(failures))


def _slot_of(member: dict[str, Any]) -> str:
    """The slot in `https://etcd-<slot>.<zone>:2380`."""
    url = str(member["peerURLs"][0])
    return url.partition("etcd-")[2].partition(".")[0] or url
