"""Property values on their way from a template to an API."""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api.calls import CallError, call
from emulator.api.cloudformation.registry import Properties


def chosen(properties: Properties, names: Iterable[str]) -> dict[str, Any]:
    """The named properties that are set."""
    return {name: properties[name] for name in names if properties.get(name) not in (None, "")}


def boolean(value: Any) -> bool:
    """A boolean, which a template may carry as a string."""
    return str(value).lower() == "true"


def tag_list(properties: Properties) -> list[dict[str, str]]:
    """The `Tags` property with texts only."""
    return [{"Key": str(tag["Key"]), "Value": str(tag["Value"])} for tag in properties.get("Tags") or []]


def tag_specifications(resource_type: str, properties: Properties) -> dict[str, Any]:
    """The EC2 parameter that tags at creation; nothing when there are no tags."""
    tags = tag_list(properties)
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": tags}]} if tags else {}


def retag(resource_id: str, *, old: Properties, new: Properties) -> None:
    """Bring an EC2 resource's tags from the old template to the new; tags from elsewhere stay."""
    before = {tag["Key"]: tag["Value"] for tag in tag_list(old)}
    after = {tag["Key"]: tag["Value"] for tag in tag_list(new)}
    if gone := [{"Key": key} for key in before.keys() - after.keys()]:
        call("ec2", "delete_tags", Resources=[resource_id], Tags=gone)
    changed = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    if changed:
        call("ec2", "create_tags", Resources=[resource_id], Tags=changed)


def delete_unless_gone(service: str, operation: str, /, *, gone: Iterable[str], **parameters: Any) -> None:
    """Call a delete operation; the error codes in `gone` say that there is nothing left to delete."""
    try:
        call(service, operation, **parameters)
    except CallError as error:
        if error.code not in gone:
            raise


def with_integers(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The same values, the named ones as integers: a template may carry numbers as strings."""
    return {key: int(value) if key in set(names) else value for key, value in values.items()}
