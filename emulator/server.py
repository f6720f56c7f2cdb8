"""The emulator's process: ministack, patched, on loopback, with machines and fault injection."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import ministack.app
from hypercorn.asyncio import serve
from hypercorn.config import Config

from emulator.api import (
    autoscaling,
    cloudformation,
    cloudwatch,
    ec2,
    ecr,
    iam,
    load_balancing,
    route53,
    s3,
    sts,
)
from emulator.api.context import Context
from emulator.api.ec2 import machine_reports
from emulator.api.ec2.instance_facts import Facts
from emulator.api.network_view import NetworkView
from emulator.api.request_faults import clocks, connections
from emulator.api.request_faults.front import Front
from emulator.api.worker import Worker
from emulator.control import handlers, operations
from emulator.control.listener import Listener
from emulator.faults.aws_times import TimesInEffect
from emulator.faults.kill_at_line import KillAtLineFaults
from emulator.faults.store import ActiveFaults
from emulator.interfaces.machines import Machines
from emulator.machines.no_machines import NoMachines
from emulator.machines.process import ProcessMachines
from emulator.owner import Owner
from emulator.times import QUICK, Times

log = logging.getLogger(__name__)

_BIND_HOST = "127.0.0.1"
_GRACE_SECONDS = 2.0
"""For running requests when the process is asked to stop."""


class MachinesUnavailableError(RuntimeError):
    """The machines that were asked for cannot run on this computer."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one emulator runs."""

    port: int
    state_dir: Path
    """Machine state (disks, consoles) lies below it; AWS's own state is in memory."""
    machines: str
    """`nspawn`, `process` or `none`."""
    machine_image: Path | None = None
    """With `nspawn`: the description of what machines boot."""
    machine_variables: Mapping[str, str] = field(default_factory=dict)
    """With `process`: added to the environment of machines' processes; `@HOME@` is their home folder."""
    time_scale: float = 1.0
    """Stretches or shortens every emulated wait; 1 outside tests."""
    times: Times = QUICK
    """How long what cannot be seen takes."""
    new_groups: str = "in-service"
    """See `Context.new_groups`."""
    until_eof: bool = False
    """End when standard input is closed, too."""
    owner: Owner | None = None
    """End when this process has ended, too."""
    log_level: str = "info"


def run(settings: Settings) -> int:
    """Serve until SIGTERM, SIGINT or what the settings name; returns the exit code of the process."""
    logging.basicConfig(
        level=settings.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    if _port_in_use(settings.port):
        log.error(
            "port %d of %s is in use; end that process or choose another --port", settings.port, _BIND_HOST
        )
        return 1
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    _raise_open_file_limit()
    try:
        context = build_context(settings)
    except (MachinesUnavailableError, ValueError) as error:
        log.error("%s", error)
        return 1
    install(context)
    listener = Listener(
        settings.state_dir, faults=handlers.all_of(context), operations=operations.all_of(context)
    )
    try:
        asyncio.run(_serve(settings, context))
    finally:
        # A second one must not cut the removal of machines short.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        listener.close()
        context.worker.close()
        context.machines.close()
    return 0


def build_context(settings: Settings) -> Context:
    """Create what the parts share."""
    api_url = f"http://{_BIND_HOST}:{settings.port}"
    active_faults = ActiveFaults()
    kill_at_line = KillAtLineFaults(active_faults)
    worker = Worker(time_scale=settings.time_scale)
    times = TimesInEffect(active_faults=active_faults, at_start=settings.times)
    checks = machine_reports.StatusChecks(worker=worker, seconds=lambda: times().status_check)
    return Context(
        machines=_machines(settings, api_url, active_faults, kill_at_line, checks=checks, times=times),
        active_faults=active_faults,
        kill_at_line=kill_at_line,
        worker=worker,
        api_url=api_url,
        times=times,
        new_groups=settings.new_groups,
    )


def install(context: Context) -> None:
    """Patch ministack with every part of the extension."""
    ec2.install(context)
    load_balancing.install(context)
    autoscaling.install(context)
    route53.install(context)
    s3.install(context)
    ecr.install(context)
    cloudwatch.install(context)
    sts.install(context)
    iam.install(context)
    cloudformation.install(context)
    clocks.install(context.active_faults)


def _machines(
    settings: Settings,
    api_url: str,
    active_faults: ActiveFaults,
    kill_at_line: KillAtLineFaults,
    *,
    checks: machine_reports.StatusChecks,
    times: TimesInEffect,
) -> Machines:
    if settings.machines == "none":
        return NoMachines()
    if settings.machines == "nspawn":
        return _nspawn_machines(settings, api_url, active_faults, kill_at_line, checks=checks, times=times)
    return ProcessMachines(
        state_dir=settings.state_dir,
        api_url=api_url,
        facts=Facts(active_faults),
        variables=settings.machine_variables,
    )


def _nspawn_machines(
    settings: Settings,
    api_url: str,
    active_faults: ActiveFaults,
    kill_at_line: KillAtLineFaults,
    *,
    checks: machine_reports.StatusChecks,
    times: TimesInEffect,
) -> Machines:
    # Its needs (namespaces, loop devices) exist on Linux as root only: never load it where it is not wanted.
    from emulator.machines import nspawn

    if settings.machine_image is None:
        raise MachinesUnavailableError("machines of kind nspawn need an image to boot: give --machine-image")
    if (reason := nspawn.unavailable_reason(settings.state_dir)) is not None:
        raise MachinesUnavailableError(reason)
    return nspawn.NspawnMachines(
        state_dir=settings.state_dir,
        api_url=api_url,
        facts=Facts(active_faults),
        network_facts=NetworkView(),
        images=nspawn.MachineImages.read(settings.machine_image),
        powered_off=machine_reports.powered_off,
        status_check=checks.report,
        kill_lines_of=kill_at_line.of_new_machine,
        absence_seconds=lambda: times().absent_name * settings.time_scale,
    )


async def _serve(settings: Settings, context: Context) -> None:
    connections.install()
    config = Config()
    config.bind = [f"{_BIND_HOST}:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _GRACE_SECONDS
    config.shutdown_timeout = _GRACE_SECONDS
    config.loglevel = settings.log_level.upper()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    ends = [_wait_for_eof] if settings.until_eof else []
    ends += [settings.owner.wait] if settings.owner is not None else []
    for wait in ends:
        # A daemon thread, since nothing can interrupt the wait: the process must be able to end without it.
        threading.Thread(target=_stop_after, args=(wait, loop, stop), daemon=True).start()
    front = cast("Any", Front(context.sites.before(ministack.app.app), context.active_faults))
    await serve(front, config, shutdown_trigger=stop.wait)
    # Before the loop ends: it waits for stack operations, and those wait for signals.
    context.worker.close()


def _stop_after(wait: Callable[[], None], loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    wait()
    with contextlib.suppress(RuntimeError):  # The loop has ended already.
        loop.call_soon_threadsafe(stop.set)


def _wait_for_eof() -> None:
    # Not through sys.stdin: a thread that holds its lock keeps the interpreter from ending.
    while os.read(0, 4096):
        pass


def _port_in_use(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((_BIND_HOST, port)) == 0


def _raise_open_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
