"""The pods of this host's node that have to move, and how they are made to: evicted, or deleted.

With the kubelet's credentials, which may evict and delete the pods of their own node only. `kubectl drain`
would also need to read DaemonSets, which they may not.
https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
"""

from datetime import UTC, datetime
from typing import Any

from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.log import WarningsOnce, info

_MIRROR = "kubernetes.io/config.mirror"
"""Marks the mirror of a static pod, which belongs to the host."""
_DEFAULT_GRACE_SECONDS = 30
"""Of a pod that says nothing else; the API server fills it in."""
_GONE = 404
_CONFLICT = 409

Pod = dict[str, Any]


class Pods:
    """The pods of a node."""

    def __init__(self, api: NodeApi, node_name: str) -> None:
        self._api = api
        self._node_name = node_name
        self._cut: set[str] = set()
        """Uids of pods whose grace period was cut; once is enough."""
        self._once = WarningsOnce()

    def left(self) -> list[Pod]:
        """Those that have to move and are still here.

        Raises:
            ApiError: they cannot be listed.

        """
        answer = self._api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{self._node_name}")
        return [pod for pod in answer["items"] if must_move(pod)]

    def evict(self, pod: Pod, *, within: float | None = None) -> None:
        """Request the eviction of a pod, which a PodDisruptionBudget may forbid for now.

        Args:
            pod: one that is not being deleted.
            within: seconds that it has to end; None for its own grace period.

        """
        metadata = pod["metadata"]
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
            "deleteOptions": _options(pod, within),
        }
        try:
            self._api.create(f"{_path(pod)}/eviction", eviction)
        except ApiError as error:
            if error.status not in (_GONE, _CONFLICT):
                # 429: a PodDisruptionBudget forbids it for now. That and other failures may pass: it is
                # retried.
                self._once.warn(f"pod {name_of(pod)} cannot be evicted yet: {error}")
        else:
            self._note(pod, "evicted", within)

    def delete(self, pod: Pod, *, within: float) -> None:
        """Delete a pod whatever its budget says, with at most so many seconds to end."""
        try:
            self._api.delete(
                _path(pod), {"apiVersion": "v1", "kind": "DeleteOptions", **_options(pod, within)}
            )
        except ApiError as error:
            if error.status not in (_GONE, _CONFLICT):
                self._once.warn(f"pod {name_of(pod)} cannot be deleted: {error}")
        else:
            self._note(pod, "deleted", within)

    def shorten(self, pod: Pod, *, within: float, now: float) -> None:
        """Let a pod that is being deleted end in time, if its grace period is longer than that.

        Args:
            pod: one that is being deleted.
            within: seconds that it has to end.
            now: seconds since 1970.

        """
        metadata = pod["metadata"]
        end = datetime.strptime(metadata["deletionTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if metadata["uid"] not in self._cut and end.timestamp() - now > within:
            self.delete(pod, within=within)

    def _note(self, pod: Pod, what: str, within: float | None) -> None:
        grace, cut = _grace(pod, within), ""
        if grace is not None:
            self._cut.add(pod["metadata"]["uid"])
            cut = f", its grace period cut to {grace} s"
        info(f"pod {name_of(pod)} is {what}{cut}")


def must_move(pod: Pod) -> bool:
    """Whether a pod has to move: not a finished one, nor one that is bound to this node."""
    metadata = pod["metadata"]
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return False
    if _MIRROR in (metadata.get("annotations") or {}):
        return False
    owners = metadata.get("ownerReferences") or []
    return not any(owner.get("controller") and owner["kind"] == "DaemonSet" for owner in owners)


def is_being_deleted(pod: Pod) -> bool:
    """Whether somebody has evicted or deleted it."""
    return "deletionTimestamp" in pod["metadata"]


def name_of(pod: Pod) -> str:
    """A pod's name with its namespace."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _grace(pod: Pod, within: float | None) -> int | None:
    """A grace period that is shorter than the pod's own, in seconds; None if that one fits."""
    own = pod.get("spec", {}).get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS)
    # 0 would remove the pod from the API while its containers run.
    return None if within is None or own <= within else max(int(within), 1)


def _options(pod: Pod, within: float | None) -> dict[str, Any]:
    grace = _grace(pod, within)
    # Not another pod that has the same name by then.
    options: dict[str, Any] = {"preconditions": {"uid": pod["metadata"]["uid"]}}
    return options if grace is None else {**options, "gracePeriodSeconds": grace}


def _path(pod: Pod) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
