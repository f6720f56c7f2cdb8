"""S3 buckets: the configurations that ministack's CloudFormation drops."""

from typing import Any

from emulator.api.calls import call
from emulator.api.cloudformation.registry import (
    Properties,
    Provisioned,
    Resource,
    ResourceType,
    provisioner,
)
from emulator.api.cloudformation.types.values import boolean, delete_unless_gone

_CREATE = provisioner("_s3_create", "logical_id", "props", "stack_name")
_UPDATE = provisioner("_s3_update", "physical_id", "old_props", "new_props", "stack_name")


class Bucket(ResourceType):
    """AWS::S3::Bucket: ministack's, with encryption, versioning, lifecycle, replication and others."""

    name = "AWS::S3::Bucket"
    replaced_by = ("BucketName",)
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create and configure it."""
        name, attributes = _CREATE.get()(resource.logical_id, resource.properties, resource.stack_name)
        _configure(name, old={}, new=resource.properties)
        return Provisioned(name, attributes)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its configuration; its objects stay."""
        name, attributes = _UPDATE.get()(physical_id, old, resource.properties, resource.stack_name)
        _configure(name, old=old, new=resource.properties)
        return Provisioned(name, attributes)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; one with objects refuses."""
        del properties
        delete_unless_gone("s3", "delete_bucket", gone=("NoSuchBucket",), Bucket=physical_id)


def _configure(bucket: str, *, old: Properties, new: Properties) -> None:
    for name, apply in (
        ("BucketEncryption", _encryption),
        ("VersioningConfiguration", _versioning),
        ("LifecycleConfiguration", _lifecycle),
        ("OwnershipControls", _ownership),
        ("ReplicationConfiguration", _replication),
        ("Tags", _tags),
    ):
        if new.get(name) != old.get(name):
            apply(bucket, new.get(name))


def _encryption(bucket: str, value: Any) -> None:
    if not value:
        call("s3", "delete_bucket_encryption", Bucket=bucket)
        return
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        converted: dict[str, Any] = {}
        if default := rule.get("ServerSideEncryptionByDefault"):
            converted["ApplyServerSideEncryptionByDefault"] = dict(default)
        if "BucketKeyEnabled" in rule:
            converted["BucketKeyEnabled"] = boolean(rule["BucketKeyEnabled"])
        rules.append(converted)
    call("s3", "put_bucket_encryption", Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _versioning(bucket: str, value: Any) -> None:
    status = (value or {}).get("Status", "Suspended")
    call("s3", "put_bucket_versioning", Bucket=bucket, VersioningConfiguration={"Status": status})


def _ownership(bucket: str, value: Any) -> None:
    if not value:
        call("s3", "delete_bucket_ownership_controls", Bucket=bucket)
        return
    rules = [{"ObjectOwnership": rule["ObjectOwnership"]} for rule in value["Rules"]]
    call("s3", "put_bucket_ownership_controls", Bucket=bucket, OwnershipControls={"Rules": rules})


def _tags(bucket: str, value: Any) -> None:
    tags = [{"Key": str(tag["Key"]), "Value": str(tag["Value"])} for tag in value or []]
    call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": tags})


def _replication(bucket: str, value: Any) -> None:
    if not value:
        call("s3", "delete_bucket_replication", Bucket=bucket)
        return
    rules = [_replication_rule(number, rule) for number, rule in enumerate(value["Rules"])]
    configuration = {"Role": value["Role"], "Rules": rules}
    call("s3", "put_bucket_replication", Bucket=bucket, ReplicationConfiguration=configuration)


def _replication_rule(number: int, rule: dict[str, Any]) -> dict[str, Any]:
    converted = {key: item for key, item in rule.items() if key != "Id"}
    if "Priority" in rule:
        converted["Priority"] = int(rule["Priority"])
    return {"ID": rule.get("Id", f"rule-{number}"), **converted}


def _lifecycle(bucket: str, value: Any) -> None:
    if not value:
        call("s3", "delete_bucket_lifecycle", Bucket=bucket)
        return
    rules = [_lifecycle_rule(number, rule) for number, rule in enumerate(value["Rules"])]
    call("s3", "put_bucket_lifecycle_configuration", Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _lifecycle_rule(number: int, rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as the API spells it: the property names of CloudFormation differ from it."""
    converted: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{number}"),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    if days := rule.get("ExpirationInDays"):
        converted["Expiration"] = {"Days": int(days)}
    elif boolean(rule.get("ExpiredObjectDeleteMarker", False)):
        converted["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if noncurrent := rule.get("NoncurrentVersionExpiration"):
        converted["NoncurrentVersionExpiration"] = {key: int(item) for key, item in noncurrent.items()}
    elif days := rule.get("NoncurrentVersionExpirationInDays"):
        converted["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        converted["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": int(abort["DaysAfterInitiation"])
        }
    transitions = [
        {"Days": int(item["TransitionInDays"]), "StorageClass": item["StorageClass"]}
        for item in rule.get("Transitions") or []
    ]
    if transitions:
        converted["Transitions"] = transitions
    return converted
