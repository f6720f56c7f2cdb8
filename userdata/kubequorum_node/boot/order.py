"""The order of a boot's steps. Those that do not need each other run at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass

from kubequorum_node.boot import steps
from kubequorum_node.node import Node
from kubequorum_node.step import Step


@dataclass(frozen=True)
class Parallel:
    """Lanes that run at the same time; it has ended when all of them have."""

    lanes: tuple["Lane", ...]


Lane = Sequence[Step | Parallel]
"""Steps one after the other."""

MASTER: Lane = (
    steps.CHECK_IDENTITY,
    Parallel(
        (
            (
                steps.INSTALL_PROGRAMS,
                steps.START_RUNTIME,
                steps.CHECK_MACHINE,
                steps.ISSUE_CERTIFICATES,
                steps.START_KUBELET,
            ),
            (steps.ATTACH_VOLUME, steps.MOUNT_VOLUME),
        )
    ),
    # The volume is the fence: its slot's name must never lead away from the master that has it. Else a
    # newcomer that waits for a master that works would have the others look for that one in vain.
    Parallel(((steps.POINT_NAME,), (steps.SETTLE_MEMBERSHIP,))),
    # Before the first wait for another master.
    steps.REPORT_STARTED,
    steps.START_CONTROL_PLANE,
    steps.AWAIT_CONTROL_PLANE,
    # It serves from here on. What follows is in the cluster already, unless the release is new, and an update
    # waits for the signal.
    steps.ENTER_SERVICE,
    steps.START_POD_NETWORK,
    steps.CONFIGURE_CLUSTER,
    steps.PROVE_HEALTH,
    # Nothing above needs it, but an update goes on behind this one: the next master's successor will look for
    # this one by its name, which must not lead to the predecessor any more.
    steps.AWAIT_NAME,
    steps.AWAIT_SERVICE,
    steps.REPORT_READY,
    steps.START_WATCHDOG,
)
WORKER: Lane = (
    steps.CHECK_IDENTITY,
    steps.INSTALL_PROGRAMS,
    steps.START_RUNTIME,
    steps.JOIN,
    steps.START_POD_NETWORK,
    steps.PROVE_HEALTH,
    steps.REPORT_READY,
    steps.AWAIT_SERVICE,
)
PLAIN_PROCESS: Lane = (steps.CHECK_IDENTITY, steps.REPORT_READY)
"""For a host that runs no containers: it only reports itself."""


def plan(node: Node) -> Lane:
    """The steps of a host."""
    if not node.supervisor.runs_containers:
        return PLAIN_PROCESS
    return MASTER if node.is_master else WORKER


def steps_of(lane: Lane) -> list[Step]:
    """All steps, in an order in which they could run one after the other."""
    found: list[Step] = []
    for todo in lane:
        if isinstance(todo, Parallel):
            found.extend(inner for each in todo.lanes for inner in steps_of(each))
        else:
            found.append(todo)
    return found
