"""A deployment by the real CDK CLI, observed by the AWS API: it is what the cluster file describes."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kubequorum_cli.report import collect
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from tests.deploy.deployment import Deployment, deployed

pytestmark = pytest.mark.deploy

SLOTS = {"a": "us-east-1a", "b": "us-east-1b", "c": "us-east-1c"}
STACKS = ("Network", "State", "ControlPlane", "Workers")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml, deployed from nothing; the tests of this module only read it."""
    with deployed(tmp_path_factory.mktemp("deploy")) as deployment:
        yield deployment


def test_all_stacks_are_complete(deployment: Deployment) -> None:
    """Four stacks, each CREATE_COMPLETE, and only State protected against deletion."""
    stacks = {s["StackName"]: s for s in deployment.client("cloudformation").describe_stacks()["Stacks"]}
    for name in STACKS:
        assert stacks[f"local-{name}"]["StackStatus"] == "CREATE_COMPLETE"
        assert stacks[f"local-{name}"]["EnableTerminationProtection"] is (name == "State")


def test_the_network_has_two_subnets_in_each_zone(deployment: Deployment) -> None:
    """One VPC with DNS, a private and a public subnet in each zone, and a NAT gateway for each zone."""
    ec2 = deployment.client("ec2")
    vpc_id = deployment.outputs("Network")["VpcId"]
    (vpc,) = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    assert vpc["CidrBlock"] == "10.77.0.0/16"
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
    found = sorted((s["AvailabilityZone"], s["CidrBlock"]) for s in subnets)
    assert found == [
        ("us-east-1a", "10.77.0.0/18"),
        ("us-east-1a", "10.77.192.0/20"),
        ("us-east-1b", "10.77.208.0/20"),
        ("us-east-1b", "10.77.64.0/18"),
        ("us-east-1c", "10.77.128.0/18"),
        ("us-east-1c", "10.77.224.0/20"),
    ]
    gateways = ec2.describe_nat_gateways(Filter=[{"Name": "vpc-id", "Values": [vpc_id]}])["NatGateways"]
    assert len(gateways) == 3
    endpoints = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["VpcEndpoints"]
    assert [e["ServiceName"] for e in endpoints] == ["com.amazonaws.us-east-1.s3"]


def test_security_groups_allow_what_is_needed(deployment: Deployment) -> None:
    """Only masters reach etcd, the load balancer and the nodes reach the API; nothing is open to everyone."""
    ec2 = deployment.client("ec2")
    ids = deployment.physical_ids("Network")
    groups = {
        name: next(
            pid for lid, pid in ids.items() if lid.startswith(f"Firewall{name}") and pid.startswith("sg-")
        )
        for name in ("Masters", "Workers", "LoadBalancer")
    }
    described = {
        g["GroupId"]: g
        for g in ec2.describe_security_groups(GroupIds=list(groups.values()))["SecurityGroups"]
    }
    masters = described[groups["Masters"]]["IpPermissions"]
    etcd = [p for p in masters if p["FromPort"] == 2379]
    assert [(p["ToPort"], [g["GroupId"] for g in p["UserIdGroupPairs"]]) for p in etcd] == [
        (2380, [groups["Masters"]])
    ]
    for group in described.values():
        for permission in group["IpPermissions"]:
            assert not permission.get("IpRanges"), group["GroupName"]


def test_every_slot_has_its_volume(deployment: Deployment) -> None:
    """An encrypted gp3 volume in the slot's zone, with the cluster's key and the slot's tags."""
    outputs = deployment.outputs("State")
    for slot, zone in SLOTS.items():
        volume_id = outputs[f"EtcdVolume{slot.upper()}Id"]
        (volume,) = deployment.client("ec2").describe_volumes(VolumeIds=[volume_id])["Volumes"]
        assert volume["AvailabilityZone"] == zone
        assert (volume["VolumeType"], volume["Size"], volume["Encrypted"]) == ("gp3", 4, True)
        assert (volume["Iops"], volume["Throughput"]) == (3000, 125)
        assert outputs["KeyArn"].endswith(volume["KmsKeyId"].split("/")[-1])
        tags = {t["Key"]: t["Value"] for t in volume["Tags"]}
        assert tags["kubequorum:cluster"] == "local"
        assert tags["kubequorum:slot"] == slot


def test_the_state_bucket_is_private_and_encrypted(deployment: Deployment) -> None:
    """KMS encryption with the cluster's key, versions, and no public access."""
    s3 = deployment.client("s3")
    bucket = deployment.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())


def test_the_ca_set_cannot_be_overwritten(deployment: Deployment) -> None:
    """Below pki/ the bucket accepts only conditional writes, and so only the first one."""
    s3 = deployment.client_of_role("s3", actions=["s3:*", "kms:*"])
    bucket = deployment.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    with pytest.raises(ClientError) as denied:
        s3.put_object(Bucket=bucket, Key="pki/ca-set", Body=b"unconditional")
    assert denied.value.response["Error"]["Code"] == "AccessDenied"
    s3.put_object(Bucket=bucket, Key="pki/ca-set", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as exists:
        s3.put_object(Bucket=bucket, Key="pki/ca-set", Body=b"second", IfNoneMatch="*")
    assert exists.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=bucket, Key="pki/ca-set")["Body"].read() == b"first"


