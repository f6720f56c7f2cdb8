"""What a master's watchdog detects: it has its machine replaced only while the others are a quorum."""

import time
from collections.abc import Mapping

from kubequorum_cli.validate import kinds
from tests.faults.registry import Scene, trial

API_SERVER_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
ASIDE = "/root/kube-apiserver.yaml"
"""Where the kubelet does not read manifests."""
_PATIENCE_SECONDS = 100.0
"""Longer than the watchdog's grace period."""


def stop_kubelet(scene: Scene, instance_id: str) -> None:
    """Stop a machine's kubelet so that nothing can start it again."""
    scene.cluster.sh(instance_id, "systemctl mask --now --runtime kubelet.service")


def wait_until_replaced_one_by_one(scene: Scene, before: Mapping[str, str], *slots: str) -> float:
    """Wait until slots have other instances than before; AssertionError if two are away at the same time."""

    def replaced() -> bool:
        groups = scene.cluster.all_members()
        away = [
            slot
            for slot, members in groups.items()
            if [member["LifecycleState"] for member in members] != ["InService"]
        ]
        assert len(away) <= 1, f"slots {', '.join(away)} are away at the same time"
        return not away and all(groups[slot][0]["InstanceId"] != before[slot] for slot in slots)

    return scene.wait(replaced, f"slots {', '.join(slots)} are replaced", seconds=900)


@trial(expected="the watchdog reports its machine unhealthy, and the group replaces it")
def kubelet_stopped(scene: Scene) -> None:
    """The kubelet of a follower's machine stops and cannot be started; EC2's status checks pass."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    stop_kubelet(scene, old)
    scene.note(f"replaced after {scene.wait_until_replaced(slot, old, seconds=400):.0f} s")


@trial(expected="one machine after the other is replaced, never two at a time", recovery_seconds=900)
def all_kubelets_stopped(scene: Scene) -> None:
    """All three kubelets stop at once: independent health checks would replace all three machines."""
    before = scene.cluster.masters()
    for instance_id in before.values():
        stop_kubelet(scene, instance_id)

    took = wait_until_replaced_one_by_one(scene, before, *scene.cluster.slots)
    scene.note(f"all replaced after {took:.0f} s")


@trial(expected="no machine is replaced, because a new one would not fix it")
def no_api_server_anywhere(scene: Scene) -> None:
    """The API server is gone from all masters: what is wrong everywhere is no reason to replace a machine."""
    before = scene.cluster.masters()
    for instance_id in before.values():
        scene.cluster.sh(instance_id, f"mv {API_SERVER_MANIFEST} {ASIDE}")
    time.sleep(_PATIENCE_SECONDS)
    scene.wait_for_finding(kinds.API_UNREACHABLE)
    after = scene.cluster.masters()
    for instance_id in before.values():
        scene.cluster.sh(instance_id, f"mv {ASIDE} {API_SERVER_MANIFEST}")
    assert after == before, f"masters were replaced: {before}, {after}"
