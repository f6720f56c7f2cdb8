"""When the slot's volume is lost: a new one replaces it, if the others or a requested restore have the data.

From then on the slot's record names it, and the record is where a master looks for its volume: nothing is
ever found by a tag.
"""

import hashlib
from dataclasses import asdict, replace

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import membership
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record, slot_volume
from kubequorum_node.volume.restore_request import RestoreRequestedError
from kubequorum_node.volume.slot_record import FORMING, HAS_LIVED, JOINING, SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume

_KEY_SECONDS = 300.0
"""Whoever boots first creates the CA set; if nobody has, another lane of this very boot does."""


def replace_lost_volume(node: Node, lost: SlotVolume, *, because: str) -> SlotVolume:
    """Create a volume that replaces the slot's, which is lost; returns it.

    Repeated after a crash it creates no second one: EC2 recognises the request by its token, and once the
    record names the new volume, that is the slot's.

    Args:
        node: the node.
        lost: the volume that is lost.
        because: how it was lost, for the error.

    Raises:
        NoQuorumError: the cluster has lived, and the others do not have its data: nothing was created.

    """
    stage = _stage(node, because)
    created = _create(node, lost)

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is not None and slot_record.volume_id_of(old, node) != lost.volume_id:
            # Another instance was faster; with the same token it has got the same volume.
            return old
        occupied = slot_record.occupied(old, node, volume_id=created, stage=stage)
        return replace(occupied, replaces=node.config.etcd_volume_id)

    slot_record.update(node, change)
    volume = slot_volume.resolve(node)
    warning(f"{lost} is lost, and volume {volume.volume_id} replaces it. Deployments keep using it")
    return volume


def _stage(node: Node, because: str) -> str:
    """The stage of the member on an empty volume: one of the first set only while no member has lived."""
    for slot in node.etcd_spec.slots:
        stored = node.store.get(slot_record.key(slot))
        if stored is not None and SlotRecord.from_json(stored.text).stage in HAS_LIVED:
            try:
                membership.wait_for_quorum(node, because=because)
            except RestoreRequestedError as requested:
                # Its data come from a backup, and nobody else needs to have them.
                info(f"{requested}; it gets a new volume for that")
            return JOINING
    return FORMING


def _create(node: Node, lost: SlotVolume) -> str:
    shape = node.etcd_spec.volume
    slot = node.etcd_spec.slots[node.slot]
    key = _key(node)
    # One volume for each lost one, however often it is requested; another shape is another request.
    request = f"{node.document.cluster}/{node.slot}/{lost.volume_id}/{key}/{sorted(asdict(shape).items())}"
    answer = node.aws.call(
        lambda: node.aws.ec2.create_volume(
            AvailabilityZone=node.identity.zone,
            Size=shape.size_gib,
            VolumeType="gp3",
            Iops=shape.iops,
            Throughput=shape.throughput_mib_per_s,
            Encrypted=True,
            KmsKeyId=key,
            ClientToken=hashlib.sha256(request.encode()).hexdigest(),
            TagSpecifications=[
                {
                    "ResourceType": "volume",
                    "Tags": [{"Key": name, "Value": value} for name, value in slot.volume_tags.items()],
                }
            ],
        )
    )
    info(f"created volume {answer['VolumeId']}: {shape.size_gib} GiB in {node.identity.zone}")
    return answer["VolumeId"]


def _key(node: Node) -> str:
    """The cluster's key: volumes and state bucket have the same one, and S3 says which it is.

    Raises:
        NodeError: the bucket's objects are encrypted with another kind of key.

    """

    def look() -> str:
        stored = node.store.get(ca_set.KEY)
        if stored is None:
            raise NotYetError(f"there is no {ca_set.KEY} in the state bucket yet")
        return stored.key_id

    key = node.clock.poll("the cluster's key", look, seconds=_KEY_SECONDS, pause=2.0)
    if not key:
        raise NodeError(
            f"s3://{node.config.bucket}/{ca_set.KEY} is not encrypted with a KMS key, so the key of a new "
            "volume is unknown: set the volumes' key as the default of the State stack's bucket"
        )
    return key
