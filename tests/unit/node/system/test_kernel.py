"""What the kernel needs before pods run."""

import pytest

from kubequorum_node.host import Result
from kubequorum_node.system import kernel
from tests.unit.node.fakes import FakeNode


def test_a_host_that_may_not_set_limits_goes_on(node: FakeNode) -> None:
    """In a container only the computer may; anything else that sysctl refuses is an error."""
    for name in ("modprobe", "sysctl"):
        node.host.on(name, None)
    for key in ("net.netfilter", "fs.inotify.max_user_instances"):
        node.host.on(f"sysctl --quiet --write {key}", Result(1, "", "permission denied"))
    kernel.prepare(node)
    assert node.host.ran("sysctl --quiet --write fs.inotify.max_user_watches=524288")
    node.host.on("sysctl --quiet --load", Result(1, "", "no such key"))
    with pytest.raises(Exception, match="no such key"):
        kernel.prepare(node)
