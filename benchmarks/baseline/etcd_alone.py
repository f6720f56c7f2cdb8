"""The floor of a replacement with a large database: how long etcd by itself takes until it answers.

No API server, no certificates, no other member, nobody who writes: less than that no way to start a member
on its old volume can take.
"""

from pathlib import Path

from benchmarks.baseline import machine
from benchmarks.masters import Masters

_SCRIPT = Path(__file__).with_name("etcd_alone.sh")
_SECONDS = 120.0


def measure(masters: Masters, instance_id: str, volume_id: str) -> float:
    """Seconds from the device until etcd says that it is ready, on a machine by hand.

    The member's data are not good for anything else afterwards.

    Args:
        masters: the cluster that the machine stands beside.
        instance_id: the machine.
        volume_id: a volume with a member's data, of a machine that is off.

    Raises:
        CommandError: etcd does not start; with what it said.
        TimeoutError: the volume cannot be had.

    """
    ec2 = masters.standing.client("ec2")
    ec2.detach_volume(VolumeId=volume_id, Force=True)
    machine.attach(ec2, instance_id, volume_id, name="/dev/xvdg")
    script = f"export DEVICE={machine.device(volume_id)}\n{_SCRIPT.read_text(encoding='utf-8')}"
    seconds = float(masters.sh(instance_id, script, seconds=_SECONDS))
    ec2.detach_volume(VolumeId=volume_id, InstanceId=instance_id)
    return seconds
