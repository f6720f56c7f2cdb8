"""Stopping the control plane's static pods, each before what it depends on."""

from collections.abc import Sequence

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.log import timed, warning
from kubequorum_node.node import Node
from kubequorum_node.supervision import systemctl, unit_files

_MANIFESTS = "/etc/kubernetes/manifests"
_ORDER: Sequence[tuple[Sequence[str], float]] = (
    (("kube-controller-manager", "kube-scheduler"), 5.0),
    # It serves for `shutdown-delay-duration`, then finishes its requests.
    (("kube-apiserver",), 25.0),
    (("etcd",), 10.0),
)
"""Pods that stop together, with a time limit in seconds. The API server needs etcd until it has stopped."""
_FORCED_SECONDS = 3.0


def stop_all(node: Node) -> None:
    """Stop them all through the kubelet if it runs; a pod that does not stop in time is stopped directly.

    The kubelet itself continues: a successor takes its answers as proof that this host works and does not
    hang.

    Raises:
        CommandError: the container runtime does not answer.

    """
    kubelet_runs = systemctl.is_active(node.host, unit_files.KUBELET)
    for names, seconds in _ORDER:
        with timed(f"stop {', '.join(names)}"):
            for name in names:
                # Without its manifest the kubelet does not restart it. The next boot writes a new one.
                node.host.path(f"{_MANIFESTS}/{name}.yaml").unlink(missing_ok=True)
            if not kubelet_runs:
                _stop(node, names, seconds)
            elif (left := _wait_until_stopped(node, names, seconds)) is not None:
                warning(f"stopping them without the kubelet: {left}")
                _stop(node, names, _FORCED_SECONDS)


def stop_at_once(node: Node) -> None:
    """Stop them with a short grace time: without a quorum their own shutdown would not end.

    Raises:
        CommandError: the container runtime does not answer.

    """
    for names, _ in _ORDER:
        for name in names:
            node.host.path(f"{_MANIFESTS}/{name}.yaml").unlink(missing_ok=True)
    for names, _ in _ORDER:
        with timed(f"stop {', '.join(names)}"):
            _stop(node, names, _FORCED_SECONDS)


def _wait_until_stopped(node: Node, names: Sequence[str], seconds: float) -> WaitError | None:
    def look() -> None:
        running = [name for name in names if node.runtime.cri.containers(name)]
        if running:
            raise NotYetError(f"{', '.join(running)} still running")

    what = f"{', '.join(names)} stopped"
    try:
        node.clock.poll(what, look, seconds=seconds, pause=0.2, longest_pause=0.5)
    except WaitError as error:
        return error
    return None


def _stop(node: Node, names: Sequence[str], seconds: float) -> None:
    found = [container for name in names for container in node.runtime.cri.containers(name)]
    node.runtime.cri.stop(found, grace_seconds=seconds)
