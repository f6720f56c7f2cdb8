"""A machine that boots, for tests of whole boots: their fixtures are imported by name."""

import json
import os
import threading
from collections.abc import Iterator

import pytest

from kubequorum_node.host import Result
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.system import packages, programs
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

__all__ = ["LINK", "OWN", "Machine", "machine", "surroundings"]

OWN = examples.IDENTITY.address
LINK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
NAME = "etcd-a.ha.kubequorum.internal"
ETCD_POD = "/etc/kubernetes/manifests/etcd.yaml"
API_SERVER_POD = "/etc/kubernetes/manifests/kube-apiserver.yaml"


class Machine:
    """A machine on which everything works, like the real programs as far as the node program can tell."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.kubelet_runs = False
        host = node.host
        host.path("/run/systemd/system").mkdir(parents=True)
        host.path("/run").mkdir(exist_ok=True)
        for quiet in ("systemctl", "modprobe", "sysctl", "mkfs.ext4", "resize2fs", "fsck.ext4"):
            host.on(quiet, None)
        host.on(
            "systemctl is-active --quiet kubelet.service",
            lambda *_: Result(0 if self.kubelet_runs else 3, ""),
        )
        host.on("mount", lambda *_: host.mounts.add("/var/lib/etcd"))
        host.on("findmnt", LINK)
        host.on("blkid", lambda *_: Result(0, "TYPE=ext4\n") if host.ran("mkfs.ext4") else Result(2, ""))
        host.on("/usr/local/bin/kubeadm", self._kubeadm)
        host.on("/usr/local/bin/kubectl", None)
        host.on("/usr/local/bin/crictl", None)
        host.on("/usr/local/bin/etcdctl", self._etcdctl)
        host.on("openssl", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
        host.names[NAME] = {OWN}
        host.statuses[f"https://{OWN}:6443/readyz"] = None
        link = host.path(LINK)
        link.parent.mkdir(parents=True)
        link.touch()
        node.aws.records = {f"etcd-{slot}.ha.kubequorum.internal.": "10.20.9.9" for slot in "bc"}
        node.aws.resources["ControlPlaneReady"] = "CREATE_IN_PROGRESS"

    def _kubeadm(self, command: tuple[str, ...], _: str | None) -> Result:
        line = " ".join(command[1:])
        host = self.node.host
        if "phase preflight" in line and self.kubelet_runs:
            return Result(1, "", "[ERROR Port-10250]: Port 10250 is in use")
        if "phase certs all" in line:
            host.write("/etc/kubernetes/pki/apiserver.crt", "leaf")
        elif "phase kubeconfig all" in line:
            host.write("/etc/kubernetes/super-admin.conf", "secret")
        elif "phase etcd local" in line:
            host.write(ETCD_POD, "pod")
        elif "phase control-plane apiserver" in line:
            host.write(API_SERVER_POD, "pod")
        elif "phase kubelet-start" in line:
            self.kubelet_runs = True
        elif line.startswith("join"):
            host.write("/etc/kubernetes/kubelet.conf", "joined")
            host.write("/var/lib/kubelet/pki/kubelet-client-current.pem", "joined")
        if self.kubelet_runs:
            self._start_static_pods()
        return Result(0, "server: x\n")

    def _start_static_pods(self) -> None:
        """As the kubelet does: etcd writes its first WAL, the API server becomes ready."""
        host = self.node.host
        if host.path(ETCD_POD).exists():
            assert "/var/lib/etcd" in host.mounts, "etcd must never start beside its volume"
            host.write("/var/lib/etcd/data/member/wal/0.wal", "")
        if host.path(API_SERVER_POD).exists():
            host.statuses[f"https://{OWN}:6443/readyz"] = 200

    def _etcdctl(self, command: tuple[str, ...], _: str | None) -> Result:
        if "txn" in command:
            return Result(0, "{}")
        if not self.node.host.path("/var/lib/etcd/data/member").exists():
            return Result(1, "", "connection refused")
        return endpoint_answer(command, leader=5)


def endpoint_answer(command: tuple[str, ...], *, leader: int) -> Result:
    """What every member says of itself to `etcdctl endpoint …`: all have the same data."""
    if "hashkv" in command:
        return Result(0, json.dumps([{"HashKV": {"hash": 77, "compact_revision": 1}}]))
    header = {"member_id": 5, "revision": 9}
    return Result(0, json.dumps([{"Status": {"header": header, "leader": leader}}]))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Root, with all programs on the image, and a CA set that is made at once."""
    others = set(threading.enumerate())
    monkeypatch.delenv("KUBEQUORUM_SUPERVISOR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "_is_there", lambda *_: True)
    monkeypatch.setattr(programs, "is_installed", lambda *_: True)
    monkeypatch.setattr("kubequorum_node.kubernetes.kubelet.wait_until_ready", lambda _: None)
    names = [
        *(f"{n}.{e}" for n in ("ca", "etcd/ca", "front-proxy-ca") for e in ("crt", "key")),
        "sa.key",
        "sa.pub",
    ]
    made = CaSet(files=dict.fromkeys(names, "AAAA"), encryption_key="a2V5")
    monkeypatch.setattr(ca_set, "create", lambda _: made)
    yield
    # A boot that fails leaves its other lanes alone: they must not go on when the fakes are gone.
    # One may just be starting another.
    while left := set(threading.enumerate()) - others:
        for lane in left:
            if lane.is_alive():
                lane.join(timeout=60)


@pytest.fixture
def machine(node: FakeNode) -> Machine:
    """A master in slot a."""
    return Machine(node)
