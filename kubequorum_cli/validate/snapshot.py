"""All that was read of a cluster at one moment; checks are functions of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from kubequorum_cli.backups.state import BackupState
from kubequorum_cli.kubernetes import Addon, ApiServer, Node, SystemPod
from kubequorum_cli.parts import ABSENT, Part
from kubequorum_cli.report.model import Group, Instance, LoadBalancer, Name, Stack, Volume
from kubequorum_cli.resources import IN_SERVICE, groups_in
from kubequorum_cli.slot_records import SlotRecord

_CREATING = ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS")


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Two clocks at the same moment."""

    own: datetime
    aws: datetime


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The parts, each of which may be unknown."""

    cluster: str
    stacks: Part[list[Stack]] = ABSENT
    resources: Part[Mapping[str, list[str]]] = ABSENT
    """What the stacks have made: type to physical ids. The parts below follow from it."""
    groups: Part[list[Group]] = ABSENT
    waiting_since: Part[Mapping[str, datetime]] = ABSENT
    """Instances that come or go, with the beginning of that."""
    volumes: Part[list[Volume]] = ABSENT
    load_balancers: Part[list[LoadBalancer]] = ABSENT
    names: Part[list[Name]] = ABSENT
    records: Part[Mapping[str, SlotRecord | None]] = ABSENT
    """By slot."""
    backups: Part[BackupState] = ABSENT
    clocks: Part[Clocks] = ABSENT
    api: Part[ApiServer] = ABSENT
    credentials_end: Part[Mapping[str, datetime]] = ABSENT
    """What the administrator's kubeconfig has: name of a certificate to its end."""
    nodes: Part[list[Node]] = ABSENT
    pods: Part[list[SystemPod]] = ABSENT
    addons: Part[list[Addon]] = ABSENT
    taken: datetime = field(default_factory=lambda: datetime.now(UTC))
    """By this computer's clock."""

    @property
    def now(self) -> datetime:
        """By AWS's clock, if that is known: this computer's may be wrong."""
        return self.clocks.value.aws if self.clocks.value else self.taken

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Outputs of the control plane's stack; empty if there is none.

        Raises:
            UnknownPartError: stacks are not known.
        """
        return next((s.outputs for s in self.stacks.known if s.name == f"{self.cluster}-ControlPlane"), {})

    @property
    def slots(self) -> tuple[str, ...]:
        """Those that should have a master; UnknownPartError if stacks or groups are not known."""
        # A stack that is being created has no outputs yet.
        return tuple(sorted({*groups_in(self.outputs), *(g.slot for g in self.groups.known if g.slot)}))

    @property
    def is_being_created(self) -> bool:
        """Whether the control plane is, by its stack; False if stacks are not known."""
        return any(
            stack.name == f"{self.cluster}-ControlPlane" and stack.status in _CREATING
            for stack in self.stacks.value or []
        )

    @property
    def is_being_deployed(self) -> bool:
        """Whether a stack is; False if stacks are not known."""
        return any(stack.status.endswith("_IN_PROGRESS") for stack in self.stacks.value or [])

    @property
    def instances(self) -> list[Instance]:
        """Those in all groups; UnknownPartError if groups are not known."""
        return [instance for group in self.groups.known for instance in group.instances]

    def instances_of(self, slot: str) -> list[Instance]:
        """Those in a slot's group; UnknownPartError if groups are not known."""
        return [i for group in self.groups.known if group.slot == slot for i in group.instances]

    @property
    def masters(self) -> dict[str, Instance]:
        """Slot to its master in service, if it has one, the first of several.

        Raises:
            UnknownPartError: groups are not known.
        """
        found: dict[str, Instance] = {}
        for group in self.groups.known:
            for instance in group.instances:
                if group.slot and instance.lifecycle_state == IN_SERVICE:
                    found.setdefault(group.slot, instance)
        return found
