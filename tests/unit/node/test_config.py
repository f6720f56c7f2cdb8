"""The contract between user-data and the node program."""

import pytest

from kubequorum_node.config import ConfigError, NodeConfig

CONFIG = NodeConfig(position="worker/general", signals=("Group",), bucket="ha-state")
MASTER = NodeConfig(
    position="master/a",
    signals=("MasterAGroup", "ControlPlaneReady"),
    bucket="ha-state",
    volume="vol-0123456789abcdef0",
    zone="Z0123456789ABCDEFGHIJ",
    balancer="ha-api.elb.eu-central-1.amazonaws.com",
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
        MASTER.to_json().replace('"volume"', '"balancer"'),
    ],
)
def test_a_document_of_another_version_is_refused(text: str) -> None:
    """A missing or unknown key is an error that says what to do, not a default."""
    with pytest.raises(ConfigError, match="roll user-data and program out together"):
        NodeConfig.from_json(text)
