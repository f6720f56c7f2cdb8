"""EC2's API of volumes."""

from collections.abc import Callable
from typing import Any

from emulator.api.ec2 import filters, launch, store
from emulator.api.ec2.service import Ec2
from emulator.api.wire import ApiError, Request, Response


class VolumesApi:
    """Handlers by action name."""

    def __init__(self, ec2: Ec2) -> None:
        self._volumes = ec2.volumes
        self._attachments = ec2.attachments

    def handlers(self) -> dict[str, Callable[[Request], Response]]:
        """What to put into ministack's action table."""
        return {
            "CreateVolume": self.create,
            "DeleteVolume": self.delete,
            "DescribeVolumes": self.describe,
            "AttachVolume": self.attach,
            "DetachVolume": self.detach,
            "ModifyVolume": self.modify,
            "DescribeVolumesModifications": self.describe_modifications,
        }

    def create(self, request: Request) -> Response:
        """CreateVolume: with a ClientToken that was used before, the volume that was made then.

        https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
        """
        token = request.get("ClientToken")
        asked = {name: value for name, value in request.items() if name != "ClientToken"}
        with store.LOCK:
            for record in store.volumes().values() if token else ():
                if record.get("_ClientToken") == token:
                    if record["_Asked"] != asked:
                        raise ApiError(
                            "IdempotentParameterMismatch",
                            f"The client token '{token}' was used with other parameters.",
                        )
                    return _view(record)
            tags = launch.tags_of(request.get("TagSpecifications"), "volume")
            record = self._volumes.create(request, tags=tags)
            if token:
                record.update(_ClientToken=token, _Asked=asked)
            return _view(record)

    def delete(self, request: Request) -> Response:
        """DeleteVolume."""
        self._volumes.delete(request["VolumeId"])
        return None

    def describe(self, request: Request) -> Response:
        """DescribeVolumes."""
        with store.LOCK:
            wanted = request.get("VolumeIds")
            records = [store.volume(name) for name in wanted] if wanted else store.volumes().values()
            chosen = filters.select(
                records, request.get("Filters") or [], id_key="VolumeId", known=filters.VOLUME_FILTERS
            )
            return {"Volumes": [_view(record) for record in chosen]}

    def attach(self, request: Request) -> Response:
        """AttachVolume."""
        return self._attachments.attach(
            request["VolumeId"], instance_id=request["InstanceId"], device=request["Device"]
        )

    def detach(self, request: Request) -> Response:
        """DetachVolume."""
        return self._attachments.detach(
            request["VolumeId"],
            instance_id=request.get("InstanceId"),
            device=request.get("Device"),
            force=bool(request.get("Force")),
        )

    def modify(self, request: Request) -> Response:
        """ModifyVolume."""
        return {"VolumeModification": self._volumes.modify(request["VolumeId"], request)}

    def describe_modifications(self, request: Request) -> Response:
        """DescribeVolumesModifications: the last one of each volume that was ever modified."""
        with store.LOCK:
            wanted = request.get("VolumeIds")
            records = [store.volume(name) for name in wanted] if wanted else store.volumes().values()
            last = [record.get("_Modification") for record in records]
            return {"VolumesModifications": [entry for entry in last if entry is not None]}


def _view(record: store.Record) -> dict[str, Any]:
    return {**record, "Tags": store.tag_list(record["VolumeId"])}
