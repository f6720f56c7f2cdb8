"""Machines that only record their calls, and fail or stall when a test asks for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep

from emulator.interfaces.machines import Instance, Volume
from emulator.interfaces.target_probe import Finding, TargetCheck

PATIENCE_SECONDS = 20
STALL_SECONDS = 2 * PATIENCE_SECONDS
"""Longer than a test waits: what waits for a stalled call must not get by."""


@dataclass
class RecordingMachines:
    """`Machines`, and a prober of targets, in the hands of a test."""

    calls: list[tuple[str, ...]] = field(default_factory=list)
    launched: dict[str, Instance] = field(default_factory=dict)
    volumes: list[Volume] = field(default_factory=list)
    fail: set[str] = field(default_factory=set)
    """Names of methods that raise."""
    stall: dict[str, threading.Event] = field(default_factory=dict)
    """Methods that wait until the event is set."""
    healthy: bool = True
    checks: list[TargetCheck] = field(default_factory=list)

    def _did(self, *call: str) -> None:
        self.calls.append(call)
        if call[0] in self.stall:
            self.stall[call[0]].wait(STALL_SECONDS)
        if call[0] in self.fail:
            raise RuntimeError(f"no {call[0]} today")

    def launch(self, instance: Instance) -> None:
        """Note it."""
        self.launched[instance.instance_id] = instance
        self._did("launch", instance.instance_id)

    def terminate(self, instance_id: str) -> None:
        """Note it."""
        self._did("terminate", instance_id)

    def stop(self, instance_id: str) -> None:
        """Note it."""
        self._did("stop", instance_id)

    def start(self, instance_id: str) -> None:
        """Note it."""
        self._did("start", instance_id)

    def reboot(self, instance_id: str) -> None:
        """Note it."""
        self._did("reboot", instance_id)

    def attach_volume(self, instance_id: str, volume: Volume) -> None:
        """Note it."""
        self.volumes.append(volume)
        self._did("attach_volume", instance_id, volume.volume_id)

    def detach_volume(self, instance_id: str, volume_id: str, *, force: bool) -> None:
        """Note it; a forced one is not stalled."""
        if force:
            self.calls.append(("force_detach_volume", instance_id, volume_id))
        else:
            self._did("detach_volume", instance_id, volume_id)

    def delete_volume(self, volume_id: str) -> None:
        """Note it."""
        self._did("delete_volume", volume_id)

    def console_output(self, instance_id: str) -> bytes:
        """Say whose console it is."""
        return f"console of {instance_id}\n".encode()

    def close(self) -> None:
        """Nothing to end."""

    def probe_target(self, check: TargetCheck) -> Finding:
        """Find what the test wants."""
        self.checks.append(check)
        return Finding(healthy=self.healthy, reason=None if self.healthy else "Target.Timeout")


def until(condition: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds; fails if it does not in time."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, f"not within {seconds} s"
        sleep(0.005)
