"""The contract between the user-data that CDK renders and the node program that reads it.

It holds only values that are not known before the deployment. What the cluster
file says travels with the node program itself: see `document`.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from kubequorum_node.errors import NodeError

LAUNCH_HOOK = "launch"
"""Lifecycle hook that holds an instance in Pending:Wait until its health is proved."""
TERMINATE_HOOK = "terminate"
"""Lifecycle hook that holds an instance in Terminating:Wait until its graceful termination is done."""

CLUSTER_TAG = "kubequorum:cluster"
"""Tag of instances, groups and volumes: the cluster's name."""
SLOT_TAG = "kubequorum:slot"
"""Tag of a master's instance, of its group and of its volume."""
WORKER_GROUP_TAG = "kubequorum:worker-group"
"""Tag of a worker's instance and of its group."""
SLOT_LABEL = "kubequorum/slot"
"""Label of a master's Node: the slot that it is in."""
WORKER_GROUP_LABEL = "kubequorum/worker-group"
"""Label of a worker's Node: the group that it is in."""
DISCOVERY_PATH = ".well-known/openid-configuration"
"""The service-account issuer's discovery document, below its URL and in its bucket."""
JWKS_PATH = "openid/v1/jwks"
"""Its public keys, there too; where an API server serves them as well."""


class ConfigError(NodeError):
    """The configuration in user-data does not fit this version of the node program."""


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """What a host cannot find out from AWS by itself."""

    role: str
    """`master/<slot>` or `worker/<group>`."""
    signals: tuple[str, ...]
    """Logical ids in the stack that may wait for a signal: the group; of masters the WaitCondition, too."""
    bucket: str
    """Name of the state bucket."""
    etcd_volume_id: str = ""
    """Id of the slot's etcd volume; masters only."""
    hosted_zone_id: str = ""
    """Id of the Route 53 hosted zone that holds the slot's name; masters only."""
    api_load_balancer_name: str = ""
    """DNS name of the API's load balancer; masters only."""
    issuer: str = ""
    """Host of the service-account issuer's URL; masters only, empty without an issuer."""
    issuer_bucket: str = ""
    """Name of the bucket with the issuer's documents; masters only, empty without an issuer."""

    @property
    def slot(self) -> str | None:
        """The master's slot; None for a worker."""
        kind, _, name = self.role.partition("/")
        return name if kind == "master" else None

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the Node, by which people find out what it is for: its name does not say it."""
        kind, _, name = self.role.partition("/")
        return {SLOT_LABEL if kind == "master" else WORKER_GROUP_LABEL: name}

    @property
    def service_account_issuer(self) -> str:
        """URL of the service-account issuer; empty without one."""
        return f"https://{self.issuer}" if self.issuer else ""

    def to_json(self) -> str:
        """Compact JSON without what is empty, the same text for the same values."""
        values = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(values, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: a key is missing or unknown, or the text is not a JSON object.

        """
        try:
            document = json.loads(text)
            config = cls(**{**document, "signals": tuple(document["signals"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(
                f"node.json does not fit this node program ({error}): "
                "deploy user-data and node program together"
            ) from error
        if config.slot is not None and not (config.etcd_volume_id and config.hosted_zone_id):
            raise ConfigError(
                f"node.json has role {config.role} but no etcd_volume_id or no hosted_zone_id: "
                "deploy user-data and node program together"
            )
        return config

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file that first-boot.sh wrote."""
        return cls.from_json(path.read_text(encoding="utf-8"))
