"""The floor of a replacement: the same etcd and API server, started by hand on the same volume and machine.

Seconds say more about the computer than about the program; the ratio says what a boot adds to what etcd and
the API server take anyway. The successor has mounted the volume; it is unmounted again, so that etcd reads it
as a fresh one.
"""

from pathlib import Path

from lab.cluster import Cluster

_SCRIPT = Path(__file__).with_name("floor.sh")
_SECONDS = 180.0


def measure(cluster: Cluster, slot: str) -> float:
    """Seconds from the device until the slot's API server is ready; its static pods run again afterwards.

    Raises:
        CommandError: etcd or the API server does not start; with its output.

    """
    return float(
        cluster.sh(cluster.master(slot), _SCRIPT.read_text(encoding="utf-8"), timeout_seconds=_SECONDS)
    )
