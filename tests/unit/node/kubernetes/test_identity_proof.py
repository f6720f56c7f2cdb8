"""Where an instance proves its key: the name that IAM makes of its policy's variable, in every partition."""

import pytest

from kubequorum_node.aws.imds import MetadataError
from kubequorum_node.clock import RetryPolicy
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import identity_proof
from tests.unit.node.fakes import FakeMetadata, FakeNode

INSTANCE = "i-0aaaaaaaaaaaaaaaa"


class _Described(FakeMetadata):
    """A metadata service whose iam/info is what the test says."""

    def __init__(self, described: str | None) -> None:
        super().__init__()
        self._described = described

    def instance_profile_arn(self) -> str:
        """The real one."""
        return super(FakeMetadata, self).instance_profile_arn()

    def _get(self, path: str, policy: RetryPolicy | None = None) -> str | None:  # noqa: ARG002
        assert path == "iam/info"
        return self._described


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_name_is_the_instances_arn(node: FakeNode, partition: str) -> None:
    """With partition and account of the instance profile, which has a path."""
    arn = f"arn:{partition}:iam::123456789012:instance-profile/some/path/Name"
    node.metadata = _Described(f'{{"Code": "Success", "InstanceProfileArn": "{arn}"}}')
    expected = f"identity/arn:{partition}:ec2:eu-central-1:123456789012:instance/{INSTANCE}"
    assert identity_proof.object_key(node, INSTANCE) == expected


@pytest.mark.parametrize("described", [None, "no JSON", "[]", "{}"])
def test_an_instance_without_a_profile_says_so(node: FakeNode, described: str | None) -> None:
    """It could prove nothing."""
    node.metadata = _Described(described)
    with pytest.raises(MetadataError, match="iam/info"):
        identity_proof.object_key(node, INSTANCE)


def test_an_arn_that_is_none_is_an_error(node: FakeNode) -> None:
    """With what was there."""
    node.metadata = _Described('{"InstanceProfileArn": "nonsense"}')
    with pytest.raises(NodeError, match="'nonsense'"):
        identity_proof.object_key(node, INSTANCE)


def test_a_proof_is_read_as_it_is(node: FakeNode) -> None:
    """None if there is none; whatever else somebody wrote there equals no hash."""
    assert identity_proof.read(node, INSTANCE) is None
    key = f"identity/arn:aws:ec2:eu-central-1:111122223333:instance/{INSTANCE}"
    node.aws.objects[key] = b"sha256:00\n"
    assert identity_proof.read(node, INSTANCE) == "sha256:00"
    node.aws.objects[key] = b"\xff" * 1000
    assert identity_proof.read(node, INSTANCE) not in {None, ""}
