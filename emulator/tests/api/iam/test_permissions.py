"""A role's policies allow what they name, and nothing else: resources and condition keys as on AWS."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator

_EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}"


def _allow(action: str, resource: str | list[str] = "*", **condition: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _denied(action: str) -> Any:
    return pytest.raises(ClientError, match=f"not authorized to perform: {action}")


class _Machine:
    """An instance and a volume in one zone, tagged."""

    def __init__(self, emulator: Emulator, *, slot: str, key_id: str | None = None) -> None:
        ec2 = emulator.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone=f"{REGION}a")
        tags = [{"Key": "slot", "Value": slot}]
        launched = ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="m7i.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet["Subnet"]["SubnetId"],
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        self.instance_id = launched["Instances"][0]["InstanceId"]
        encryption = {"Encrypted": True, "KmsKeyId": key_id} if key_id else {}
        volume = ec2.create_volume(
            AvailabilityZone=f"{REGION}a",
            Size=1,
            VolumeType="gp3",
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
            **encryption,
        )
        self.volume_id = volume["VolumeId"]
        ec2.get_waiter("instance_running").wait(
            InstanceIds=[self.instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        ec2.get_waiter("volume_available").wait(
            VolumeIds=[self.volume_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )

    def attach(self, emulator: Emulator, session: Mapping[str, str]) -> None:
        """Attach the volume as a session."""
        emulator.client("ec2", session=session).attach_volume(
            VolumeId=self.volume_id, InstanceId=self.instance_id, Device="/dev/xvdf"
        )


def test_attach_needs_both_resources(emulator: Emulator) -> None:
    """AttachVolume is checked on the volume and on the instance; either alone is not enough."""
    machine = _Machine(emulator, slot="a")
    volume, instance = f"{_EC2}:volume/{machine.volume_id}", f"{_EC2}:instance/{machine.instance_id}"
    for only in (volume, instance):
        session = emulator.session_of([_allow("ec2:AttachVolume", only)])
        with _denied("ec2:AttachVolume"):
            machine.attach(emulator, session)
    machine.attach(emulator, emulator.session_of([_allow("ec2:AttachVolume", [volume, instance])]))


@pytest.mark.parametrize("prefix", ["aws", "ec2"])
def test_attach_by_tag(emulator: Emulator, prefix: str) -> None:
    """ResourceTag conditions are met by the tags of both resources."""
    machine = _Machine(emulator, slot="a")
    tag = f"{prefix}:ResourceTag/slot"
    with _denied("ec2:AttachVolume"):
        machine.attach(emulator, emulator.session_of([_allow("ec2:AttachVolume", StringEquals={tag: "b"})]))
    machine.attach(emulator, emulator.session_of([_allow("ec2:AttachVolume", StringEquals={tag: "a"})]))


def test_detach_without_instance_is_checked_on_where_it_is(emulator: Emulator) -> None:
    """A DetachVolume that names the volume only is checked on the instance it is attached to, too."""
    machine = _Machine(emulator, slot="a")
    machine.attach(emulator, emulator.session_of([_allow("ec2:AttachVolume")]))
    session = emulator.session_of([_allow("ec2:DetachVolume", f"{_EC2}:volume/*")])
    with _denied("ec2:DetachVolume"):
        emulator.client("ec2", session=session).detach_volume(VolumeId=machine.volume_id)


def test_encrypted_volume_needs_a_grant(emulator: Emulator) -> None:
    """To attach a volume of a customer's key the caller must be allowed kms:CreateGrant through EC2."""
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    machine = _Machine(emulator, slot="a", key_id=key)
    attach = _allow("ec2:AttachVolume")
    with _denied("kms:CreateGrant"):
        machine.attach(emulator, emulator.session_of([attach]))
    through_s3 = _allow("kms:CreateGrant", key, StringEquals={"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
    with _denied("kms:CreateGrant"):
        machine.attach(emulator, emulator.session_of([attach, through_s3]))
    through_ec2 = _allow(
        "kms:CreateGrant",
        key,
        StringEquals={"kms:ViaService": f"ec2.{REGION}.amazonaws.com"},
        Bool={"kms:GrantIsForAWSResource": "true"},
    )
    machine.attach(emulator, emulator.session_of([attach, through_ec2]))


def _make_volume(emulator: Emulator, session: Mapping[str, str], **request: Any) -> str:
    """Make a volume with the tag slot=a as a session."""
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "slot", "Value": "a"}]}]
    wanted = {"AvailabilityZone": f"{REGION}a", "Size": 1, "VolumeType": "gp3", "TagSpecifications": tags}
    return str(emulator.client("ec2", session=session).create_volume(**wanted | request)["VolumeId"])


