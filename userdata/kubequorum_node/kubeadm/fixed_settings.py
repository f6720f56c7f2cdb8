"""Settings that a living cluster cannot change, kept in the state bucket since its first master worked.

A new range of pods is no error for kubeadm: the controller manager that leads next refuses the old ranges
of nodes and ends (`RangeAllocator`, https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/nodeipam/ipam),
on each master in turn. So the first master of an update compares, and the update ends with it.
"""

from kubequorum_node import fixed_settings
from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError
from kubequorum_node.errors import NodeError
from kubequorum_node.fixed_settings import StoredSettingsError, to_json
from kubequorum_node.log import info
from kubequorum_node.node import Node

__all__ = ["KEY", "FixedSettingError", "check", "fix", "require_same", "to_json"]

KEY = "pki/fixed-settings.json"
"""The bucket's policy refuses a second write of it."""


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
        found = fixed_settings.changed(stored.text, node.document)
    except StoredSettingsError as error:
        raise FixedSettingError(f"{KEY} {error}") from error
    changed = [f"{each.key} is {each.now} and was {each.before}" for each in found]
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
    now = fixed_settings.settings_of(node.document)
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
        node.store.put(KEY, to_json(fixed_settings.settings_of(node.document)), only_if=NOT_THERE)
    except PreconditionError:
        # They are there already, and were compared at the beginning of this boot.
        return
    info(f"{KEY} says from now on what this cluster cannot change")
