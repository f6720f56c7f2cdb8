"""The orderly end of a machine: it lets go of everything, part by part, in an order that nobody notices.

Each part is bounded and does its best. What fails is said, and the next one is done: whatever is left undone,
EC2 or a successor finishes when the instance has ended. All parts can be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

from kubequorum_node.kubernetes import api_server
from kubequorum_node.log import error, info, step, warning
from kubequorum_node.node import Node
from kubequorum_node.step import Step
from kubequorum_node.termination import steps


@dataclass(frozen=True)
class Part:
    """A step and how many seconds it may take."""

    step: Step
    seconds: float


HAND_OVER = (
    Part(steps.MOVE_PODS, 15),
    Part(steps.MOVE_LEADERSHIP, 20),
    Part(steps.LEAVE_LOAD_BALANCER, 30),
    Part(steps.REMOVE_OWN_NODE, 20),
)
"""What the other masters and the clients go on with."""
STOP = (
    Part(steps.STOP_CONTROL_PLANE, 60),
    Part(steps.UNMOUNT_VOLUME, 20),
)
MASTER: Sequence[Part] = (*HAND_OVER, *STOP, Part(steps.DETACH_VOLUME, 70))
"""All in all well below the terminate hook's 300 s; 10 to 20 s if all goes well."""
MASTER_WITHOUT_CLUSTER: Sequence[Part] = (
    Part(steps.LEAVE_LOAD_BALANCER, 30),
    Part(steps.STOP_AT_ONCE, 40),
    Part(steps.UNMOUNT_VOLUME, 20),
    Part(steps.DETACH_VOLUME, 70),
)
"""For one whose API server is not ready, as the last of a control plane that is thrown away: there is nobody
to hand over to, and each request would wait for a quorum that does not come."""
WORKER: Sequence[Part] = (Part(steps.EMPTY_NODE, 2000),)
"""Prolongs the hook by itself."""
SHUTDOWN: Sequence[Part] = (Part(steps.MOVE_LEADERSHIP, 10), *STOP)
"""For a machine that goes off and comes back: it keeps its volume, its pods and its place behind the load
balancer, which sees by itself that it is gone."""
SHUTDOWN_WITHOUT_CLUSTER: Sequence[Part] = (Part(steps.STOP_AT_ONCE, 40), Part(steps.UNMOUNT_VOLUME, 20))
PLANS = (MASTER, MASTER_WITHOUT_CLUSTER, WORKER, SHUTDOWN, SHUTDOWN_WITHOUT_CLUSTER)
LAST_STEPS = (steps.REPORT_GONE, steps.AWAIT_END)
"""Of every termination, after its plan."""


def terminate(node: Node) -> None:
    """Release everything, then let the group end this instance."""
    begin = node.clock.now()
    _stop_services(node)
    for part in _parts(node):
        attempt(node, part)
    node.lifecycle.report_gone()
    info(f"{node.config.role} released everything in {node.clock.now() - begin:.1f} s")
    # EC2 mostly ends the machine in the middle of it.
    attempt(node, Part(steps.AWAIT_END, 90))


def shut_down(node: Node) -> None:
    """Stop a master's control plane in order, because the machine goes off.

    After `leave` there is nothing left to stop, and nobody to wait for: EC2 ends the instance.
    """
    if node.is_master:
        for part in SHUTDOWN if api_server.is_ready(node) else SHUTDOWN_WITHOUT_CLUSTER:
            attempt(node, part)


def attempt(node: Node, part: Part) -> None:
    """Do a part; one that fails or hangs is left behind."""

    def run() -> None:
        try:
            with step(part.step.name):
                part.step.run(node)
        except Exception:  # noqa: S110 - `step` has said it
            pass

    # What hangs in somebody else's hands (a dead mount, an API that swallows requests) ends with the machine.
    thread = Thread(target=run, name=part.step.name, daemon=True)
    thread.start()
    thread.join(part.seconds)
    if thread.is_alive():
        error(f"{part.step.name}: not done within {part.seconds:.0f} s; continuing without it")


def _parts(node: Node) -> Sequence[Part]:
    if not node.supervisor.runs_containers:
        return ()
    if not node.is_master:
        return WORKER
    if api_server.is_ready(node):
        return MASTER
    warning("the API server of this master is not ready: terminating without the cluster")
    return MASTER_WITHOUT_CLUSTER


def _stop_services(node: Node) -> None:
    try:
        node.supervisor.stop_for_termination()
    except Exception as failure:
        warning(f"some services could not be stopped, continuing: {failure}")
