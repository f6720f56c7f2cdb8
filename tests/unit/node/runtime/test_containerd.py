"""The container runtime."""

import json
import tomllib

import pytest

from kubequorum_node.boot import steps
from kubequorum_node.clock import WaitError
from kubequorum_node.host import Result
from kubequorum_node.runtime import containerd
from kubequorum_node.runtime.base import ENVIRONMENT
from kubequorum_node.runtime.containerd import Containerd
from kubequorum_node.supervision import unit_files
from kubequorum_node.system import kernel
from tests.unit.node.fakes import FakeNode

CRICTL = "/usr/local/bin/crictl"


@pytest.fixture(autouse=True)
def programs(node: FakeNode) -> None:
    """Everything succeeds."""
    for name in ("systemctl", CRICTL):
        node.host.on(name, None)


def test_containerd_takes_additions_of_the_image() -> None:
    """Its own configuration is that of a production host; what a container needs comes from elsewhere."""
    config = tomllib.loads(containerd.config("registry.example.com/pause:3"))
    assert config["version"] == 3
    assert config["imports"] == ["/etc/containerd/conf.d/*.toml"]
    cri = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is True
    assert cri["cni"]["bin_dirs"] == ["/opt/cni/bin"]
    images = config["plugins"]["io.containerd.cri.v1.images"]
    assert images["pinned_images"]["sandbox"] == "registry.example.com/pause:3"


@pytest.mark.parametrize(
    ("repository", "image"),
    [
        ("", "registry.k8s.io/pause:3.10.2"),
        ("registry.example.com/k8s", "registry.example.com/k8s/pause:3.10.2"),
    ],
)
def test_the_sandbox_image_comes_from_the_named_repository(
    node: FakeNode, repository: str, image: str
) -> None:
    """Else a host without internet could start no pod."""
    node.runtime.start(image_repository=repository)
    assert f"sandbox = '{image}'" in (node.host.read("/etc/containerd/config.toml") or "")


def test_containerd_gets_variables_and_is_restarted_when_they_change(node: FakeNode) -> None:
    """Its unit reads them after the image's, which they complete."""
    unit = unit_files.read("containerd.service")
    assert unit.index("EnvironmentFile=-/etc/default/kubequorum\n") < unit.index(
        f"EnvironmentFile=-{ENVIRONMENT}\n"
    )
    node.runtime.start(image_repository="", environment={"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x"})
    assert node.host.read(ENVIRONMENT) == "HTTPS_PROXY=http://p:1\nNO_PROXY=x\n"
    node.host.commands.clear()
    node.runtime.start(image_repository="")
    assert node.host.read(ENVIRONMENT) == ""
    assert node.host.ran("systemctl restart") == ["systemctl restart containerd.service"]


def test_a_runtime_that_the_image_started_gets_our_configuration(node: FakeNode) -> None:
    """Restarted once; a boot that is repeated leaves it, and the pods in it, alone."""
    node.runtime.start(image_repository="")
    assert node.host.ran("systemctl restart") == ["systemctl restart containerd.service"]
    node.host.commands.clear()
    node.runtime.start(image_repository="")
    assert node.host.ran("systemctl restart") == []
    assert node.host.ran("systemctl start") == ["systemctl start containerd.service"]


def test_a_runtime_that_serves_no_pods_is_not_started(node: FakeNode) -> None:
    """Up for systemd is not enough: kubeadm would refuse the host at once."""
    node.host.on(CRICTL, Result(1, "", "unknown service runtime.v1.RuntimeService"))
    with pytest.raises(WaitError, match=r"containerd.*unknown service.*journalctl -u containerd"):
        node.runtime.start(image_repository="")


def test_what_needs_the_runtime_is_ordered_after_it(node: FakeNode) -> None:
    """And so stopped before it; crictl finds it, too, when a person calls it."""
    users = ("kubelet.service", "kubequorum-shutdown.service")
    node.runtime.start(image_repository="", needed_by=users)
    for unit in users:
        drop_in = node.host.read(f"/etc/systemd/system/{unit}.d/10-runtime.conf")
        assert drop_in == "[Unit]\nAfter=containerd.service\nWants=containerd.service\n"
    crictl = json.loads(node.host.read("/etc/crictl.yaml") or "")
    assert crictl == {"runtime-endpoint": "unix:///run/containerd/containerd.sock"}


@pytest.mark.parametrize(
    ("kind", "users"), [("master", {"kubelet", "kubequorum-shutdown"}), ("worker", {"kubelet"})]
)
def test_a_boot_orders_what_stops_the_pods_before_the_runtime_stops(
    node: FakeNode, worker: FakeNode, monkeypatch: pytest.MonkeyPatch, kind: str, users: set[str]
) -> None:
    """A worker has no control plane to stop."""
    monkeypatch.setattr(kernel, "prepare", lambda _: None)
    host = node if kind == "master" else worker
    for name in ("systemctl", "nft", CRICTL):
        host.host.on(name, None)
    steps.start_runtime(host)
    drop_ins = host.host.path("/etc/systemd/system").glob("*.d/10-runtime.conf")
    assert {path.parent.name for path in drop_ins} == {f"{user}.service.d" for user in users}


class _TwoUnits(Containerd):
    """A runtime of two units, as Docker with cri-dockerd is."""

    units = ("kubelet.service", "containerd.service")


def test_a_runtime_of_several_units_starts_them_in_order(node: FakeNode) -> None:
    """And what needs it is ordered after all of them."""
    runtime = _TwoUnits(node.host, node.clock)
    runtime.start(image_repository="", needed_by=["user.service"])
    assert node.host.ran("systemctl restart") == [f"systemctl restart {unit}" for unit in _TwoUnits.units]
    assert node.host.ran("systemctl enable") == ["systemctl enable kubelet.service containerd.service"]
    drop_in = node.host.read("/etc/systemd/system/user.service.d/10-runtime.conf")
    assert drop_in == (
        "[Unit]\nAfter=kubelet.service containerd.service\nWants=kubelet.service containerd.service\n"
    )


def test_stopping_nothing_asks_nobody(node: FakeNode) -> None:
    """Crictl without an id would be an error."""
    node.runtime.cri.stop([], grace_seconds=5)
    node.runtime.cri.remove_pods([])
    assert node.host.commands == []