def test_a_volume_is_made_by_its_tags_and_zone(emulator: Emulator) -> None:
    """CreateVolume knows what the new volume will be, and needs CreateTags for that very call."""
    volumes = f"{_EC2}:volume/*"
    own = {"aws:RequestTag/slot": "a", "ec2:AvailabilityZone": f"{REGION}a"}
    make = _allow("ec2:CreateVolume", volumes, StringEquals=own)
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": ["slot"]}}
    tag = _allow("ec2:CreateTags", volumes, StringEquals={"ec2:CreateAction": "CreateVolume"})
    with _denied("ec2:CreateTags"):
        _make_volume(emulator, emulator.session_of([make]))
    session = emulator.session_of([{**make, "Condition": {**make["Condition"], **only}}, tag])
    made = _make_volume(emulator, session)
    others: tuple[dict[str, Any], ...] = (
        {"AvailabilityZone": f"{REGION}b"},
        {"TagSpecifications": []},
        {"TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "slot", "Value": "b"}]}]},
        {
            "TagSpecifications": [
                {
                    "ResourceType": "volume",
                    "Tags": [{"Key": "slot", "Value": "a"}, {"Key": "more", "Value": "b"}],
                }
            ]
        },
    )
    for other in others:
        with _denied("ec2:CreateVolume"):
            _make_volume(emulator, session, **other)
    with _denied("ec2:CreateTags"):
        emulator.client("ec2", session=session).create_tags(
            Resources=[made], Tags=[{"Key": "slot", "Value": "a"}]
        )


def test_an_encrypted_volume_needs_a_data_key(emulator: Emulator) -> None:
    """EBS has a data key made in the caller's name."""
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    make = [_allow("ec2:CreateVolume"), _allow("ec2:CreateTags")]
    encrypted = {"Encrypted": True, "KmsKeyId": key}
    with _denied("kms:GenerateDataKeyWithoutPlaintext"):
        _make_volume(emulator, emulator.session_of(make), **encrypted)
    through_ec2 = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
    data_key = _allow("kms:GenerateDataKeyWithoutPlaintext", key, StringEquals=through_ec2)
    _make_volume(emulator, emulator.session_of([*make, data_key]), **encrypted)


def test_describe_has_no_resource_level_permissions(emulator: Emulator) -> None:
    """A policy that names an instance does not allow DescribeInstances; one for `*` does."""
    machine = _Machine(emulator, slot="a")
    narrow = emulator.session_of([_allow("ec2:DescribeInstances", f"{_EC2}:instance/*")])
    with _denied("ec2:DescribeInstances"):
        emulator.client("ec2", session=narrow).describe_instances(InstanceIds=[machine.instance_id])
    wide = emulator.session_of([_allow("ec2:DescribeInstances")])
    emulator.client("ec2", session=wide).describe_instances(InstanceIds=[machine.instance_id])


def _zone(emulator: Emulator) -> str:
    created = emulator.client("route53").create_hosted_zone(
        Name="records.internal", CallerReference=uuid4().hex
    )
    return str(created["HostedZone"]["Id"].rpartition("/")[2])


def _change(name: str, *, action: str = "UPSERT", kind: str = "A") -> dict[str, Any]:
    value = "10.0.0.1" if kind == "A" else '"x"'
    record = {"Name": name, "Type": kind, "TTL": 10, "ResourceRecords": [{"Value": value}]}
    return {"Action": action, "ResourceRecordSet": record}


def test_record_conditions(emulator: Emulator) -> None:
    """A slot may upsert its own A record, in any spelling of the name, and nothing else."""
    zone_id, prefix = _zone(emulator), "route53:ChangeResourceRecordSets"
    own = {
        f"{prefix}NormalizedRecordNames": ["db-a.records.internal"],
        f"{prefix}RecordTypes": ["A"],
        f"{prefix}Actions": ["UPSERT"],
    }
    statement = {
        "Effect": "Allow",
        "Action": "route53:ChangeResourceRecordSets",
        "Resource": f"arn:aws:route53:::hostedzone/{zone_id}",
        "Condition": {"ForAllValues:StringEquals": own},
    }
    route53 = emulator.client("route53", session=emulator.session_of([statement]))

    def change(*changes: dict[str, Any]) -> None:
        route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": list(changes)})

    change(_change("db-a.records.internal"))
    change(_change("DB-A.records.internal."))
    for refused in (
        _change("db-b.records.internal"),
        _change("db-a.records.internal", kind="TXT"),
        _change("db-a.records.internal", action="DELETE"),
    ):
        with _denied("route53:ChangeResourceRecordSets"):
            change(refused)
    with _denied("route53:ChangeResourceRecordSets"):
        change(_change("db-a.records.internal"), _change("db-b.records.internal"))


def _group(emulator: Emulator, *, slot: str) -> tuple[str, str, str]:
    """Name and ARN of a group, and its instance, which waits in its launch hook."""
    autoscaling, ec2 = emulator.client("autoscaling"), emulator.client("ec2")
    name = f"group-{uuid4().hex[:8]}"
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24", AvailabilityZone=f"{REGION}a")
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m7i.large"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet["Subnet"]["SubnetId"],
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
        LifecycleHookSpecificationList=[
            {
                "LifecycleHookName": "launch",
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": 7200,
            }
        ],
        Tags=[{"Key": "slot", "Value": slot, "PropagateAtLaunch": True}],
    )
    while True:
        groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        for instance in groups[0]["Instances"]:
            if instance["LifecycleState"] == "Pending:Wait":
                return name, groups[0]["AutoScalingGroupARN"], instance["InstanceId"]


