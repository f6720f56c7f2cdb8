"""Common parts of the tests that look at templates."""

import pytest

from tests.synthesis import CLUSTERS, Template, synthesise

GROUP = "AWS::AutoScaling::AutoScalingGroup"

EVERY_CLUSTER = pytest.mark.parametrize("cluster", CLUSTERS)


def groups(cluster: str, stack: str) -> dict[str, Template]:
    """The Auto Scaling groups of a stack, by logical id."""
    resources = synthesise(cluster).templates[stack]["Resources"]
    return {logical_id: r for logical_id, r in resources.items() if r["Type"] == GROUP}
