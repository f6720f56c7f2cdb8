"""A roll and the loss of a master while AWS takes its own time: what clients see, and who finds the loss.

The embedded AWS with the durations of `--times aws` (emulator/times.py). Under `quick` these figures would be
those of a load balancer that knows everything at once.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from benchmarks.clients import longest_gap
from benchmarks.environment import deployed_cluster, require_health
from benchmarks.figures import Context, Figure, Measurement
from kubequorum_cli.errors import CommandError
from lab import cluster_file
from lab.cluster import Cluster, wait_until
from lab.commands import up
from lab.settings import Settings
from lab.workload import loading

_LIMIT_SECONDS = 1200.0
_POLL_SECONDS = 0.5
_CALM_SECONDS = 3.0
_WATCHDOG = "kubequorum-watchdog.service"
"""Looks at the other masters, beside its own."""


def measure(context: Context) -> Mapping[str, float]:
    """Deploy a cluster, lose a master, and roll all of them.

    Raises:
        CommandError: a master is not replaced, or data are lost.
    """
    settings = replace(context.with_machines(), times="aws")
    cluster = deployed_cluster(settings, context.tools, context.progress, context.scratch)
    with context.progress.stage("Take the power from a master, and let its peers find it") as stage:
        detected, full = _lose_follower(cluster, with_peers=True)
        stage.line(f"reported after {detected:.1f} s, at full strength after {full:.0f} s")
    with context.progress.stage("Take the power from a master that its peers do not look at") as stage:
        _, alone = _lose_follower(cluster, with_peers=False)
        stage.line(f"at full strength after {alone:.0f} s")
    return {
        "roll_client_gap_seconds": _roll(cluster, settings, context),
        "peer_detection_seconds": detected,
        "power_loss_to_full_strength_seconds": full,
        "power_loss_to_full_strength_seconds_without_peers": alone,
    }


def _lose_follower(cluster: Cluster, *, with_peers: bool) -> tuple[float, float]:
    """Take the power from a follower's master; seconds until its group knows, and until all is well again."""
    require_health(cluster, seconds=_LIMIT_SECONDS)
    slot = cluster.follower()
    old = cluster.master(slot)
    others = [instance for other, instance in cluster.masters().items() if other != slot]
    if not with_peers:
        _systemctl(cluster, "stop", others)
    began = time.monotonic()
    cluster.faults.power_loss(old)

    def unreported() -> str:
        health = {str(member["InstanceId"]): member["HealthStatus"] for member in cluster.members(slot)}
        return f"{old} is still Healthy" if health.get(old) == "Healthy" else ""

    wait_until(unreported, seconds=_LIMIT_SECONDS, pause_seconds=_POLL_SECONDS)
    detected = time.monotonic() - began
    require_health(cluster, seconds=_LIMIT_SECONDS)
    full = time.monotonic() - began
    if not with_peers:
        _systemctl(cluster, "start", others)
    return detected, full


def _systemctl(cluster: Cluster, verb: str, instances: Iterable[str]) -> None:
    for instance in instances:
        cluster.sh(instance, f"systemctl {verb} {_WATCHDOG}")


def _roll(cluster: Cluster, settings: Settings, context: Context) -> float:
    """Replace all masters by a deployment; the longest gap, in seconds, of a client that writes."""
    changed = _with_larger_root(settings.default_cluster, context.scratch / "rolled.yaml")
    before = cluster.masters()
    with loading(cluster.targets(), cluster.folder / "roll") as load:
        time.sleep(_CALM_SECONDS)
        up.deploy(settings, cluster_file.read(changed), context.tools, context.progress)
        time.sleep(_CALM_SECONDS)
    cluster.forget_groups()
    if kept := set(before.values()) & set(cluster.masters().values()):
        raise CommandError(f"masters were not replaced by the deployment: {', '.join(sorted(kept))}")
    return longest_gap(load)


def _with_larger_root(path: Path, copy: Path) -> Path:
    """A copy of a cluster file whose masters differ from those of the original."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["masters"]["root_volume_gib"] = document["masters"].get("root_volume_gib", 30) + 1
    copy.write_text(yaml.safe_dump(document), encoding="utf-8")
    return copy


MEASUREMENT = Measurement(
    figures=(
        Figure(name="roll_client_gap_seconds", unit="s", aim=2.5),
        Figure(name="peer_detection_seconds", unit="s", aim=30),
        Figure(name="power_loss_to_full_strength_seconds", unit="s", aim=None),
        Figure(name="power_loss_to_full_strength_seconds_without_peers", unit="s", aim=None),
    ),
    run=measure,
    needs_machines=True,
)
