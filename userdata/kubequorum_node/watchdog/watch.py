"""The watchdog of a master in service: it looks every few seconds, and acts only when it is sure.

What it finds is said at once a grace time has passed. What it does depends on the verdict; only a dead
master is replaced, and only if the others can do without it.
"""

from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import certificates
from kubequorum_node.log import info, step, warning
from kubequorum_node.node import Node
from kubequorum_node.repair import damaged_data, replacement
from kubequorum_node.system import boot_lock
from kubequorum_node.volume import attachment, filesystem, member_data, slot_volume
from kubequorum_node.watchdog import notice
from kubequorum_node.watchdog.diagnosis import WELL, Condition, Course, Findings, Verdict, diagnose
from kubequorum_node.watchdog.examination import Examination

LOOK_SECONDS = 5.0
GRACE_SECONDS = 60.0
"""Longer than an API server or a member of etcd takes to start anew."""
GRACE_AFTER_START_SECONDS = 900.0
"""For a machine that has just started: longer than the longest boot (`boot.run.LIMIT_SECONDS`)."""
RECOVERY_SECONDS = 30.0
_ACT_AGAIN_SECONDS = 60.0
"""After a remedy etcd is back before the API server is: that must not look like a new trouble."""
_TELL_AGAIN_SECONDS = 1800.0
"""Kubernetes forgets an Event after an hour."""
_SERVES = "InService"


class Watchdog:
    """Looks at one master, and remembers how it has been."""

    def __init__(self, node: Node, look: Callable[[], Findings], *, begin_anew: Callable[[], None]) -> None:
        self._node = node
        self._look = look
        self._begin_anew = begin_anew
        self._course = Course(grace_seconds=GRACE_AFTER_START_SECONDS, recovery_seconds=RECOVERY_SECONDS)
        self._told: Verdict = WELL
        self._told_at = float("-inf")
        self._acted_at = float("-inf")

    def tick(self) -> Verdict:
        """Look once, and do what is due; returns the verdict."""
        found = self._look()
        verdict = diagnose(found)
        now = self._node.clock.now()
        self._course.add(verdict, now=now)
        if self._course.is_well:
            # From now on trouble is not that of a machine that has just started.
            self._course.grace_seconds = GRACE_SECONDS
            self._tell(WELL)
        elif self._course.is_due(verdict, now=now) and now - self._acted_at >= _ACT_AGAIN_SECONDS:
            self._acted_at = now
            self._tell(verdict)
            self._act(verdict, found)
        return verdict

    def _tell(self, verdict: Verdict) -> None:
        now = self._node.clock.now()
        same = verdict.condition is self._told.condition
        if same and (verdict.condition is Condition.WELL or now - self._told_at < _TELL_AGAIN_SECONDS):
            return
        self._told, self._told_at = verdict, now
        notice.tell(self._node, verdict)

    def _act(self, verdict: Verdict, found: Findings) -> None:
        act = _ACTIONS.get(verdict.condition)
        if act is None or not _is_ours(self._node):
            return
        try:
            with boot_lock.held(self._node), step(f"watchdog, {verdict.condition.value}"):
                act(self._node, verdict, found)
            # What etcd said before was about what has been put right.
            self._begin_anew()
        except boot_lock.BusyError as busy:
            warning(f"watchdog: {busy}")
        except (NodeError, ClientError, BotoCoreError, OSError):
            # What happened stands in the line of the step; the next try comes soon enough.
            pass
        # What was done has the same time as before to show, however long it took.
        self._acted_at = self._node.clock.now()


def watch(node: Node) -> None:
    """Watch for as long as the machine runs."""
    examination = Examination(node)
    dog = Watchdog(node, examination.look, begin_anew=examination.begin_anew)
    info(f"watching master {node.slot}: every {LOOK_SECONDS:.0f} s")
    while True:
        dog.tick()
        node.clock.sleep(LOOK_SECONDS)


def _is_ours(node: Node) -> bool:
    """Whether the machine is meant to serve: one that its group ends, or that a person took out, is not."""
    try:
        state = node.metadata.target_lifecycle_state()
    except NodeError as error:
        warning(f"watchdog: no action while the metadata service does not answer: {error}")
        return False
    if state != _SERVES:
        info(f"watchdog: no action, the group's target state for this instance is {state or 'unknown'}")
    return state == _SERVES


def _replace(node: Node, verdict: Verdict, found: Findings) -> None:
    del found
    replacement.report_unhealthy(node, why=verdict.what)


def _repair(node: Node, verdict: Verdict, found: Findings) -> None:
    damaged_data.repair(node, why=verdict.what, alarm=found.etcd_answers)


def _make_room(node: Node, verdict: Verdict, found: Findings) -> None:
    """Grow the file system if its volume has grown, and give up what is kept for people to look at."""
    del verdict
    if found.disk.is_full or not found.etcd_answers:
        volume = slot_volume.resolved(node)
        attachment.require_device(node, volume)
        filesystem.grow(node, volume)
        if member_data.drop_quarantine(node):
            warning(f"deleted {member_data.QUARANTINE_FOLDER}: {volume} needs the space")


def _renew(node: Node, verdict: Verdict, found: Findings) -> None:
    del verdict, found
    certificates.renew_and_restart(node)


_ACTIONS: Mapping[Condition, Callable[[Node, Verdict, Findings], None]] = {
    Condition.DEAD: _replace,
    Condition.CORRUPT: _repair,
    Condition.FULL: _make_room,
    Condition.EXPIRED: _renew,
}
"""Storage trouble and a wrong clock are only said: a successor would have them, too."""
