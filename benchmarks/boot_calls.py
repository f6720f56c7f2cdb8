"""How often the boot of a master calls AWS's API."""

import re
from collections.abc import Mapping

from benchmarks.figures import Figure, Probe
from benchmarks.standing import Standing
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import find_access, look

_CALLS = re.compile(r"(\d+) AWS API calls")


def measure(standing: Standing) -> Mapping[str, float]:
    """Read the masters' consoles: the node program counts its calls, and says so at the end of its boot.

    The worst of them counts.
    """
    nodes = look(find_access(standing.settings, standing.running)).nodes
    masters = {node.address for node in nodes if "control-plane" in node.roles}
    counts = []
    for instance_id, instance in standing.instances().items():
        if instance["PrivateIpAddress"] not in masters:
            continue
        said = _CALLS.search(standing.console(instance_id))
        if said is None:
            raise CommandError(f"master {instance_id} does not say how many AWS API calls its boot made")
        counts.append(int(said[1]))
    return {"master_boot_api_calls": max(counts)}


PROBE = Probe(figures=(Figure(name="master_boot_api_calls", unit="calls", aim=25),), run=measure)
