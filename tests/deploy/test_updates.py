"""Changes of a cluster by the real CDK CLI: one master at a time, rolled back if it fails, data kept."""

from collections.abc import Iterator

import pytest

from kubequorum_cli.errors import CommandError
from tests.deploy.deployment import Deployment, deployed
from tests.deploy.planning import plan_and_deploy, planned

pytestmark = pytest.mark.deploy

SLOTS = ("a", "b", "c")
TIME_SCALE = 0.05
"""The 20 minutes that CloudFormation waits for a new master become one."""

GENERAL: dict[str, object] = {
    "name": "general",
    "instance_types": ["m7i.large"],
    "min_size": 2,
    "max_size": 4,
}
"""Of clusters/local.yaml."""
BATCH: dict[str, object] = {"name": "batch", "instance_types": ["m7i.large"], "min_size": 1, "max_size": 2}
KUBELET = "kubernetes.kubelet.extra_config.imageGCHighThresholdPercent: — → 75"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml, deployed from nothing; each test continues from the state that it finds.

    CloudFormation completes new groups before their launch hooks are completed. In other tests each new group
    waits until its master is in service.
    """
    folder = tmp_path_factory.mktemp("updates")
    with deployed(folder, time_scale=TIME_SCALE, new_groups="launched") as deployment:
        yield deployment


def _masters(deployment: Deployment) -> dict[str, str]:
    return deployment.masters()


def _volumes(deployment: Deployment) -> dict[str, str]:
    return {slot: deployment.outputs("State")[f"EtcdVolume{slot.upper()}Id"] for slot in SLOTS}


def test_a_cluster_is_created_where_groups_do_not_wait(deployment: Deployment) -> None:
    """The stack is complete after three signals, and every master is in service."""
    for slot in SLOTS:
        (member,) = deployment.group(slot)["Instances"]
        assert member["LifecycleState"] == "InService"
    events = deployment.events("ControlPlane")
    ready = [event for event in events if event["LogicalResourceId"] == "ControlPlaneReady"]
    assert ready[-1]["ResourceStatus"] == "CREATE_COMPLETE"


def test_a_new_instance_type_rolls_one_master_after_the_other(deployment: Deployment) -> None:
    """As planned, all three are replaced; the update of one begins when the one before is complete."""
    before = _masters(deployment)
    seen = len(deployment.events("ControlPlane"))
    deployment.change(
        masters={"instance_type": "m7i.xlarge"},
        kubernetes={"kubelet": {"extra_config": {"imageGCHighThresholdPercent": 75}}},
        worker_groups=[GENERAL, BATCH],
    )
    plan, rolled = plan_and_deploy(deployment)
    assert planned(plan) == rolled
    assert (rolled.order, rolled.launched["batch"]) == (["a", "b", "c", "general"], 1)
    why = {step.slot or step.worker_group: step.why for step in plan.machines}
    for slot in SLOTS:
        assert set(why[slot]) == {KUBELET, "masters.instance_type: m7i.large → m7i.xlarge"}
    assert why["general"] == [KUBELET]
    assert why["batch"][0].startswith("worker_groups[batch]: — → ")
    after = _masters(deployment)
    for slot in SLOTS:
        assert after[slot] != before[slot]
        assert deployment.described_master(slot)["InstanceType"] == "m7i.xlarge"
    groups = [
        (event["LogicalResourceId"], event["ResourceStatus"])
        for event in deployment.events("ControlPlane")[seen:]
        if event["LogicalResourceId"] in {"MasterAGroup", "MasterBGroup", "MasterCGroup"}
    ]
    # Statuses in the order of events, each once: a complete, then b begins, and so on.
    assert list(dict.fromkeys(groups)) == [
        (f"Master{slot}Group", status)
        for slot in "ABC"
        for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    ]
    signals = [
        e.get("ResourceStatusReason", "")
        for e in deployment.events("ControlPlane")[seen:]
        if "SUCCESS signal" in e.get("ResourceStatusReason", "")
    ]
    for slot in SLOTS:
        assert any(after[slot] in reason for reason in signals)


def test_workers_change_as_their_plan_says(deployment: Deployment) -> None:
    """One group is replaced, one ends, and masters stay; a NAT gateway less moves no machine."""
    masters = _masters(deployment)
    deployment.change(worker_groups=[{**GENERAL, "labels": {"tier": "front"}}], network={"nat": "single"})
    plan, rolled = plan_and_deploy(deployment)
    assert planned(plan) == rolled
    assert (rolled.order, len(rolled.ended)) == (["general"], 3)
    assert [(step.worker_group, step.action) for step in plan.machines] == [
        ("general", "roll"),
        ("batch", "end"),
    ]
    assert plan.machines[0].why == ["worker_groups[general].labels.tier: — → front"]
    assert {stack.name for stack in plan.stacks} == {"local-Network", "local-Workers", "local-Addons"}
    assert _masters(deployment) == masters


def test_a_bad_update_stops_at_the_first_and_rolls_back(deployment: Deployment) -> None:
    """A release that never becomes ready takes one master out for a while: b and c are not touched."""
    before = _masters(deployment)
    template = deployment.group("a")["LaunchTemplate"]["LaunchTemplateId"]
    script = deployment.cdk.settings.app / "userdata" / "files" / "start.sh"
    good = script.read_text(encoding="utf-8")
    script.write_text("#!/bin/bash\necho this release is broken\nexit 1\n", encoding="utf-8")
    try:
        with pytest.raises(CommandError):
            deployment.run_cdk("deploy", "local-ControlPlane", "--exclusively", "--require-approval", "never")
    finally:
        script.write_text(good, encoding="utf-8")
    (stack,) = deployment.client("cloudformation").describe_stacks(StackName="local-ControlPlane")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    failed = [e for e in deployment.events("ControlPlane") if e["ResourceStatus"] == "UPDATE_FAILED"]
    assert [e["LogicalResourceId"] for e in failed] == ["MasterAGroup"]
    assert "Received 0 SUCCESS signal(s) out of 1" in failed[0]["ResourceStatusReason"]
    after = _masters(deployment)
    assert after["a"] != before["a"]
    assert (after["b"], after["c"]) == (before["b"], before["c"])
    assert deployment.group("a")["Instances"][0]["LifecycleState"] == "InService"
    (member,) = deployment.group("a")["Instances"]
    assert member["LaunchTemplate"]["LaunchTemplateId"] == template
    assert "Number of stacks with differences: 0" in deployment.run_cdk("diff", "--all", "--fail")


def test_a_dead_master_is_replaced(deployment: Deployment) -> None:
    """A terminated instance gets a successor in the same zone, through the hooks, without further action."""
    autoscaling = deployment.client("autoscaling")
    old = deployment.master("b")
    autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)

    def successor() -> bool:
        members = [member for member in deployment.members("b") if member["InstanceId"] != old]
        return [i["LifecycleState"] for i in members] == ["InService"]

    deployment.wait_until(successor, "slot b has a successor in service")
    deployment.wait_until(lambda: len(deployment.group("b")["Instances"]) == 1, "the predecessor is gone")
    assert deployment.described_master("b")["Placement"]["AvailabilityZone"] == "us-east-1b"


def test_state_survives_without_a_control_plane(deployment: Deployment) -> None:
    """After `cdk destroy` of ControlPlane and Workers a deploy finds the same volumes, bucket and zone."""
    state = deployment.physical_ids("State")
    volumes = _volumes(deployment)
    before = _masters(deployment)
    deployment.run_cdk("destroy", "local-Workers", "local-ControlPlane", "--force")
    stacks = {s["StackName"] for s in deployment.client("cloudformation").describe_stacks()["Stacks"]}
    assert {"local-Network", "local-State"} <= stacks
    assert not {"local-ControlPlane", "local-Workers"} & stacks
    ec2 = deployment.client("ec2")
    running = ec2.describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running", "pending"]}]
    )
    assert running["Reservations"] == []
    found = ec2.describe_volumes(VolumeIds=list(volumes.values()))["Volumes"]
    assert {v["VolumeId"] for v in found} == set(volumes.values())

    deployment.deploy()
    assert deployment.physical_ids("State") == state
    assert _volumes(deployment) == volumes
    assert not set(_masters(deployment).values()) & set(before.values())


def test_the_state_stack_refuses_to_be_deleted(deployment: Deployment) -> None:
    """Termination protection stops `cdk destroy` of State, and all its resources remain."""
    state = deployment.physical_ids("State")
    with pytest.raises(CommandError):
        deployment.run_cdk("destroy", "local-State", "--exclusively", "--force")
    assert deployment.physical_ids("State") == state
