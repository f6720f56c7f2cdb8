"""What differs for the machines of a group: their launch template, and the bundle that they run."""

from collections.abc import Mapping
from typing import Any

from kubequorum_cli.plan.bundles import BundlePair, Bundles, bundle_name, without_bundle
from kubequorum_cli.plan.causes import Evidence, Leaf
from kubequorum_cli.plan.changes import StackChanges, leaves
from kubequorum_cli.plan.machines import ROLLING_CAUSES, GroupStep

_USER_DATA = "UserData"


def of_group(stack: StackChanges, step: GroupStep, bundles: Bundles) -> tuple[Evidence, BundlePair | None]:
    """What is seen to differ, and the two bundles if there are two."""
    change = stack.changes.get(step.launch_template)
    pair = None
    if change is not None and change.physical_id:
        pair = bundles.pair(change.physical_id, stack.new_definition(step.launch_template))
    template = _template(stack, step.launch_template, is_compared=pair is not None)
    properties = [*template, *_group(stack, step.logical_id)]
    return (
        Evidence(
            fields=pair.document_changes() if pair else (),
            files=pair.files() if pair else (),
            properties=properties,
        ),
        pair,
    )


def _template(stack: StackChanges, logical_id: str, *, is_compared: bool) -> list[Leaf]:
    old = _data(stack.old_definition(logical_id))
    new = _data(stack.new_definition(logical_id))
    before, after = old.pop(_USER_DATA, None), new.pop(_USER_DATA, None)
    found = list(leaves(old, new, "LaunchTemplateData"))
    bundles = bundle_name(before), bundle_name(after)
    if not is_compared and bundles[0] != bundles[1]:
        found.append(("LaunchTemplateData.UserData", *bundles))
    if without_bundle(before) != without_bundle(after):
        found.append(("LaunchTemplateData.UserData", "another script", "or other values in it"))
    return found


def _data(definition: Mapping[str, Any]) -> dict[str, Any]:
    return dict((definition.get("Properties") or {}).get("LaunchTemplateData") or {})


def _group(stack: StackChanges, logical_id: str) -> list[Leaf]:
    old = stack.old_definition(logical_id).get("Properties") or {}
    new = stack.new_definition(logical_id).get("Properties") or {}
    return [leaf for name in ROLLING_CAUSES for leaf in leaves(old.get(name), new.get(name), name)]
