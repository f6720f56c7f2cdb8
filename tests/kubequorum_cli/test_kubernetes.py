"""The way to a cluster's API from this computer, and what is said of its nodes."""

import base64
import io
import stat
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from kubequorum_cli.errors import CommandError, Obstacle
from kubequorum_cli.kubernetes import (
    Access,
    AddonList,
    NodeList,
    addons,
    find_access,
    has_kubernetes,
    nodes,
    show_addons,
    show_nodes,
)
from kubequorum_cli.target import Target


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


ACCESS = Access(
    host="127.0.0.1",
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


def test_the_kubeconfig_is_private(tmp_path: Path) -> None:
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
    """CA, certificate and key, as PEM."""
    assert ACCESS.certificate_authority() == b"CA\n"
    assert (ACCESS.certificate(), ACCESS.key()) == (b"CERT\n", b"KEY\n")


class NoSession:
    """Fails the test when AWS is asked."""

    def client(self, service: str, **_: object) -> None:
        """A client."""
        pytest.fail(f"{service} was asked")


def test_without_kubernetes_access_is_refused(tmp_path: Path) -> None:
    """With the target's reason and remedy, before AWS is asked anything."""
    obstacle = Obstacle(why="the machines are processes", remedy="make up")
    target = Target(
        cluster="local",
        session=NoSession(),  # type: ignore[arg-type]
        kubeconfig=tmp_path / "kubeconfig",
        no_kubernetes=obstacle,
    )
    assert not has_kubernetes(target)
    with pytest.raises(CommandError, match="no Kubernetes to connect to") as raised:
        find_access(target)
    assert (raised.value.why, raised.value.remedy) == (obstacle.why, obstacle.remedy)


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
    _item(
        *("w", "10.0.0.9"),
        ready="Unknown",
        **{"topology.kubernetes.io__zone": "zone-a", "kubequorum__worker-group": "batch"},
    ),
    _item(
        *("m", "10.0.0.4"),
        ready="True",
        **{"node-role.kubernetes.io__control-plane": "", "kubequorum__slot": "b"},
    ),
]


def test_nodes_are_listed_with_their_state() -> None:
    """Only `True` is Ready; a node without a role is a worker. Zone, slot and group are columns."""
    console = Console(file=io.StringIO(), width=200)
    show_nodes(NodeList(nodes=[nodes._node(item) for item in ITEMS]), console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert rows["w"] == ["NotReady", "worker", "zone-a", "batch", "v1.36.3", "10.0.0.9"]
    assert rows["m"] == ["Ready", "control-plane", "b", "v1.36.3", "10.0.0.4"]


def test_addons_are_listed_with_their_state_and_why() -> None:
    """One whose inventory is unreadable, too; no table if there are none."""
    labels = {"labels": {"kubequorum/addon": "web"}}
    data = {"version": "1.2", "state": "failed", "message": "0 of 2 pods [available]"}
    console = Console(file=io.StringIO(), width=200)
    found = [addons._addon({"metadata": labels, "data": data}), addons._addon({"metadata": labels})]
    show_addons(AddonList(addons=found), console)
    show_addons(AddonList(), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "web     1.2       failed    0 of 2 pods [available]" in text
    assert "web               unknown" in text
    assert text.count("Addons") == 1
    show_addons(AddonList(problem="refused"), console)
    assert "Addons: refused" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_ready_node_of_each_instance_is_awaited() -> None:
    """A missing node counts, and one that is not Ready; a stale Node does not; errors do not end it."""
    found = NodeList(nodes=[nodes._node(item) for item in ITEMS])
    assert nodes._missing(lambda: found, {"m"}) == []
    assert nodes._missing(lambda: found, {"m", "w"}) == ["w is not Ready"]
    assert nodes._missing(lambda: found, {"x"}) == ["instance x has no node"]
    assert nodes._missing(lambda: NodeList(problem="refused"), {"m"}) == ["refused"]

    def no_credentials() -> NodeList:
        raise CommandError("no credentials yet", why="no such key")

    assert nodes._missing(no_credentials, {"m"}) == ["no credentials yet: no such key"]
