"""The volumes that an instance is launched with."""

from collections.abc import Mapping
from typing import Any

from emulator.api.ec2 import store
from emulator.api.ec2.launch import LaunchRequest, as_bool
from emulator.api.ec2.volumes import Volumes

ROOT_DEFAULTS: Mapping[str, Any] = {"VolumeSize": 8, "VolumeType": "gp3"}
"""What stands for the image's own mapping, since images are known by their id only."""


def create(volumes: Volumes, record: store.Record, request: LaunchRequest) -> None:
    """Create the root volume and whatever else the request maps. Needs the lock.

    Raises:
        ApiError: a mapping that EC2 refuses.
    """
    root = record["RootDeviceName"]
    mappings: dict[str, Mapping[str, Any]] = {root: ROOT_DEFAULTS}
    for mapping in request.block_devices:
        device, ebs = mapping["DeviceName"], mapping.get("Ebs")
        if ebs is not None:
            mappings[device] = {**(ROOT_DEFAULTS if device == root else {}), **ebs}
    for device, ebs in mappings.items():
        volumes.create_attached(
            {**ebs, "Size": ebs.get("VolumeSize")},
            zone=record["Placement"]["AvailabilityZone"],
            tags=request.volume_tags,
            instance_id=record["InstanceId"],
            device=device,
            # On unless the mapping says otherwise: the default of a launch, not of AttachVolume.
            delete_on_termination=as_bool(ebs.get("DeleteOnTermination", True)),
        )
