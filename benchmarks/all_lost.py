"""All masters lose their power at once: how long no client can write."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.clients import first_write, longest_gap
from benchmarks.launches import launch_time
from benchmarks.replacement import wait_for_successor
from lab.cluster import Cluster, wait_until
from lab.workload import loading

_LIMIT_SECONDS = 420.0
_POLL_SECONDS = 0.2
_CALM_SECONDS = 3.0


def measure(cluster: Cluster, folder: Path) -> float:
    """Seconds from the launch of the first successor until a write through the load balancer succeeds.

    The time before the launch is AWS's: until it has detected the loss and has capacity.

    Raises:
        CommandError: no client can write within seven minutes, or acknowledged writes are lost.
    """
    old = cluster.masters()
    with loading(cluster.targets(), folder) as load:
        time.sleep(_CALM_SECONDS)
        with ThreadPoolExecutor() as pool:
            list(pool.map(cluster.faults.power_loss, old.values()))
        lost = load.history_time()
        wait_until(
            lambda: "" if first_write(load.history, after=lost) else "no client of the API can write",
            seconds=_LIMIT_SECONDS,
            pause_seconds=_POLL_SECONDS,
        )
        successors = [wait_for_successor(cluster, slot, instance) for slot, instance in old.items()]
    longest_gap(load)
    written = first_write(load.history, after=lost)
    assert written is not None  # noqa: S101 - waited for above
    # The history counts by the monotonic clock, machines are launched by the wall clock.
    written_at = load.began + written + (time.time() - time.monotonic())
    return written_at - min(launch_time(cluster.machines_state, one) for one in successors)
