"""A boot: all its steps in their order, within its time limit, and what is reported when it fails."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from kubequorum_node import settings
from kubequorum_node.boot import launch
from kubequorum_node.boot.order import Lane, Parallel, plan
from kubequorum_node.log import error, info, timed, warning
from kubequorum_node.node import Node
from kubequorum_node.supervision.unit import Phase
from kubequorum_node.system import boot_lock
from kubequorum_node.volume import slot_record

LIMIT_SECONDS = 840.0
"""How long a launch may take, over all its attempts. Shorter than the launch hook (900 s): a boot that fails
still has time to report why."""
ABANDONED_STATUS = 3
"""The program's exit status for systemd, which then does not retry; see units/kubequorum-boot.service."""
_NEW_ROLE_SECONDS = 45.0
"""For which a launch believes that its role is new, and not that it lacks a permission.

Roles are everywhere within seconds as a rule, and an instance needs some to boot. Each master of a creation
waits in turn, so a permission that really lacks is reported after three times as long.
"""
_REPORT_SECONDS = 300.0
"""How long reporting a failed launch may take: the stack may have to reach the resource that waits for it."""


def boot(node: Node) -> int:
    """Run all steps of this host; returns the program's exit status.

    A launch that fails reports why: on the console, in the slot's record, and to a stack that waits. Then it
    is abandoned, and the group launches another instance. A host that was in service before reports a failed
    boot, too, but systemd retries it.

    Raises:
        NodeError: systemd does not run here, this is not root, or another boot is running.

    """
    # A wrong call of this program is not a failed launch.
    node.supervisor.require_usable()
    with boot_lock.held(node):
        return _boot_alone(node)


def _boot_alone(node: Node) -> int:
    begin = node.clock.now()
    try:
        # First of all: a host that loses power from here on runs this again when the power is back.
        node.supervisor.enable(Phase.BOOT)
        node.supervisor.start(Phase.LAUNCH)
        launched = launch.current(node)
        if launched.outcome == launch.ABANDONED:
            warning(
                "this launch was already abandoned; waiting for the Auto Scaling group to replace the "
                "instance"
            )
            return ABANDONED_STATUS
        used = 0.0 if launched.outcome == launch.IN_SERVICE else launch.seconds_used(node)
        if used > 1:
            info(f"this launch began {used:.0f} s ago")
        node.clock.limit(LIMIT_SECONDS - used)
        node.aws.tolerate_denials(seconds=_NEW_ROLE_SECONDS - used)
        run(node, plan(node))
        launch.end(node, launch.IN_SERVICE)
    except Exception as error:
        return _fail(node, str(error) or repr(error))
    finally:
        info(f"{len(node.aws.calls)} AWS API calls")
    info(f"{node.config.role} is in service after {node.clock.now() - begin:.1f} s")
    return 0


def run(node: Node, lane: Lane) -> None:
    """Run steps one after the other, and the lanes of a Parallel at the same time.

    The first failure is raised at once; other lanes end with the program.

    Raises:
        Exception: what the first failing step raised.

    """
    for todo in lane:
        if isinstance(todo, Parallel):
            _run_parallel(node, todo)
        else:
            with timed(todo.name):
                settings.fail_if_injected(todo.name)
                todo.run(node)


def _run_parallel(node: Node, parallel: Parallel) -> None:
    ended: SimpleQueue[Exception | None] = SimpleQueue()

    def run_one(lane: Lane) -> None:
        try:
            run(node, lane)
            ended.put(None)
        except Exception as error:
            ended.put(error)

    for lane in parallel.lanes:
        # Daemons: a program that has failed must not wait for another lane.
        Thread(target=run_one, args=(lane,), daemon=True).start()
    for _ in parallel.lanes:
        if (error := ended.get()) is not None:
            raise error


def _fail(node: Node, reason: str) -> int:
    """Report the reason wherever possible; a report that fails is logged and does not hide the reason."""
    error(f"BOOT FAILED: {reason}")
    node.clock.limit(_REPORT_SECONDS)
    if node.is_master:
        _try_to_report(lambda: slot_record.fail(node, reason))
    if launch.current(node).outcome == launch.IN_SERVICE:
        warning("this instance was in service before: the boot is retried")
        return 1
    if not _try_to_report(lambda: node.lifecycle.report_failed(reason)):
        return 1
    launch.end(node, launch.ABANDONED)
    return ABANDONED_STATUS


def _try_to_report(report: Callable[[], object]) -> bool:
    try:
        report()
    except Exception as failure:
        error(f"the failure could not be reported: {failure}")
        return False
    return True
