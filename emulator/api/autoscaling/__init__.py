"""The emulated Auto Scaling."""

from datetime import UTC, datetime

from ministack.core.responses import AccountRegionScopedDict

from emulator.api import patches
from emulator.api.autoscaling import groups, rebalancing, service
from emulator.api.autoscaling.adapters import BusEvents, Ec2Compute
from emulator.api.autoscaling.api_groups import GroupsApi
from emulator.api.autoscaling.api_instances import InstancesApi
from emulator.api.autoscaling.api_tags import TagsApi
from emulator.api.autoscaling.engine import Engine
from emulator.api.context import Context
from emulator.api.ec2 import instance_facts, machine_reports, notices
from emulator.api.ec2 import service as ec2_service
from emulator.api.events import EventBus
from emulator.api.lanes import Lanes
from emulator.api.load_balancing import service as load_balancing_service
from emulator.api.wire import ApiError, Protocol, Request, Response

_REFRESHES = ("StartInstanceRefresh", "DescribeInstanceRefreshes", "CancelInstanceRefresh")
_REPLACED = (
    "CreateAutoScalingGroup",
    "UpdateAutoScalingGroup",
    "DeleteAutoScalingGroup",
    "DescribeAutoScalingGroups",
    "DescribeAutoScalingInstances",
    "DescribeScalingActivities",
    "SetDesiredCapacity",
    "PutLifecycleHook",
    "DeleteLifecycleHook",
    "DescribeLifecycleHooks",
    "CompleteLifecycleAction",
    "RecordLifecycleActionHeartbeat",
    "CreateOrUpdateTags",
    "DeleteTags",
    "DescribeTags",
    *_REFRESHES,
)
_ACTIONS = patches.declare(
    "ministack.services.autoscaling",
    "_ACTION_MAP",
    items=dict.fromkeys(_REPLACED, ("p",)),
    why="groups launch real instances, through real hooks",
)


def install(context: Context) -> None:
    """Patch ministack's Auto Scaling; EC2 and load balancing must be installed before."""
    ec2, balancing = ec2_service.current(), load_balancing_service.current()
    engine = Engine(
        groups=AccountRegionScopedDict(),
        compute=Ec2Compute(ec2),
        balancing=balancing.targets,
        events=BusEvents(EventBus(Lanes(context.worker), context.active_faults)),
        timers=context.worker,
        clock=lambda: datetime.now(UTC),
        times=context.times,
    )
    service.use(engine)
    ec2.transitions.subscribe(
        lambda instance_id, state, reason: engine.instance_changed(instance_id, state=state, reason=reason)
    )
    machine_reports.subscribe(lambda instance_id, passed: _status_check(engine, instance_id, passed=passed))
    notices.subscribe(lambda instance_id: _rebalance(engine, instance_id))
    balancing.health.subscribe(
        lambda instance_id, healthy: _target_health(engine, instance_id, healthy=healthy)
    )
    instance_facts.use_target_states(groups.target_lifecycle_state)
    protocol = Protocol("autoscaling")
    handlers = {
        **GroupsApi(engine).handlers(),
        **InstancesApi(engine).handlers(),
        **TagsApi(engine).handlers(),
        **dict.fromkeys(_REFRESHES, _refuse_refresh),
    }
    for action, function in handlers.items():
        put = _ACTIONS.replace_item if action in _REPLACED else _ACTIONS.add_item
        put(action, protocol.handler(action, function))
    context.on_reset(engine.groups.clear)


def _status_check(engine: Engine, instance_id: str, *, passed: bool) -> None:
    found = engine.find(instance_id)
    if found is not None:
        engine.health.status_checked(*found, passed=passed)


def _rebalance(engine: Engine, instance_id: str) -> None:
    with engine.lock:
        if (found := engine.find(instance_id)) is not None:
            rebalancing.recommended(engine.capacity, *found)


def _target_health(engine: Engine, instance_id: str, *, healthy: bool) -> None:
    found = engine.find(instance_id)
    if found is not None:
        engine.health.target_health_changed(*found, healthy=healthy)


def _refuse_refresh(request: Request) -> Response:
    raise ApiError(
        "ValidationError",
        f"Instance refreshes are not modelled by the emulator (group {request['AutoScalingGroupName']}).",
    )
