"""All masters replaced by `cdk deploy` or `cdk destroy`, and one that boots with the previous release."""

from kubequorum_cli.errors import CommandError
from tests.deploy.deployment import Deployment
from tests.faults.registry import Scene, trial

_ROLL = ("deploy", "local-ControlPlane", "--exclusively", "--require-approval", "never")


@trial(expected="one after the other, each after the last has proved its health; hardly a gap")
def roll_of_all_masters(scene: Scene) -> None:
    """`cdk deploy` of another release."""
    before = scene.cluster.masters()
    scene.cluster.release()
    scene.cluster.run_cdk(*_ROLL)
    after = scene.cluster.masters()
    assert not set(before.values()) & set(after.values()), f"not all were replaced: {before}, {after}"


@trial(expected="stops after the first, which is rolled back; the others are not touched")
def bad_roll(scene: Scene) -> None:
    """`cdk deploy` of a release whose masters never become healthy."""
    before = scene.cluster.masters()
    scene.cluster.release(KUBEQUORUM_FAIL_STEP="prove-health")
    try:
        scene.cluster.run_cdk(*_ROLL)
    except CommandError:
        pass
    else:
        raise AssertionError("the deployment of a broken release succeeded")
    finally:
        scene.cluster.release()
    name = scene.cluster.target.stack_name("ControlPlane")
    (stack,) = scene.cluster.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack["StackStatus"]
    after = scene.cluster.masters()
    touched = [slot for slot in scene.cluster.slots if before[slot] != after[slot]]
    assert touched == ["a"], f"slots {touched} were replaced"


@trial(expected="the same cluster comes back, with its data and its workers", recovery_seconds=600)
def stacks_destroyed_and_deployed_again(scene: Scene) -> None:
    """`cdk destroy` of ControlPlane and Workers, then `cdk deploy`: State has kept what makes the cluster."""
    cluster = scene.cluster
    before, uid = cluster.masters(), _uid(cluster)
    workers, masters = (cluster.target.stack_name(stack) for stack in ("Workers", "ControlPlane"))
    cluster.run_cdk("destroy", workers, masters, "--force")
    cluster.deploy()
    assert not set(before.values()) & set(cluster.masters().values())
    assert _uid(cluster) == uid


def _uid(cluster: Deployment) -> str:
    return cluster.kubectl("get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}")


@trial(expected="it takes its slot's volume and name all the same")
def old_launch_template(scene: Scene) -> None:
    """A master is launched from the previous version of its launch template, with the previous release."""
    autoscaling = scene.cluster.client("autoscaling")
    slot = "c"
    if int(_template(scene, slot)["Version"]) < 2:
        roll_of_all_masters(scene)
    template = _template(scene, slot)
    previous = str(int(template["Version"]) - 1)
    group = scene.cluster.groups[slot]
    earlier = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": previous}
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, LaunchTemplate=earlier)
    try:
        scene.wait_until_replaced(slot, scene.terminate(slot))
        (member,) = scene.cluster.members(slot)
        assert member["LaunchTemplate"]["Version"] == previous
    finally:
        present = {key: template[key] for key in ("LaunchTemplateId", "Version")}
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, LaunchTemplate=present)


def _template(scene: Scene, slot: str) -> dict[str, str]:
    return dict(scene.cluster.group(slot)["LaunchTemplate"])
