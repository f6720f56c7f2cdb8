"""All steps of a boot, in order. Those that do not need each other run at the same time."""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

from kubequorum_node import slot_record, steps, supervisor
from kubequorum_node.errors import NodeError
from kubequorum_node.log import say, step
from kubequorum_node.node import Node
from kubequorum_node.steps import Step

LIMIT_SECONDS = 840.0
"""Shorter than the launch hook (900 s): a boot that fails still has time to say why."""
_LOCK = "/run/kubequorum-boot.lock"

Lane = Sequence[Step]
Plan = Sequence[Sequence[Lane]]
"""Stages one after the other; the lanes of a stage at the same time, each in its order."""

MASTER: Plan = (
    ((steps.CHECK_IDENTITY,),),
    (
        (
            steps.INSTALL_PROGRAMS,
            steps.START_RUNTIME,
            steps.CHECK_MACHINE,
            steps.ISSUE_CERTIFICATES,
        ),
        (steps.ATTACH_VOLUME, steps.MOUNT_VOLUME),
        (steps.POINT_NAME,),
    ),
    (
        (
            steps.SETTLE_MEMBERSHIP,
            steps.START_CONTROL_PLANE,
            steps.START_POD_NETWORK,
            steps.CONFIGURE_CLUSTER,
            steps.PROVE_HEALTH,
            steps.REPORT_READY,
            steps.START_WATCHDOG,
        ),
    ),
)
WORKER: Plan = (
    (
        (
            steps.CHECK_IDENTITY,
            steps.INSTALL_PROGRAMS,
            steps.START_RUNTIME,
            steps.JOIN,
            steps.START_POD_NETWORK,
            steps.PROVE_HEALTH,
            steps.REPORT_READY,
        ),
    ),
)
PROCESS: Plan = (((steps.CHECK_IDENTITY, steps.REPORT_READY),),)
"""For a machine that is a plain process: it is there, and says so."""


def boot(node: Node) -> int:
    """Run all steps that this machine can; returns the program's exit status.

    A boot that fails says why: here on the console, in the slot's record, and to
    the stack if it waits. Then it gives the launch up, and the group tries again.
    """
    node.clock.limit(LIMIT_SECONDS)
    begin = node.clock.now()
    try:
        plan = _prepare(node)
        with _alone(node):
            for stage in plan:
                run_stage(node, stage)
    except Exception as error:
        _report_failure(node, error)
        return 1
    finally:
        say(f"{len(node.aws.calls)} AWS API calls")
    say(f"{node.config.position} is in service after {node.clock.now() - begin:.1f} s")
    return 0


def run_stage(node: Node, stage: Sequence[Lane]) -> None:
    """Run lanes at the same time. The first failure is raised at once, and ends nothing but the program.

    Raises:
        Exception: what the first failing step raised.

    """
    ended: SimpleQueue[Exception | None] = SimpleQueue()

    def run(lane: Lane) -> None:
        try:
            _run_lane(node, lane)
            ended.put(None)
        except Exception as error:
            ended.put(error)

    for lane in stage:
        # Daemons: a program that has failed must not stay for another lane's wait.
        Thread(target=run, args=(lane,), daemon=True).start()
    for _ in stage:
        if (error := ended.get()) is not None:
            raise error


def _run_lane(node: Node, lane: Lane) -> None:
    for todo in lane:
        with step(todo.name):
            todo.run(node)


def _prepare(node: Node) -> Plan:
    if supervisor.runs_processes():
        say("this machine is a plain process: it runs no container, mounts nothing and joins nothing")
        supervisor.start_process("watch-lifecycle")
        return PROCESS
    supervisor.require_systemd(node.host)
    # First of all, so that a machine that loses power from here on boots again when it comes back.
    supervisor.enable(node.host, steps.BOOT_UNIT)
    supervisor.start(node.host, steps.LIFECYCLE_UNIT)
    return MASTER if node.is_master else WORKER


@contextmanager
def _alone(node: Node) -> Iterator[None]:
    """Let no second boot run beside this one: cloud-init's and the unit's, or somebody's by hand.

    Raises:
        NodeError: one is running.

    """
    if supervisor.runs_processes():
        yield
        return
    with node.host.path(_LOCK).open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NodeError("another boot is running on this machine: wait for it") from error
        yield


def _report_failure(node: Node, error: Exception) -> None:
    """Tell everybody who can be told; what fails in that is said and does not matter more than the reason."""
    reason = str(error) or repr(error)
    say(f"BOOT FAILED: {reason}")
    tellers: list[Callable[[], None]] = [lambda: steps.lifecycle_of(node).report_failed(reason)]
    if node.is_master:
        tellers.insert(0, lambda: slot_record.fail(node, reason))
    for tell in tellers:
        try:
            tell()
        except Exception as failure:
            say(f"could not be told: {failure}")
