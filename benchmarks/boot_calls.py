"""How often the boot of a master calls the AWS API, whose requests AWS throttles per account and region."""

import re
from collections.abc import Mapping

from benchmarks.figures import Figure, Probe
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from lab.cluster import Cluster

_CALLS = re.compile(r"(\d+) AWS API calls")
"""In the console output: the node program counts its calls, and logs the number at the end of its boot."""


def measure(cluster: Cluster, progress: Progress) -> Mapping[str, float]:
    """The highest number of all masters."""
    counts = []
    with progress.stage("Read the masters' consoles"):
        for slot, instance_id in cluster.masters().items():
            if (found := _CALLS.search(cluster.console(instance_id))) is None:
                raise CommandError(
                    f"the console output of slot {slot}'s master {instance_id} has no number of AWS API calls"
                )
            counts.append(int(found[1]))
    return {"master_boot_api_calls": max(counts)}


PROBE = Probe(figures=(Figure(name="master_boot_api_calls", unit="calls", aim=25),), run=measure)
