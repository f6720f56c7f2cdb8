"""Bundles of launch templates that are not there any more."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kubequorum_cli.plan.bundles import Bundles


def _bundles(code: str) -> Any:
    """Those of an account whose EC2 refuses with a code."""

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeLaunchTemplateVersions")

    ec2 = SimpleNamespace(describe_launch_template_versions=refuse)
    target: Any = SimpleNamespace(client=lambda _: ec2)
    assembly: Any = SimpleNamespace(assets={})
    return Bundles(target, assembly)


def test_a_launch_template_that_somebody_deleted_has_none() -> None:
    """The plan says of it that it is unknown, and goes on."""
    assert _bundles("InvalidLaunchTemplateId.NotFound").pair("lt-1", {}) is None


def test_a_refusal_is_not_taken_for_a_deletion() -> None:
    """Otherwise a downgrade would pass unseen."""
    with pytest.raises(ClientError):
        _bundles("UnauthorizedOperation").pair("lt-1", {})
