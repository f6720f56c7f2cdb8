"""Settings that a living cluster cannot change: which they are, and how two cluster files differ in them.

The first master of an update compares them (`kubeadm/fixed_settings.py`), and so does a plan of it, which
runs this module from the new bundle: `python -m kubequorum_node.fixed_settings`, as `main` says.
"""

import json
import sys
from dataclasses import asdict, dataclass

from kubequorum_node.document import BUILT_IN_NETWORK, ClusterDocument

VERSION = 1
_NETWORK_PLUGIN = "network.plugin"


class StoredSettingsError(ValueError):
    """What a cluster has stored cannot be compared."""


@dataclass(frozen=True)
class Changed:
    """A setting that differs."""

    key: str
    """In the cluster file."""
    now: str
    before: str


def settings_of(document: ClusterDocument) -> dict[str, str]:
    """By their keys in the cluster file; of a master's document."""
    etcd = document.etcd
    names = sorted(slot.etcd_name for slot in etcd.slots.values()) if etcd is not None else []
    return {
        "name": document.cluster,
        "network.pod_cidr": document.pod_cidr,
        "network.service_cidr": document.service_cidr,
        _NETWORK_PLUGIN: document.network_plugin,
        "network.pods_per_node (as the prefix of a node's range)": f"/{document.node_mask_bits}",
        "dns.zone_name and the number of zones (as names of etcd)": ", ".join(names),
    }


def to_json(settings: dict[str, str]) -> str:
    """As a cluster stores them."""
    return json.dumps({"version": VERSION, "settings": settings}, indent=1)


def changed(stored: str, document: ClusterDocument) -> list[Changed]:
    """What differs from what a cluster has stored.

    Raises:
        StoredSettingsError: that cannot be read, or is of another version.

    """
    try:
        content = json.loads(stored)
        if content["version"] != VERSION:
            raise StoredSettingsError(
                f"has version {content['version']}, this program supports {VERSION}: "
                "deploy the release that wrote it"
            )
        # Clusters older than the key have the only network that there was.
        before = {_NETWORK_PLUGIN: BUILT_IN_NETWORK}
        before |= {str(key): str(value) for key, value in content["settings"].items()}
    except StoredSettingsError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoredSettingsError(
            f"in the state bucket cannot be read ({error!r}): restore an earlier version of the object"
        ) from error
    now = settings_of(document)
    return [Changed(key, now[key], value) for key, value in before.items() if now.get(key, value) != value]


def main() -> None:
    """From JSON with the texts `stored` and `cluster` (cluster.json) on stdin to a JSON list of `Changed`."""
    given = json.loads(sys.stdin.read())
    found = changed(given["stored"], ClusterDocument.from_json(given["cluster"]))
    print(json.dumps([asdict(each) for each in found]))


if __name__ == "__main__":
    main()
