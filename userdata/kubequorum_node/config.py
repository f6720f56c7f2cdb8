"""The contract between what CDK renders into user-data and what the node program reads there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

LAUNCH_HOOK = "launch"
"""Lifecycle hook that holds an instance in Pending:Wait until it has proved itself."""
TERMINATE_HOOK = "terminate"
"""Lifecycle hook that holds an instance in Terminating:Wait until it has let go of what it had."""


class ConfigError(Exception):
    """The configuration in user-data does not fit this version of the node program."""


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """What a machine must be told; everything else it finds out from AWS."""

    cluster: str
    """Name of the cluster."""
    position: str
    """What the machine is: `master/<slot>` or `worker/<group>`."""
    region: str
    stack: str
    """CloudFormation stack that waits for this machine's signal."""
    signals: tuple[str, ...]
    """Logical ids in that stack that may wait: the Auto Scaling group, and for masters the WaitCondition."""

    def to_json(self) -> str:
        """Compact JSON, the same text for the same values."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: a key is missing or unknown, or the text is no JSON object.

        """
        try:
            document = json.loads(text)
            return cls(**{**document, "signals": tuple(document["signals"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(
                f"node.json does not fit this node program ({error}): roll user-data and program out together"
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file that first-boot.sh wrote."""
        return cls.from_json(path.read_text(encoding="utf-8"))