@pytest.mark.parametrize("tag", ["aws:ResourceTag/slot", "autoscaling:ResourceTag/slot"])
def test_lifecycle_action_by_tag(emulator: Emulator, tag: str) -> None:
    """CompleteLifecycleAction is allowed on groups with the tag only."""
    name, _, instance_id = _group(emulator, slot="a")
    action = "autoscaling:CompleteLifecycleAction"

    def complete(slot: str) -> None:
        session = emulator.session_of([_allow(action, StringEquals={tag: slot})])
        emulator.client("autoscaling", session=session).complete_lifecycle_action(
            AutoScalingGroupName=name,
            LifecycleHookName="launch",
            InstanceId=instance_id,
            LifecycleActionResult="CONTINUE",
        )

    with _denied(action):
        complete("b")
    complete("a")


def test_instance_actions_are_checked_on_the_group(emulator: Emulator) -> None:
    """SetInstanceHealth names an instance; the group of that instance is the resource."""
    _, arn, instance_id = _group(emulator, slot="a")
    _, other_arn, _ = _group(emulator, slot="b")
    action = "autoscaling:SetInstanceHealth"

    def set_health(resource: str) -> None:
        session = emulator.session_of([_allow(action, resource)])
        emulator.client("autoscaling", session=session).set_instance_health(
            InstanceId=instance_id, HealthStatus="Healthy"
        )

    with _denied(action):
        set_health(other_arn)
    set_health(arn)


def test_group_arn_carries_its_id(emulator: Emulator) -> None:
    """A policy with the group's full ARN allows an action that names the group."""
    name, arn, _ = _group(emulator, slot="a")
    session = emulator.session_of([_allow("autoscaling:SuspendProcesses", arn)])
    emulator.client("autoscaling", session=session).suspend_processes(
        AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"]
    )


def test_signal_is_checked_on_the_stack_arn(emulator: Emulator) -> None:
    """A policy with the stack's full ARN allows SignalResource; one with another stack's does not."""
    template = """
    Resources:
      Ready:
        Type: AWS::CloudFormation::WaitCondition
        CreationPolicy: {ResourceSignal: {Count: 1, Timeout: PT1H}}
    """
    stack, other = emulator.stack(), emulator.stack()
    stack.begin_create(template)
    other.begin_create(template)

    def signal(arn: str) -> None:
        session = emulator.session_of([_allow("cloudformation:SignalResource", arn)])
        emulator.client("cloudformation", session=session).signal_resource(
            StackName=stack.name, LogicalResourceId="Ready", UniqueId="i-1", Status="SUCCESS"
        )

    with _denied("cloudformation:SignalResource"):
        signal(other.describe()["StackId"])
    signal(stack.describe()["StackId"])
    assert stack.wait() == "CREATE_COMPLETE"
    other.signal("Ready", "i-1")
    for each in (stack, other):
        each.wait()
        each.delete()


def test_denial_names_action_and_resource(emulator: Emulator) -> None:
    """The message says who was refused what, and on which resource."""
    machine = _Machine(emulator, slot="a")
    session = emulator.session_of([_allow("ec2:AttachVolume", f"{_EC2}:volume/*")])
    with pytest.raises(ClientError) as refused:
        machine.attach(emulator, session)
    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
    message = refused.value.response["Error"]["Message"]
    assert "assumed-role/role-" in message
    assert f"on resource: {_EC2}:instance/{machine.instance_id}" in message


def test_parameters_are_checked_one_by_one(emulator: Emulator) -> None:
    """GetParameters needs every parameter that it names; GetParametersByPath needs the path."""
    ssm = emulator.client("ssm")
    path = f"/test-{uuid4().hex[:8]}"
    for name in ("a", "b"):
        ssm.put_parameter(Name=f"{path}/{name}", Value="x", Type="String")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter{path}"
    one = emulator.client("ssm", session=emulator.session_of([_allow("ssm:GetParameters", f"{arn}/a")]))
    assert len(one.get_parameters(Names=[f"{path}/a"])["Parameters"]) == 1
    with _denied("ssm:GetParameters"):
        one.get_parameters(Names=[f"{path}/a", f"{path}/b"])
    by_path = emulator.session_of([_allow("ssm:GetParametersByPath", arn)])
    found = emulator.client("ssm", session=by_path).get_parameters_by_path(Path=path)
    assert len(found["Parameters"]) == 2


def test_key_policy_and_via_service(emulator: Emulator) -> None:
    """A direct call of KMS carries no kms:ViaService."""
    kms = emulator.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    ciphertext = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    via_s3 = _allow("kms:Decrypt", key, StringEquals={"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
    with _denied("kms:Decrypt"):
        emulator.client("kms", session=emulator.session_of([via_s3])).decrypt(CiphertextBlob=ciphertext)
    direct = emulator.client("kms", session=emulator.session_of([_allow("kms:Decrypt", key)]))
    assert direct.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == b"secret"
    assert base64.b64encode(ciphertext) != b"secret"
