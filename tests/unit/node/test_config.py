"""The contract between user-data and the node program."""

import pytest

from kubequorum_node.config import ConfigError, NodeConfig

CONFIG = NodeConfig(
    cluster="ha", position="worker/general", region="eu-central-1", stack="ha-Workers", signals=("Group",)
)


def test_what_is_written_is_what_is_read() -> None:
    """JSON and back gives the same configuration."""
    assert NodeConfig.from_json(CONFIG.to_json()) == CONFIG


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        CONFIG.to_json().replace('"cluster":"ha",', ""),
        CONFIG.to_json().replace('"cluster"', '"name"'),
    ],
)
def test_a_document_of_another_version_is_refused(text: str) -> None:
    """A missing or unknown key is an error that says what to do, not a default."""
    with pytest.raises(ConfigError, match="roll user-data and program out together"):
        NodeConfig.from_json(text)
