"""Golden files: the objects of every addon that comes with Kubequorum, as masters apply them.

After an intended change: `make snapshots`, then read the difference.
"""

import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from kubequorum.addons import addon_set
from kubequorum.config.names import BUILT_IN_ADDONS
from tests.snapshots.test_templates import HOW_TO_UPDATE
from tests.synthesis import CLUSTERS, load_variant


@pytest.mark.parametrize("cluster", [*CLUSTERS, "external-dns"])
def test_addons(cluster: str, snapshot: SnapshotAssertion) -> None:
    """The set of a cluster is the one that was last reviewed."""
    found = addon_set(load_variant(cluster))
    assert {addon.name for addon in found.addons} <= set(BUILT_IN_ADDONS)
    golden = snapshot(extension_class=JSONSnapshotExtension)
    assert json.loads(found.to_json()) == golden, f"addons of {cluster} {HOW_TO_UPDATE}"
