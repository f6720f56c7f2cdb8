"""The rest of AWS, as an engine under test sees it: it does what the test says, when the test says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.api.autoscaling.engine import Engine
from emulator.api.autoscaling.interfaces import Launched, LaunchError, LaunchPlan
from emulator.api.autoscaling.lifecycle import hook_from_properties
from emulator.api.autoscaling.model import Group, Hook, Member, Settings, Subnet, Template
from emulator.times import QUICK, Times

START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Timer:
    """One entry of the clock."""

    due: float
    fn: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> bool:
        """Never runs then."""
        self.cancelled = True
        return True


@dataclass
class Clock:
    """Time that passes only when the test says so."""

    seconds: float = 0
    timers: list[Timer] = field(default_factory=list)

    def now(self) -> datetime:
        """The present moment."""
        return START + timedelta(seconds=self.seconds)

    def later(self, seconds: float, fn: Callable[[], object]) -> Timer:
        """Note a timer."""
        timer = Timer(self.seconds + seconds, fn)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float = 0) -> None:
        """Let time pass, firing what falls due, in order."""
        end = self.seconds + seconds
        while due := [timer for timer in self.timers if not timer.cancelled and timer.due <= end]:
            timer = min(due, key=lambda entry: entry.due)
            self.timers.remove(timer)
            self.seconds = max(self.seconds, timer.due)
            timer.fn()
        self.seconds = end


@dataclass
class Aws:
    """EC2, load balancers and EventBridge, recorded."""

    launches: list[LaunchPlan] = field(default_factory=list)
    terminated: list[str] = field(default_factory=list)
    targets: dict[str, set[str]] = field(default_factory=dict)
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    event_resources: list[list[str]] = field(default_factory=list)
    refuse: str | None = None
    latest_version: int = 1
    drain_seconds: float = 120.0
    """How long a target drains."""

    def template(self, specification: Mapping[str, Any]) -> Template:
        """Any template exists, in any version."""
        version = specification.get("Version", "$Latest")
        number = self.latest_version if version == "$Latest" else int(version)
        name = specification["LaunchTemplateName"]
        return Template(template_id=f"lt-{name}", name=name, version=number, data={})

    def check(self, template: Template) -> None:
        """Every template may be launched."""

    def subnets(self, subnet_ids: Sequence[str]) -> list[Subnet]:
        """Subnet `a1` is in zone a."""
        return [Subnet(subnet_id=subnet, availability_zone=subnet[0]) for subnet in subnet_ids]

    def launch(self, plan: LaunchPlan) -> Launched:
        """Accept, unless the test wants a refusal."""
        if self.refuse is not None:
            raise LaunchError(self.refuse)
        self.launches.append(plan)
        return Launched(
            instance_id=f"i-{len(self.launches)}",
            instance_type=plan.instance_type or "m7i.large",
            image_id=None,
        )

    def terminate(self, instance_id: str) -> None:
        """Note it."""
        self.terminated.append(instance_id)

    def register(self, target_group_arns: Sequence[str], instance_id: str) -> None:
        """Note it."""
        for arn in target_group_arns:
            self.targets.setdefault(arn, set()).add(instance_id)

    def deregister(self, target_group_arns: Sequence[str], instance_id: str) -> float:
        """Note it."""
        was_target = any(instance_id in self.targets.get(arn, set()) for arn in target_group_arns)
        for arn in target_group_arns:
            self.targets.get(arn, set()).discard(instance_id)
        return self.drain_seconds if was_target else 0.0

    def emit(self, detail_type: str, *, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
        """Note it."""
        self.events.append((detail_type, detail))
        self.event_resources.append(list(resources))


class World:
    """An engine with everything around it."""

    def __init__(self, times: Times | Callable[[], Times] = QUICK) -> None:
        self.aws = Aws()
        self.clock = Clock()
        self.engine = Engine(
            groups={},
            compute=self.aws,
            balancing=self.aws,
            events=self.aws,
            timers=self.clock,
            clock=self.clock.now,
            times=times if callable(times) else lambda: times,
        )

    def create(self, *hooks: Hook, **settings: Any) -> Group:
        """Create the group `web`, of one instance by default."""
        size = settings.pop("size", 1)
        defaults: dict[str, Any] = {
            "min_size": 0,
            "max_size": 10,
            "desired_capacity": size,
            "subnet_ids": ("a1",),
            "launch_template": {"LaunchTemplateName": "web", "Version": "$Latest"},
        }
        group = Group(
            name="web",
            arn="arn:web",
            created=self.clock.now(),
            settings=Settings(**{**defaults, **settings}),
            hooks={hook.name: hook for hook in hooks},
        )
        self.engine.add_group(group)
        return group

    def run(self, *instance_ids: str) -> None:
        """EC2 says that these run now."""
        for instance_id in instance_ids:
            self.engine.instance_changed(instance_id, state="running", reason="")
        self.clock.advance()

    def end(self, *instance_ids: str, reason: str = "Client.UserInitiatedShutdown") -> None:
        """EC2 says that these are terminated now."""
        for instance_id in instance_ids:
            self.engine.instance_changed(instance_id, state="terminated", reason=reason)

    def complete(self, instance_id: str, hook: str, result: str = "CONTINUE") -> None:
        """The action of a hook is completed by the instance itself, without a token."""
        self.engine.capacity.lifecycle.complete(
            self.member(instance_id), hook_name=hook, token=None, result=result
        )
        self.clock.advance()

    def member(self, instance_id: str) -> Member:
        """The membership of an instance."""
        return self.engine.member(instance_id)[1]

    def states(self) -> dict[str, str]:
        """State of every member of `web`."""
        group = self.engine.groups.get("web")
        return {} if group is None else {name: str(member.state) for name, member in group.members.items()}


def launch_hook(**properties: object) -> Hook:
    """The hook `launch`."""
    transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    return hook_from_properties("launch", {"LifecycleTransition": transition, **properties})


def terminate_hook(**properties: object) -> Hook:
    """The hook `terminate`."""
    transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    return hook_from_properties("terminate", {"LifecycleTransition": transition, **properties})
