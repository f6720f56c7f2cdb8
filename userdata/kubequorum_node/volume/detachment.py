"""Detaching the slot's volume in a graceful termination: a successor waits for it."""

from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import error_code, error_message
from kubequorum_node.clock import NotYetError
from kubequorum_node.log import info
from kubequorum_node.node import Node
from kubequorum_node.volume import filesystem
from kubequorum_node.volume.attachment import RACES, VolumeError
from kubequorum_node.volume.slot_volume import SlotVolume

_DETACH_SECONDS = 60.0


def detach(node: Node, volume: SlotVolume) -> None:
    """Detach the slot's volume from this instance, and wait until that is done.

    Raises:
        VolumeError: it is mounted: EC2 would wait for the unmount without a limit.
        WaitError: EC2 took too long.

    """
    if node.host.is_mount_point(filesystem.MOUNT_POINT):
        raise VolumeError(
            f"{volume} is not detached, because it is still mounted on {filesystem.MOUNT_POINT}: unmount it "
            "first"
        )
    if not _is_attached_here(node, volume.volume_id):
        info(f"{volume} is not attached to this instance")
        return
    try:
        node.aws.call(
            lambda: node.aws.ec2.detach_volume(
                VolumeId=volume.volume_id, InstanceId=node.identity.instance_id
            )
        )
    except ClientError as error:
        if error_code(error) not in RACES:
            raise
        info(f"{volume} is being detached already: {error_message(error)}")

    def look() -> None:
        if _is_attached_here(node, volume.volume_id):
            raise NotYetError("it is still attached")

    node.clock.poll(f"{volume} detached", look, seconds=_DETACH_SECONDS, pause=0.5, longest_pause=3.0)


def _is_attached_here(node: Node, volume_id: str) -> bool:
    answer = node.aws.call(lambda: node.aws.ec2.describe_volumes(VolumeIds=[volume_id]))
    return any(
        attachment.get("InstanceId") == node.identity.instance_id and attachment.get("State") != "detached"
        for volume in answer["Volumes"]
        for attachment in volume.get("Attachments", [])
    )
