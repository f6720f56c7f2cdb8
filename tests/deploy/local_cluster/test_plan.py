"""Plans of a cluster that stays as it is: nothing to do, what is refused, and that nothing is left behind."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from kubequorum.cluster_documents import master_document
from kubequorum.config import load_cluster
from kubequorum_cli.commands import plan as command
from kubequorum_cli.errors import CommandError, UsageError
from kubequorum_cli.plan import Plan, change_sets, make
from kubequorum_cli.target import STACKS, Target
from kubequorum_node import fixed_settings
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def assembly(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cluster file as it is deployed, synthesised by the real CDK CLI."""
    folder = tmp_path_factory.mktemp("assembly")
    deployment.target.synthesize(deployment.cdk.cluster_file, folder)
    return folder


def _with(deployment: Deployment, assembly: Path, **edits: Edit) -> Target:
    """The cluster, and an app whose templates differ as edits say; by the stacks' names."""

    def synthesize(_: Path, output: Path) -> None:
        shutil.copytree(assembly, output, dirs_exist_ok=True)
        for stack, edit in edits.items():
            file = output / f"local-{stack}.template.json"
            template = json.loads(file.read_text(encoding="utf-8"))
            edit(template)
            file.write_text(json.dumps(template), encoding="utf-8")

    return replace(deployment.target, synthesize=synthesize)


def _plan(deployment: Deployment, assembly: Path, **edits: Edit) -> Plan:
    return make(_with(deployment, assembly, **edits), deployment.cdk.cluster_file)


def _left(deployment: Deployment) -> dict[str, object]:
    cloudformation = deployment.client("cloudformation")
    stacks = {f"local-{stack}" for stack in STACKS}
    described = [s for s in cloudformation.describe_stacks()["Stacks"] if s["StackName"] in stacks]
    return {
        stack["StackName"]: (
            stack["StackStatus"],
            stack.get("LastUpdatedTime"),
            cloudformation.list_change_sets(StackName=stack["StackName"])["Summaries"],
        )
        for stack in described
    }


def _objects(deployment: Deployment) -> set[str]:
    (bucket,) = [b["Name"] for b in deployment.client("s3").list_buckets()["Buckets"] if "cdk-" in b["Name"]]
    listed = deployment.client("s3").list_objects_v2(Bucket=bucket)
    return {each["Key"] for each in listed["Contents"]}


def test_nothing_changes_and_nothing_is_left_behind(deployment: Deployment, assembly: Path) -> None:
    """For the file that is deployed: no stack, no machine, no key, no change set, no object."""
    before, objects = _left(deployment), _objects(deployment)
    plan = _plan(deployment, assembly)
    assert (plan.stacks, plan.machines, plan.findings, plan.changed_keys) == ([], [], [], [])
    assert (plan.masters_seconds, plan.client_gap_seconds, plan.volumes) == (None, None, [])
    # Those that other tests of this cluster have made do not matter: none is new.
    assert _left(deployment) == before
    assert _objects(deployment) == objects