def test_the_zone_is_private_and_the_api_has_its_name(deployment: Deployment) -> None:
    """api.<zone> is an alias of the load balancer, in a zone that only the VPC sees."""
    route53 = deployment.client("route53")
    zone_id = deployment.outputs("State")["ZoneId"]
    zone = route53.get_hosted_zone(Id=zone_id)
    assert zone["HostedZone"]["Name"] == "local.kubequorum.internal."
    assert zone["HostedZone"]["Config"]["PrivateZone"] is True
    assert [v["VPCId"] for v in zone["VPCs"]] == [deployment.outputs("Network")["VpcId"]]
    records = route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    (api,) = [r for r in records if r["Name"] == "api.local.kubequorum.internal."]
    name = deployment.outputs("ControlPlane")["ApiLoadBalancer"]
    assert name.lower() in api["AliasTarget"]["DNSName"].lower()


def test_each_master_runs_in_its_slot(deployment: Deployment) -> None:
    """One instance a slot, in service, in the right zone, with profile, tags, and user-data as rendered."""
    ec2 = deployment.client("ec2")
    for slot, zone in SLOTS.items():
        group = deployment.group(slot)
        assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (1, 1, 1)
        (member,) = group["Instances"]
        assert (member["LifecycleState"], member["HealthStatus"]) == ("InService", "Healthy")
        instance = deployment.described_master(slot)
        assert instance["State"]["Name"] == "running"
        assert instance["Placement"]["AvailabilityZone"] == zone
        assert instance["InstanceType"] == "m7i.large"
        assert instance["ImageId"] == "ami-0000000000000d13a"
        assert f"Master{slot.upper()}" in instance["IamInstanceProfile"]["Arn"]
        assert instance["MetadataOptions"]["HttpTokens"] == "required"
        tags = {t["Key"]: t["Value"] for t in instance["Tags"]}
        assert tags["kubequorum:slot"] == slot
        assert tags["aws:autoscaling:groupName"] == group["AutoScalingGroupName"]
        attribute = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
        user_data = base64.b64decode(attribute["UserData"]["Value"]).decode()
        config = json.loads(user_data.split("CONFIG='")[1].split("'\n")[0])
        assert config["role"] == f"master/{slot}"
        assert len(user_data) <= 1536


def test_hooks_were_there_before_the_first_instance(deployment: Deployment) -> None:
    """Both hooks are in every group, and the first instance passed through the launch hook."""
    autoscaling = deployment.client("autoscaling")
    for slot in SLOTS:
        name = deployment.group(slot)["AutoScalingGroupName"]
        hooks = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
        assert {h["LifecycleHookName"]: h["DefaultResult"] for h in hooks} == {
            LAUNCH_HOOK: "ABANDON",
            TERMINATE_HOOK: "CONTINUE",
        }
        assert "complete the launch hook: done" in deployment.console(deployment.master(slot))


def test_the_stack_waited_for_three_signals(deployment: Deployment) -> None:
    """ControlPlaneReady completed after a signal from each master, with its instance id."""
    events = [e for e in deployment.events("ControlPlane") if e["LogicalResourceId"] == "ControlPlaneReady"]
    reasons = " ".join(e.get("ResourceStatusReason", "") for e in events)
    for slot in SLOTS:
        assert deployment.master(slot) in reasons
    assert events[-1]["ResourceStatus"] == "CREATE_COMPLETE"


def test_workers_are_spread_over_the_zones(deployment: Deployment) -> None:
    """The group has its minimum of instances, in different zones, with the autoscaler's tags on the group."""
    name = deployment.outputs("Workers")["GroupNamegeneral"]
    answer = deployment.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    (group,) = answer["AutoScalingGroups"]
    assert (group["MinSize"], group["MaxSize"]) == (2, 4)
    assert len({i["AvailabilityZone"] for i in group["Instances"]}) == 2
    tags = {t["Key"]: t["Value"] for t in group["Tags"]}
    assert tags["k8s.io/cluster-autoscaler/local"] == "owned"


def test_the_load_balancer_checks_readiness(deployment: Deployment) -> None:
    """An internal network load balancer over all zones; its targets are the masters, on port 6443."""
    elbv2 = deployment.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    assert (balancer["Type"], balancer["Scheme"], balancer["LoadBalancerName"]) == (
        "network",
        "internal",
        "local-api",
    )
    (target_group,) = elbv2.describe_target_groups()["TargetGroups"]
    assert target_group["HealthCheckProtocol"] == "HTTPS"
    assert target_group["HealthCheckPath"] == "/readyz"
    assert target_group["Matcher"]["HttpCode"] == "200"
    arn = target_group["TargetGroupArn"]
    attributes = {
        a["Key"]: a["Value"] for a in elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    }
    assert attributes["preserve_client_ip.enabled"] == "false"
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    masters = {deployment.master(slot) for slot in SLOTS}
    assert {(t["Target"]["Id"], t["Target"]["Port"]) for t in health} == {(m, 6443) for m in masters}


