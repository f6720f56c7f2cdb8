"""The floor of a replacement with a large database: how long etcd alone takes until it answers.

No API server, no certificates, no other member, no writes: a start on the old volume cannot be faster.
"""

from pathlib import Path

from benchmarks.baseline import machine
from lab.cluster import Cluster

_SCRIPT = Path(__file__).with_name("etcd_alone.sh")
_SECONDS = 120.0


def measure(cluster: Cluster, instance_id: str, volume_id: str) -> float:
    """Seconds from the device until etcd reports that it is ready, on a machine of the baseline.

    The member's data cannot be used for anything else afterwards.

    Args:
        cluster: the cluster beside which the machine runs.
        instance_id: the machine.
        volume_id: a volume with a member's data, of a machine that is off.

    Raises:
        CommandError: etcd does not start; with its output.
        TimeoutError: the volume cannot be attached.

    """
    ec2 = cluster.client("ec2")
    ec2.detach_volume(VolumeId=volume_id, Force=True)
    machine.attach(ec2, instance_id, volume_id, name="/dev/xvdg")
    script = f"export DEVICE={machine.device(volume_id)}\n{_SCRIPT.read_text(encoding='utf-8')}"
    seconds = float(cluster.run(instance_id, script, timeout_seconds=_SECONDS))
    ec2.detach_volume(VolumeId=volume_id, InstanceId=instance_id)
    return seconds
