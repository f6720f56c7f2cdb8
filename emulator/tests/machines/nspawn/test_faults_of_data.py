"""Faults through the channel: data on volumes is lost or altered, and programs are killed after a line."""

from functools import partial

import pytest

from emulator.faults import FaultClient, FaultError, UnknownTargetError
from emulator.tests.machines.nspawn.emulated import ZONES, Aws

DEVICE = "/dev/xvdf"


def test_data_of_volumes(aws: Aws, faults: FaultClient) -> None:
    """A volume can be filled while it is mounted, and overwritten or wiped when its machine is off."""
    ec2 = aws.client("ec2")
    name = aws.launch("")
    volume = ec2.create_volume(AvailabilityZone=ZONES[0], Size=1)["VolumeId"]
    aws.until(
        lambda: (
            aws.is_on(name) and ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"
        ),
        lambda: "no machine or no volume",
    )
    ec2.attach_volume(VolumeId=volume, InstanceId=name, Device=DEVICE)
    mount = "until mount /dev/nvme1n1 /mnt 2>/dev/null; do sleep 0.2; done"
    aws.sh(name, "until [ -b /dev/nvme1n1 ]; do sleep 0.1; done; mkfs.ext4 -q /dev/nvme1n1")
    write = "mkdir /mnt/wal; seq 1 10000 > /mnt/wal/1; sleep 0.1; seq 1 20000 > /mnt/wal/2"
    aws.sh(name, f"{mount}; {write}; truncate -s 1M /mnt/wal/2; sync; md5sum /mnt/wal/* > /mnt/sums; sync")

    taken = faults.fill_volume(volume)
    assert taken > 700 * 1024**2
    assert "No space left" in aws.sh(name, "head -c 65536 /dev/zero > /mnt/more; rm /mnt/more")
    faults.unfill_volume(volume)
    assert aws.sh(name, "head -c 65536 /dev/zero > /mnt/more && rm /mnt/more && echo room") == "room"

    for refused in (lambda: faults.wipe_volume(volume), lambda: faults.corrupt_volume(volume, "wal/*")):
        with pytest.raises(FaultError, match="which is on"):
            refused()
    faults.power_loss(name, unnoticed=True)
    assert faults.corrupt_volume(volume, "**/wal/*", at=0.9, length_bytes=100) == "wal/2"
    faults.power_on(name)
    checked = aws.sh(
        name, f"{mount}; md5sum -c --quiet /mnt/sums; stat -c %s /mnt/wal/2; cmp /mnt/wal/2 <(seq 1 20000)"
    )
    assert "/mnt/wal/2: FAILED" in checked
    assert "/mnt/wal/1" not in checked
    assert "1048576" in checked
    seen = int(checked.partition("byte ")[2].split(",")[0])
    assert 0.85 * 108894 < seen < 0.95 * 108894
    faults.power_loss(name, unnoticed=True)
    faults.wipe_volume(volume)
    faults.power_on(name)
    aws.sh(name, "until [ -b /dev/nvme1n1 ]; do sleep 0.1; done")
    assert aws.sh(name, "blkid /dev/nvme1n1; cmp -n 1000000 /dev/nvme1n1 /dev/zero && echo blank") == "blank"
    ec2.terminate_instances(InstanceIds=[name])
    with pytest.raises(UnknownTargetError, match="vol-0"):
        faults.wipe_volume("vol-0")


def test_a_program_is_killed_after_a_line(aws: Aws, faults: FaultClient) -> None:
    """On the next machine in the zone, once for each line: nothing that comes after it is printed."""
    for line in ("first step: done", "second step: done"):
        faults.kill_at_line(line, zone=ZONES[1])
    never = faults.kill_at_line("fourth step: done", zone=ZONES[1])
    program = (
        "import sys\nfor step in ('first', 'second', 'third'):\n    sys.stderr.write(f'{step} step: done\\n')"
    )
    user_data = f'#!/bin/bash\nfor i in 1 2 3; do python3 -c "{program}"; echo "status $?"; done\necho over\n'
    names = [aws.launch(user_data, zone=zone) for zone in ZONES]
    for name in names:
        aws.until(partial(_is_over, aws, name), partial(aws.console, name))
    spared, hit = (aws.console(name) for name in names)
    assert (spared.count("status 0"), hit.count("status 0"), hit.count("status 137")) == (3, 1, 2)
    assert [hit.count(f"{step} step") for step in ("first", "second", "third")] == [3, 2, 1]
    assert [fault.fault_id for fault in faults.active()] == [never]
    faults.kill_at_line("enough", instance_id=names[0])
    assert faults.run(names[0], ["python3", "-c", "print('enough'); print('more')"]).status == -9
    assert faults.run(names[0], ["python3", "-c", "print('enough'); print('more')"]).status == 0
    aws.client("ec2").terminate_instances(InstanceIds=names)


def _is_over(aws: Aws, name: str) -> bool:
    return "over" in aws.console(name)
