"""One look at all addons: each is applied, checked or removed, whatever becomes of the others."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubequorum_node.addon_set import Addon
from kubequorum_node.addons.decision import Action, Seen, decide, decide_removal
from kubequorum_node.addons.install import Workshop, install, look, remove, unready
from kubequorum_node.addons.inventory import Inventory, LostRaceError, OvertakenError, State
from kubequorum_node.addons.wanted import Wanted
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.api_errors import RefusedError
from kubequorum_node.kubernetes.objects import Ref
from kubequorum_node.log import info, warning

_LONG_AGO = float("-inf")


@dataclass(frozen=True, kw_only=True)
class Result:
    """Where the set is, as far as this master knows."""

    ready: bool
    """All addons are ready, and those that are no longer wanted are removed."""
    failure: str = ""
    """The first one that failed, and why."""


class Reconciler:
    """Brings the cluster's addons to what is wanted, and keeps what this master has seen."""

    def __init__(self, shop: Workshop, *, warn: Callable[[str], None]) -> None:
        self._shop = shop
        self._warn = warn
        self._changed: dict[str, tuple[str, float]] = {}
        """Resource version of each inventory, and since when."""
        self._looked: dict[str, float] = {}
        """When each addon was last applied, or looked at for changes."""
        self._suspect: dict[str, frozenset[Ref]] = {}
        """Objects that this master may have applied after another one had taken the addon over."""
        self._begun: dict[tuple[str, str], float] = {}
        """Since when each generation of an addon is on its way."""

    def turn(self, wanted: Wanted) -> Result:
        """Look at everything once.

        Raises:
            UnavailableError, RefusedError: the API server does not say what is in the cluster.

        """
        inventories = self._shop.inventories.read()
        if any(inventory.written > wanted.written for inventory in inventories.values()):
            info("another master has applied a later set of addons: waiting until this one can read it")
            return Result(ready=False)
        for name, suspects in self._suspect.items():
            inventories[name] = _with_suspects(name, suspects, inventories.get(name), me=self._shop.me)
        refs = {addon.name: self._refs(addon, inventories) for addon in wanted.addons.addons}
        names = set[Ref]().union(*refs.values())
        for addon in wanted.addons.addons:
            needs_ready = all(_is_ready(wanted, inventories.get(name), name) for name in addon.needs)
            tend = partial(self._tend, wanted, addon, inventories, names, needs_ready=needs_ready)
            self._guarded(addon.name, refs[addon.name], tend)
        kept = {addon.name for addon in wanted.addons.addons}
        for name in sorted(inventories.keys() - kept):
            tend = partial(self._tidy, wanted, name, inventories, names)
            self._guarded(name, inventories[name].objects, tend)
        return _result(wanted, inventories)

    def _refs(self, addon: Addon, inventories: Mapping[str, Inventory]) -> set[Ref]:
        """Names of an addon's objects; while a package of it cannot be had, of what it has in the cluster."""
        try:
            return {Ref.of(each) for each in self._shop.objects_of(addon)}
        except NodeError as error:
            info(f"addon {addon.name}: {error}")
            found = inventories.get(addon.name)
            return {*map(Ref.of, addon.objects), *(found.objects if found is not None else ())}

    def _guarded(self, name: str, refs: Collection[Ref], tend: Callable[[], None]) -> None:
        """Tend to one addon: whatever fails is logged, and the others get their turn."""
        try:
            tend()
        except OvertakenError as error:
            info(str(error))
            # What this master did may have come after what the other one did: it is done again.
            self._suspect[name] = self._suspect.get(name, frozenset()) | frozenset(refs)
        except LostRaceError as error:
            info(str(error))
        except Exception as error:
            warning(f"addon {name}: {str(error) or repr(error)}")

    def _tend(
        self,
        wanted: Wanted,
        addon: Addon,
        inventories: dict[str, Inventory],
        names: Collection[Ref],
        *,
        needs_ready: bool,
    ) -> None:
        inventory = inventories.get(addon.name)
        action = decide(
            addon,
            inventory,
            written=wanted.written,
            me=self._shop.me,
            needs_ready=needs_ready,
            seen=self._seen(addon.name, inventory),
        )
        match action:
            case Action.APPLY:
                inventories[addon.name] = self._apply(wanted, addon, inventory, names)
            case Action.CHECK if inventory is not None:
                inventories[addon.name] = self._check(wanted, addon, inventory)
            case Action.LOOK if inventory is not None:
                inventories[addon.name] = self._look(addon, inventory)
            case _:
                pass

    def _apply(
        self, wanted: Wanted, addon: Addon, inventory: Inventory | None, names: Collection[Ref]
    ) -> Inventory:
        info(f"addon {addon.name} {addon.version}: applying it")
        try:
            applied = install(self._shop, addon, inventory, written=wanted.written, wanted=names)
        except LostRaceError:
            raise
        except Exception as error:
            # Whatever it is, the deploy that waits for this addon must end some time.
            reason = str(error) or repr(error)
            return self._give_up_if_due(wanted, addon, reason, is_final=_is_final(error), cause=error)
        self._suspect.pop(addon.name, None)
        self._looked[addon.name] = self._shop.clock.now()
        if applied.message:
            self._warn(f"addon {addon.name}: {applied.message}")
        return self._check(wanted, addon, applied)

    def _check(self, wanted: Wanted, addon: Addon, inventory: Inventory) -> Inventory:
        if reason := unready(self._shop, addon):
            return self._give_up_if_due(
                wanted, addon, reason, is_final=False, cause=None, inventory=inventory
            )
        self._begun.pop((addon.name, addon.generation), None)
        info(f"addon {addon.name} {addon.version} is ready")
        ready = replace(inventory, state=State.READY, holder=self._shop.me, message="")
        return self._shop.inventories.write(ready)

    def _look(self, addon: Addon, inventory: Inventory) -> Inventory:
        self._looked[addon.name] = self._shop.clock.now()
        for said in look(self._shop, addon):
            self._warn(f"addon {addon.name} was changed by hand and is repaired: {said}")
        if reason := unready(self._shop, addon):
            self._warn(f"addon {addon.name} is not ready any more: {reason}")
            return self._shop.inventories.write(
                replace(inventory, state=State.APPLIED, holder=self._shop.me, message=reason)
            )
        return inventory

    def _give_up_if_due(
        self,
        wanted: Wanted,
        addon: Addon,
        reason: str,
        *,
        is_final: bool,
        cause: Exception | None,
        inventory: Inventory | None = None,
    ) -> Inventory:
        """Record that an addon failed, if its time is over; else it is tried again at the next turn."""
        begun = self._begun.setdefault((addon.name, addon.generation), self._shop.clock.now())
        spent = self._shop.clock.now() - begun
        current = inventory or self._shop.inventories.read().get(addon.name)
        if not (is_final or spent >= addon.ready_seconds):
            if cause is not None:
                raise cause
            assert current is not None  # noqa: S101 - only a failed request has a cause
            return current
        # A package that cannot be had keeps even the inventory from being begun.
        current = current or Inventory.begun(addon, written=wanted.written, holder=self._shop.me)
        message = reason if is_final else f"not ready within {addon.ready_seconds} s: {reason}"
        self._begun.pop((addon.name, addon.generation), None)
        self._warn(f"addon {addon.name} failed: {message}")
        # It failed as a part of this set, whichever set it was applied for first.
        failed = replace(current, state=State.FAILED, holder=self._shop.me, message=message)
        of_this = replace(failed, version=addon.version, generation=addon.generation)
        return self._shop.inventories.write(replace(of_this, written=wanted.written))

    def _tidy(
        self, wanted: Wanted, name: str, inventories: dict[str, Inventory], names: Collection[Ref]
    ) -> None:
        inventory = inventories[name]
        seen = self._seen(inventory.addon, inventory)
        if decide_removal(inventory, me=self._shop.me, seen=seen):
            info(f"addon {inventory.addon} is no longer wanted: removing it")
            remove(self._shop, inventory, written=wanted.written, wanted=names)
            self._suspect.pop(name, None)
            del inventories[name]

    def _seen(self, name: str, inventory: Inventory | None) -> Seen:
        now = self._shop.clock.now()
        version = inventory.resource_version if inventory else ""
        if self._changed.get(name, ("", 0.0))[0] != version:
            self._changed[name] = (version, now)
        return Seen(
            unchanged_seconds=now - self._changed.get(name, (version, now))[1],
            since_look_seconds=now - self._looked.get(name, _LONG_AGO),
        )


