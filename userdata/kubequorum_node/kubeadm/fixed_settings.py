"""Settings that a living cluster cannot change, kept in the state bucket since its first master worked.

A new range of pods is no error for kubeadm: the controller manager that leads next refuses the old ranges
of nodes and ends (`RangeAllocator`, https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/nodeipam/ipam),
on each master in turn. So the first master of an update compares, and the update ends with it.
"""

import json

from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError
from kubequorum_node.document import BUILT_IN_NETWORK
from kubequorum_node.errors import NodeError
from kubequorum_node.log import info
from kubequorum_node.node import Node

KEY = "pki/fixed-settings.json"
"""The bucket's policy refuses a second write of it."""
NETWORK_PLUGIN = "network.plugin"
_VERSION = 1


class FixedSettingError(NodeError):
    """The cluster file has another value than the cluster began with."""


def check(node: Node) -> None:
    """Compare the cluster file with what the cluster began with; before a master works, nothing is fixed.

    Raises:
        FixedSettingError: names each key of the cluster file with both values.

    """
    stored = node.store.get(KEY)
    if stored is None:
        info("no master of this cluster has worked yet: its settings are not fixed")
        return
    try:
        document = json.loads(stored.text)
        if document["version"] != _VERSION:
            raise FixedSettingError(
                f"{KEY} has version {document['version']}, this program supports {_VERSION}: "
                "deploy the release that wrote it"
            )
        # Clusters older than the key have the only network that there was.
        before = {NETWORK_PLUGIN: BUILT_IN_NETWORK}
        before |= {str(key): str(value) for key, value in document["settings"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FixedSettingError(
            f"{KEY} in the state bucket cannot be read ({error!r}): restore an earlier version of the object"
        ) from error
    now = _settings(node)
    changed = [
        f"{key} is {now[key]} and was {value}"
        for key, value in before.items()
        if now.get(key, value) != value
    ]
    if changed:
        raise FixedSettingError(
            f"{'; '.join(changed)}: a cluster that lives cannot change that. Deploy with the former value, "
            "or make a new cluster"
        )


def require_same(node: Node, settings: dict[str, str], *, whose: str) -> None:
    """Compare the cluster file with what another cluster's data fix.

    Args:
        node: this host.
        settings: by their keys in the cluster file.
        whose: where they come from, for people.

    Raises:
        FixedSettingError: names each key of the cluster file with both values.

    """
    now = _settings(node)
    other = [
        f"{key} is {now.get(key)}, there {value}" for key, value in settings.items() if now.get(key) != value
    ]
    if other:
        raise FixedSettingError(
            f"{'; '.join(other)}: {whose} has Services with addresses of these ranges. Deploy with the same "
            "ones"
        )


def fix(node: Node) -> None:
    """Write the settings, unless a master did so before: from now on they are compared.

    Raises:
        NodeError: the bucket cannot be written.

    """
    try:
        node.store.put(KEY, to_json(_settings(node)), only_if=NOT_THERE)
    except PreconditionError:
        # They are there already, and were compared at the beginning of this boot.
        return
    info(f"{KEY} says from now on what this cluster cannot change")


def to_json(settings: dict[str, str]) -> str:
    """The object in the bucket."""
    return json.dumps({"version": _VERSION, "settings": settings}, indent=1)


def _settings(node: Node) -> dict[str, str]:
    """By their keys in the cluster file."""
    document = node.document
    names = sorted(slot.etcd_name for slot in node.etcd_spec.slots.values())
    return {
        "name": document.cluster,
        "network.pod_cidr": document.pod_cidr,
        "network.service_cidr": document.service_cidr,
        NETWORK_PLUGIN: document.network_plugin,
        "network.pods_per_node (as the prefix of a node's range)": f"/{document.node_mask_bits}",
        "dns.zone_name and the number of zones (as names of etcd)": ", ".join(names),
    }
