"""Draining this host's node: it is cordoned, and its pods are evicted as their disruption budgets allow.

An instance that EC2 takes back has no time for all of it, see docs/decisions/spot-interruptions.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.kubernetes import events
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.log import WarningsOnce, info, warning
from kubequorum_node.node import Node
from kubequorum_node.termination.pods import Pod, Pods, is_being_deleted, name_of

LIMIT_SECONDS = 1800.0
"""How long a drain may take. Pods that a PodDisruptionBudget protects for longer end with the instance."""
_UNREACHABLE_SECONDS = 90.0
"""How long to retry an API that does not answer. Without it nothing can be evicted."""
_NO_TARGET_SECONDS = 180.0
"""How long to wait for another node that accepts pods; longer than the launch of a worker. There is none when
all workers are deleted with their stack: a budget that waits for one would block them all."""
_TARGET_CHECK_SECONDS = 15.0
_EXTEND_SECONDS = 100.0
"""A third of the terminate hook's time-out."""
_PAUSE_SECONDS = 2.0
_RESERVE_SECONDS = 5.0
"""Before EC2 takes the instance back: the kubelet stops the containers and reports it."""
_LAST_CALL_SECONDS = 30.0
"""Before that: pods that are still protected are deleted. It is the default grace period of a pod."""
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


class _GivenUpError(Exception):
    """Waiting for the pods that are left would not help."""


@dataclass
class _Wait:
    """When a wait for the pods last saw or did something."""

    answered: float
    target_seen: float
    target_checked: float
    extended: float


