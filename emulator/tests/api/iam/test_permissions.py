"""A role's policies allow what they name, and nothing else: resources and condition keys as on AWS."""

import base64
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator
from emulator.tests.api.iam.policies import EC2, Machine, allow, denied


def test_describe_has_no_resource_level_permissions(emulator: Emulator) -> None:
    """A policy that names an instance does not allow DescribeInstances; one for `*` does."""
    machine = Machine(emulator, slot="a")
    narrow = emulator.session_of([allow("ec2:DescribeInstances", f"{EC2}:instance/*")])
    with denied("ec2:DescribeInstances"):
        emulator.client("ec2", session=narrow).describe_instances(InstanceIds=[machine.instance_id])
    wide = emulator.session_of([allow("ec2:DescribeInstances")])
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
        with denied("route53:ChangeResourceRecordSets"):
            change(refused)
    with denied("route53:ChangeResourceRecordSets"):
        change(_change("db-a.records.internal"), _change("db-b.records.internal"))


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
        session = emulator.session_of([allow("cloudformation:SignalResource", arn)])
        emulator.client("cloudformation", session=session).signal_resource(
            StackName=stack.name, LogicalResourceId="Ready", UniqueId="i-1", Status="SUCCESS"
        )

    with denied("cloudformation:SignalResource"):
        signal(other.describe()["StackId"])
    signal(stack.describe()["StackId"])
    assert stack.wait() == "CREATE_COMPLETE"
    other.signal("Ready", "i-1")
    for each in (stack, other):
        each.wait()
        each.delete()


def test_denial_names_action_and_resource(emulator: Emulator) -> None:
    """The message says who was refused what, and on which resource."""
    machine = Machine(emulator, slot="a")
    session = emulator.session_of([allow("ec2:AttachVolume", f"{EC2}:volume/*")])
    with pytest.raises(ClientError) as refused:
        machine.attach(emulator, session)
    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
    message = refused.value.response["Error"]["Message"]
    assert "assumed-role/role-" in message
    assert f"on resource: {EC2}:instance/{machine.instance_id}" in message


def test_parameters_are_checked_one_by_one(emulator: Emulator) -> None:
    """GetParameters needs every parameter that it names; GetParametersByPath needs the path."""
    ssm = emulator.client("ssm")
    path = f"/test-{uuid4().hex[:8]}"
    for name in ("a", "b"):
        ssm.put_parameter(Name=f"{path}/{name}", Value="x", Type="String")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter{path}"
    one = emulator.client("ssm", session=emulator.session_of([allow("ssm:GetParameters", f"{arn}/a")]))
    assert len(one.get_parameters(Names=[f"{path}/a"])["Parameters"]) == 1
    with denied("ssm:GetParameters"):
        one.get_parameters(Names=[f"{path}/a", f"{path}/b"])
    by_path = emulator.session_of([allow("ssm:GetParametersByPath", arn)])
    found = emulator.client("ssm", session=by_path).get_parameters_by_path(Path=path)
    assert len(found["Parameters"]) == 2


def test_key_policy_and_via_service(emulator: Emulator) -> None:
    """A direct call of KMS carries no kms:ViaService."""
    kms = emulator.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    ciphertext = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    via_s3 = allow("kms:Decrypt", key, StringEquals={"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
    with denied("kms:Decrypt"):
        emulator.client("kms", session=emulator.session_of([via_s3])).decrypt(CiphertextBlob=ciphertext)
    direct = emulator.client("kms", session=emulator.session_of([allow("kms:Decrypt", key)]))
    assert direct.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == b"secret"
    assert base64.b64encode(ciphertext) != b"secret"
