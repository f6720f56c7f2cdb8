"""What an Auto Scaling group consists of."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

ACTIVITIES_KEPT = 500
MAX_HOOK_SECONDS = 48 * 3600
MAX_HEARTBEATS = 100


class LifecycleState(StrEnum):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html."""

    PENDING = "Pending"
    PENDING_WAIT = "Pending:Wait"
    PENDING_PROCEED = "Pending:Proceed"
    IN_SERVICE = "InService"
    TERMINATING = "Terminating"
    TERMINATING_WAIT = "Terminating:Wait"
    TERMINATING_PROCEED = "Terminating:Proceed"

    @property
    def is_terminating(self) -> bool:
        """Leaving: no longer counted as capacity."""
        return self.value.startswith("Terminating")

    @property
    def is_pending(self) -> bool:
        """Not yet in service."""
        return self.value.startswith("Pending")


class Transition(StrEnum):
    """What a lifecycle hook waits in."""

    LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
    TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


class Cancellable(Protocol):
    """A timer that has been set."""

    def cancel(self) -> bool:
        """Keep it from firing; False if it already has."""


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A lifecycle hook. Its default result is ABANDON unless set, for both transitions, as on AWS."""

    name: str
    transition: Transition
    heartbeat_seconds: int = 3600
    default_result: str = "ABANDON"
    notification_metadata: str | None = None

    @property
    def global_timeout_seconds(self) -> int:
        """A wait ends after this long, whatever heartbeats are recorded (PutLifecycleHook's reference)."""
        return min(MAX_HOOK_SECONDS, MAX_HEARTBEATS * self.heartbeat_seconds)


@dataclass(kw_only=True)
class LifecycleAction:
    """One instance waiting in one hook."""

    token: str
    hook: Hook
    heartbeat: Cancellable
    deadline: Cancellable

    def cancel_timers(self) -> None:
        """The action is over."""
        self.heartbeat.cancel()
        self.deadline.cancel()


@dataclass(kw_only=True)
class Activity:
    """A scaling activity, as DescribeScalingActivities shows it."""

    activity_id: str
    group_name: str
    group_arn: str
    description: str
    cause: str
    start_time: datetime
    status: str
    end_time: datetime | None = None
    status_message: str | None = None
    progress: int = 0
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Template:
    """One resolved version of a launch template."""

    template_id: str
    name: str
    version: int
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """Where instances may go."""

    subnet_id: str
    availability_zone: str


@dataclass(frozen=True, kw_only=True)
class GroupTag:
    """A tag of the group, and whether its instances get it."""

    key: str
    value: str
    propagate_at_launch: bool


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A group's configuration: what CreateAutoScalingGroup and UpdateAutoScalingGroup set."""

    min_size: int
    max_size: int
    desired_capacity: int
    subnet_ids: tuple[str, ...]
    launch_template: Mapping[str, Any] | None = None
    """A LaunchTemplateSpecification, or None if there is a mixed instances policy."""
    mixed_instances_policy: Mapping[str, Any] | None = None
    target_group_arns: tuple[str, ...] = ()
    health_check_type: str = "EC2"
    health_check_grace_seconds: int = 0
    default_cooldown_seconds: int = 300
    termination_policies: tuple[str, ...] = ("Default",)
    new_instances_protected: bool = False
    capacity_rebalance: bool = False
    max_instance_lifetime_seconds: int | None = None

    @property
    def base_template(self) -> Mapping[str, Any]:
        """The launch template that all instances start from, however the group names it."""
        if self.mixed_instances_policy is not None:
            specification: Mapping[str, Any] = self.mixed_instances_policy["LaunchTemplate"][
                "LaunchTemplateSpecification"
            ]
            return specification
        return self.launch_template or {}


@dataclass(kw_only=True)
class Member:
    """An instance of a group."""

    instance_id: str
    instance_type: str
    image_id: str | None
    subnet: Subnet
    template: Template
    specification: str
    """What the group wanted when the instance was launched, to determine whether it is outdated."""
    market: str
    """`on-demand` or `spot`."""
    protected: bool
    launched_at: datetime
    launch_activity: Activity
    state: LifecycleState = LifecycleState.PENDING
    health: str = "Healthy"
    actions: dict[str, LifecycleAction] = field(default_factory=dict)
    """By token."""
    termination_activity: Activity | None = None
    draining: Cancellable | None = None
    """Set in `Terminating`, while its load balancers drain; then come the hooks."""
    grace: Cancellable | None = None
    """Set while the health check grace period lasts."""
    load_balancer_unhealthy: bool = False
    at_risk: bool = False
    """EC2 recommends to replace it, and its group does so."""
    impaired: bool = False
    """EC2's status checks of it fail."""
    ended: bool = False
    """EC2 says that it does not run (any more)."""
    gone: bool = False
    """EC2 has terminated it, whatever the group still waits for."""


@dataclass(kw_only=True)
class Group:
    """An Auto Scaling group."""

    name: str
    arn: str
    created: datetime
    settings: Settings
    tags: dict[str, GroupTag] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    activities: deque[Activity] = field(default_factory=lambda: deque(maxlen=ACTIVITIES_KEPT))
    """Newest first."""
    suspended: dict[str, str] = field(default_factory=dict)
    """Process to reason."""
    deleting: bool = False
    launch_cause: str = ""
    failed_launches: int = 0
    """In a row."""
    retry: Cancellable | None = None
    """Set while the next launch is held back after a failed one."""

    @property
    def capacity(self) -> list[Member]:
        """Members that count: all but those that are leaving, oldest first."""
        return [member for member in self.members.values() if not member.state.is_terminating]

    @property
    def at_risk(self) -> list[Member]:
        """Members that are to be replaced, once a successor is in service."""
        return [member for member in self.capacity if member.at_risk]

    def hooks_for(self, transition: Transition) -> list[Hook]:
        """The hooks of one transition."""
        return [hook for hook in self.hooks.values() if hook.transition is transition]
