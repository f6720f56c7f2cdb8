"""The contract between user-data and the node program."""

import pytest

from kubequorum_node.config import ConfigError, NodeConfig

CONFIG = NodeConfig(role="worker/general", signals=("Group",), bucket="ha-state")
MASTER = NodeConfig(
    role="master/a",
    signals=("MasterAGroup", "ControlPlaneReady"),
    bucket="ha-state",
    etcd_volume_id="vol-0123456789abcdef0",
    hosted_zone_id="Z0123456789ABCDEFGHIJ",
    api_load_balancer_name="ha-api.elb.eu-central-1.amazonaws.com",
)


@pytest.mark.parametrize("config", [CONFIG, MASTER])
def test_what_is_written_is_what_is_read(config: NodeConfig) -> None:
    """JSON and back gives the same configuration, and the slot is the master's."""
    assert NodeConfig.from_json(config.to_json()) == config
    assert (CONFIG.slot, MASTER.slot) == (None, "a")


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        CONFIG.to_json().replace('"bucket":"ha-state",', ""),
        CONFIG.to_json().replace('"bucket"', '"pail"'),
        MASTER.to_json().replace('"etcd_volume_id"', '"api_load_balancer_name"'),
    ],
)
def test_a_document_of_another_version_is_refused(text: str) -> None:
    """A missing or unknown key is an error that says what to do, not a default."""
    with pytest.raises(ConfigError, match="deploy user-data and node program together"):
        NodeConfig.from_json(text)
