"""EBS volumes."""

from typing import Any

from emulator.api.calls import call
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.types.values import (
    boolean,
    chosen,
    delete_unless_gone,
    retag,
    tag_specifications,
    with_integers,
)
from emulator.api.worker import Worker

_NUMBERS = ("Size", "Iops", "Throughput")
_MODIFIABLE = (*_NUMBERS, "VolumeType")


class Volume(ResourceType):
    """AWS::EC2::Volume. Size, type, IOPS and throughput change in place; a volume never shrinks."""

    name = "AWS::EC2::Volume"
    replaced_by = ("AvailabilityZone", "Encrypted", "KmsKeyId", "OutpostArn", "SnapshotId", "SourceVolumeId")
    tag_property = "Tags"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def create(self, resource: Resource) -> Provisioned:
        """Create it and wait until it is available.

        Raises:
            RuntimeError: it does not become so.
        """
        properties = resource.properties
        parameters: dict[str, Any] = with_integers(
            chosen(properties, ("AvailabilityZone", "KmsKeyId", "SnapshotId", *_MODIFIABLE)), _NUMBERS
        )
        for flag in ("Encrypted", "MultiAttachEnabled"):
            if flag in properties:
                parameters[flag] = boolean(properties[flag])
        volume = call("ec2", "create_volume", **parameters, **tag_specifications("volume", properties))
        self._wait_until_available(volume["VolumeId"])
        return self._provisioned(volume["VolumeId"])

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Modify it.

        Raises:
            ValueError: it would shrink.
        """
        properties = resource.properties
        before, after = int(old.get("Size") or 0), int(properties.get("Size") or 0)
        if after < before:
            raise ValueError(
                f"New size cannot be smaller than existing size: {physical_id} has {before} GiB, "
                f"the template asks for {after} GiB (InvalidParameterValue)"
            )
        changed = {
            name: value
            for name, value in chosen(properties, _MODIFIABLE).items()
            if str(value) != str(old.get(name))
        }
        if changed:
            call("ec2", "modify_volume", VolumeId=physical_id, **with_integers(changed, _NUMBERS))
        retag(physical_id, old=old, new=properties)
        return self._provisioned(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; one in use refuses."""
        del properties
        delete_unless_gone("ec2", "delete_volume", gone=("InvalidVolume.NotFound",), VolumeId=physical_id)

    def _wait_until_available(self, volume_id: str) -> None:
        while (
            state := call("ec2", "describe_volumes", VolumeIds=[volume_id])["Volumes"][0]["State"]
        ) == "creating":
            if not self._worker.sleep(0.05 / self._worker.time_scale):
                raise InterruptedError("the emulator is closing")
        if state != "available":
            raise RuntimeError(f"Volume {volume_id} could not be stabilized: its state is {state}")

    @staticmethod
    def _provisioned(volume_id: str) -> Provisioned:
        return Provisioned(volume_id, {"VolumeId": volume_id})
