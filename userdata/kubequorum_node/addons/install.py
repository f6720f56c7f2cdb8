"""Applies one addon, or removes it. A master may die at any line: any other master repeats all of it.

The inventory is written first, with all that was and all that will be in the cluster; what is no longer
wanted is deleted when everything else is there; the inventory is written last.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubequorum_node.addon_set import Addon, KubernetesObject
from kubequorum_node.addons import drift, order
from kubequorum_node.addons.inventory import (
    LABEL,
    Inventories,
    Inventory,
    LostRaceError,
    OvertakenError,
    State,
)
from kubequorum_node.addons.readiness import why_not_ready
from kubequorum_node.clock import Clock, NotYetError
from kubequorum_node.kubernetes.api_errors import RefusedError, UnknownKindError
from kubequorum_node.kubernetes.object_client import ObjectClient
from kubequorum_node.kubernetes.objects import Ref
from kubequorum_node.kubernetes.service_account_roles import ROLE_ANNOTATION

_DEFINED_SECONDS = 30.0
_GONE_SECONDS = 30.0
_SEEN_SECONDS = 2.0
"""Until all API servers have seen a service account's role: a pod that is created before has none."""
_RECREATED = frozenset({
    "ClusterRoleBinding", "DaemonSet", "Deployment", "Job", "ReplicaSet", "RoleBinding",
})  # fmt: skip
"""Deleted and created again where a field cannot be changed; they hold no data."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What applying takes."""

    api: ObjectClient
    inventories: Inventories
    objects_of: Callable[[Addon], Sequence[KubernetesObject]]
    """All objects of an addon, those of its packages included; NodeError if one cannot be had."""
    clock: Clock
    me: str
    """This instance."""
    tell: Callable[[str], None]
    """Receives a sentence for people about what was changed."""


def install(
    shop: Workshop, addon: Addon, inventory: Inventory | None, *, written: float, wanted: Collection[Ref]
) -> Inventory:
    """Bring an addon's objects to what is wanted; returns its inventory.

    Args:
        shop: what it takes.
        addon: as it is wanted.
        inventory: as it was read; None if there is none.
        written: when the set that wants it was written.
        wanted: names of all objects of all addons that are wanted.

    Raises:
        LostRaceError: another master works on it.
        NodeError: the API server does not answer, or refuses an object.

    """
    objects = shop.objects_of(addon)
    new = tuple(Ref.of(each) for each in objects)
    old = inventory.objects if inventory else ()
    begun = shop.inventories.write(
        replace(
            Inventory.begun(addon, written=written, holder=shop.me),
            objects=tuple(dict.fromkeys((*old, *new))),
            resource_version=inventory.resource_version if inventory else "",
        )
    )
    try:
        undefined: list[Ref] = []
        for each in order.to_apply(objects):
            if each["kind"] in order.DEFINES:
                undefined.append(Ref.of(each))
            # All kinds at once: each needs a moment until it is established.
            while undefined and each["kind"] not in order.DEFINES:
                _wait_until_defined(shop, undefined.pop(0))
            # A master that was frozen goes on here, when others have done something else long ago.
            shop.inventories.confirm(begun)
            changed = _apply(shop, addon.name, each)
            if changed and _gives_a_role(each):
                shop.clock.sleep(_SEEN_SECONDS)
        kept = _delete(shop, begun, old, wanted)
        message = (
            f"no longer part of it, and left in the cluster: {', '.join(map(str, kept))}" if kept else ""
        )
        return shop.inventories.write(replace(begun, state=State.APPLIED, objects=new, message=message))
    except LostRaceError as error:
        raise OvertakenError(str(error)) from error


def remove(shop: Workshop, inventory: Inventory, *, written: float, wanted: Collection[Ref]) -> None:
    """Delete an addon's objects, and then its inventory; for the arguments see `install`.

    Raises:
        LostRaceError: another master works on it.
        NodeError: the API server does not answer, or refuses to delete an object.

    """
    begun = shop.inventories.write(
        replace(inventory, state=State.REMOVING, holder=shop.me, written=written, message="")
    )
    try:
        kept = _delete(shop, begun, begun.objects, wanted)
        shop.inventories.confirm(begun)
    except LostRaceError as error:
        raise OvertakenError(str(error)) from error
    if kept:
        shop.tell(
            f"addon {inventory.addon} is removed, but not {', '.join(map(str, kept))}: delete them by hand"
        )
    shop.inventories.forget(begun)


