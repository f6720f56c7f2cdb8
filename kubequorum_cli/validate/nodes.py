"""Kubernetes nodes, and the pods of the control plane."""

import re
from collections.abc import Iterator

from kubequorum_cli.kubernetes import Node, SystemPod
from kubequorum_cli.kubernetes.control_plane import COMPONENTS
from kubequorum_cli.resources import IN_SERVICE
from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_MINORS = 3
"""How much older a kubelet may be (https://kubernetes.io/releases/version-skew-policy/#kubelet)."""

Version = tuple[int, int, int]


def of_instances(snapshot: Snapshot) -> Iterator[Finding]:
    """Each instance in service is a Ready node."""
    nodes = _by_name(snapshot)
    for instance in snapshot.instances:
        node = nodes.get(instance.id)
        if instance.lifecycle_state != IN_SERVICE or (node is not None and node.ready):
            continue
        seen = "no Node object" if node is None else "not Ready"
        if snapshot.is_being_created:
            yield kinds.NODE_IN_PROGRESS.of("node", instance.id, seen)
        else:
            kind = kinds.NODE_MISSING if node is None else kinds.NODE_NOT_READY
            yield kind.of("node", instance.id, seen)


def without_instance(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes that are no instance in a group; a group that is being made is not known yet."""
    if snapshot.is_being_deployed:
        return
    instances = {instance.id for instance in snapshot.instances}
    for name, node in _by_name(snapshot).items():
        if name not in instances:
            state = "Ready" if node.ready else "not Ready"
            yield kinds.NODE_WITHOUT_INSTANCE.of("node", name, f"{state}, and in no group of the cluster")


def versions(snapshot: Snapshot) -> Iterator[Finding]:
    """Kubelets beside the newest master: its kubelet, or the API server that answered."""
    found = {node.name: _version(node.version) for node in snapshot.nodes.known}
    masters = [found[node.name] for node in snapshot.nodes.known if node.slot]
    newest = max([*masters, _version(snapshot.api.known.version)])
    for node in snapshot.nodes.known:
        kubelet = found[node.name]
        if kubelet == newest:
            continue
        supported = kubelet < newest and kubelet[:1] == newest[:1] and newest[1] - kubelet[1] <= _MINORS
        kind = kinds.KUBELET_DIFFERS if supported else kinds.KUBELET_UNSUPPORTED
        seen = f"kubelet {node.version}, newest master v{'.'.join(map(str, newest))}"
        yield kind.of("node", node.name, seen)


def control_plane(snapshot: Snapshot) -> Iterator[Finding]:
    """Each master in service has all parts of a control plane, and they are ready.

    Those of a node that is not Ready are not looked at: nobody knows how they are.
    """
    nodes, pods = _by_name(snapshot), {(p.component, p.node): p for p in snapshot.pods.known if p.component}
    for master in snapshot.masters.values():
        node = nodes.get(master.id)
        if node is None or not node.ready or snapshot.is_being_created:
            continue
        for component in COMPONENTS:
            pod = pods.get((component, master.id))
            if pod is None or not pod.ready:
                name = f"{component}-{master.id}"
                yield kinds.CONTROL_PLANE_POD.of("pod", name, "no such pod" if pod is None else _why(pod))


def other_pods(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods of DNS, proxies, addons."""
    for pod in snapshot.pods.known:
        if not pod.component and not pod.ready:
            yield kinds.SYSTEM_POD.of("pod", pod.name, _why(pod))


def _why(pod: SystemPod) -> str:
    return f"not ready on {pod.node or 'no node'}: {pod.why}"


def _by_name(snapshot: Snapshot) -> dict[str, Node]:
    return {node.name: node for node in snapshot.nodes.known}


def _version(text: str) -> Version:
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)
