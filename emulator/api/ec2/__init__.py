"""The emulated EC2: instances, volumes and the machines behind them. Networks stay ministack's own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from emulator.api import patches
from emulator.api.context import Context
from emulator.api.ec2 import (
    addresses,
    api_attributes,
    api_interfaces,
    limits,
    machine_reports,
    notices,
    profiles,
    service,
    store,
)
from emulator.api.ec2.api_instances import InstancesApi
from emulator.api.ec2.api_volumes import VolumesApi
from emulator.api.events import EventBus
from emulator.api.lanes import Lanes
from emulator.api.wire import ApiError, Protocol, Reply, Request, Response

STATE_CHANGE = "EC2 Instance State-change Notification"
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html."""

_REPLACED = (
    "RunInstances",
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeInstanceAttribute",
    "TerminateInstances",
    "StopInstances",
    "StartInstances",
    "RebootInstances",
    "CreateVolume",
    "DeleteVolume",
    "DescribeVolumes",
    "AttachVolume",
    "DetachVolume",
    "ModifyVolume",
    "DescribeVolumesModifications",
    "DescribeNetworkInterfaces",
    "CreateFleet",
)
_ACTIONS = patches.declare(
    "ministack.services.ec2",
    "_ACTION_MAP",
    items=dict.fromkeys(_REPLACED, ("p",)),
    why="instances and volumes have real states, checks and machines",
)
_HANDLE = patches.declare(
    "ministack.services.ec2",
    "handle_request",
    parameters=("method", "path", "headers", "body", "query_params"),
    why="GetConsoleOutput asks a machine, which must not block the event loop",
)


def install(context: Context) -> None:
    """Patch ministack's EC2."""
    ec2 = service.create(context)
    protocol = Protocol("ec2")
    handlers = {
        **InstancesApi(ec2, context.active_faults).handlers(),
        **VolumesApi(ec2).handlers(),
        **api_attributes.handlers(),
        "DescribeNetworkInterfaces": api_interfaces.describe,
        "CreateFleet": _refuse_fleet,
    }
    for action, function in handlers.items():
        put = _ACTIONS.replace_item if action in _REPLACED else _ACTIONS.add_item
        put(action, protocol.handler(action, function))
    limits.install(protocol)
    profiles.install(context)
    addresses.come_back(soon=lambda: context.times().addresses_come_back)
    _HANDLE.replace(_console_off_the_loop(_HANDLE.get()))
    bus = EventBus(Lanes(context.worker), context.active_faults)

    def announce(instance_id: str, state: str, reason: str) -> None:
        del reason
        account_id, region = store.scope(instance_id) or ("", "")
        bus.emit(
            source="aws.ec2",
            detail_type=STATE_CHANGE,
            resources=[f"arn:aws:ec2:{region}:{account_id}:instance/{instance_id}"],
            detail={"instance-id": instance_id, "state": state},
        )

    ec2.transitions.subscribe(announce)
    context.on_reset(_forget)


def _refuse_fleet(request: Request) -> Response:
    del request
    raise ApiError("UnsupportedOperation", "Fleets are not modelled by the emulator.")


def _forget() -> None:
    store.forget_scopes()
    addresses.forget()
    machine_reports.forget_listeners()
    notices.forget_listeners()


def _console_off_the_loop(
    original: Callable[..., Awaitable[Reply]],
) -> Callable[..., Awaitable[Reply]]:
    async def handle_request(method: str, path: str, headers: Any, body: Any, query_params: Any) -> Reply:
        def handle() -> Reply:
            async def run() -> Reply:
                return await original(method, path, headers, body, query_params)

            return asyncio.run(run())

        if body and b"Action=GetConsoleOutput" in body:
            return await asyncio.to_thread(handle)
        return await original(method, path, headers, body, query_params)

    return handle_request
