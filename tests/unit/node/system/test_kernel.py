"""What the kernel needs before pods run."""

import pytest

from kubequorum_node.host import Result
from kubequorum_node.system import kernel
from tests.unit.node.fakes import FakeNode


def test_a_host_that_may_not_size_the_connection_table_goes_on(node: FakeNode) -> None:
    """In a container only the computer may; anything else that sysctl refuses is an error."""
    for name in ("modprobe", "sysctl"):
        node.host.on(name, None)
    node.host.on("sysctl --quiet --write net.netfilter", Result(1, "", "permission denied"))
    kernel.prepare(node)
    node.host.on("sysctl --quiet --load", Result(1, "", "no such key"))
    with pytest.raises(Exception, match="no such key"):
        kernel.prepare(node)
