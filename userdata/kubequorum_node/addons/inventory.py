"""The inventory of an addon: what was applied, kept in the cluster, and who is at work on it.

It is a ConfigMap that is written before anything is applied: nothing is in the cluster that no inventory
names. Each write is conditional on the one before, so of two masters at the same moment one is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any, Self

from kubequorum_node.addon_set import Addon
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.api_errors import ConflictError
from kubequorum_node.kubernetes.object_client import ObjectClient
from kubequorum_node.kubernetes.objects import Ref

NAMESPACE = "kube-system"
LABEL = "kubequorum/addon"
"""On inventories and on all objects of addons: the addon's name."""
_PREFIX = "kubequorum-addon-"


class State(Enum):
    """Where an addon is."""

    APPLYING = "applying"
    APPLIED = "applied"
    """All objects are in the cluster; not all of them work yet."""
    READY = "ready"
    FAILED = "failed"
    REMOVING = "removing"


class LostRaceError(NodeError):
    """Another master has written the inventory meanwhile."""


class OvertakenError(LostRaceError):
    """It has done so while this one was at work: what this one did last may have come after it."""


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What is known of an addon."""

    addon: str
    version: str
    generation: str
    written: float
    """Of the set that it was last applied for, see `wanted.Wanted`: no older set is applied after it."""
    state: State
    holder: str
    """Instance that wrote it."""
    message: str = ""
    objects: tuple[Ref, ...] = ()
    """All that may be in the cluster."""
    resource_version: str = ""
    """Of the ConfigMap as it was read; empty if there is none yet."""

    @classmethod
    def begun(cls, addon: Addon, *, written: float, holder: str) -> Self:
        """Of an addon of which nothing is in the cluster."""
        return cls(
            addon=addon.name,
            version=addon.version,
            generation=addon.generation,
            written=written,
            state=State.APPLYING,
            holder=holder,
        )

    @classmethod
    def from_object(cls, found: Mapping[str, Any]) -> Self:
        """Read a ConfigMap. One that somebody has made unreadable says that its addon failed."""
        data, metadata = found.get("data") or {}, found["metadata"]
        try:
            return cls(
                addon=data["addon"],
                version=data["version"],
                generation=data["generation"],
                written=float(data["written"]),
                state=State(data["state"]),
                holder=data["holder"],
                message=data["message"],
                objects=tuple(Ref(**each) for each in json.loads(data["objects"])),
                resource_version=metadata["resourceVersion"],
            )
        except (KeyError, ValueError, TypeError) as error:
            return cls(
                addon=metadata["labels"][LABEL],
                version="",
                generation="",
                written=0.0,
                state=State.FAILED,
                holder="",
                message=f"ConfigMap {NAMESPACE}/{metadata['name']} was changed by hand: {error!r}",
                resource_version=metadata["resourceVersion"],
            )

    def to_object(self) -> dict[str, Any]:
        """The ConfigMap."""
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"{_PREFIX}{self.addon}",
                "namespace": NAMESPACE,
                "labels": {LABEL: self.addon},
                **({"resourceVersion": self.resource_version} if self.resource_version else {}),
            },
            "data": {
                "addon": self.addon,
                "version": self.version,
                "generation": self.generation,
                "written": repr(self.written),
                "state": self.state.value,
                "holder": self.holder,
                "message": self.message,
                "objects": json.dumps([asdict(ref) for ref in self.objects], indent=1),
            },
        }


class Inventories:
    """All inventories in the cluster."""

    def __init__(self, api: ObjectClient) -> None:
        self._api = api

    def read(self) -> dict[str, Inventory]:
        """All of them, by addon.

        Raises:
            UnavailableError, RefusedError: the API server does not say.

        """
        any_name = Ref(api_version="v1", kind="ConfigMap", namespace=NAMESPACE, name="any")
        found = map(Inventory.from_object, self._api.find(any_name, label=LABEL))
        return {inventory.addon: inventory for inventory in found}

    def write(self, inventory: Inventory) -> Inventory:
        """Write one if nobody has written it since it was read; returns it as it is now.

        Raises:
            LostRaceError: somebody has.
            UnavailableError, RefusedError: it could not be written.

        """
        send = self._api.replace if inventory.resource_version else self._api.create
        try:
            written = send(inventory.to_object())
        except ConflictError as error:
            raise LostRaceError(f"another master works on addon {inventory.addon}: {error}") from error
        return replace(inventory, resource_version=written["metadata"]["resourceVersion"])

    def confirm(self, inventory: Inventory) -> None:
        """Check that nobody has written one since.

        Raises:
            LostRaceError: somebody has.
            UnavailableError, RefusedError: the API server does not say.

        """
        found = self._api.get(Ref.of(inventory.to_object()))
        version = found["metadata"]["resourceVersion"] if found is not None else "none"
        if version != inventory.resource_version:
            raise LostRaceError(f"another master works on addon {inventory.addon}")

    def forget(self, inventory: Inventory) -> None:
        """Delete one: nothing of the addon is left.

        Raises:
            UnavailableError, RefusedError: it could not be deleted.

        """
        self._api.delete(Ref.of(inventory.to_object()))
