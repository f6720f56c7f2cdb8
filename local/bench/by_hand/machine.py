"""A machine by hand: launched with a script, and its volume attached."""

import time
from pathlib import Path
from typing import Any

VOLUME_GIB = 4
_COMMON = Path(__file__).with_name("machine.sh")
_PAUSE_SECONDS = 0.02
_RUNNING_SECONDS = 60.0


def user_data(script: Path, *, variables: str) -> str:
    """The script's first line, then the variables, then what all machines have, then the rest of the script.

    Comments do not travel, for user-data has little room.
    """
    first, _, rest = script.read_text(encoding="utf-8").partition("\n")
    lines = [*_COMMON.read_text(encoding="utf-8").splitlines(), *rest.splitlines()]
    text = "".join(f"{line}\n" for line in lines if not line.startswith("#"))
    return f"{first}\n{variables}{text}"


def device(volume_id: str) -> str:
    """Where a machine finds a volume.

    https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html
    """
    return f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"


def launch(ec2: Any, subnet_id: str, user_data: str, **more: Any) -> dict[str, Any]:
    """Launch one machine of the size that masters have; as EC2 describes it."""
    answer = ec2.run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType="m7i.large",
        SubnetId=subnet_id,
        MinCount=1,
        MaxCount=1,
        UserData=user_data,
        MetadataOptions={"HttpTokens": "required"},
        **more,
    )
    return dict(answer["Instances"][0])


def attach(ec2: Any, instance_id: str, volume_id: str) -> None:
    """Attach a volume as soon as the machine runs."""
    deadline = time.monotonic() + _RUNNING_SECONDS
    while time.monotonic() < deadline:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
        if answer["Reservations"][0]["Instances"][0]["State"]["Name"] == "running":
            ec2.attach_volume(InstanceId=instance_id, VolumeId=volume_id, Device="/dev/xvdf")
            return
        time.sleep(_PAUSE_SECONDS)
    raise TimeoutError(f"{instance_id} is not running after {_RUNNING_SECONDS:.0f} s")
