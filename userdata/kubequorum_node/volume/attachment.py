"""The slot's etcd volume: attached by its id, never found by a tag."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from kubequorum_node.aws import instances
from kubequorum_node.aws.clients import error_code, error_message
from kubequorum_node.aws.identity import WrongZoneError
from kubequorum_node.clock import NotYetError
from kubequorum_node.config import TERMINATE_HOOK
from kubequorum_node.errors import NodeError
from kubequorum_node.log import say
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record
from kubequorum_node.volume.predecessor import Holder, Next, decide

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import VolumeTypeDef

_DEVICE_ASKED_FOR = "/dev/xvdf"
"""EC2 wants a name; a Nitro machine shows the volume under another one."""
_LINK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{}"
"""https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html"""
_WAIT_SECONDS = 720.0
"""Longer than all that `predecessor` may wait for together, shorter than the launch hook (900 s)."""
_DEVICE_WAIT_SECONDS = 60.0
_KUBELET_PORT = 10250
CROSSED = frozenset({"IncorrectState", "IncorrectInstanceState", "VolumeInUse", "IncorrectVolumeState"})
"""Answers to attach and detach calls that cross with a change of state."""
_NO_SUCH_VOLUME = "InvalidVolume.NotFound"
_MISSING_SECONDS = 20.0
"""EC2 may not know yet what was made a moment ago.
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"""
_GONE = frozenset({"deleting", "deleted", "error"})
"""States from which no volume comes back (https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html)."""


class VolumeError(NodeError):
    """The volume cannot be had."""


class LostVolumeError(VolumeError):
    """The volume, and all that was on it, is gone for good."""


@dataclass
class _Wait:
    """What a wait for the volume has seen so far."""

    begin: float
    silent_since: float | None = None
    missing_since: float | None = None
    done: set[tuple[str, Next]] = field(default_factory=set)


def attach(node: Node) -> str:
    """Attach the slot's volume to this instance, and wait for its device.

    Returns the device's path. A volume that is here already is left as it is.

    Raises:
        WrongZoneError: the volume is in another zone than this instance.
        WaitError: somebody else had it for too long; says who.
        LostVolumeError: it is gone for good.

    """
    wait = _Wait(begin=node.clock.now())
    node.clock.poll(
        f"volume {slot_record.volume(node)} attached to {node.identity.instance_id}",
        lambda: _try_attach(node, wait),
        seconds=_WAIT_SECONDS,
        # Short: this wait is most of the time for which a master is missing.
        pause=1.0,
        longest_pause=3.0,
    )
    return wait_for_device(node)


def device(node: Node) -> str:
    """Path of the volume's device, by the link that carries the volume's id.

    Raises:
        VolumeError: it is not there.

    """
    link = _LINK.format(slot_record.volume(node).replace("-", ""))
    if not node.host.path(link).exists():
        raise VolumeError(
            f"{link} is not there: {slot_record.volume(node)} is not attached, or this instance type "
            f"({node.identity.instance_type}) is not built on Nitro"
        )
    return link


def wait_for_device(node: Node) -> str:
    """Wait until the kernel shows the volume."""

    def find() -> str:
        try:
            return device(node)
        except VolumeError as error:
            raise NotYetError(str(error)) from error

    what = f"device of volume {slot_record.volume(node)}"
    return node.clock.poll(what, find, seconds=_DEVICE_WAIT_SECONDS, pause=0.1, longest_pause=1.0)


def _try_attach(node: Node, wait: _Wait) -> None:
    volume = _describe(node, wait)
    if volume["AvailabilityZone"] != node.identity.zone:
        raise WrongZoneError(
            f"volume {slot_record.volume(node)} is in {volume['AvailabilityZone']}, but this instance "
            f"({node.identity.instance_id}) is in {node.identity.zone}: both belong in the slot's zone"
        )
    if volume["State"] in _GONE:
        raise LostVolumeError(f"volume {slot_record.volume(node)} is {volume['State']}")
    attachments = [a for a in volume.get("Attachments", []) if a.get("State") != "detached"]
    mine = [a for a in attachments if a.get("InstanceId") == node.identity.instance_id]
    if mine and mine[0].get("State") in ("attached", "attaching", "busy"):
        return
    others = [a["InstanceId"] for a in attachments if not mine and "InstanceId" in a]
    if others:
        _deal_with(node, others[0], wait)
    if volume["State"] != "available":
        raise NotYetError(f"the volume is {volume['State']}")
    try:
        node.aws.call(
            lambda: node.aws.ec2.attach_volume(
                VolumeId=slot_record.volume(node),
                InstanceId=node.identity.instance_id,
                Device=_DEVICE_ASKED_FOR,
            )
        )
    except ClientError as error:
        if error_code(error) in CROSSED:
            raise NotYetError(error_message(error)) from error
        raise


def _describe(node: Node, wait: _Wait) -> "VolumeTypeDef":
    volume_id = slot_record.volume(node)
    try:
        answer = node.aws.call(lambda: node.aws.ec2.describe_volumes(VolumeIds=[volume_id]))
    except ClientError as error:
        if error_code(error) != _NO_SUCH_VOLUME:
            raise
        now = node.clock.now()
        wait.missing_since = now if wait.missing_since is None else wait.missing_since
        if now - wait.missing_since < _MISSING_SECONDS:
            raise NotYetError(f"EC2 knows no volume {volume_id}") from error
        raise LostVolumeError(f"there is no volume {volume_id}: it was deleted") from error
    wait.missing_since = None
    return answer["Volumes"][0]


def _deal_with(node: Node, instance_id: str, wait: _Wait) -> None:
    """Do what is due about the instance that has the volume, then let the caller look again.

    Raises:
        NotYetError: always.

    """
    holder = _look_at(node, instance_id, wait)
    todo = decide(holder)
    if (instance_id, todo) not in wait.done:
        say(f"volume {slot_record.volume(node)} is with {holder}: {todo.value}")
        wait.done.add((instance_id, todo))
    try:
        match todo:
            case Next.FINISH_OFF:
                node.aws.call(
                    lambda: node.aws.autoscaling.complete_lifecycle_action(
                        AutoScalingGroupName=holder.group or "",
                        LifecycleHookName=TERMINATE_HOOK,
                        InstanceId=instance_id,
                        LifecycleActionResult="CONTINUE",
                    )
                )
            case Next.DETACH | Next.FORCE_DETACH:
                node.aws.call(
                    lambda: node.aws.ec2.detach_volume(
                        VolumeId=slot_record.volume(node),
                        InstanceId=instance_id,
                        Force=todo is Next.FORCE_DETACH,
                    )
                )
            case Next.WAIT:
                pass
    except ClientError as error:
        if error_code(error) not in CROSSED | {"ValidationError"}:
            raise
        say(f"{todo.value} of {instance_id}: {error_message(error)}")
    raise NotYetError(f"it is with {holder}")


def _look_at(node: Node, instance_id: str, wait: _Wait) -> Holder:
    state, address = instances.view(node.aws, instance_id)
    now = node.clock.now()
    answers = (
        state not in (None, "terminated", "stopped")
        and address is not None
        and node.host.https_status(f"https://{address}:{_KUBELET_PORT}/healthz", ca_file=None) is not None
    )
    if answers:
        wait.silent_since = None
    elif wait.silent_since is None:
        wait.silent_since = now
    groups = node.aws.call(
        lambda: node.aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
    )["AutoScalingInstances"]
    return Holder(
        instance_id=instance_id,
        instance_state=state,
        lifecycle_state=groups[0]["LifecycleState"] if groups else None,
        group=groups[0]["AutoScalingGroupName"] if groups else None,
        # Silent at least for a moment: 0 means that it answers.
        silent_seconds=0.0 if wait.silent_since is None else max(now - wait.silent_since, 0.001),
        waited_seconds=now - wait.begin,
    )
