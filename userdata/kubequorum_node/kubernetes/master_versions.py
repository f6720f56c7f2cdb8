"""Which versions of Kubernetes the masters run: in an update there are two.

The slots' records say it. A record is written before its master starts and stays while the slot has none, so
a master that is dead at the moment counts with its version.
"""

import re

from kubequorum_node.errors import NodeError
from kubequorum_node.node import Node
from kubequorum_node.volume import slot_record

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def of_others(node: Node) -> dict[str, str]:
    """The versions of the other slots by slot; empty where a record does not say it.

    Slots that have never had a master are absent.
    """
    found = {}
    for slot in node.etcd_spec.slots:
        if slot != node.slot and (record := slot_record.of_slot(node, slot)) is not None:
            found[slot] = record.kubernetes
    return found


def lowest(node: Node) -> str:
    """The lowest version of this and the other masters."""
    known = [version for version in of_others(node).values() if version]
    return lower(node.document.kubernetes_version, *known)


def lower(*versions: str) -> str:
    """The lowest of some versions."""
    return min(versions, key=_numbers)


def is_newer_minor(version: str, than: str) -> bool:
    """Whether a version has a higher minor version (or major one) than another."""
    return _numbers(version)[:2] > _numbers(than)[:2]


def _numbers(version: str) -> list[int]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise NodeError(
            f"{version!r} is no version of Kubernetes such as 1.36.3: it is in a slot's record or in the join"
            " material of the state bucket, or in the ConfigMap kubeadm-config"
        )
    return [int(number) for number in found.groups()]
