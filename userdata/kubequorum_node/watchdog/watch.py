"""The watchdog of a master in service: it examines it every few seconds, and acts after a grace time.

Beside that it looks at the other masters (`silent_masters`).

Then it reports the verdict and applies the remedy; only a dead master is replaced, and only if the others
have a quorum without it.
"""

from collections.abc import Callable, Mapping
from threading import Thread

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import certificates
from kubequorum_node.log import info, timed, warning
from kubequorum_node.node import Node
from kubequorum_node.repair import damaged_data, replacement
from kubequorum_node.system import boot_lock
from kubequorum_node.volume import attachment, filesystem, member_data, slot_volume
from kubequorum_node.watchdog import notice, silent_masters
from kubequorum_node.watchdog.administrator_access import AdministratorAccess
from kubequorum_node.watchdog.diagnosis import WELL, Condition, Findings, HealthHistory, Verdict, diagnose
from kubequorum_node.watchdog.examination import Examination

LOOK_SECONDS = 5.0
GRACE_SECONDS = 60.0
"""Longer than a restart of an API server or an etcd member."""
GRACE_AFTER_START_SECONDS = 900.0
"""After the start of a host: longer than the longest boot (`boot.run.LIMIT_SECONDS`)."""
RECOVERY_SECONDS = 30.0
_ACT_AGAIN_SECONDS = 60.0
"""After a remedy etcd is up before the API server: that must not look like a new failure."""
_REPORT_AGAIN_SECONDS = 1800.0
"""Kubernetes forgets an Event after an hour."""
_IN_SERVICE = "InService"


class Watchdog:
    """Watches one master, and keeps its history."""

    def __init__(self, node: Node, look: Callable[[], Findings], *, reset: Callable[[], None]) -> None:
        self._node = node
        self._look = look
        self._reset = reset
        self._history = HealthHistory(
            grace_seconds=GRACE_AFTER_START_SECONDS, recovery_seconds=RECOVERY_SECONDS
        )
        # Of its own: a master may be degraded for days, and an API server that restarts then is not dead.
        self._degraded = HealthHistory(grace_seconds=GRACE_SECONDS, recovery_seconds=RECOVERY_SECONDS)
        self._reported: Verdict = WELL
        self._reported_at = float("-inf")
        self._acted_at = float("-inf")

    def tick(self) -> Verdict:
        """Examine once, and act if that is due; returns the verdict."""
        found = self._look()
        verdict = diagnose(found)
        is_degraded = verdict.condition is Condition.DEGRADED
        now = self._node.clock.now()
        self._history.add(WELL if is_degraded else verdict, now=now)
        self._degraded.add(verdict if is_degraded else WELL, now=now)
        if self._history.is_well:
            # From now on a failure is not one of a host that has just started.
            self._history.grace_seconds = GRACE_SECONDS
        history = self._degraded if is_degraded else self._history
        if self._history.is_well and self._degraded.is_well:
            self._report(WELL)
        elif history.is_due(verdict, now=now) and now - self._acted_at >= _ACT_AGAIN_SECONDS:
            self._acted_at = now
            self._report(verdict)
            self._act(verdict, found)
        return verdict

    def _report(self, verdict: Verdict) -> None:
        now = self._node.clock.now()
        same = verdict.condition is self._reported.condition
        if same and (verdict.condition is Condition.WELL or now - self._reported_at < _REPORT_AGAIN_SECONDS):
            return
        self._reported, self._reported_at = verdict, now
        notice.report(self._node, verdict)

    def _act(self, verdict: Verdict, found: Findings) -> None:
        act = _ACTIONS.get(verdict.condition)
        if act is None or not _is_in_service(self._node):
            return
        try:
            with boot_lock.held(self._node), timed(f"watchdog, {verdict.condition.value}"):
                act(self._node, verdict, found)
            # What etcd logged before was about what is repaired now.
            self._reset()
        except boot_lock.BusyError as busy:
            warning(f"watchdog: {busy}")
        except (NodeError, ClientError, BotoCoreError, OSError):
            # `timed` has logged it; the next attempt comes soon enough.
            pass
        # The remedy gets this long to take effect, however long it took itself.
        self._acted_at = self._node.clock.now()


def watch(node: Node) -> None:
    """Watch for as long as the host runs."""
    examination = Examination(node)
    watchdog = Watchdog(node, examination.look, reset=examination.reset)
    access = AdministratorAccess(node)
    info(f"watching master {node.slot}: every {LOOK_SECONDS:.0f} s")
    # Beside it: what is silent takes its time to be found so.
    Thread(target=silent_masters.watch, args=(node,), name="silent-masters", daemon=True).start()
    while True:
        watchdog.tick()
        access.look()
        node.clock.sleep(LOOK_SECONDS)


def _is_in_service(node: Node) -> bool:
    """Whether the group wants this instance in service: not if it is being terminated, or in standby."""
    try:
        state = node.metadata.target_lifecycle_state()
    except NodeError as error:
        warning(f"watchdog: no action while the metadata service does not answer: {error}")
        return False
    if state != _IN_SERVICE:
        info(f"watchdog: no action, the group's target state for this instance is {state or 'unknown'}")
    return state == _IN_SERVICE


def _replace(node: Node, verdict: Verdict, found: Findings) -> None:
    del found
    replacement.report_unhealthy(node, why=verdict.what)


def _repair(node: Node, verdict: Verdict, found: Findings) -> None:
    damaged_data.repair(node, slot_volume.resolved(node), why=verdict.what, alarm=found.etcd_answers)


def _make_room(node: Node, verdict: Verdict, found: Findings) -> None:
    """Grow the file system if its volume has grown, and delete what is kept for people to examine."""
    del verdict
    if found.disk.is_full or not found.etcd_answers:
        volume = slot_volume.resolved(node)
        attachment.require_device(node, volume)
        filesystem.grow(node, volume)
        if member_data.drop_copy(node):
            warning(f"deleted a copy of data that are not in use: {volume} needs the space")


def _renew(node: Node, verdict: Verdict, found: Findings) -> None:
    del verdict, found
    certificates.renew_and_restart(node)


_ACTIONS: Mapping[Condition, Callable[[Node, Verdict, Findings], None]] = {
    Condition.DEAD: _replace,
    Condition.CORRUPT: _repair,
    Condition.FULL: _make_room,
    Condition.EXPIRING: _renew,
}
"""Storage failures, a wrong clock and control loops that cannot run are only reported: a successor would have
them, too."""