def look(shop: Workshop, addon: Addon) -> list[str]:
    """Undo what was changed by hand; returns a sentence for each object that was.

    Raises:
        NodeError: the API server does not answer, or refuses an object.

    """
    objects = order.to_apply(shop.objects_of(addon))
    return [said for each in objects if (said := _apply(shop, addon.name, each))]


def unready(shop: Workshop, addon: Addon) -> str:
    """The first object that is not ready, and why; empty if all are.

    Raises:
        NodeError: the API server does not answer.

    """
    for each in order.to_apply(shop.objects_of(addon)):
        ref = Ref.of(each)
        found = shop.api.get(ref)
        reason = "it is not there" if found is None else why_not_ready(found)
        if reason:
            return f"{ref}: {reason}"
    return ""


def _apply(shop: Workshop, addon: str, each: Mapping[str, Any]) -> str:
    """Apply an object; returns what was other than wanted in one that was there, or that it was missing."""
    ref = Ref.of(each)
    found = shop.api.get(ref)
    wanted = drift.respecting(_labelled(each, addon), found)
    try:
        applied = shop.api.apply(wanted)
    except RefusedError as error:
        if not error.is_immutable or ref.kind not in _RECREATED:
            raise
        shop.tell(f"addon {addon}: {ref} is deleted and created again: {error}")
        _recreate(shop, ref, wanted)
        return ""
    if found is None:
        return f"{ref} was missing"
    if applied["metadata"].get("resourceVersion") == found["metadata"].get("resourceVersion"):
        return ""
    changed = drift.changes(wanted, found)
    authors = ", ".join(drift.authors(found)) or "nobody who is known"
    return f"{ref}: {', '.join(changed)} changed by {authors}" if changed else ""


def _recreate(shop: Workshop, ref: Ref, wanted: Mapping[str, Any]) -> None:
    shop.api.delete(ref)

    def look() -> None:
        if shop.api.get(ref) is not None:
            raise NotYetError("it is still there")

    shop.clock.poll(f"{ref} to be deleted", look, seconds=_GONE_SECONDS, pause=1.0)
    shop.api.apply(wanted)


def _wait_until_defined(shop: Workshop, ref: Ref) -> None:
    def look() -> None:
        found = shop.api.get(ref)
        if reason := "it is not there" if found is None else why_not_ready(found):
            raise NotYetError(reason)

    shop.clock.poll(str(ref), look, seconds=_DEFINED_SECONDS, pause=0.5)


def _delete(shop: Workshop, begun: Inventory, old: Collection[Ref], wanted: Collection[Ref]) -> list[Ref]:
    """Delete objects of an addon that are no longer wanted; returns those that are left to people."""
    identities = {ref.identity for ref in wanted}
    kept = []
    for ref in order.to_delete(ref for ref in old if ref.identity not in identities):
        if ref.kind in order.KEPT:
            kept.append(ref)
        # Another addon may have taken it over, or a person may have made one of the same name.
        elif _belongs_to(shop, ref, begun.addon):
            shop.inventories.confirm(begun)
            shop.api.delete(ref)
    return kept


def _belongs_to(shop: Workshop, ref: Ref, addon: str) -> bool:
    try:
        found = shop.api.get(ref)
    except UnknownKindError:
        return False
    return found is not None and (found["metadata"].get("labels") or {}).get(LABEL) == addon


def _gives_a_role(each: Mapping[str, Any]) -> bool:
    return each["kind"] == "ServiceAccount" and ROLE_ANNOTATION in (each["metadata"].get("annotations") or {})


def _labelled(each: Mapping[str, Any], addon: str) -> dict[str, Any]:
    metadata = each["metadata"]
    return {**each, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), LABEL: addon}}}
