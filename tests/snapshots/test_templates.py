"""Golden files: every template, every user-data and every IAM policy of the clusters in this repository.

A change that is meant: `make snapshots`, then read the difference.
"""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from kubequorum.config.names import STACK_NAMES
from tests.synthesis import CLUSTERS, synthesise, user_data

HOW_TO_UPDATE = "differs from its golden file: if that is meant, run `make snapshots` and read the difference"


class _Script(SingleFileSnapshotExtension):
    file_extension = "sh"
    _write_mode = WriteMode.TEXT


@pytest.mark.parametrize("stack", STACK_NAMES)
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_template(cluster: str, stack: str, snapshot: SnapshotAssertion) -> None:
    """A stack's template is what was last looked at."""
    template = synthesise(cluster).templates[stack]
    golden = snapshot(extension_class=JSONSnapshotExtension)
    assert template == golden, f"{cluster}-{stack} {HOW_TO_UPDATE}"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_user_data(cluster: str, snapshot: SnapshotAssertion) -> None:
    """The user-data of every launch template is what was last looked at."""
    templates = synthesise(cluster).resources("AWS::EC2::LaunchTemplate")
    assert templates
    for logical_id, template in templates.items():
        assert user_data(template) == snapshot(name=logical_id, extension_class=_Script), (
            f"user-data of {logical_id} {HOW_TO_UPDATE}"
        )


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_iam_policies(cluster: str, snapshot: SnapshotAssertion) -> None:
    """What each role may do is what was last looked at."""
    policies = synthesise(cluster).resources("AWS::IAM::Policy")
    assert policies
    for logical_id, policy in policies.items():
        document: dict[str, Any] = policy["Properties"]["PolicyDocument"]
        golden = snapshot(name=logical_id, extension_class=JSONSnapshotExtension)
        assert document == golden, f"policy {logical_id} {HOW_TO_UPDATE}"
