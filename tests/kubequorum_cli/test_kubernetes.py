"""The way to a cluster's API from this computer, and what is said of its nodes."""

import base64
import io
import stat
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import Access, NodeList, find_access, has_kubernetes, nodes, show_nodes
from lab.embedded_aws import Emulator
from lab.settings import Settings

PROCESSES = Emulator(
    pid=1, port=4566, name="local", account="000000000000", region="us-east-1", cluster_file="x.yaml",
    machines="process",
)  # fmt: skip


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


ACCESS = Access(
    port=41234,
    server_name="api.example.internal",
    kubeconfig={
        "clusters": [{"name": "local", "cluster": {"certificate-authority-data": _text("CA\n")}}],
        "users": [
            {
                "name": "admin",
                "user": {"client-certificate-data": _text("CERT\n"), "client-key-data": _text("KEY\n")},
            }
        ],
    },
)


def test_the_kubeconfig_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600 from the first moment, an old one is replaced, and nothing else is left in the folder."""
    path = tmp_path / "local" / "kubeconfig"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o644)
    ACCESS.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text()) == ACCESS.kubeconfig
    assert list(path.parent.iterdir()) == [path]


def test_credentials_are_read_out_of_the_kubeconfig() -> None:
    """Certificate before key, as TLS libraries want them in one file."""
    assert ACCESS.certificate_authority() == "CA\n"
    assert ACCESS.credentials() == "CERT\nKEY\n"


def test_without_real_machines_there_is_no_cluster(tmp_path: Path) -> None:
    """It is refused with the reason and the remedy, before AWS is asked anything."""
    assert not has_kubernetes(PROCESSES)
    with pytest.raises(CommandError, match="no Kubernetes to speak to") as raised:
        find_access(Settings(work=tmp_path), PROCESSES)
    assert "`process`" in raised.value.why
    assert "make up" in raised.value.remedy


def _item(name: str, address: str, *, ready: str, **labels: str) -> dict[str, object]:
    return {
        "metadata": {
            "name": name,
            "labels": {key.replace("__", "/"): value for key, value in labels.items()},
        },
        "status": {
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}],
            "nodeInfo": {"kubeletVersion": "v1.36.3"},
            "addresses": [
                {"type": "Hostname", "address": name},
                {"type": "InternalIP", "address": address},
            ],
        },
    }


ITEMS = [
    _item("w", "10.0.0.9", ready="Unknown", **{"topology.kubernetes.io__zone": "zone-a"}),
    _item("m", "10.0.0.4", ready="True", **{"node-role.kubernetes.io__control-plane": ""}),
]


def test_nodes_are_told_with_their_state() -> None:
    """Only `True` is Ready; a node without a role is a worker."""
    console = Console(file=io.StringIO(), width=200)
    show_nodes(NodeList(nodes=[nodes._node(item) for item in ITEMS]), console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "w      NotReady   worker" in "\n".join(lines)
    assert "m      Ready      control-plane" in "\n".join(lines)
    assert "zone-a" in "\n".join(lines)


def test_what_is_waited_for_is_a_ready_node_at_each_address() -> None:
    """A node that is missing or not Ready holds it up, a dead machine's does not, nor does silence end it."""
    found = NodeList(nodes=[nodes._node(item) for item in ITEMS])
    assert nodes._missing(lambda: found, {"10.0.0.4"}) == []
    assert nodes._missing(lambda: found, {"10.0.0.4", "10.0.0.9"}) == ["w is not Ready"]
    assert nodes._missing(lambda: found, {"10.0.0.5"}) == ["no node at 10.0.0.5"]
    assert nodes._missing(lambda: NodeList(problem="refused"), {"10.0.0.4"}) == ["refused"]

    def no_credentials() -> NodeList:
        raise CommandError("no credentials yet", why="no such key")

    assert nodes._missing(no_credentials, {"10.0.0.4"}) == ["no credentials yet: no such key"]
