"""Permissions about volumes: attaching, detaching, creating, and their keys."""

from collections.abc import Mapping
from typing import Any

import pytest

from emulator.tests.api.emulator import REGION, Emulator
from emulator.tests.api.iam.policies import EC2, Machine, allow, denied


def test_attach_needs_both_resources(emulator: Emulator) -> None:
    """AttachVolume is checked on the volume and on the instance; either alone is not enough."""
    machine = Machine(emulator, slot="a")
    volume, instance = f"{EC2}:volume/{machine.volume_id}", f"{EC2}:instance/{machine.instance_id}"
    for only in (volume, instance):
        session = emulator.session_of([allow("ec2:AttachVolume", only)])
        with denied("ec2:AttachVolume"):
            machine.attach(emulator, session)
    machine.attach(emulator, emulator.session_of([allow("ec2:AttachVolume", [volume, instance])]))


@pytest.mark.parametrize("prefix", ["aws", "ec2"])
def test_attach_by_tag(emulator: Emulator, prefix: str) -> None:
    """ResourceTag conditions are met by the tags of both resources."""
    machine = Machine(emulator, slot="a")
    tag = f"{prefix}:ResourceTag/slot"
    with denied("ec2:AttachVolume"):
        machine.attach(emulator, emulator.session_of([allow("ec2:AttachVolume", StringEquals={tag: "b"})]))
    machine.attach(emulator, emulator.session_of([allow("ec2:AttachVolume", StringEquals={tag: "a"})]))


def test_detach_without_instance_is_checked_on_where_it_is(emulator: Emulator) -> None:
    """A DetachVolume that names the volume only is checked on the instance it is attached to, too."""
    machine = Machine(emulator, slot="a")
    machine.attach(emulator, emulator.session_of([allow("ec2:AttachVolume")]))
    session = emulator.session_of([allow("ec2:DetachVolume", f"{EC2}:volume/*")])
    with denied("ec2:DetachVolume"):
        emulator.client("ec2", session=session).detach_volume(VolumeId=machine.volume_id)


def test_encrypted_volume_needs_a_grant(emulator: Emulator) -> None:
    """To attach a volume of a customer's key the caller must be allowed kms:CreateGrant through EC2."""
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    machine = Machine(emulator, slot="a", key_id=key)
    attach = allow("ec2:AttachVolume")
    with denied("kms:CreateGrant"):
        machine.attach(emulator, emulator.session_of([attach]))
    through_s3 = allow("kms:CreateGrant", key, StringEquals={"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
    with denied("kms:CreateGrant"):
        machine.attach(emulator, emulator.session_of([attach, through_s3]))
    through_ec2 = allow(
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
    volumes = f"{EC2}:volume/*"
    own = {"aws:RequestTag/slot": "a", "ec2:AvailabilityZone": f"{REGION}a"}
    make = allow("ec2:CreateVolume", volumes, StringEquals=own)
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": ["slot"]}}
    tag = allow("ec2:CreateTags", volumes, StringEquals={"ec2:CreateAction": "CreateVolume"})
    with denied("ec2:CreateTags"):
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
        with denied("ec2:CreateVolume"):
            _make_volume(emulator, session, **other)
    with denied("ec2:CreateTags"):
        emulator.client("ec2", session=session).create_tags(
            Resources=[made], Tags=[{"Key": "slot", "Value": "a"}]
        )


def test_an_encrypted_volume_needs_a_data_key(emulator: Emulator) -> None:
    """EBS has a data key made in the caller's name."""
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    make = [allow("ec2:CreateVolume"), allow("ec2:CreateTags")]
    encrypted = {"Encrypted": True, "KmsKeyId": key}
    with denied("kms:GenerateDataKeyWithoutPlaintext"):
        _make_volume(emulator, emulator.session_of(make), **encrypted)
    through_ec2 = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
    data_key = allow("kms:GenerateDataKeyWithoutPlaintext", key, StringEquals=through_ec2)
    _make_volume(emulator, emulator.session_of([*make, data_key]), **encrypted)
