"""What a master does about an addon now. Pure: from what is wanted and what the inventory says."""

from dataclasses import dataclass
from enum import Enum

from kubequorum_node.addon_set import Addon
from kubequorum_node.addons.inventory import Inventory, State

TAKE_OVER_SECONDS = 60.0
"""A master that has not touched an inventory for so long is dead, or its work failed: any other goes on."""
LOOK_SECONDS = 600.0
"""How often each master looks for what was changed by hand."""


class Action(Enum):
    """What to do."""

    APPLY = "apply"
    CHECK = "check whether it is ready"
    LOOK = "look for changes"
    NOTHING = "nothing"
    LEAVE = "leave it to the master that works on it"
    WAIT = "wait for what it needs"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What this master has seen of an addon itself, by its own clock."""

    unchanged_seconds: float
    """How long the inventory has been as it is."""
    since_look_seconds: float
    """How long ago this master last applied it, or looked for changes."""


def decide(
    addon: Addon, inventory: Inventory | None, *, written: float, me: str, needs_ready: bool, seen: Seen
) -> Action:
    """What to do about an addon that is wanted.

    Args:
        addon: as it is wanted.
        inventory: as it is in the cluster; None if it is not there.
        written: when the set that wants it was written.
        me: this instance.
        needs_ready: whether all addons that it needs are ready.
        seen: what this master has seen itself.

    """
    apply = Action.APPLY if needs_ready else Action.WAIT
    if inventory is None:
        return apply
    at_work = inventory.state in {State.APPLYING, State.REMOVING}
    if at_work and inventory.holder != me and seen.unchanged_seconds < TAKE_OVER_SECONDS:
        return Action.LEAVE
    # What failed is tried again: at once if it is deployed again, else slowly, for what it misses may come.
    is_due = inventory.written < written or seen.unchanged_seconds >= TAKE_OVER_SECONDS
    again = inventory.state is State.FAILED and is_due
    if inventory.generation != addon.generation or at_work or again:
        return apply
    due = Action.LOOK if seen.since_look_seconds >= LOOK_SECONDS else Action.NOTHING
    return {State.APPLIED: Action.CHECK, State.READY: due}.get(inventory.state, Action.NOTHING)


def decide_removal(inventory: Inventory, *, me: str, seen: Seen) -> bool:
    """Whether to remove an addon that is not wanted."""
    at_work = inventory.state in {State.APPLYING, State.REMOVING}
    return not at_work or inventory.holder == me or seen.unchanged_seconds >= TAKE_OVER_SECONDS
