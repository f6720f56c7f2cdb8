"""The service-account issuer: private documents, one reader, and masters that write nothing else."""

import json
from typing import Any

import pytest

from tests.synthesis import Template, synthesise, user_data
from tests.unit.templates.common import EVERY_CLUSTER
from tests.unit.test_contract import PAGE

_DOCUMENTS = (".well-known/openid-configuration", "openid/v1/jwks")


def _statements(cluster: str, logical_id: str) -> list[dict[str, Any]]:
    policy = synthesise(cluster).templates["State"]["Resources"][logical_id]
    statements: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    return statements


@EVERY_CLUSTER
def test_only_the_distribution_reads_the_documents(cluster: str) -> None:
    """Of this distribution, two keys; nobody else is allowed anything, and no public access is possible."""
    (bucket_policy,) = (
        logical_id
        for logical_id, resource in synthesise(cluster).templates["State"]["Resources"].items()
        if resource["Type"] == "AWS::S3::BucketPolicy" and "Issuer" in logical_id
    )
    (allowed,) = (s for s in _statements(cluster, bucket_policy) if s["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert "IssuerDistribution" in json.dumps(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    keys = [resource["Fn::Join"][1][1].lstrip("/") for resource in allowed["Resource"]]
    assert tuple(keys) == _DOCUMENTS
    bucket = synthesise(cluster).templates["State"]["Resources"]["IssuerBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_state_bucket_is_not_behind_the_distribution() -> None:
    """It has the CA set: no policy of it, and no policy of the key, names CloudFront."""
    resources = synthesise("ha").templates["State"]["Resources"]
    for logical_id in ("StateBucketPolicy610A9BB0", "Key"):
        assert "cloudfront" not in json.dumps(resources[logical_id]).lower()
    (origin,) = resources["IssuerDistribution"]["Properties"]["DistributionConfig"]["Origins"]
    assert origin["DomainName"] == {"Fn::GetAtt": ["IssuerBucket", "RegionalDomainName"]}


@EVERY_CLUSTER
def test_the_provider_takes_tokens_for_sts_alone(cluster: str) -> None:
    """And is known by the distribution's address, which user-data gives to masters as the issuer."""
    synthesised = synthesise(cluster)
    provider = synthesised.templates["State"]["Resources"]["IssuerProvider"]["Properties"]
    assert provider["ClientIdList"] == ["sts.amazonaws.com"]
    assert provider["Url"] == {
        "Fn::Join": ["", ["https://", {"Fn::GetAtt": ["IssuerDistribution", "DomainName"]}]]
    }
    for logical_id, template in synthesised.resources("AWS::EC2::LaunchTemplate").items():
        is_master = logical_id.startswith("Master")
        assert ("d111111abcdef8.cloudfront.net" in user_data(template)) is is_master


def test_the_contract_names_both_documents() -> None:
    """And no other key of that bucket."""
    section = PAGE.partition("\n## Keys in the issuer's bucket\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip(" `") for line in section.splitlines() if line.startswith("| `")]
    assert tuple(rows) == _DOCUMENTS


def test_masters_write_both_documents_and_nothing_else() -> None:
    """And workers none: whoever writes them decides whose tokens AWS believes."""
    written = [
        (name.startswith("Master"), str(resource).rpartition("'/")[2].rstrip("']}"))
        for name, policy in synthesise("ha").resources("AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "s3:PutObject" in statement["Action"]
        for resource in statement["Resource"]
        if "IssuerBucket" in str(resource)
    ]
    assert sorted(written) == sorted([(True, path) for path in _DOCUMENTS] * 3)


def test_a_cluster_may_have_no_issuer() -> None:
    """Nothing of it is made, and kubeadm's default holds."""
    synthesised = synthesise("without-issuer")
    text = json.dumps(synthesised.templates)
    assert "Issuer" not in text
    assert not synthesised.resources("AWS::CloudFront::Distribution")
    for template in synthesised.resources("AWS::EC2::LaunchTemplate").values():
        assert "issuer" not in user_data(template)


def _roles() -> dict[str, Template]:
    resources = synthesise("service-account-roles").templates["ServiceAccounts"]["Resources"]
    return {name: r for name, r in resources.items() if r["Type"] == "AWS::IAM::Role"}


def _trust(role: Template) -> dict[str, Any]:
    """The trust policy with the issuer's names in it, as CloudFormation substitutes them."""
    text, values = role["Properties"]["AssumeRolePolicyDocument"]["Fn::Sub"]
    assert values == {
        "Provider": {"Fn::ImportValue": "ha-State:IssuerProviderArn"},
        "Issuer": {"Fn::ImportValue": "ha-State:IssuerDomain"},
    }
    document: dict[str, Any] = json.loads(text.replace("${Provider}", "P").replace("${Issuer}", "I"))
    return document


@pytest.mark.parametrize("name", ["orders", "queue.reader"])
def test_a_role_trusts_one_service_account(name: str) -> None:
    """By equality of subject and audience: no pattern, no other way in."""
    (found,) = (_trust(role) for role in _roles().values() if f":shop:{name}" in json.dumps(_trust(role)))
    assert found["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": "P"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    "I:sub": f"system:serviceaccount:shop:{name}",
                    "I:aud": "sts.amazonaws.com",
                }
            },
        }
    ]


def test_a_role_has_what_the_file_says_and_no_more() -> None:
    """Statements with their conditions, managed policies, nothing else."""
    resources = synthesise("service-account-roles").templates["ServiceAccounts"]["Resources"]
    (policy,) = (r for r in resources.values() if r["Type"] == "AWS::IAM::Policy")
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Sid": "Statement0",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::my-orders/*",
            "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "shop"}},
        }
    ]
    managed = [role["Properties"].get("ManagedPolicyArns", []) for role in _roles().values()]
    assert sorted(managed) == [[], ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]]


def test_roles_concern_no_other_stack() -> None:
    """Templates of all other stacks are those of the cluster without roles: no machine is replaced.

    But for the cluster file that the last one records, which nothing reads there.
    """
    with_roles, without = synthesise("service-account-roles").templates, synthesise("ha").templates
    assert {name: _without_record(with_roles[name]) for name in without} == {
        name: _without_record(template) for name, template in without.items()
    }
    assert set(with_roles) - set(without) == {"ServiceAccounts"}


def _without_record(template: Template) -> Template:
    resources = {
        name: {key: value for key, value in resource.items() if key != "Metadata"}
        for name, resource in template["Resources"].items()
    }
    return {**template, "Resources": resources}