class Drain:
    """One drain of this host's node."""

    def __init__(self, node: Node, *, api: NodeApi | None = None) -> None:
        self._node = node
        self._clock = node.clock
        self._name = node.identity.node_name
        self._api = api or NodeApi(node)
        self._pods = Pods(self._api, self._name)
        self._once = WarningsOnce()
        self._last_call: float | None = None

    def cordon(self) -> None:
        """Mark the node unschedulable.

        Raises:
            ApiError: the API server refused, or could not be reached.

        """
        self._api.patch(f"/api/v1/nodes/{self._name}", {"spec": {"unschedulable": True}})
        info(f"node {self._name} is cordoned")

    def evict_all(self) -> list[Pod]:
        """Request the eviction of every pod that has to move; returns those that are still here.

        Raises:
            ApiError: the pods cannot be listed.

        """
        left = self._pods.left()
        for pod in left:
            if not is_being_deleted(pod):
                self._pods.evict(pod)
        return left

    def wait_until_empty(self, *, seconds: float, extend_hook: Callable[[], None]) -> None:
        """Evict until no pod is left that has to move, time is over, or the API has been silent for too long.

        Time is also over shortly before EC2 takes the instance back, if it says so, now or meanwhile.

        Args:
            seconds: how long at most.
            extend_hook: called from time to time.

        """
        begin = self._clock.now()
        wait = _Wait(answered=begin, target_seen=begin, target_checked=begin, extended=begin)

        def look() -> None:
            left = self._evict_or_give_up(wait)
            now = self._clock.now()
            # EC2 does not wait for the hook.
            if left and self._end() is None and now - wait.extended >= _EXTEND_SECONDS:
                wait.extended = now
                extend_hook()
            if left:
                raise NotYetError(f"pods left: {left}")

        try:
            self._clock.poll("pods evicted", look, seconds=seconds, pause=_PAUSE_SECONDS)
        except (WaitError, _GivenUpError) as reason:
            warning(f"continuing without a complete drain: {reason}")
        else:
            info(f"all pods are evicted after {self._clock.now() - begin:.0f} s")

    def _evict_or_give_up(self, wait: _Wait) -> str:
        """Names of the pods that are left; empty if there are none.

        Raises:
            _GivenUpError: waiting longer would not help.

        """
        now, end = self._clock.now(), self._end()
        try:
            left = self.evict_all() if end is None else self._evict_until(end)
        except ApiError as error:
            self._once.warn(f"pods cannot be listed: {error}")
            if now - wait.answered >= _UNREACHABLE_SECONDS:
                raise _GivenUpError(f"the API has not answered for {now - wait.answered:.0f} s") from error
            names = "unknown, the API does not answer"
        else:
            wait.answered = self._clock.now()
            names = ", ".join(map(name_of, left))
        if names and end is not None and self._clock.now() >= end:
            raise _GivenUpError(f"EC2 takes this instance back now; pods left: {names}")
        if names and now - wait.target_checked >= _TARGET_CHECK_SECONDS:
            wait.target_checked = now
            wait.target_seen = now if self._has_target() else wait.target_seen
        if names and now - wait.target_seen >= _NO_TARGET_SECONDS:
            seconds = now - wait.target_seen
            raise _GivenUpError(f"for {seconds:.0f} s there was no other node that accepts pods")
        return names

    def _end(self) -> float | None:
        """When all pods must have ended, because EC2 takes the instance back; None if it does not."""
        gone = self._node.endings.instance_end()
        return None if gone is None else gone - _RESERVE_SECONDS

    def _evict_until(self, end: float) -> list[Pod]:
        """As `evict_all`, but what is evicted ends in time; towards the end budgets no longer count.

        A budget is for voluntary disruptions. Deleted, a pod still gets its SIGTERM; it gets nothing from an
        instance that disappears.
        """
        left = self._pods.left()
        is_new = self._last_call is None
        if self._last_call is None:
            now = self._clock.now()
            # Half of the time, if the notice is late.
            self._last_call = end - min(_LAST_CALL_SECONDS, (end - now) / 2)
        for pod in left:
            now = self._clock.now()
            within = max(end - now, 0.0)
            if is_being_deleted(pod):
                self._pods.shorten(pod, within=within, now=self._clock.wall_time())
            elif now >= self._last_call:
                self._pods.delete(pod, within=within)
            else:
                self._pods.evict(pod, within=within)
        if is_new:
            self._announce(end, left)
        return left

    def _announce(self, end: float, left: list[Pod]) -> None:
        """Tell people why the node goes; it may set no taint that says so."""
        message = (
            f"EC2 takes this spot instance back in {end + _RESERVE_SECONDS - self._clock.now():.0f} s: "
            f"the node is cordoned, {len(left)} pods are evicted"
        )
        try:
            events.create_as_node(
                self._node,
                self._api,
                component="kubequorum-lifecycle",
                reason="SpotInterruption",
                message=message,
            )
        except ApiError as error:
            self._once.warn(f"no Event says that EC2 takes this instance back: {error}")

    def _has_target(self) -> bool:
        """Whether another node accepts pods, as far as the API shows."""
        try:
            nodes = self._api.get("/api/v1/nodes")["items"]
        except ApiError as error:
            self._once.warn(f"nodes cannot be listed: {error}")
            return True
        return any(accepts_pods(node) for node in nodes if node["metadata"]["name"] != self._name)


def accepts_pods(node: dict[str, Any]) -> bool:
    """Whether a node is a ready, schedulable worker. The pods may tolerate its other taints."""
    spec = node.get("spec", {})
    if spec.get("unschedulable") or any(taint["key"] == _CONTROL_PLANE for taint in spec.get("taints", [])):
        return False
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def empty(node: Node) -> None:
    """Cordon this host's node and wait until its pods are evicted."""
    drain = Drain(node)
    try:
        drain.cordon()
    except ApiError as error:
        warning(f"the node could not be cordoned: {error}")
    drain.wait_until_empty(seconds=LIMIT_SECONDS, extend_hook=lambda: _extend_hook(node))


def begin(node: Node) -> None:
    """Cordon this host's node and request the eviction of its pods, without waiting for it.

    Raises:
        ApiError: the API server refused, or could not be reached.

    """
    drain = Drain(node)
    drain.cordon()
    drain.evict_all()


def _extend_hook(node: Node) -> None:
    try:
        node.lifecycle.extend_terminate_hook()
    except Exception as error:
        # The hook's time-out then ends the instance.
        warning(f"the terminate hook could not be extended: {error}")
