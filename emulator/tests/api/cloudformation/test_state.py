"""Volumes, buckets and private zones: what is recorded, changed, replaced and kept."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack


def test_volume_attributes(emulator: Emulator, stack: Stack, template: Template) -> None:
    """A volume has the declared size, performance, key, and tags, and is available when the stack is."""
    stack.create(template("state"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    outputs = stack.outputs
    volume = emulator.client("ec2").describe_volumes(VolumeIds=[outputs["VolumeId"]])["Volumes"][0]
    expected = {
        "Size": 10,
        "Iops": 3000,
        "Throughput": 125,
        "VolumeType": "gp3",
        "AvailabilityZone": "us-east-1a",
        "Encrypted": True,
        "KmsKeyId": outputs["KeyArn"],
        "State": "available",
    }
    assert {key: volume[key] for key in expected} == expected
    tags = {tag["Key"]: tag["Value"] for tag in volume["Tags"]}
    assert (tags["Name"], tags["aws:cloudformation:stack-name"]) == ("db-a", stack.name)


def test_volume_grows_in_place(emulator: Emulator, stack: Stack, template: Template) -> None:
    """More GiB and IOPS change the same volume."""
    stack.create(template("state"))
    volume_id = stack.outputs["VolumeId"]
    stack.update(template("state"), SizeGiB="20", Iops="4000")
    assert stack.status == "UPDATE_COMPLETE", stack.events()
    assert stack.outputs["VolumeId"] == volume_id
    volume = emulator.client("ec2").describe_volumes(VolumeIds=[volume_id])["Volumes"][0]
    assert (volume["Size"], volume["Iops"]) == (20, 4000)


def test_volume_never_shrinks(stack: Stack, template: Template) -> None:
    """A smaller size fails with both sizes in the event, and rolls back."""
    stack.create(template("state"))
    stack.update(template("state"), SizeGiB="5")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason for status, reason in stack.events("Volume") if status == "UPDATE_FAILED"]
    assert len(reasons) == 1
    assert "10 GiB" in reasons[0]
    assert "5 GiB" in reasons[0]


def test_another_zone_replaces_a_volume(emulator: Emulator, stack: Stack, template: Template) -> None:
    """A change of zone makes a new volume; the policy Retain keeps the old one, else it is deleted."""
    stack.create(template("state"))
    old = stack.outputs
    stack.update(template("state"), Zone="us-east-1b")
    assert stack.status == "UPDATE_COMPLETE", stack.events()
    assert stack.outputs["VolumeId"] != old["VolumeId"]
    ec2 = emulator.client("ec2")
    assert ec2.describe_volumes(VolumeIds=[old["VolumeId"]])["Volumes"][0]["State"] == "available"
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        ec2.describe_volumes(VolumeIds=[old["ScratchId"]])


def test_retained_volume_survives_its_stack(emulator: Emulator, stack: Stack, template: Template) -> None:
    """DeletionPolicy Retain: the stack goes, the volume stays; one without the policy goes."""
    stack.create(template("state"))
    outputs = stack.outputs
    stack.delete()
    ec2 = emulator.client("ec2")
    assert ec2.describe_volumes(VolumeIds=[outputs["VolumeId"]])["Volumes"][0]["State"] == "available"
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        ec2.describe_volumes(VolumeIds=[outputs["ScratchId"]])


def test_bucket_configuration(emulator: Emulator, stack: Stack, template: Template) -> None:
    """Encryption, versioning, lifecycle, ownership, public access and tags are readable through S3's API."""
    stack.create(template("state"))
    outputs, s3 = stack.outputs, emulator.client("s3")
    bucket = outputs["BucketName"]
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": outputs["KeyArn"],
    }
    assert rule["BucketKeyEnabled"] is True
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert lifecycle["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    assert lifecycle["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(blocked.values())
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags["cluster"] == "test"


def test_objects_are_encrypted_with_the_bucket_key(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """A write that names no key, or only aws:kms, is answered with the bucket's key."""
    stack.create(template("state"))
    outputs, s3 = stack.outputs, emulator.client("s3")
    for extra in ({}, {"ServerSideEncryption": "aws:kms"}):
        reply = s3.put_object(Bucket=outputs["BucketName"], Key="x", Body=b"1", **extra)
        assert reply["SSEKMSKeyId"] == outputs["KeyArn"]


def test_objects_are_replicated_and_deletions_are_not(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """Below the rule's prefix, and only while there is a rule."""
    stack.create(template("replication"))
    assert stack.status == "CREATE_COMPLETE", stack.events()
    s3, names = emulator.client("s3"), stack.outputs

    def copies() -> list[str]:
        return [each["Key"] for each in s3.list_objects_v2(Bucket=names["Copies"]).get("Contents", [])]

    for key in ("a/1", "b/1"):
        s3.put_object(Bucket=names["Originals"], Key=key, Body=b"1")
    assert copies() == ["a/1"]
    s3.delete_object(Bucket=names["Originals"], Key="a/1")
    assert copies() == ["a/1"]
    stack.update(template("replication"), Copied="false")
    assert stack.status == "UPDATE_COMPLETE", stack.events()
    s3.put_object(Bucket=names["Originals"], Key="a/2", Body=b"1")
    assert copies() == ["a/1"]
    for name in names.values():
        for version in [
            each
            for kind in ("Versions", "DeleteMarkers")
            for each in s3.list_object_versions(Bucket=name).get(kind, [])
        ]:
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])


def test_bucket_with_objects_is_not_deleted(emulator: Emulator, stack: Stack, template: Template) -> None:
    """A bucket with objects fails the delete with the reason; once it is empty, a second delete works."""
    stack.create(template("state"))
    s3, bucket = emulator.client("s3"), stack.outputs["BucketName"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="x", Body=b"1")
    stack.delete()
    assert stack.status == "DELETE_FAILED"
    reasons = [reason for status, reason in stack.events("Bucket") if status == "DELETE_FAILED"]
    assert "not empty" in reasons[0]
    versions = s3.list_object_versions(Bucket=bucket)
    for item in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    stack.delete()


def test_private_zone_is_recorded_with_its_vpc(emulator: Emulator, stack: Stack, template: Template) -> None:
    """A zone with VPCs is private, knows them, and has its records and tags."""
    stack.create(template("state"))
    outputs, route53 = stack.outputs, emulator.client("route53")
    zone = route53.get_hosted_zone(Id=outputs["ZoneId"])
    assert zone["HostedZone"]["Config"] == {"Comment": "names of a cluster", "PrivateZone": True}
    assert zone["VPCs"] == [{"VPCRegion": "us-east-1", "VPCId": outputs["VpcId"]}]
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=outputs["ZoneId"])
    assert {"Key": "cluster", "Value": "test"} in tags["ResourceTagSet"]["Tags"]
    records = route53.list_resource_record_sets(HostedZoneId=outputs["ZoneId"])["ResourceRecordSets"]
    record = next(item for item in records if item["Name"] == "api.cluster.internal.")
    assert (record["TTL"], record["ResourceRecords"]) == (30, [{"Value": "10.3.0.10"}])


def test_zone_that_nodes_wrote_to_is_not_deleted(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """Records that did not come from the template keep their zone from being deleted."""
    stack.create(template("state"))
    change = {
        "Action": "UPSERT",
        "ResourceRecordSet": {
            "Name": "db-a.cluster.internal",
            "Type": "A",
            "TTL": 10,
            "ResourceRecords": [{"Value": "10.3.0.11"}],
        },
    }
    emulator.client("route53").change_resource_record_sets(
        HostedZoneId=stack.outputs["ZoneId"], ChangeBatch={"Changes": [change]}
    )
    stack.delete()
    assert stack.status == "DELETE_FAILED"
    reasons = [reason for status, reason in stack.events("HostedZone") if status == "DELETE_FAILED"]
    assert "HostedZoneNotEmpty" in reasons[0]
