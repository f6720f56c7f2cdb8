"""The contract between what CDK renders into user-data and what the node program reads there.

Only what is known no earlier than at the deployment stands here. What the
cluster file says travels with the node program itself: see `document`.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from kubequorum_node.errors import NodeError

LAUNCH_HOOK = "launch"
"""Lifecycle hook that holds an instance in Pending:Wait until it has proved itself."""
TERMINATE_HOOK = "terminate"
"""Lifecycle hook that holds an instance in Terminating:Wait until it has let go of what it had."""


class ConfigError(NodeError):
    """The configuration in user-data does not fit this version of the node program."""


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """What a machine must be told; everything else it finds out from AWS."""

    position: str
    """What the machine is: `master/<slot>` or `worker/<group>`."""
    signals: tuple[str, ...]
    """Logical ids in the machine's stack that may wait: its group; for masters the WaitCondition, too."""
    bucket: str
    """Name of the state bucket."""
    volume: str = ""
    """Id of the slot's etcd volume; masters only."""
    zone: str = ""
    """Id of the hosted zone that holds the slot's name; masters only."""
    balancer: str = ""
    """DNS name of the load balancer that people use; masters only."""

    @property
    def slot(self) -> str | None:
        """The slot that this machine is in; None for a worker."""
        kind, _, name = self.position.partition("/")
        return name if kind == "master" else None

    def to_json(self) -> str:
        """Compact JSON without what is empty, the same text for the same values."""
        values = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(values, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: a key is missing or unknown, or the text is no JSON object.

        """
        try:
            document = json.loads(text)
            config = cls(**{**document, "signals": tuple(document["signals"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(
                f"node.json does not fit this node program ({error}): roll user-data and program out together"
            ) from error
        if config.slot is not None and not (config.volume and config.zone):
            raise ConfigError(
                f"node.json says {config.position} but no volume or no zone: "
                "roll user-data and program out together"
            )
        return config

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file that first-boot.sh wrote."""
        return cls.from_json(path.read_text(encoding="utf-8"))
