"""Draining this host's node: it is cordoned, and its pods are evicted as their disruption budgets allow.

With the kubelet's credentials, which may evict the pods of their own node only. `kubectl drain` would also
need to read DaemonSets, which they may not. https://kubernetes.io/docs/concepts/scheduling-eviction/api-
eviction/
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

LIMIT_SECONDS = 1800.0
"""How long a drain may take. Pods that a PodDisruptionBudget protects for longer end with the instance."""
AT_ONCE_SECONDS = 100.0
"""Of a spot instance that is taken back after 120 s."""
_UNREACHABLE_SECONDS = 90.0
"""How long to retry an API that does not answer. Without it nothing can be evicted."""
_NO_TARGET_SECONDS = 180.0
"""How long to wait for another node that accepts pods; longer than the launch of a worker. There is none when
all workers are deleted with their stack: a budget that waits for one would block them all."""
_TARGET_CHECK_SECONDS = 15.0
_EXTEND_SECONDS = 100.0
"""A third of the terminate hook's time-out."""
_PAUSE_SECONDS = 2.0
_MIRROR = "kubernetes.io/config.mirror"
"""Marks the mirror of a static pod, which belongs to the host."""
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_GONE = 404
_CONFLICT = 409

Pod = dict[str, Any]


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
        self._clock = node.clock
        self._name = node.identity.node_name
        self._api = api or NodeApi(node)
        self._said: set[str] = set()

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
        answer = self._api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{self._name}")
        left = [pod for pod in answer["items"] if must_move(pod)]
        for pod in left:
            if "deletionTimestamp" not in pod["metadata"]:
                self._evict(pod)
        return left

    def wait_until_empty(self, *, seconds: float, extend_hook: Callable[[], None]) -> None:
        """Evict until no pod is left that has to move, time is over, or the API has been silent for too long.

        Args:
            seconds: how long at most.
            extend_hook: called from time to time.

        """
        begin = self._clock.now()
        wait = _Wait(answered=begin, target_seen=begin, target_checked=begin, extended=begin)

        def look() -> None:
            left = self._evict_or_give_up(wait)
            now = self._clock.now()
            if left and now - wait.extended >= _EXTEND_SECONDS:
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
        now = self._clock.now()
        try:
            left = self.evict_all()
        except ApiError as error:
            self._warn_once(f"pods cannot be listed: {error}")
            if now - wait.answered >= _UNREACHABLE_SECONDS:
                raise _GivenUpError(f"the API has not answered for {now - wait.answered:.0f} s") from error
            names = "unknown, the API does not answer"
        else:
            wait.answered = self._clock.now()
            names = ", ".join(map(_name, left))
        if names and now - wait.target_checked >= _TARGET_CHECK_SECONDS:
            wait.target_checked = now
            wait.target_seen = now if self._has_target() else wait.target_seen
        if names and now - wait.target_seen >= _NO_TARGET_SECONDS:
            seconds = now - wait.target_seen
            raise _GivenUpError(f"for {seconds:.0f} s there was no other node that accepts pods")
        return names

    def _has_target(self) -> bool:
        """Whether another node accepts pods, as far as the API shows."""
        try:
            nodes = self._api.get("/api/v1/nodes")["items"]
        except ApiError as error:
            self._warn_once(f"nodes cannot be listed: {error}")
            return True
        return any(accepts_pods(node) for node in nodes if node["metadata"]["name"] != self._name)

    def _evict(self, pod: Pod) -> None:
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            # Not another pod that has the same name by then.
            "deleteOptions": {"preconditions": {"uid": metadata["uid"]}},
        }
        try:
            self._api.create(f"/api/v1/namespaces/{namespace}/pods/{name}/eviction", eviction)
        except ApiError as error:
            if error.status not in (_GONE, _CONFLICT):
                # 429: a PodDisruptionBudget forbids it for now. That and other failures may pass: it is
                # retried.
                self._warn_once(f"pod {_name(pod)} cannot be evicted yet: {error}")
        else:
            info(f"pod {_name(pod)} is evicted")

    def _warn_once(self, message: str) -> None:
        if message not in self._said:
            warning(message)
            self._said.add(message)


def must_move(pod: Pod) -> bool:
    """Whether a pod has to move: not a finished one, nor one that is bound to this node."""
    metadata = pod["metadata"]
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return False
    if _MIRROR in (metadata.get("annotations") or {}):
        return False
    owners = metadata.get("ownerReferences") or []
    return not any(owner.get("controller") and owner["kind"] == "DaemonSet" for owner in owners)


def accepts_pods(node: dict[str, Any]) -> bool:
    """Whether a node is a ready, schedulable worker. The pods may tolerate its other taints."""
    spec = node.get("spec", {})
    if spec.get("unschedulable") or any(taint["key"] == _CONTROL_PLANE for taint in spec.get("taints", [])):
        return False
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _name(pod: Pod) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def empty(node: Node) -> None:
    """Cordon this host's node and wait until its pods are evicted."""
    drain = Drain(node)
    try:
        drain.cordon()
    except ApiError as error:
        warning(f"the node could not be cordoned: {error}")
    drain.wait_until_empty(seconds=LIMIT_SECONDS, extend_hook=lambda: _extend_hook(node))


def empty_at_once(node: Node) -> None:
    """As `empty`, before EC2 takes the instance back. There is no hook to extend."""
    drain = Drain(node)
    try:
        drain.cordon()
    except ApiError as error:
        warning(f"the node could not be cordoned: {error}")
    drain.wait_until_empty(seconds=AT_ONCE_SECONDS, extend_hook=lambda: None)


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
