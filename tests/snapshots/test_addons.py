"""Golden files: the objects of every addon that comes with Kubequorum, as masters apply them.

After an intended change: `make snapshots`, then read the difference.
"""

import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from kubequorum.addons import addon_set
from kubequorum.config.names import BUILT_IN_ADDONS, NETWORK_ADDONS
from tests.snapshots.test_templates import HOW_TO_UPDATE, POLICY
from tests.synthesis import CLUSTERS, load_variant, synthesise

WITH_ROLES = ("external-dns", "load-balancers", "autoscaled", "volumes")
"""Variants that each have one addon with a role."""


@pytest.mark.parametrize("cluster", [*CLUSTERS, *WITH_ROLES, "dashboard", "calico", "calico-local"])
def test_addons(cluster: str, snapshot: SnapshotAssertion) -> None:
    """The set of a cluster is the one that was last reviewed."""
    found = addon_set(load_variant(cluster))
    assert {addon.name for addon in found.addons} <= {*BUILT_IN_ADDONS, *NETWORK_ADDONS}
    golden = snapshot(extension_class=JSONSnapshotExtension)
    assert json.loads(found.to_json()) == golden, f"addons of {cluster} {HOW_TO_UPDATE}"


@pytest.mark.parametrize("cluster", WITH_ROLES)
def test_what_roles_of_addons_allow(cluster: str, snapshot: SnapshotAssertion) -> None:
    """The permissions of each addon that has a role are those that were last reviewed."""
    resources = synthesise(cluster).templates["Addons"]["Resources"].values()
    documents = [each["Properties"]["PolicyDocument"] for each in resources if each["Type"] == POLICY]
    assert documents == snapshot(extension_class=JSONSnapshotExtension), f"a policy {HOW_TO_UPDATE}"
