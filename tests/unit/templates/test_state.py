"""The State stack: what holds data is retained, encrypted, and never gets another logical id."""

from pathlib import Path

import pytest
from aws_cdk import App

from kubequorum.config import load_cluster
from kubequorum.node_program import Bundle
from stacks import add_cluster
from tests.synthesis import REPOSITORY, stacks_of, synthesise
from tests.unit.templates.common import EVERY_CLUSTER


@EVERY_CLUSTER
def test_everything_in_state_is_retained(cluster: str) -> None:
    """Every resource of the State stack that holds data survives deletion and replacement."""
    for logical_id, resource in synthesise(cluster).templates["State"]["Resources"].items():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            continue
        assert resource["DeletionPolicy"] == "Retain", logical_id
        assert resource["UpdateReplacePolicy"] == "Retain", logical_id


STATE_LOGICAL_IDS = {
    "Key": "AWS::KMS::Key",
    "StateBucket": "AWS::S3::Bucket",
    "StateBucketPolicy610A9BB0": "AWS::S3::BucketPolicy",
    "EtcdVolumeA": "AWS::EC2::Volume",
    "EtcdVolumeB": "AWS::EC2::Volume",
    "EtcdVolumeC": "AWS::EC2::Volume",
    "Zone": "AWS::Route53::HostedZone",
    "IssuerBucket": "AWS::S3::Bucket",
    "ServiceAccountIssuerBucketPolicy14DFBFE4": "AWS::S3::BucketPolicy",
    "ServiceAccountIssuerAccessControl7E523945": "AWS::CloudFront::OriginAccessControl",
    "IssuerDistribution": "AWS::CloudFront::Distribution",
    "IssuerProvider": "AWS::IAM::OIDCProvider",
}
"""A contract, see docs/contract.md: with another id CloudFormation creates another, empty volume."""


@pytest.mark.parametrize("cluster", ["local", "ha"])
def test_logical_ids_in_state_do_not_change(cluster: str) -> None:
    """CloudFormation identifies a volume by its logical id alone."""
    resources = synthesise(cluster).templates["State"]["Resources"]
    assert {logical_id: r["Type"] for logical_id, r in resources.items()} == STATE_LOGICAL_IDS


def test_one_zone_has_the_ids_of_slot_a() -> None:
    """A cluster of one zone keeps what it has when it grows to three."""
    resources = synthesise("dev").templates["State"]["Resources"]
    grown = {k: v for k, v in STATE_LOGICAL_IDS.items() if not k.startswith(("EtcdVolumeB", "EtcdVolumeC"))}
    assert {logical_id: r["Type"] for logical_id, r in resources.items()} == grown


@EVERY_CLUSTER
def test_export_names_of_state_do_not_change(cluster: str) -> None:
    """The names that other stacks import do not follow from the construct tree."""
    synthesised = synthesise(cluster)
    exports = {output["Export"]["Name"] for output in synthesised.templates["State"]["Outputs"].values()}
    names = [
        "KeyArn",
        "StateBucketArn",
        "ZoneId",
        "IssuerDomain",
        "IssuerBucketArn",
        "IssuerProviderArn",
        *(f"EtcdVolume{s.upper()}Id" for s in synthesised.cluster.slots),
    ]
    assert exports == {f"{cluster}-State:{name}" for name in names}


@EVERY_CLUSTER
def test_volumes_and_roots_are_encrypted(cluster: str) -> None:
    """No volume is without encryption."""
    synthesised = synthesise(cluster)
    for volume in synthesised.resources("AWS::EC2::Volume").values():
        assert volume["Properties"]["Encrypted"] is True
        assert volume["Properties"]["VolumeType"] == "gp3"
        assert "KmsKeyId" in volume["Properties"]
    for template in synthesised.resources("AWS::EC2::LaunchTemplate").values():
        for mapping in template["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]:
            assert mapping["Ebs"]["Encrypted"] is True


def test_state_is_protected_against_deletion() -> None:
    """Only the State stack: the others can be recreated."""
    app = App(analytics_reporting=False)
    cluster = load_cluster(REPOSITORY / "clusters" / "local.yaml")
    stacks = add_cluster(app, cluster, lambda _: Bundle(Path(__file__), "0" * 64))
    protected = [stack.stack_name for stack in stacks if stack.termination_protection]
    assert protected == ["local-State"]
    assert [stack.stack_name for stack in stacks] == [f"local-{name}" for _, name in stacks_of("local")]


@pytest.mark.parametrize(
    ("sid", "prefix", "more"),
    [
        ("CaSetIsWrittenOnce", "pki", {}),
        ("AuditLogsAreWrittenOnce", "audit", {}),
        ("BackupsAreWrittenOnce", "backups", {"Bool": {"s3:ObjectCreationOperation": "true"}}),
        ("ProgramsAreWrittenOnce", "programs", {"Bool": {"s3:ObjectCreationOperation": "true"}}),
    ],
)
def test_what_is_written_once(sid: str, prefix: str, more: dict[str, object]) -> None:
    """The bucket refuses a write there that does not say If-None-Match; parts of a backup cannot say it."""
    policy = synthesise("ha").templates["State"]["Resources"]["StateBucketPolicy610A9BB0"]
    (statement,) = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s.get("Sid") == sid]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Null": {"s3:if-none-match": "true"}, **more}
    assert str(statement["Resource"]).count(f"/{prefix}/*") == 1
