"""The EBS volume of this master's slot: resolved once a boot, then handed down as a value.

User-data names it, unless it was lost: then the slot's record names the one that replaced it.
"""

from dataclasses import dataclass

from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.volume import slot_record

_FILE = f"{WORK_FOLDER}/slot-volume"
"""The id, as this boot has resolved it: steps run by hand and other services find it there."""
_LINK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{}"
"""https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html"""


@dataclass(frozen=True, kw_only=True)
class SlotVolume:
    """One volume, which holds the data of the slot's etcd member."""

    volume_id: str
    slot: str

    @property
    def device(self) -> str:
        """Path of its device, by the link that carries its id."""
        return _LINK.format(self.volume_id.replace("-", ""))

    def __str__(self) -> str:
        """For messages."""
        return f"volume {self.volume_id} of slot {self.slot}"


def resolve(node: Node) -> SlotVolume:
    """Read the slot's record for the volume; from then on this host knows it."""
    volume = SlotVolume(volume_id=slot_record.volume_id_of(slot_record.read(node), node), slot=node.slot)
    node.host.write(_FILE, volume.volume_id)
    return volume


def resolved(node: Node) -> SlotVolume:
    """The volume that the boot of this host has resolved; without one it is resolved now.

    For steps and services, which begin with nothing in hand: they hand the value down.
    """
    volume_id = node.host.read(_FILE)
    return resolve(node) if volume_id is None else SlotVolume(volume_id=volume_id, slot=node.slot)
