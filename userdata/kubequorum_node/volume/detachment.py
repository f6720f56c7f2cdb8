"""Giving the slot's volume away in order: a successor waits for it."""

from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import error_code, error_message
from kubequorum_node.clock import NotYetError
from kubequorum_node.log import say
from kubequorum_node.node import Node
from kubequorum_node.volume import filesystem, slot_record
from kubequorum_node.volume.attachment import CROSSED, VolumeError

_DETACH_SECONDS = 60.0


def detach(node: Node) -> None:
    """Detach the slot's volume from this instance, and wait until that is done.

    Raises:
        VolumeError: it is mounted: EC2 would wait for the end of that without end.
        WaitError: EC2 took too long.

    """
    volume_id = slot_record.volume(node)
    if node.host.is_mount_point(filesystem.MOUNT_POINT):
        raise VolumeError(f"{volume_id} is still mounted on {filesystem.MOUNT_POINT}: not detached")
    if not _is_here(node, volume_id):
        say(f"volume {volume_id} is not attached here")
        return
    try:
        node.aws.call(
            lambda: node.aws.ec2.detach_volume(VolumeId=volume_id, InstanceId=node.identity.instance_id)
        )
    except ClientError as error:
        if error_code(error) not in CROSSED:
            raise
        say(f"it is on its way already: {error_message(error)}")

    def look() -> None:
        if _is_here(node, volume_id):
            raise NotYetError("it is still attached")

    node.clock.poll(
        f"volume {volume_id} detached", look, seconds=_DETACH_SECONDS, pause=0.5, longest_pause=3.0
    )


def _is_here(node: Node, volume_id: str) -> bool:
    answer = node.aws.call(lambda: node.aws.ec2.describe_volumes(VolumeIds=[volume_id]))
    return any(
        attachment.get("InstanceId") == node.identity.instance_id and attachment.get("State") != "detached"
        for volume in answer["Volumes"]
        for attachment in volume.get("Attachments", [])
    )
