"""Machines that lose their power, and graceful termination for comparison."""

from kubequorum_cli.validate import kinds
from tests.faults.registry import Scene, trial

_ONE = "the other two keep serving; a successor takes over volume, name and membership"


def _lose(scene: Scene, *slots: str) -> None:
    old = {slot: scene.cluster.master(slot) for slot in slots}
    for instance_id in old.values():
        scene.cluster.faults.power_loss(instance_id)
    scene.wait_for_finding(kinds.SLOT_WITHOUT_MASTER)
    for slot, instance_id in old.items():
        scene.wait_until_replaced(slot, instance_id)


@trial(expected=_ONE, in_ci=True, in_soak=True)
def power_loss_of_the_leader(scene: Scene) -> None:
    """The machine with etcd's leader loses its power."""
    _lose(scene, scene.cluster.leader())


@trial(expected=_ONE, in_soak=True)
def power_loss_of_a_follower(scene: Scene) -> None:
    """A machine whose member is a follower loses its power."""
    _lose(scene, scene.cluster.follower())


@trial(expected="no quorum until one is back; no acknowledged write is lost", in_soak=True)
def power_loss_of_two(scene: Scene) -> None:
    """The leader's machine and another one."""
    leader = scene.cluster.leader()
    _lose(scene, leader, next(slot for slot in scene.cluster.slots if slot != leader))


@trial(expected="no service until two are back; no acknowledged write is lost", in_soak=True)
def power_loss_of_all(scene: Scene) -> None:
    """All three machines at once."""
    _lose(scene, *scene.cluster.slots)


@trial(
    expected="the other two report it: EC2's status checks, which need minutes, notice nothing", in_ci=True
)
def power_loss_that_only_peers_notice(scene: Scene) -> None:
    """A follower's machine loses its power, and its status checks go on passing."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.cluster.faults.power_loss(old, unnoticed=True)

    def reported() -> bool:
        health = {member["InstanceId"]: member["HealthStatus"] for member in scene.cluster.members(slot)}
        return health.get(old) != "Healthy"

    seconds = scene.wait(reported, f"{old} is reported unhealthy", seconds=120)
    scene.note(f"reported after {seconds:.0f} s")
    scene.wait_until_replaced(slot, old)


@trial(expected="leadership and targets move before it stops: hardly a gap", in_soak=True)
def graceful_termination_of_the_leader(scene: Scene) -> None:
    """The group terminates the leader's instance, as an update does."""
    slot = scene.cluster.leader()
    scene.wait_until_replaced(slot, scene.terminate(slot))


@trial(expected="the group detects it and replaces it", in_soak=True)
def instance_terminated_outside_its_group(scene: Scene) -> None:
    """Somebody calls TerminateInstances: no hook delays the shutdown."""
    slot = scene.cluster.follower()
    old = scene.cluster.master(slot)
    scene.cluster.client("ec2").terminate_instances(InstanceIds=[old])
    scene.wait_until_replaced(slot, old)
