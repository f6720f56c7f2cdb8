"""What a killed emulator leaves behind is found and removed."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.machines.nspawn import MachineImage, remove_leftovers
from emulator.machines.process.leftovers import StateInUseError
from emulator.tests.machines.nspawn.emulated import Aws, running
from emulator.tests.machines.nspawn.host import traces

FORMAT = """#!/bin/bash
device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_*
until [ -b $device ]; do sleep 0.1; done
mkfs.ext4 -q $device && mount $device /mnt && systemd-run --unit=holder sh -c 'exec > /mnt/open; sleep 600'
echo mounted
"""


def eventually(holds: Callable[[], bool]) -> None:
    """Return when something holds; AssertionError if it does not within ten seconds."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _busy_cloud(aws: Aws) -> None:
    """An instance with a mounted volume and a file open on it, and one that is stopped."""
    ec2 = aws.client("ec2")
    busy, stopped = aws.launch(FORMAT), aws.launch("")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, VolumeType="gp3")["VolumeId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[busy, stopped], WaiterConfig={"Delay": 1})
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
    ec2.attach_volume(VolumeId=volume, InstanceId=busy, Device="/dev/xvdf")
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[stopped], WaiterConfig={"Delay": 1})
    aws.until(lambda: "mounted" in aws.console(busy), lambda: aws.console(busy))


@pytest.mark.parametrize("by", ["clean-up", "next start"])
def test_what_a_killed_owner_left_is_ended_and_removed(image: MachineImage, tmp_path: Path, by: str) -> None:
    """After SIGKILL its machines run on; a clean-up, or the next start, removes all of it and every file."""
    with running(tmp_path / "aws", image) as aws:
        _busy_cloud(aws)
        with pytest.raises(StateInUseError):
            remove_leftovers(aws.state_dir)
        aws.process.send_signal(signal.SIGKILL)
        aws.process.wait()
    assert {"mounts", "loop devices", "namespaces", "cgroups", "processes"} <= set(traces(aws.state_dir))
    if by == "clean-up":
        assert remove_leftovers(aws.state_dir) == 2
    else:
        with running(tmp_path / "aws", image):
            assert (
                "removed: an earlier run did not shut down gracefully" in (tmp_path / "aws/log").read_text()
            )
    assert traces(aws.state_dir) == {}
    assert [path.name for path in aws.state_dir.rglob("*")] == ["lock"]
    assert remove_leftovers(aws.state_dir) == 0


def test_the_proxy_ends_with_its_owner(image: MachineImage, tmp_path: Path) -> None:
    """The proxy process exits when its owner is killed: its standard input is closed."""
    with running(tmp_path / "aws", image) as aws:
        one = aws.launch("#!/bin/sh\necho up\n")
        aws.until(lambda: "up" in aws.console(one), lambda: aws.console(one))
        kin = ["pgrep", "--parent", str(aws.process.pid), "--full", "emulator.machines.proxy"]
        proxy = subprocess.run(kin, capture_output=True, text=True, check=True).stdout.strip()
        aws.process.send_signal(signal.SIGKILL)
        aws.process.wait()
        eventually(lambda: not Path(f"/proc/{proxy}").exists())
        remove_leftovers(aws.state_dir)


def test_nothing_is_left_when_its_owner_is_killed(image: MachineImage, tmp_path: Path) -> None:
    """The emulator removes its machines itself, with a mounted volume and a file open on it."""
    with (
        subprocess.Popen(["sleep", "600"]) as owner,
        running(tmp_path / "aws", image, owner=owner.pid) as aws,
    ):
        _busy_cloud(aws)
        owner.kill()
        owner.wait()
        assert aws.process.wait(60) == 0
    assert traces(aws.state_dir) == {}
