"""Attaching the slot's etcd volume: by its id, never found by a tag."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from kubequorum_node.aws import instances
from kubequorum_node.aws.clients import error_code, error_message
from kubequorum_node.aws.identity import WrongZoneError
from kubequorum_node.clock import NotYetError
from kubequorum_node.config import TERMINATE_HOOK
from kubequorum_node.errors import NodeError
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.volume.predecessor import Holder, Next, decide
from kubequorum_node.volume.slot_volume import SlotVolume

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import VolumeTypeDef

_DEVICE_NAME = "/dev/xvdf"
"""EC2 requires a name; a Nitro instance shows the volume under another one."""
_WAIT_SECONDS = 720.0
"""Longer than all waits of `predecessor` together, shorter than the launch hook (900 s)."""
_DEVICE_WAIT_SECONDS = 60.0
_KUBELET_PORT = 10250
RACES = frozenset({"IncorrectState", "IncorrectInstanceState", "VolumeInUse", "IncorrectVolumeState"})
"""Errors of attach and detach calls that race with a change of state."""
_NO_SUCH_VOLUME = "InvalidVolume.NotFound"
_MISSING_SECONDS = 20.0
"""EC2 may not know yet what was created a moment ago.
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"""
_GONE = frozenset({"deleting", "deleted", "error"})
"""States from which no volume recovers (https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html)."""


class VolumeError(NodeError):
    """The volume cannot be used."""


class LostVolumeError(VolumeError):
    """The volume, with all its data, is gone for good."""


@dataclass
class _Wait:
    """What a wait for the volume has seen so far."""

    begin: float
    silent_since: float | None = None
    missing_since: float | None = None
    done: set[tuple[str, Next]] = field(default_factory=set)


def attach(node: Node, volume: SlotVolume) -> None:
    """Attach the volume to this instance, and wait for its device. One that is attached already stays so.

    Raises:
        WrongZoneError: the volume is in another zone than this instance.
        WaitError: another instance had it for too long; says which.
        LostVolumeError: it is gone for good.

    """
    wait = _Wait(begin=node.clock.now())
    node.clock.poll(
        f"volume {volume.volume_id} attached to {node.identity.instance_id}",
        lambda: _try_attach(node, volume, wait),
        seconds=_WAIT_SECONDS,
        # Short: this wait is most of the time for which a master is missing.
        pause=1.0,
        longest_pause=3.0,
    )
    _wait_for_device(node, volume)


def require_device(node: Node, volume: SlotVolume) -> None:
    """Return if the kernel shows the volume.

    Raises:
        VolumeError: it does not.

    """
    if not node.host.path(volume.device).exists():
        raise VolumeError(
            f"{volume.device} is not there: {volume.volume_id} is not attached to this instance, or its type "
            f"({node.identity.instance_type}) is not built on Nitro"
        )


def _wait_for_device(node: Node, volume: SlotVolume) -> None:
    def look() -> None:
        try:
            require_device(node, volume)
        except VolumeError as error:
            raise NotYetError(str(error)) from error

    node.clock.poll(f"device of {volume}", look, seconds=_DEVICE_WAIT_SECONDS, pause=0.1, longest_pause=1.0)


def _try_attach(node: Node, volume: SlotVolume, wait: _Wait) -> None:
    found = _describe(node, volume, wait)
    if found["AvailabilityZone"] != node.identity.zone:
        raise WrongZoneError(
            f"volume {volume.volume_id} is in {found['AvailabilityZone']}, but this instance "
            f"({node.identity.instance_id}) is in {node.identity.zone}: both must be in the slot's zone"
        )
    if found["State"] in _GONE:
        raise LostVolumeError(f"volume {volume.volume_id} is {found['State']}")
    attachments = [a for a in found.get("Attachments", []) if a.get("State") != "detached"]
    mine = [a for a in attachments if a.get("InstanceId") == node.identity.instance_id]
    if mine and mine[0].get("State") in ("attached", "attaching", "busy"):
        return
    others = [a["InstanceId"] for a in attachments if not mine and "InstanceId" in a]
    if others:
        _deal_with(node, volume, others[0], wait)
    if found["State"] != "available":
        raise NotYetError(f"the volume is {found['State']}")
    try:
        node.aws.call(
            lambda: node.aws.ec2.attach_volume(
                VolumeId=volume.volume_id, InstanceId=node.identity.instance_id, Device=_DEVICE_NAME
            )
        )
    except ClientError as error:
        if error_code(error) in RACES:
            raise NotYetError(error_message(error)) from error
        raise


def _describe(node: Node, volume: SlotVolume, wait: _Wait) -> "VolumeTypeDef":
    volume_id = volume.volume_id
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


def _deal_with(node: Node, volume: SlotVolume, instance_id: str, wait: _Wait) -> None:
    """Do what is due about the instance that has the volume, then let the caller look again.

    Raises:
        NotYetError: always.

    """
    holder = _look_at(node, instance_id, wait)
    action = decide(holder)
    if (instance_id, action) not in wait.done:
        info(f"{volume} is attached to {holder}: {action.value}")
        wait.done.add((instance_id, action))
    try:
        match action:
            case Next.COMPLETE_TERMINATE_HOOK:
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
                        VolumeId=volume.volume_id,
                        InstanceId=instance_id,
                        Force=action is Next.FORCE_DETACH,
                    )
                )
            case Next.WAIT:
                pass
    except ClientError as error:
        if error_code(error) not in RACES | {"ValidationError"}:
            raise
        warning(f"{action.value} of {instance_id}: {error_message(error)}")
    raise NotYetError(f"it is attached to {holder}")


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
        # Silent for a moment at least: 0 means that it answers.
        silent_seconds=0.0 if wait.silent_since is None else max(now - wait.silent_since, 0.001),
        waited_seconds=now - wait.begin,
    )