def test_a_file_that_loses_masters_and_their_data_is_refused(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """One zone instead of three, another zone name, another range of pods: by what each would destroy."""
    file = deployment.cdk.cluster_file
    other = file.with_name("other.yaml")
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["zones"] = ["us-east-1a"]
    document["dns"]["zone_name"] = "other.internal"
    document["network"]["pod_cidr"] = "10.64.0.0/14"
    other.write_text(yaml.safe_dump(document), encoding="utf-8")
    s3, bucket = deployment.client("s3"), deployment.target.state_bucket()
    s3.put_object(Bucket=bucket, Key="pki/fixed-settings.json", Body=_stored(deployment).encode())
    before = _left(deployment)
    try:
        with pytest.raises(typer.Exit) as ended:
            command.run(deployment.target, other, allow=["setting-fixed"], as_json=True)
    finally:
        s3.delete_object(Bucket=bucket, Key="pki/fixed-settings.json")
        other.unlink()
    assert ended.value.exit_code == 1
    printed = json.loads(capsys.readouterr().out)
    found = {(each["id"], each["subject"]["id"]): each["seen"] for each in printed["findings"]}
    for slot in ("B", "C"):
        assert "removed from its stack" in found["state-lost", f"local-State/EtcdVolume{slot}"]
        assert "would be removed" in found["slot-removed", slot.lower()]
    assert "local.kubequorum.internal" in found["state-lost", "local-State/Zone"]
    assert "Subnet2" in found["network-replaced", "local-Network"]
    assert found["setting-fixed", "network.pod_cidr"] == "10.244.0.0/16 → 10.64.0.0/14"
    assert printed["allowed"] == ["setting-fixed"]
    assert set(printed["refused"]) == {"state-lost", "slot-removed", "network-replaced"}
    assert _left(deployment) == before


def _stored(deployment: Deployment) -> str:
    """What a master that works writes; process machines do not."""
    document = master_document(load_cluster(deployment.cdk.cluster_file), stack="local-ControlPlane")
    return fixed_settings.to_json(fixed_settings.settings_of(document))


@pytest.mark.parametrize("logical_id", ["StateBucket", "Key", "EtcdVolumeA", "Zone"])
def test_data_do_not_leave_their_stack(deployment: Deployment, assembly: Path, logical_id: str) -> None:
    """Under another logical id, as a construct that was moved would have it: a new, empty one is made."""

    def rename(template: dict[str, Any]) -> None:
        text = json.dumps(template).replace(f'"{logical_id}"', f'"{logical_id}Moved"')
        template.clear()
        template.update(json.loads(text))

    plan = _plan(deployment, assembly, State=rename)
    assert f"local-State/{logical_id}" in {f.subject.id for f in plan.refusals if f.id == "state-lost"}


def test_a_bucket_with_another_name_is_another_bucket(deployment: Deployment, assembly: Path) -> None:
    """CloudFormation keeps the old one, and masters do not find their CA set in the new one."""

    def name(template: dict[str, Any]) -> None:
        template["Resources"]["StateBucket"]["Properties"]["BucketName"] = "elsewhere"

    plan = _plan(deployment, assembly, State=name)
    assert [(f.id, f.subject.id) for f in plan.refusals] == [("state-lost", "local-State/StateBucket")]
    assert "BucketName" in plan.refusals[0].seen


def test_a_master_group_that_is_replaced_is_refused(deployment: Deployment, assembly: Path) -> None:
    """Its successor would wait for the volume of the old one."""

    def name(template: dict[str, Any]) -> None:
        template["Resources"]["MasterBGroup"]["Properties"]["AutoScalingGroupName"] = "another"

    plan = _plan(deployment, assembly, ControlPlane=name)
    assert [(f.id, f.subject.id) for f in plan.refusals] == [("slot-removed", "b")]
    assert [(step.slot, step.action) for step in plan.machines] == [("b", "recreate")]


def test_what_only_refers_to_a_change_moves_no_machine(deployment: Deployment, assembly: Path) -> None:
    """User-data has the load balancer's name, which stays when its attributes change."""

    def protect(template: dict[str, Any]) -> None:
        balancer = template["Resources"]["ApiInternalLoadBalancer9B9C063F"]
        balancer["Properties"]["LoadBalancerAttributes"] = [
            {"Key": "deletion_protection.enabled", "Value": "true"}
        ]

    plan = _plan(deployment, assembly, ControlPlane=protect)
    assert (plan.machines, plan.refusals) == ([], [])
    (stack,) = plan.stacks
    assert [(r.logical_id, r.properties) for r in stack.resources] == [
        ("ApiInternalLoadBalancer9B9C063F", ["LoadBalancerAttributes"])
    ]


def test_a_cluster_without_a_record_of_its_file_can_be_planned(
    deployment: Deployment, assembly: Path
) -> None:
    """Deployed by a release that wrote none: causes are what is seen to differ."""

    def forget(template: dict[str, Any]) -> None:
        template["Resources"]["AddonSet"].pop("Metadata")

    def enlarge(template: dict[str, Any]) -> None:
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::EC2::LaunchTemplate":
                resource["Properties"]["LaunchTemplateData"]["InstanceType"] = "m7i.xlarge"

    plan = _plan(deployment, assembly, Addons=forget, ControlPlane=enlarge)
    assert plan.changed_keys is None
    assert [(step.slot, step.why) for step in plan.machines] == [
        (slot, ["template LaunchTemplateData.InstanceType: m7i.large → m7i.xlarge"]) for slot in "abc"
    ]


def test_a_large_template_goes_through_the_asset_bucket(
    deployment: Deployment, assembly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the object that a deployment has written already: the same key, and nothing new."""
    monkeypatch.setattr(change_sets, "_LARGEST_BODY_BYTES", 1000)
    objects = _objects(deployment)
    assert _plan(deployment, assembly).stacks == []
    assert _objects(deployment) == objects


def test_a_template_that_cloudformation_refuses_is_explained(deployment: Deployment, assembly: Path) -> None:
    """With its reason; no change set stays."""

    def refer(template: dict[str, Any]) -> None:
        template["Resources"]["Other"] = {"Type": "AWS::Nothing::Known"}

    before = _left(deployment)
    with pytest.raises(CommandError, match="no change set of stack local-State") as refused:
        _plan(deployment, assembly, State=refer)
    assert refused.value.why
    assert _left(deployment) == before


def test_a_file_of_another_cluster_is_wrong_usage(deployment: Deployment, assembly: Path) -> None:
    """It would make a second cluster beside this one."""
    other = replace(_with(deployment, assembly), cluster="production")
    with pytest.raises(UsageError, match="is not of cluster production") as refused:
        make(other, deployment.cdk.cluster_file)
    assert "name local" in refused.value.why
