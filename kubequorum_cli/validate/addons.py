"""Addons, as their inventories describe them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.finding import Finding
from kubequorum_cli.validate.snapshot import Snapshot

_LONG = timedelta(minutes=5)


def states(snapshot: Snapshot) -> Iterator[Finding]:
    """Addons that failed, or are not ready."""
    for addon in snapshot.addons.known:
        seen = f"{addon.state}: {addon.message}" if addon.message else addon.state
        if addon.state == "ready":
            continue
        if addon.state == "failed":
            yield kinds.ADDON_FAILED.of("addon", addon.name, seen)
            continue
        changed = datetime.fromisoformat(addon.changed) if addon.changed else snapshot.now
        kind = kinds.ADDON_SLOW if snapshot.now - changed > _LONG else kinds.ADDON_IN_PROGRESS
        yield kind.of("addon", addon.name, f"{seen} since {addon.changed}" if addon.changed else seen)
