"""Packages that the image lacks: apt may be busy with its own updates when a host has just booted."""

import pytest

from kubequorum_node.errors import NodeError
from kubequorum_node.host import Result
from kubequorum_node.system import packages
from tests.unit.node.fakes import FakeNode

UPDATE = "apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -qq -y update"
INSTALL = "apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -qq -y install"
LOCKED = Result(100, "", "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 412 (apt-get)")


@pytest.mark.parametrize("busy", [0, 5])
def test_a_lock_of_the_lists_is_waited_for(node: FakeNode, busy: int) -> None:
    """apt-daily ends some time."""
    answers = [*[LOCKED] * busy, Result(0, "")]
    node.host.on(UPDATE, lambda *_: answers.pop(0))
    node.host.on(INSTALL, None)
    packages.install(node)
    assert len(node.host.ran(UPDATE)) == busy + 1
    assert "nftables" in node.host.ran(INSTALL)[0]


def test_a_lock_that_stays_is_an_error(node: FakeNode) -> None:
    """It names what could not be installed."""
    node.host.on(UPDATE, LOCKED)
    with pytest.raises(NodeError, match=r"nftables.*Could not get lock"):
        packages.install(node)


def test_another_failure_is_not_repeated(node: FakeNode) -> None:
    """No mirror can be reached, say: apt has tried that three times."""
    node.host.on(UPDATE, Result(100, "", "E: Failed to fetch"))
    with pytest.raises(NodeError, match="Failed to fetch"):
        packages.install(node)
    assert len(node.host.ran(UPDATE)) == 1
