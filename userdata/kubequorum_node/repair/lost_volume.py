"""When the slot's volume is gone for good: a new one takes its place, if the others can fill it.

The slot's record says so from then on, and the record is where a master looks for its volume: nothing is
ever found by a tag.
"""

import hashlib
from dataclasses import asdict, replace

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import membership
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.log import say
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record
from kubequorum_node.volume.slot_record import FORMING, HAS_LIVED, JOINING, SlotRecord

_KEY_SECONDS = 300.0
"""Whoever boots first makes the CA set; another lane of this very boot does if nobody has."""


def take_place(node: Node, *, because: str) -> str:
    """Make a volume in the place of the slot's, which is lost; returns its id.

    Repeated after a crash it makes no second one: EC2 knows the request again by its token, and once the
    record has the new volume, that is the slot's.

    Args:
        node: the machine.
        because: how the volume is lost, for the error.

    Raises:
        NoQuorumError: the cluster has lived, and the others cannot give its data: nothing was made.

    """
    lost = slot_record.volume(node)
    stage = _stage(node, because)
    made = _create(node, lost)

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is not None and slot_record.volume_of(old, node) != lost:
            # Another instance was first; with the same token it has got the same volume.
            return old
        occupied = slot_record.occupied(old, node, stage=stage)
        return replace(occupied, volume=made, replaces=node.config.etcd_volume_id)

    slot_record.update(node, change)
    node.volume = None
    found = slot_record.volume(node)
    say(f"volume {found} takes the place of {lost}, which is lost: see docs/operations.md, A volume is lost")
    return found


def _stage(node: Node, because: str) -> str:
    """What the slot's member is on an empty volume: one of the first set only while nobody has ever lived."""
    for slot in node.etcd_spec.slots:
        stored = node.store.get(slot_record.key(slot))
        if stored is not None and SlotRecord.from_json(stored.body).stage in HAS_LIVED:
            membership.wait_for_quorum(node, because=because)
            return JOINING
    return FORMING


def _create(node: Node, lost: str) -> str:
    shape = node.etcd_spec.volume
    slot = node.etcd_spec.slots[node.slot]
    key = _key(node)
    # One volume for each lost one, however often it is asked for; another shape is another request.
    asked = f"{node.document.cluster}/{node.slot}/{lost}/{key}/{sorted(asdict(shape).items())}"
    answer = node.aws.call(
        lambda: node.aws.ec2.create_volume(
            AvailabilityZone=node.identity.zone,
            Size=shape.size_gib,
            VolumeType="gp3",
            Iops=shape.iops,
            Throughput=shape.throughput_mib_per_s,
            Encrypted=True,
            KmsKeyId=key,
            ClientToken=hashlib.sha256(asked.encode()).hexdigest(),
            TagSpecifications=[
                {
                    "ResourceType": "volume",
                    "Tags": [{"Key": name, "Value": value} for name, value in slot.volume_tags.items()],
                }
            ],
        )
    )
    say(f"made volume {answer['VolumeId']}: {shape.size_gib} GiB in {node.identity.zone}")
    return answer["VolumeId"]


def _key(node: Node) -> str:
    """The cluster's key: volumes and state bucket have the same, and S3 says which it is.

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
            f"s3://{node.config.bucket}/{ca_set.KEY} is not encrypted with a KMS key, so it cannot be told "
            "which one a new volume needs: the State stack's bucket has the volumes' key as its default"
        )
    return key
