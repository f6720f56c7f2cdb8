"""How resource types are added to ministack's CloudFormation.

A type is a class with create, update and delete. All of them run in a worker
thread, so they may call other services (emulator.api.calls) and may wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from emulator.api import patches

Properties = Mapping[str, Any]
Attributes = dict[str, Any]

_HANDLERS = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_RESOURCE_HANDLERS",
    why="the table of resource types: handlers take (logical_id, props, stack_name) and so on",
)
_REPLACING = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_REPLACING_PROPERTIES",
    why="which properties replace a resource, for change sets and updates alike",
)
_STACK_TAGS = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_STACK_TAG_PROPERTY",
    why="types whose tags get the stack's and the aws:cloudformation:* ones",
)
_ON_WORKER = patches.declare(
    "ministack.services.cloudformation.stacks",
    "_runs_on_worker_thread",
    parameters=("resource_type",),
    why="our types call other services and wait, which must not happen on the event loop",
)
_PHYSICAL_NAME = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_physical_name",
    parameters=("stack_name", "logical_id", "lowercase", "max_len", "seeded"),
    why="generated names look like CloudFormation's and survive updates",
)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource as the template wants it, references resolved."""

    stack_name: str
    logical_id: str
    properties: Properties

    def generated_name(self, *, max_length: int, lowercase: bool = False) -> str:
        """Name it as CloudFormation does: stack, logical id, and a suffix that only a replacement changes."""
        name: str = _PHYSICAL_NAME.get()(
            self.stack_name, self.logical_id, lowercase=lowercase, max_len=max_length
        )
        return name


@dataclass(frozen=True)
class Provisioned:
    """What `Ref` and `Fn::GetAtt` return."""

    physical_id: str
    attributes: Attributes = field(default_factory=dict)


class ResourceType:
    """One resource type; what its methods raise is the reason in the stack event."""

    name: ClassVar[str]
    replaced_by: ClassVar[tuple[str, ...]] = ()
    """Properties documented as "Update requires: Replacement"."""
    tag_property: ClassVar[str | None] = None
    """The property through which stack tags reach it."""

    def create(self, resource: Resource) -> Provisioned:
        """Create it."""
        raise NotImplementedError

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change it in place: none of `replaced_by` differs."""
        raise NotImplementedError

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; one that is already gone is not an error."""
        raise NotImplementedError


def register(types: list[ResourceType]) -> None:
    """Put the types into ministack's tables; they replace its own."""
    for resource_type in types:
        _HANDLERS.set_item(resource_type.name, _handlers(resource_type))
        _REPLACING.set_item(resource_type.name, resource_type.replaced_by)
        if resource_type.tag_property is not None:
            _STACK_TAGS.set_item(resource_type.name, (resource_type.tag_property, "list"))
    ours = {resource_type.name for resource_type in types}
    original: Callable[[str], bool] = _ON_WORKER.get()

    def runs_on_worker_thread(resource_type: str) -> bool:
        return resource_type in ours or original(resource_type)

    _ON_WORKER.replace(runs_on_worker_thread)


def provisioner(name: str, *parameters: str) -> patches.PrivateSymbol:
    """Declare one of ministack's own functions for a type, for one of ours that adds to it."""
    return patches.declare(
        "ministack.services.cloudformation.provisioners",
        name,
        parameters=parameters,
        why="ministack makes the resource; our type adds what it leaves out",
    )


def _handlers(resource_type: ResourceType) -> dict[str, Any]:
    def create(logical_id: str, props: Properties, stack_name: str) -> tuple[str, Attributes]:
        done = resource_type.create(Resource(stack_name=stack_name, logical_id=logical_id, properties=props))
        return done.physical_id, done.attributes

    def update(
        physical_id: str, old_props: Properties, new_props: Properties, stack_name: str, logical_id: str
    ) -> tuple[str, Attributes]:
        resource = Resource(stack_name=stack_name, logical_id=logical_id, properties=new_props)
        done = resource_type.update(physical_id, resource, old_props)
        return done.physical_id, done.attributes

    def delete(physical_id: str, props: Properties) -> None:
        resource_type.delete(physical_id, props)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}
