"""The life of EBS volumes: created, modified, deleted. For attaching see attachments.py."""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region

from emulator.api.ec2 import limits, store
from emulator.api.ec2.launch import as_bool
from emulator.api.ec2.volume_types import performance
from emulator.api.lanes import Lanes
from emulator.api.wire import ApiError
from emulator.api.worker import Worker
from emulator.interfaces.machines import Machines

CREATING_SECONDS = 0.2
"""Long enough to be visible, short enough not to matter; on AWS it takes seconds."""
MODIFYING_SECONDS = 1.0


class Volumes:
    """Creates and changes volumes. Public methods may be called from any thread."""

    def __init__(self, *, machines: Machines, lanes: Lanes, worker: Worker) -> None:
        self._machines = machines
        self._lanes = lanes
        self._worker = worker

    def create(self, properties: Mapping[str, Any], *, tags: Mapping[str, str]) -> store.Record:
        """Create a volume as CreateVolume or a template spells it; it is `available` a little later.

        Raises:
            ApiError: a value that EC2 refuses.
        """
        zone = str(properties.get("AvailabilityZone") or "")
        if not zone.startswith(get_region()):
            raise ApiError(
                "InvalidParameterValue", f"Value ({zone}) for parameter availabilityZone is invalid."
            )
        with store.LOCK:
            record = self._new(properties, zone=zone, tags=tags)
            record["State"] = "creating"
            self._worker.later(CREATING_SECONDS, self._created, record["VolumeId"])
            return record

    def create_attached(
        self,
        properties: Mapping[str, Any],
        *,
        zone: str,
        tags: Mapping[str, str],
        instance_id: str,
        device: str,
        delete_on_termination: bool,
    ) -> store.Record:
        """Create a volume together with the instance that it is attached to. Needs the lock.

        Raises:
            ApiError: a value that EC2 refuses.
        """
        record = self._new(properties, zone=zone, tags=tags)
        record["State"] = "in-use"
        record["Attachments"] = [
            {
                "VolumeId": record["VolumeId"],
                "InstanceId": instance_id,
                "Device": device,
                "State": "attached",
                "AttachTime": store.now(),
                "DeleteOnTermination": delete_on_termination,
            }
        ]
        return record

    def delete(self, volume_id: str) -> None:
        """Delete a volume and its data.

        Raises:
            ApiError: it does not exist, or is not `available`.
        """
        with store.LOCK:
            record = store.volume(volume_id)
            if record["Attachments"]:
                holder = record["Attachments"][0]["InstanceId"]
                raise ApiError("VolumeInUse", f"Volume {volume_id} is currently attached to {holder}")
            if record["State"] not in ("available", "error"):
                raise ApiError("IncorrectState", f"The volume '{volume_id}' is '{record['State']}'")
            self.remove(volume_id)

    def remove(self, volume_id: str) -> None:
        """Drop record and data of a volume that nothing holds any more. Needs the lock."""
        store.volumes().pop(volume_id, None)
        store.set_tags(volume_id, {})
        self._lanes.submit(volume_id, self._machines.delete_volume, volume_id)

    def modify(self, volume_id: str, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change size, type or performance; returns the VolumeModification.

        Raises:
            ApiError: it does not exist, is being modified, or the change is not possible.
        """
        with store.LOCK:
            record = store.volume(volume_id)
            last = record.get("_Modification")
            if last and last["ModificationState"] in ("modifying", "optimizing"):
                raise ApiError(
                    "IncorrectModificationState", f"Volume '{volume_id}' is being modified already."
                )
            size = int(changes.get("Size") or record["Size"])
            if size < record["Size"]:
                raise ApiError(
                    "InvalidParameterValue",
                    f"New size cannot be smaller than existing size of {record['Size']} GiB",
                )
            volume_type = str(changes.get("VolumeType") or record["VolumeType"])
            same_type = volume_type == record["VolumeType"]
            chosen = performance(
                volume_type=volume_type,
                size_gib=size,
                iops=_number(changes, "Iops", record if same_type and volume_type != "gp2" else {}),
                throughput_mib=_number(changes, "Throughput", record if same_type else {}),
            )
            modification = {
                "VolumeId": volume_id,
                "ModificationState": "modifying",
                "Progress": 0,
                "StartTime": store.now(),
                "OriginalSize": record["Size"],
                "OriginalVolumeType": record["VolumeType"],
                "OriginalIops": record.get("Iops"),
                "OriginalThroughput": record.get("Throughput"),
                "TargetSize": size,
                "TargetVolumeType": volume_type,
                "TargetIops": chosen.get("Iops"),
                "TargetThroughput": chosen.get("Throughput"),
            }
            record["_Modification"] = modification
            self._worker.later(MODIFYING_SECONDS, self._modified, volume_id)
            return modification

    def _new(self, properties: Mapping[str, Any], *, zone: str, tags: Mapping[str, str]) -> store.Record:
        snapshot_id = properties.get("SnapshotId")
        snapshot = store.snapshots().get(snapshot_id) if snapshot_id else None
        if snapshot_id and snapshot is None:
            raise ApiError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
        size = _number(properties, "Size", {}) or (snapshot or {}).get("VolumeSize")
        if size is None:
            raise ApiError("MissingParameter", "The request must contain the parameter size/snapshotId")
        volume_type = str(properties.get("VolumeType") or "gp2")
        record: store.Record = {
            "VolumeId": store.new_id("vol"),
            "Size": size,
            "AvailabilityZone": zone,
            "VolumeType": volume_type,
            "SnapshotId": snapshot_id or "",
            "Encrypted": as_bool(properties.get("Encrypted", False)),
            "CreateTime": store.now(),
            "Attachments": [],
            "MultiAttachEnabled": False,
            **performance(
                volume_type=volume_type,
                size_gib=size,
                iops=_number(properties, "Iops", {}),
                throughput_mib=_number(properties, "Throughput", {}),
            ),
        }
        if as_bool(properties.get("MultiAttachEnabled", False)):
            raise ApiError("UnsupportedOperation", "Multi-attach is not modelled by the emulator.")
        if record["Encrypted"]:
            record["KmsKeyId"] = _key_arn(properties.get("KmsKeyId") or "alias/aws/ebs")
        elif properties.get("KmsKeyId"):
            raise ApiError("InvalidParameterDependency", "The parameter KmsKeyId requires Encrypted.")
        limits.check_tags(tags)
        store.volumes()[record["VolumeId"]] = record
        store.set_tags(record["VolumeId"], tags)
        return record

    def _created(self, volume_id: str) -> None:
        with store.LOCK:
            record = store.volumes().get(volume_id)
            if record is not None and record["State"] == "creating":
                record["State"] = "available"

    def _modified(self, volume_id: str) -> None:
        with store.LOCK:
            record = store.volumes().get(volume_id)
            if record is None:
                return
            modification = record["_Modification"]
            record["Size"] = modification["TargetSize"]
            record["VolumeType"] = modification["TargetVolumeType"]
            for name in ("Iops", "Throughput"):
                record[name] = modification[f"Target{name}"]
            modification.update(ModificationState="completed", Progress=100, EndTime=store.now())


def _number(values: Mapping[str, Any], name: str, fallback: Mapping[str, Any]) -> int | None:
    value = values.get(name)
    if value in (None, ""):
        value = fallback.get(name)
    return None if value is None else int(value)


def _key_arn(key: str) -> str:
    if key.startswith("arn:"):
        return key
    resource = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:{resource}"