def _refused(change: Callable[[], object]) -> bool:
    """Whether AWS refuses a call because a permission is missing."""
    try:
        change()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AccessDenied", "UnauthorizedOperation"}:
            raise
        return True
    return False


def test_a_role_cannot_touch_another_slot(deployment: Deployment) -> None:
    """With the permissions of slot a: its record, keys and volume can be changed, those of slot b cannot."""
    profile = deployment.described_master("a")["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    described = deployment.client("iam").get_instance_profile(InstanceProfileName=profile)
    role = described["InstanceProfile"]["Roles"][0]["RoleName"]
    outputs = deployment.outputs("State")
    bucket = outputs["StateBucketArn"].removeprefix("arn:aws:s3:::")
    instance = deployment.master("a")
    route53, s3, ec2 = (deployment.client_with_rights_of(role, name) for name in ("route53", "s3", "ec2"))

    def point(client: Any, slot: str, action: str = "UPSERT") -> None:
        record = {
            "Name": f"etcd-{slot}.local.kubequorum.internal.",
            "Type": "A",
            "TTL": 5,
            "ResourceRecords": [{"Value": "10.77.0.9"}],
        }
        changes = [{"Action": action, "ResourceRecordSet": record}]
        client.change_resource_record_sets(HostedZoneId=outputs["ZoneId"], ChangeBatch={"Changes": changes})

    assert not _refused(lambda: point(route53, "a"))
    assert _refused(lambda: point(route53, "a", "DELETE"))
    assert _refused(lambda: point(route53, "b"))
    assert not _refused(lambda: s3.put_object(Bucket=bucket, Key="slots/a/test", Body=b"x"))
    assert _refused(lambda: s3.put_object(Bucket=bucket, Key="slots/b/test", Body=b"x"))
    own, other = outputs["EtcdVolumeAId"], outputs["EtcdVolumeBId"]
    assert _refused(lambda: ec2.attach_volume(VolumeId=other, InstanceId=instance, Device="/dev/xvdf"))
    assert not _refused(lambda: ec2.attach_volume(VolumeId=own, InstanceId=instance, Device="/dev/xvdf"))
    assert not _refused(lambda: ec2.detach_volume(VolumeId=own, InstanceId=instance))
    # Restore the state.
    point(deployment.client("route53"), "a", "DELETE")
    deployment.client("s3").delete_object(Bucket=bucket, Key="slots/a/test")
    deployment.client("ec2").get_waiter("volume_available").wait(VolumeIds=[own])


def test_the_report_is_complete(deployment: Deployment) -> None:
    """What `make up` and `make status` show: each kind of resource, complete, with its state."""
    report = collect(deployment.target)
    assert {stack.name: stack.status for stack in report.stacks} == {
        f"local-{name}": "CREATE_COMPLETE" for name in STACKS
    }
    assert [(zone.name, len(zone.subnets)) for zone in report.zones] == [(zone, 2) for zone in SLOTS.values()]
    members = [instance for group in report.groups for instance in group.instances]
    assert (len(report.groups), len(members)) == (4, 5)
    assert {(i.state, i.lifecycle_state, i.health) for i in members} == {("running", "InService", "Healthy")}
    assert [(v.name, v.zone, v.size_gib) for v in report.volumes] == [
        (f"local etcd-{slot}", zone, 4) for slot, zone in SLOTS.items()
    ]
    (balancer,) = report.load_balancers
    assert (balancer.name, balancer.scheme, balancer.state) == ("local-api", "internal", "active")
    assert {target.partition(":")[0] for target in balancer.targets} == {
        deployment.master(slot) for slot in SLOTS
    }
    assert "api.local.kubequorum.internal." in {name.name for name in report.names}


def test_a_diff_right_after_is_empty(deployment: Deployment) -> None:
    """`cdk diff` finds nothing to change."""
    printed = deployment.run_cdk("diff", "--all", "--fail")
    assert "Number of stacks with differences: 0" in printed


def test_a_second_deploy_changes_nothing(deployment: Deployment) -> None:
    """Deploying again leaves every stack, every resource and every instance as it was."""
    before = {stack: deployment.physical_ids(stack) for stack in STACKS}
    events = {stack: len(deployment.events(stack)) for stack in STACKS}
    masters = {slot: deployment.master(slot) for slot in SLOTS}
    printed = deployment.deploy()
    assert printed.count("(no changes)") == len(STACKS)
    assert {stack: deployment.physical_ids(stack) for stack in STACKS} == before
    assert {stack: len(deployment.events(stack)) for stack in STACKS} == events
    assert {slot: deployment.master(slot) for slot in SLOTS} == masters
