"""The slot's volume, ready for etcd: attached and mounted, whatever has become of it."""

from kubequorum_node.etcd import membership
from kubequorum_node.log import info
from kubequorum_node.node import Node
from kubequorum_node.repair import lost_volume
from kubequorum_node.volume import attachment, disk, filesystem, member_data, slot_record
from kubequorum_node.volume.attachment import LostVolumeError
from kubequorum_node.volume.filesystem import DamagedError


def attach(node: Node) -> None:
    """Attach the slot's volume; one that is gone for good is replaced, if the others have the data."""
    try:
        device = attachment.attach(node)
    except LostVolumeError as error:
        lost_volume.take_place(node, because=str(error))
        device = attachment.attach(node)
    info(f"volume {slot_record.volume(node)} is {device}")


def mount(node: Node) -> None:
    """Mount the volume that is attached; a damaged file system is made anew, if the others have the data."""
    device = attachment.device(node)
    try:
        filesystem.mount(node, device)
    except DamagedError as error:
        membership.give_up_data(node, because=str(error))
        filesystem.make(node, device, over_another=True)
        filesystem.mount(node, device)
    member_data.read_ahead(node)
    disk.require_room(node)
