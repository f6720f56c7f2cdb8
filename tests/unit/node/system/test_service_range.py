"""Packets to Services that nobody translates are refused before anything could send one."""

from kubequorum_node.boot import steps
from tests.unit.node.fakes import FakeNode


def test_a_boot_refuses_them_before_the_runtime_starts(node: FakeNode) -> None:
    """What could send one is a container, or the kubelet, which comes later."""
    for name in ("modprobe", "sysctl", "nft", "systemctl", "/usr/local/bin/crictl"):
        node.host.on(name, None)
    steps.start_runtime(node)
    commands = node.host.ran("")
    loads = [position for position, command in enumerate(commands) if command.startswith("nft -f -")]
    starts = [position for position, command in enumerate(commands) if "restart containerd" in command]
    assert loads
    assert starts
    assert loads[0] < starts[0]
