"""Health of targets: what checks found, and which state follows.

States and reasons: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html.
The balancer's nodes learn of a state later than the API tells it: see `routed_state` and `emulator.times`.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from emulator.api.ec2 import store as ec2_store
from emulator.api.load_balancing import store
from emulator.api.worker import Timer, Worker
from emulator.interfaces.target_probe import Finding, TargetCheck, TargetProber
from emulator.times import QUICK, Times

log = logging.getLogger(__name__)

Listener = Callable[[str, bool], None]
"""Called with instance id and whether a target of it is healthy."""


@dataclass(frozen=True)
class Key:
    """One target of one group."""

    target_group_arn: str
    target_id: str
    port: int


@dataclass
class Entry:
    """What is known of a target."""

    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    passed: int = 0
    failed: int = 0
    drained: Timer | None = None
    """Set once it is deregistered; the entry goes when this fires."""
    healthy_until: float = 0.0
    """Until when, on the monotonic clock, the balancer's nodes take it for healthy although it is not."""


class Health:
    """Watches targets, if there is a prober. Methods may be called from any thread."""

    def __init__(
        self, *, worker: Worker, prober: TargetProber | None, times: Callable[[], Times] = lambda: QUICK
    ) -> None:
        """Without a prober every target stays `initial`."""
        self._times = times
        self._worker = worker
        self._prober = prober
        self._lock = threading.RLock()
        self._entries: dict[Key, Entry] = {}
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Subscribe to instances that became healthy or unhealthy."""
        self._listeners.append(listener)

    def watch(self, key: Key) -> None:
        """Begin with a target that was registered."""
        with self._lock:
            known = self._entries.get(key)
            if known is not None and known.drained is None:
                return
            if known is not None and known.drained is not None:
                known.drained.cancel()
            entry = self._entries[key] = Entry()
        self._worker.later(self._times().target_registration, self._begin_checks, key, entry)

    def drain(self, key: Key) -> float:
        """Let a deregistered target drain; returns how many emulated seconds that takes."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.drained is not None:
                return 0.0
            if entry.state == "healthy":
                self._linger(entry, self._times().deregistered_target)
            entry.state, entry.reason = "draining", "Target.DeregistrationInProgress"
            entry.description = "Target deregistration is in progress"
            seconds = max(store.drain_seconds(key.target_group_arn), self._times().deregistered_target)
            entry.drained = self._worker.later(seconds, self._forget, key, entry)
            return seconds

    def routed_state(self, key: Key) -> str:
        """The target's state as the balancer's nodes know it: connections follow this one."""
        with self._lock:
            entry = self._entries.get(key)
            lingers = entry is not None and time.monotonic() < entry.healthy_until
        return "healthy" if lingers else self.describe(key)["State"]

    def draining(self, target_group_arn: str) -> list[Key]:
        """Targets that are deregistered, but not yet gone."""
        with self._lock:
            return [
                key
                for key, entry in self._entries.items()
                if key.target_group_arn == target_group_arn and entry.drained is not None
            ]

    def describe(self, key: Key) -> dict[str, str]:
        """A TargetHealth."""
        with self._lock:
            entry = self._entries.get(key) or Entry()
            state, reason, description = entry.state, entry.reason, entry.description
            if entry.drained is None:
                if not store.target_group(key.target_group_arn).get("LoadBalancerArns"):
                    state, reason = "unused", "Target.NotInUse"
                    description = "Target group is not configured to receive traffic from the load balancer"
                elif (instance_state := not_running(key.target_id)) is not None:
                    state, reason = "unused", "Target.InvalidState"
                    description = f"Target is in the {instance_state} state"
        view = {"State": state}
        if reason is not None:
            view["Reason"] = reason
        if description is not None:
            view["Description"] = description
        return view

    def reset(self) -> None:
        """Start over, for tests."""
        with self._lock:
            self._entries.clear()

    def _linger(self, entry: Entry, seconds: float) -> None:
        entry.healthy_until = time.monotonic() + seconds * self._worker.time_scale

    def _begin_checks(self, key: Key, entry: Entry) -> None:
        with self._lock:
            if entry.state == "initial":
                entry.reason = "Elb.InitialHealthChecking"
                entry.description = "Initial health checks in progress"
        self._check(key, entry)

    def _forget(self, key: Key, entry: Entry) -> None:
        with self._lock:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def _check(self, key: Key, entry: Entry) -> None:
        with self._lock:
            alive = self._entries.get(key) is entry and entry.drained is None
        if not alive or self._prober is None or not store.target_group_exists(key.target_group_arn):
            return
        group = store.target_group(key.target_group_arn)
        check = _check_of(group, key)
        if check is not None and group.get("HealthCheckEnabled", True):
            try:
                finding = self._prober.probe_target(check)
            except Exception as error:
                log.exception("health check of %s failed to run", key)
                finding = Finding(healthy=False, reason="Target.FailedHealthChecks", description=str(error))
            self._judge(key, entry, finding, group)
        self._worker.later(group["HealthCheckIntervalSeconds"], self._check, key, entry)

    def _judge(self, key: Key, entry: Entry, finding: Finding, group: store.Record) -> None:
        with self._lock:
            before = entry.state
            if entry.drained is not None:
                return
            if finding.healthy:
                entry.passed, entry.failed = entry.passed + 1, 0
                first_suffices = before == "initial" and not self._times().new_target_needs_threshold
                if first_suffices or entry.passed >= group["HealthyThresholdCount"]:
                    entry.state, entry.reason, entry.description = "healthy", None, None
            else:
                entry.passed, entry.failed = 0, entry.failed + 1
                if entry.failed >= group["UnhealthyThresholdCount"]:
                    if before == "healthy":
                        self._linger(entry, self._times().unhealthy_target)
                    entry.state, entry.reason = "unhealthy", finding.reason or "Target.FailedHealthChecks"
                    entry.description = finding.description or "Health checks failed"
            after = entry.state
        if after != before:
            log.info("target %s of %s is %s", key.target_id, key.target_group_arn, after)
            for listener in self._listeners:
                listener(key.target_id, after == "healthy")


def not_running(target_id: str) -> str | None:
    """The state of a target that is an instance and does not run."""
    if not target_id.startswith("i-"):
        return None
    record = ec2_store.instances().get(target_id)
    state = "terminated" if record is None else str(record["State"]["Name"])
    return None if state == "running" else state


def _check_of(group: store.Record, key: Key) -> TargetCheck | None:
    """The check as the group configures it; None while the target has no address."""
    is_instance = key.target_id.startswith("i-")
    address: str | None = key.target_id
    if is_instance:
        address = (ec2_store.instances().get(key.target_id) or {}).get("PrivateIpAddress")
    if address is None:
        return None
    port = str(group["HealthCheckPort"])
    return TargetCheck(
        target_group_arn=key.target_group_arn,
        instance_id=key.target_id if is_instance else None,
        address=address,
        port=key.port if port == "traffic-port" else int(port),
        protocol=group["HealthCheckProtocol"],
        path=group.get("HealthCheckPath"),
        success_codes=str((group.get("Matcher") or {}).get("HttpCode") or "200-399"),
        timeout_seconds=group["HealthCheckTimeoutSeconds"],
    )
