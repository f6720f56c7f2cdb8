"""The emulated Elastic Load Balancing: targets and their health, and network load balancers."""

from emulator.api import patches
from emulator.api.context import Context
from emulator.api.load_balancing import network, service
from emulator.api.load_balancing.health import Health
from emulator.api.load_balancing.targets import Targets
from emulator.api.wire import Protocol
from emulator.interfaces.target_probe import TargetProber

_ACTIONS = patches.declare(
    "ministack.services.alb",
    "_ACTION_MAP",
    items={
        "RegisterTargets": ("params",),
        "DeregisterTargets": ("params",),
        "DescribeTargetHealth": ("params",),
    },
    why="a target is healthy only if it was checked",
)


def install(context: Context) -> None:
    """Patch ministack's load balancing; machines that can probe targets do so."""
    machines: object = context.machines
    prober = machines if isinstance(machines, TargetProber) else None
    health = Health(worker=context.worker, prober=prober, times=context.times)
    targets = Targets(health)
    service.use(service.Balancing(targets=targets, health=health))
    protocol = Protocol("elbv2")
    for action, function in {
        "RegisterTargets": targets.register_targets,
        "DeregisterTargets": targets.deregister_targets,
        "DescribeTargetHealth": targets.describe_target_health,
    }.items():
        _ACTIONS.replace_item(action, protocol.handler(action, function))
    network.install(protocol)
    context.on_reset(health.reset)
