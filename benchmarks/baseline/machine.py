"""A machine of the baseline: launched with a script, and its volume attached."""

import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lab.artifacts.catalog import PAUSE_VERSION

VOLUME_GIB = 4
_COMMON = Path(__file__).with_name("machine.sh")
_PAUSE_SECONDS = 0.05
_TOO_EARLY = frozenset({"IncorrectState", "IncorrectInstanceState", "VolumeInUse", "IncorrectVolumeState"})
_RUNNING_SECONDS = 60.0


def user_data(script: Path, *, variables: str) -> str:
    """The script's first line, then the variables, then what all machines have, then the rest of the script.

    Comments are left out, because the size of user-data is limited.
    """
    first, _, rest = script.read_text(encoding="utf-8").partition("\n")
    lines = [*_COMMON.read_text(encoding="utf-8").splitlines(), *rest.splitlines()]
    text = "".join(f"{line}\n" for line in lines if not line.startswith("#"))
    return f"{first}\n{variables}PAUSE_VERSION={PAUSE_VERSION}\n{text}"


def device(volume_id: str) -> str:
    """The path of a volume on a machine.

    https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html
    """
    return f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"


def launch(ec2: Any, subnet_id: str, user_data: str, **more: Any) -> dict[str, Any]:
    """Launch one machine of the masters' size; as EC2 describes it."""
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


def attach(ec2: Any, instance_id: str, volume_id: str, *, name: str = "/dev/xvdf") -> None:
    """Attach a volume as soon as the machine runs and the volume is available.

    Raises:
        TimeoutError: not within a minute; with the reason.
    """
    deadline = time.monotonic() + _RUNNING_SECONDS
    while True:
        try:
            ec2.attach_volume(InstanceId=instance_id, VolumeId=volume_id, Device=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TOO_EARLY:
                raise
            if time.monotonic() > deadline:
                raise TimeoutError(f"not attached after {_RUNNING_SECONDS:.0f} s: {error}") from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return
