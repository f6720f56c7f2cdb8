"""The order of a boot's steps. Steps that do not depend on each other run in parallel."""

from collections.abc import Sequence
from dataclasses import dataclass

from kubequorum_node.boot import steps
from kubequorum_node.node import Node
from kubequorum_node.step import Step


@dataclass(frozen=True)
class Parallel:
    """Lanes that run at the same time; it ends when all of them have ended."""

    lanes: tuple["Lane", ...]


Lane = Sequence[Step | Parallel]
"""Steps one after the other."""

MASTER: Lane = (
    steps.CHECK_IDENTITY,
    steps.CHECK_FIXED_SETTINGS,
    Parallel(
        (
            (
                steps.INSTALL_PROGRAMS,
                steps.START_RUNTIME,
                steps.CHECK_HOST,
                steps.ISSUE_CERTIFICATES,
                steps.START_KUBELET,
            ),
            (steps.ATTACH_VOLUME, steps.MOUNT_VOLUME),
        )
    ),
    # The volume is the fence: only the instance that holds it may change the slot's DNS record. Otherwise an
    # instance that waits for a working predecessor would point the other masters away from that one.
    Parallel(((steps.POINT_NAME,), (steps.SETTLE_MEMBERSHIP,))),
    # Before anything waits for another master.
    steps.REPORT_STARTED,
    steps.START_CONTROL_PLANE,
    steps.AWAIT_CONTROL_PLANE,
    # It serves from here on. What the next steps write is in the cluster already, unless the release is new,
    # and an update waits for the signal.
    steps.ENTER_SERVICE,
    steps.START_POD_NETWORK,
    steps.CONFIGURE_CLUSTER,
    steps.PROVE_HEALTH,
    # Nothing above needs it, but an update continues with the next master, whose successor looks for this one
    # by its name: that must not resolve to the predecessor any more.
    steps.AWAIT_NAME,
    steps.AWAIT_SERVICE,
    # An update ends the next master when it is signalled: clients must reach this one by then.
    steps.AWAIT_CLIENTS,
    # What could fail has been proved: from here on the cluster has the version of its masters.
    steps.FOLLOW_MASTERS,
    steps.REPORT_READY,
    steps.START_WATCHDOG,
    steps.START_ADDONS,
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
PLAIN_PROCESS: Lane = (steps.CHECK_IDENTITY, steps.REPORT_READY, steps.START_ADDONS)
"""For a host that runs no containers: it reports itself and nothing more."""


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
