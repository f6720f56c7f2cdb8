"""The container runtime, and the units of a machine."""

import tomllib
from pathlib import Path

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.host import Result
from kubequorum_node.system import runtime, supervisor
from tests.unit.node.fakes import FakeNode


@pytest.fixture(autouse=True)
def programs(node: FakeNode) -> None:
    """Everything succeeds."""
    for name in ("systemctl", "modprobe", "sysctl", "/usr/local/bin/crictl"):
        node.host.on(name, None)


def test_containerd_takes_additions_of_the_image() -> None:
    """Its own configuration is that of a production machine; what a container needs comes from elsewhere."""
    config = tomllib.loads(runtime.containerd_config(""))
    assert config["version"] == 3
    assert config["imports"] == ["/etc/containerd/conf.d/*.toml"]
    cri = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is True
    assert cri["cni"]["bin_dirs"] == ["/opt/cni/bin"]
    images = config["plugins"]["io.containerd.cri.v1.images"]
    assert images["pinned_images"]["sandbox"] == "registry.k8s.io/pause:3.10.2"


def test_the_sandbox_image_comes_from_the_named_repository() -> None:
    """Else a machine without internet could start no pod."""
    assert "'registry.example.com/k8s/pause:3.10.2'" in runtime.containerd_config("registry.example.com/k8s")


def test_a_runtime_that_the_image_started_gets_our_configuration(node: FakeNode) -> None:
    """Restarted once; a boot that is repeated leaves it, and the pods in it, alone."""
    runtime.start(node)
    assert node.host.ran("systemctl restart") == ["systemctl restart containerd.service"]
    node.host.commands.clear()
    runtime.start(node)
    assert node.host.ran("systemctl restart") == []
    assert node.host.ran("systemctl start") == ["systemctl start containerd.service"]


def test_a_runtime_that_serves_no_pods_is_not_started(node: FakeNode) -> None:
    """Up for systemd is not enough: kubeadm would refuse the machine at once."""
    node.host.on("/usr/local/bin/crictl", Result(1, "", "unknown service runtime.v1.RuntimeService"))
    with pytest.raises(WaitError, match=r"containerd: .*unknown service.*journalctl -u containerd"):
        runtime.start(node)


def test_a_machine_that_may_not_size_the_connection_table_goes_on(node: FakeNode) -> None:
    """In a container only the host may; anything else that sysctl refuses is an error."""
    node.host.on("sysctl --quiet --write net.netfilter", Result(1, "", "permission denied"))
    runtime.start(node)
    node.host.on("sysctl --quiet --load", Result(1, "", "no such key"))
    with pytest.raises(Exception, match="no such key"):
        runtime.start(node)


def test_units_are_installed_once_and_the_kubelet_is_never_enabled(node: FakeNode) -> None:
    """A kubelet that starts by itself would start etcd beside its volume, before that is mounted."""
    supervisor.enable(node.host, "kubequorum-boot.service")
    supervisor.start(node.host, "kubequorum-pod-network.service")
    assert len(node.host.ran("systemctl daemon-reload")) == 1
    installed = {path.name for path in node.host.path("/etc/systemd/system").iterdir()}
    assert installed == {path.name for path in (Path(supervisor._UNITS)).iterdir()}
    assert not [line for line in node.host.ran("systemctl enable") if "kubelet" in line]