def _with_suspects(name: str, refs: frozenset[Ref], found: Inventory | None, *, me: str) -> Inventory:
    """An inventory that names what this master may have applied, too, and must be applied again."""
    if found is None:
        return Inventory(
            addon=name,
            version="",
            generation="",
            written=0.0,
            state=State.REMOVING,
            holder=me,
            objects=tuple(sorted(refs)),
        )
    return replace(found, generation="", objects=tuple(dict.fromkeys((*found.objects, *sorted(refs)))))


def _is_final(error: Exception) -> bool:
    return isinstance(error, RefusedError) and error.is_final


def _is_ready(wanted: Wanted, inventory: Inventory | None, name: str) -> bool:
    (addon,) = (each for each in wanted.addons.addons if each.name == name)
    return (
        inventory is not None and inventory.state is State.READY and inventory.generation == addon.generation
    )


def _result(wanted: Wanted, inventories: dict[str, Inventory]) -> Result:
    failed = [
        f"{addon.name}: {found.message}"
        for addon in wanted.addons.addons
        if (found := inventories.get(addon.name)) is not None
        and found.state is State.FAILED
        and (found.generation, found.written) == (addon.generation, wanted.written)
    ]
    ready = all(_is_ready(wanted, inventories.get(addon.name), addon.name) for addon in wanted.addons.addons)
    ready = ready and len(inventories) == len(wanted.addons.addons)
    return Result(ready=ready, failure=failed[0] if failed else "")
