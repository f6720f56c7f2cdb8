"""All masters replaced by `cdk deploy`, and a master that boots with what was deployed before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubequorum_cli.errors import CommandError
from tests.faults.registry import Scene, fault

_ROLL = ("deploy", "local-ControlPlane", "--exclusively", "--require-approval", "never")


def _node_program(scene: Scene, module: str) -> Path:
    return scene.cluster.cdk.settings.app / "userdata" / "kubequorum_node" / module


@fault(expected="one after the other, each after the last has proved itself; hardly a gap", in_ci=True)
def roll_of_all_masters(scene: Scene) -> None:
    """`cdk deploy` of another node program."""
    before = scene.cluster.masters()
    module = _node_program(scene, "__init__.py")
    module.write_text(module.read_text(encoding="utf-8") + "\n# Another release.\n", "utf-8")
    scene.cluster.run_cdk(*_ROLL)
    after = scene.cluster.masters()
    assert not set(before.values()) & set(after.values()), f"not all were replaced: {before}, {after}"


@fault(expected="stops after the first, which is rolled back; the others are not touched", in_ci=True)
def bad_roll(scene: Scene) -> None:
    """`cdk deploy` of a node program whose masters never get healthy."""
    before = scene.cluster.masters()
    with _changed(_node_program(scene, "boot/steps.py")) as module:
        good = module.read_text(encoding="utf-8")
        broken = good.replace(
            '    """Prove that this machine may be counted on."""\n',
            '    """Prove that this machine may be counted on."""\n'
            '    raise RuntimeError("this release is broken")\n',
        )
        assert broken != good
        module.write_text(broken, encoding="utf-8")
        try:
            scene.cluster.run_cdk(*_ROLL)
        except CommandError:
            pass
        else:
            raise AssertionError("the deploy of a broken release succeeded")
    (stack,) = scene.cluster.client("cloudformation").describe_stacks(StackName="local-ControlPlane")[
        "Stacks"
    ]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack["StackStatus"]
    after = scene.cluster.masters()
    touched = [slot for slot in scene.cluster.slots if before[slot] != after[slot]]
    assert touched == ["a"], f"slots {touched} were replaced"


@fault(expected="it takes its slot's volume and name all the same", in_ci=True)
def old_launch_template(scene: Scene) -> None:
    """A master is launched from the version before the present one: another node program."""
    autoscaling = scene.cluster.client("autoscaling")
    slot = "c"
    if int(_template(scene, slot)["Version"]) < 2:
        roll_of_all_masters(scene)
    template = _template(scene, slot)
    earlier = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": str(int(template["Version"]) - 1)}
    group = scene.cluster.groups[slot]
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, LaunchTemplate=earlier)
    try:
        scene.wait_until_replaced(slot, scene.terminate(slot))
        (member,) = scene.cluster.members(slot)
        assert member["LaunchTemplate"]["Version"] == earlier["Version"]
    finally:
        present = {key: template[key] for key in ("LaunchTemplateId", "Version")}
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, LaunchTemplate=present)


def _template(scene: Scene, slot: str) -> dict[str, str]:
    return dict(scene.cluster.group(slot)["LaunchTemplate"])


@contextmanager
def _changed(path: Path) -> Iterator[Path]:
    """A file whose content comes back."""
    content = path.read_text(encoding="utf-8")
    try:
        yield path
    finally:
        path.write_text(content, encoding="utf-8")
