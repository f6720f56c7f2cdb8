"""A worker from its launch to a Ready node."""

import statistics
import time
from collections.abc import Mapping

from benchmarks.figures import Figure, Probe
from benchmarks.launches import launch_time
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import find_access, is_ready
from kubequorum_cli.kubernetes.client import ApiError, Client
from lab.cluster import Cluster

_LIMIT_SECONDS = 180.0
_POLL_SECONDS = 0.1


def measure(cluster: Cluster, progress: Progress) -> Mapping[str, float]:
    """Raise the desired capacity by one until the group is full; the median of these launches."""
    autoscaling = cluster.client("autoscaling")
    group = max(cluster.all_groups(), key=lambda group: group["MaxSize"] - group["DesiredCapacity"])
    name = group["AutoScalingGroupName"]
    api = Client(find_access(cluster.target))
    seconds = []
    with progress.stage("Add workers, one after the other") as stage:
        for size in range(group["DesiredCapacity"] + 1, group["MaxSize"] + 1):
            known = set(cluster.instances(group=name))
            autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size)
            seconds.append(_until_ready(cluster, api, name, known))
            stage.line(f"Ready {seconds[-1]:.1f} s after its launch")
    if not seconds:
        raise CommandError(
            f"no worker can be added to group {name}: it has its maximum size {group['MaxSize']}"
        )
    return {"worker_ready_seconds": statistics.median(seconds)}


def _until_ready(cluster: Cluster, api: Client, group: str, known: set[str]) -> float:
    deadline = time.monotonic() + _LIMIT_SECONDS
    first = ""
    while time.monotonic() < deadline:
        new = {id_: one for id_, one in cluster.instances(group=group).items() if id_ not in known}
        first = first or next(iter(new), "")
        if first and first not in new:
            # The group launches another instance: that would be another measurement.
            raise CommandError(f"the boot of worker {first} failed", why=cluster.console(first)[-3000:])
        if first and _is_ready(api, first):
            return time.time() - launch_time(cluster.machines_state, first)
        time.sleep(_POLL_SECONDS)
    why = cluster.console(first)[-3000:] if first else "none was launched"
    raise CommandError(f"a new worker was not Ready within {_LIMIT_SECONDS:.0f} s", why=why)


def _is_ready(api: Client, instance_id: str) -> bool:
    try:
        node = api.get(f"/api/v1/nodes/{instance_id}")
    except ApiError:
        return False
    return is_ready(node)


PROBE = Probe(figures=(Figure(name="worker_ready_seconds", unit="s", aim=12),), run=measure)
