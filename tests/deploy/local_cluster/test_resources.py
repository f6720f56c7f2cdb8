"""What a deployment has built is what the cluster file describes."""

import base64
import json

import pytest

from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from tests.deploy.deployment import Deployment
from tests.deploy.local_cluster import SLOTS

pytestmark = pytest.mark.deploy


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
        assert len(user_data) <= 1638, "a tenth of what EC2 takes"


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
