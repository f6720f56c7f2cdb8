"""The slot's volume in a boot: attached and mounted, whatever has become of it."""

from kubequorum_node.etcd import membership
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.repair import lost_volume
from kubequorum_node.volume import attachment, disk, filesystem, member_data, restore_request, slot_volume
from kubequorum_node.volume.attachment import LostVolumeError
from kubequorum_node.volume.filesystem import DamagedError
from kubequorum_node.volume.restore_request import RestoreRequestedError
from kubequorum_node.volume.slot_volume import SlotVolume


def attach(node: Node) -> None:
    """Attach the slot's volume; one that is lost is replaced, if the others have its data."""
    volume = slot_volume.resolve(node)
    try:
        attachment.attach(node, volume)
    except LostVolumeError as error:
        volume = lost_volume.replace_lost_volume(node, volume, because=str(error))
        attachment.attach(node, volume)
    info(f"{volume} is {volume.device}")


def mount(node: Node, volume: SlotVolume) -> None:
    """Mount the attached volume; a damaged file system is recreated, if the others have its data."""
    attachment.require_device(node, volume)
    try:
        filesystem.mount(node, volume)
    except DamagedError as error:
        try:
            membership.mark_for_rejoin(node, volume, because=str(error))
        except RestoreRequestedError as requested:
            warning(f"{error}; it is created again, and nothing of it can be kept: {requested}")
        filesystem.create(node, volume, overwrite=True)
        filesystem.mount(node, volume)
    member_data.read_ahead(node)
    try:
        disk.require_room(node, volume)
    except disk.FullError as error:
        if restore_request.due(node) is None:
            raise
        info(f"{error}. A restore was requested: what is there is not used, and makes room if it must")
