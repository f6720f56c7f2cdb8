"""Attaching volumes to instances and detaching them, with EC2's checks and states."""

import logging
from typing import Any

from emulator.api.ec2 import store
from emulator.api.ec2.delays import Delays
from emulator.api.ec2.volumes import Volumes
from emulator.api.lanes import Lanes
from emulator.api.wire import ApiError
from emulator.interfaces.machines import Machines, Volume

log = logging.getLogger(__name__)


class Attachments:
    """Attaches and detaches. Public methods may be called from any thread."""

    def __init__(self, *, machines: Machines, lanes: Lanes, volumes: Volumes, delays: Delays) -> None:
        self._machines = machines
        self._lanes = lanes
        self._volumes = volumes
        self._delays = delays

    def attach(self, volume_id: str, *, instance_id: str, device: str) -> dict[str, Any]:
        """Attach a volume; it is `attaching` until the machine has it. Returns the attachment.

        Raises:
            ApiError: not in the same zone, in use, or either is in no state for it.
        """
        with store.LOCK:
            volume, instance = store.volume(volume_id), store.instance(instance_id)
            if volume["Attachments"]:
                raise ApiError("VolumeInUse", f"{volume_id} is already attached to an instance")
            if volume["State"] != "available":
                raise ApiError("IncorrectState", f"{volume_id} is not 'available'.")
            zone = instance["Placement"]["AvailabilityZone"]
            if volume["AvailabilityZone"] != zone:
                raise ApiError(
                    "InvalidVolume.ZoneMismatch",
                    f"The volume '{volume_id}' is not in the same availability zone "
                    f"as instance '{instance_id}'",
                )
            if instance["State"]["Name"] not in ("running", "stopped"):
                raise ApiError("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
            if any(device == other["Device"] for other in attached_to(instance_id)):
                raise ApiError(
                    "InvalidParameterValue",
                    f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
                )
            attachment = {
                "VolumeId": volume_id,
                "InstanceId": instance_id,
                "Device": device,
                "State": "attaching",
                "AttachTime": store.now(),
                "DeleteOnTermination": False,
            }
            volume["Attachments"] = [attachment]
            volume["State"] = "in-use"
            self._lanes.submit(instance_id, self._attach, attachment)
            return dict(attachment)

    def detach(
        self, volume_id: str, *, instance_id: str | None, device: str | None, force: bool
    ) -> dict[str, Any]:
        """Detach a volume; it is `detaching` until the machine has released it. Returns the attachment.

        Raises:
            ApiError: it is not attached, or not there, or it is a running instance's root.
        """
        with store.LOCK:
            volume = store.volume(volume_id)
            attachment: dict[str, Any] | None = next(iter(volume["Attachments"]), None)
            if attachment is None:
                raise ApiError("IncorrectState", f"Volume '{volume_id}' is in the '{volume['State']}' state.")
            holder = attachment["InstanceId"]
            if instance_id not in (None, holder) or device not in (None, attachment["Device"]):
                raise ApiError(
                    "InvalidAttachment.NotFound",
                    f"The volume '{volume_id}' is not attached to instance '{instance_id}' as {device}",
                )
            instance = store.instance(holder)
            is_root = attachment["Device"] == instance["RootDeviceName"]
            if is_root and instance["State"]["Name"] != "stopped":
                raise ApiError(
                    "OperationNotPermitted",
                    f"Unable to detach root volume '{volume_id}' from instance '{holder}'",
                )
            if attachment["State"] == "detaching" and not force:
                raise ApiError("IncorrectState", f"Volume '{volume_id}' is in the 'detaching' state.")
            # A forced detach overtakes a normal one that the machine does not finish.
            lane = f"{holder}/force" if attachment["State"] == "detaching" else holder
            attachment["State"] = "detaching"
            self._lanes.submit(lane, self._detach, attachment, force=force)
            return dict(attachment)

    def release(self, instance_id: str) -> None:
        """Free or delete everything that a terminated instance held. Needs the lock."""
        for attachment in attached_to(instance_id):
            attachment["State"] = "detaching"
            if not self._delays.of_detach(attachment["VolumeId"], self._released, attachment, force=True):
                self._released(attachment)

    def _attach(self, attachment: dict[str, Any]) -> None:
        instance_id, volume_id = attachment["InstanceId"], attachment["VolumeId"]
        with store.LOCK:
            volume = store.volumes().get(volume_id)
            if volume is None or attachment["State"] != "attaching":
                return
            machine_volume = machine_volume_of(volume, attachment["Device"])
        self._delays.before_attach(volume_id)
        try:
            self._machines.attach_volume(instance_id, machine_volume)
        except Exception:
            log.exception("volume %s could not be attached to %s", volume_id, instance_id)
            with store.LOCK:
                self._free(attachment)
            return
        with store.LOCK:
            if attachment["State"] == "attaching":
                attachment["State"] = "attached"

    def _detach(self, attachment: dict[str, Any], *, force: bool) -> None:
        with store.LOCK:
            if attachment["State"] == "detached":
                return
        try:
            self._machines.detach_volume(attachment["InstanceId"], attachment["VolumeId"], force=force)
        except Exception:
            # As on AWS: a volume that the guest does not release stays `detaching` until it is forced.
            log.exception("volume %s could not be detached", attachment["VolumeId"])
            return
        if not self._delays.of_detach(attachment["VolumeId"], self._freed, attachment, force=force):
            self._freed(attachment)

    def _released(self, attachment: dict[str, Any]) -> None:
        with store.LOCK:
            was_there = attachment["State"] != "detached"
            self._free(attachment)
            if was_there and attachment["DeleteOnTermination"]:
                self._volumes.remove(attachment["VolumeId"])

    def _freed(self, attachment: dict[str, Any]) -> None:
        with store.LOCK:
            self._free(attachment)

    def _free(self, attachment: dict[str, Any]) -> None:
        attachment["State"] = "detached"
        volume = store.volumes().get(attachment["VolumeId"])
        if volume is not None and any(entry is attachment for entry in volume["Attachments"]):
            volume["Attachments"] = []
            volume["State"] = "available"


def attached_to(instance_id: str) -> list[dict[str, Any]]:
    """Everything attached to an instance, or being attached."""
    return [
        attachment
        for volume in list(store.volumes().values())
        for attachment in volume["Attachments"]
        if attachment["InstanceId"] == instance_id
    ]


def machine_volume_of(volume: store.Record, device: str) -> Volume:
    """The volume as a machine sees it."""
    return Volume(
        volume_id=volume["VolumeId"],
        size_gib=volume["Size"],
        device=device,
        snapshot_id=volume["SnapshotId"] or None,
    )
