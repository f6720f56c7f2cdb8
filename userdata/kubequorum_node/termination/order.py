"""The order of a graceful termination: the host releases everything, in an order that clients do not notice.

Each step has a time limit. A failure is logged, and the next step runs: EC2 or a successor finishes the rest
when the instance has ended. All steps can be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

from kubequorum_node.aws import hooks
from kubequorum_node.kubernetes import api_server, load_balancer
from kubequorum_node.log import error, info, timed, warning
from kubequorum_node.node import Node
from kubequorum_node.step import Step
from kubequorum_node.termination import steps


@dataclass(frozen=True)
class TimedStep:
    """A step and its time limit."""

    step: Step
    seconds: float


HAND_OVER = (
    TimedStep(steps.MOVE_PODS, 15),
    TimedStep(steps.MOVE_LEADERSHIP, 20),
    TimedStep(steps.LEAVE_LOAD_BALANCER, load_balancer.LEAVE_SECONDS + 30),
    TimedStep(steps.REMOVE_OWN_NODE, 20),
)
"""Hand over to the other masters and to the clients."""
STOP = (
    TimedStep(steps.STOP_CONTROL_PLANE, 60),
    TimedStep(steps.UNMOUNT_VOLUME, 20),
)
MASTER: Sequence[TimedStep] = (
    # First of all: what follows is what it is for. Snapshots every 5 minutes go on where it takes too long.
    TimedStep(steps.TAKE_BACKUP, 30),
    *HAND_OVER,
    *STOP,
    TimedStep(steps.DETACH_VOLUME, 70),
    # The log is not on the volume: a successor need not wait for it.
    TimedStep(steps.SHIP_AUDIT_LOG, 15),
)
"""Together well below the terminate hook's 600 s; normally some seconds more than the load balancer goes on
sending."""
MASTER_WITHOUT_CLUSTER: Sequence[TimedStep] = (
    TimedStep(steps.DEREGISTER, 30),
    TimedStep(steps.STOP_AT_ONCE, 40),
    TimedStep(steps.UNMOUNT_VOLUME, 20),
    TimedStep(steps.DETACH_VOLUME, 70),
    TimedStep(steps.SHIP_AUDIT_LOG, 15),
)
"""For a master whose API server is not ready, like the last one of a deleted control plane: nobody can take
over, and each request would wait for a quorum that does not come."""
WORKER: Sequence[TimedStep] = (TimedStep(steps.EMPTY_NODE, 2000),)
"""It extends the hook by itself, and ends in time when EC2 takes the instance back."""
_NOTE_SHUTDOWN = TimedStep(steps.NOTE_SHUTDOWN, 5)
SHUTDOWN: Sequence[TimedStep] = (_NOTE_SHUTDOWN, TimedStep(steps.MOVE_LEADERSHIP, 10), *STOP)
"""For a host that shuts down and comes back: it keeps its volume, its pods and its place behind the load
balancer, whose health checks notice."""
SHUTDOWN_WITHOUT_CLUSTER: Sequence[TimedStep] = (
    _NOTE_SHUTDOWN,
    TimedStep(steps.STOP_AT_ONCE, 40),
    TimedStep(steps.UNMOUNT_VOLUME, 20),
)
PLANS = (MASTER, MASTER_WITHOUT_CLUSTER, WORKER, SHUTDOWN, SHUTDOWN_WITHOUT_CLUSTER)
LAST_STEPS = (steps.COMPLETE_TERMINATE_HOOK, steps.AWAIT_TERMINATION)
"""Of every termination, after its plan."""


def terminate(node: Node) -> None:
    """Release everything, then let the group terminate this instance."""
    begin = node.clock.now()
    _stop_services(node)
    for todo in _plan(node):
        attempt(node, todo)
    node.lifecycle.complete_terminate_hook()
    info(f"{node.config.role} released everything in {node.clock.now() - begin:.1f} s")
    # EC2 mostly terminates the instance in the middle of it.
    attempt(node, TimedStep(steps.AWAIT_TERMINATION, hooks.DRAINING_SECONDS + 60))


def leave_at_once(node: Node) -> None:
    """Drain a worker that EC2 takes back in two minutes. No hook waits for it, or only by coincidence."""
    _stop_services(node)
    for todo in _plan(node):
        attempt(node, todo)
    if node.endings.wait_for_group():
        # Else the group would wait for an instance that is gone, until the hook's time-out.
        node.lifecycle.complete_terminate_hook()


def shut_down(node: Node) -> None:
    """Stop a master's control plane in order, because the host shuts down.

    After `terminate` there is nothing left to stop and nothing to wait for: EC2 terminates the instance.
    """
    if node.is_master:
        for todo in SHUTDOWN if api_server.is_ready(node) else SHUTDOWN_WITHOUT_CLUSTER:
            attempt(node, todo)


def attempt(node: Node, todo: TimedStep) -> None:
    """Run a step; continue without one that fails or hangs."""

    def run() -> None:
        try:
            with timed(todo.step.name):
                todo.step.run(node)
        except Exception:  # noqa: S110 - `timed` has logged it
            pass

    # What hangs (a dead mount, an API that swallows requests) ends with the instance.
    thread = Thread(target=run, name=todo.step.name, daemon=True)
    thread.start()
    thread.join(todo.seconds)
    if thread.is_alive():
        error(f"{todo.step.name}: not done within {todo.seconds:.0f} s; continuing without it")


def _plan(node: Node) -> Sequence[TimedStep]:
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
