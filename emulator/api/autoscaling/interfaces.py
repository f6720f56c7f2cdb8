"""What the Auto Scaling engine needs of the rest of AWS. Calls return at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.api.autoscaling.model import Cancellable, Subnet, Template


class LaunchError(Exception):
    """EC2 refused a launch; the message becomes the scaling activity's status."""


@dataclass(frozen=True, kw_only=True)
class LaunchPlan:
    """One instance to launch."""

    template: Template
    instance_type: str | None
    """None: the launch template's own."""
    image_id: str | None
    subnet: Subnet
    spot: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Launched:
    """An instance that EC2 has accepted; it is still `pending`."""

    instance_id: str
    instance_type: str
    image_id: str | None


class Compute(Protocol):
    """EC2. It reports state changes to `Engine.instance_changed`."""

    def template(self, specification: Mapping[str, Any]) -> Template:
        """Resolve a LaunchTemplateSpecification.

        Raises:
            LaunchError: there is no such template or version.
        """

    def subnets(self, subnet_ids: Sequence[str]) -> list[Subnet]:
        """Look subnets up.

        Raises:
            LaunchError: one of them does not exist.
        """

    def check(self, template: Template) -> None:
        """Check what every launch from a template needs.

        Raises:
            LaunchError: EC2 would refuse it.
        """

    def launch(self, plan: LaunchPlan) -> Launched:
        """Start an instance.

        Raises:
            LaunchError: EC2 refused.
        """

    def terminate(self, instance_id: str) -> None:
        """End an instance."""


class Balancing(Protocol):
    """Elastic Load Balancing. It reports health to `Engine.target_health_changed`."""

    def register(self, target_group_arns: Sequence[str], instance_id: str) -> None:
        """Make the instance a target of each group."""

    def deregister(self, target_group_arns: Sequence[str], instance_id: str) -> float:
        """Stop sending it traffic; returns how many seconds it drains, 0 if it was no target."""


class Events(Protocol):
    """EventBridge."""

    def emit(self, detail_type: str, *, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
        """Publish an event of source `aws.autoscaling`."""


class Timers(Protocol):
    """Emulated time."""

    def later(self, seconds: float, fn: Callable[[], object]) -> Cancellable:
        """Call `fn` after so many seconds, in a thread of its own."""
