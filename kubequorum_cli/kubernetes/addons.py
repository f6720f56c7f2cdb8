"""The cluster's addons, as their inventories describe them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubequorum_cli.kubernetes.access import Access
from kubequorum_cli.kubernetes.client import ApiError, Client

_PATH = "/api/v1/namespaces/kube-system/configmaps?labelSelector=kubequorum%2Faddon"
_STYLES = {"ready": "green", "failed": "red"}


@dataclass(frozen=True, kw_only=True)
class Addon:
    """An addon; `status --json` prints it with these field names."""

    name: str
    version: str
    state: str
    """applying, applied, ready, failed or removing."""
    message: str
    changed: str = ""
    """When its inventory was changed last, ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class AddonList:
    """All addons, or why they cannot be listed."""

    addons: list[Addon] = field(default_factory=list)
    problem: str = ""


def list_addons(client: Client) -> list[Addon]:
    """All addons, by name.

    Raises:
        ApiError: the API does not list them.
    """
    return sorted(map(_addon, client.get(_PATH)["items"]), key=lambda addon: addon.name)


def look_at_addons(access: Access) -> AddonList:
    """List the addons once."""
    try:
        return AddonList(addons=list_addons(Client(access)))
    except ApiError as error:
        return AddonList(problem=str(error))


def show_addons(found: AddonList, console: Console) -> None:
    """Print them as a table, or why they cannot be listed; nothing if there are none."""
    if found.problem:
        console.print(f"Addons: {found.problem}\n", markup=False, highlight=False)
    if not found.addons:
        return
    columns = ("addon", "version", "state", "message")
    table = Table(
        *columns, title="Addons", title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    table.padding = (0, 3, 0, 0)
    for addon in found.addons:
        state = Text(addon.state, style=_STYLES.get(addon.state, "yellow"))
        table.add_row(addon.name, addon.version, state, Text(addon.message))
    console.print(table)
    console.print()


def _addon(item: Mapping[str, Any]) -> Addon:
    data = item.get("data") or {}
    return Addon(
        name=item["metadata"]["labels"]["kubequorum/addon"],
        version=data.get("version", ""),
        state=data.get("state", "unknown"),
        message=data.get("message", ""),
        # When a manager of fields last changed one of its own
        # (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management).
        changed=max(
            (str(each.get("time", "")) for each in item["metadata"].get("managedFields", [])), default=""
        ),
    )
