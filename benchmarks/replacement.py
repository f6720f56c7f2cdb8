"""A master that loses its power, and the times of its successor's boot."""

import re
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from benchmarks.launches import launch_time
from kubequorum_cli.errors import CommandError
from lab.cluster import Cluster, wait_until

UNIT = "kubequorum-boot.service"
_LIMIT_SECONDS = 420.0
_POLL_SECONDS = 0.3
_LINE = re.compile(r"^(?P<moment>\d+\.\d+) .*?: kubequorum: (?P<text>.*)$")
_MARKS = {
    "device": re.compile(r"attach-volume: done"),
    "mounted": re.compile(r"mount-volume: done"),
    "etcd": re.compile(r"etcd member [0-9a-f]+ works"),
    "api_ready": re.compile(r"the API server on this host is ready"),
}
"""What a boot logs when it has completed that part."""


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """Seconds from the power loss of a master to each event."""

    detected: float
    """Its group began to take it out of service."""
    launched: float
    """The successor was launched."""
    device: float
    """The successor had the slot's volume as a device."""
    mounted: float
    """It had mounted the volume's file system."""
    etcd: float
    """Its etcd member worked, with a vote."""
    api_ready: float
    """Its API server answered 200 at /readyz."""
    in_service: float
    """Its group had it in service."""

    @property
    def own(self) -> float:
        """The node program's part: before, AWS acts, or a predecessor that cannot answer is waited for."""
        return self.in_service - self.device

    def __str__(self) -> str:
        """For a person."""
        parts = [f"{field.name} {getattr(self, field.name):.1f}" for field in fields(self)]
        return f"{', '.join(parts)}; own part {self.own:.1f} s"


def lose_power(cluster: Cluster, slot: str) -> Replacement:
    """Take the power from a slot's master, and wait until its successor is in service.

    Raises:
        CommandError: it is not within seven minutes, or its journal lacks an event.
    """
    old = cluster.master(slot)
    begin = time.time()
    cluster.faults.power_loss(old)
    new = wait_for_successor(cluster, slot, old)
    activities = cluster.client("autoscaling").describe_scaling_activities(
        AutoScalingGroupName=cluster.groups[slot]
    )["Activities"]
    detected = min(a["StartTime"].timestamp() for a in activities if a["StartTime"].timestamp() > begin)
    launches = [a for a in activities if new in a["Description"] and "EndTime" in a]
    if not launches:
        raise CommandError(f"the group of slot {slot} has no activity that launched {new}")
    logged = boot_moments(cluster.sh(new, f"journalctl --unit={UNIT} --output=short-unix"))
    moments = {
        "detected": detected,
        "launched": launch_time(cluster.machines_state, new),
        **logged,
        "in_service": max(a["EndTime"].timestamp() for a in launches),
    }
    return Replacement(**{name: moment - begin for name, moment in moments.items()})


def wait_for_successor(cluster: Cluster, slot: str, old: str) -> str:
    """Wait until another instance than the old one is in service; its id."""
    found: list[str] = []

    def look() -> str:
        members = cluster.members(slot)
        found[:] = [
            str(member["InstanceId"])
            for member in members
            if member["InstanceId"] != old and member["LifecycleState"] == "InService"
        ]
        return "" if found else f"slot {slot} has no successor of {old} in service: {members}"

    wait_until(look, seconds=_LIMIT_SECONDS, pause_seconds=_POLL_SECONDS)
    return found[0]


def boot_moments(journal: str) -> dict[str, float]:
    """The times of a boot's events by its journal in the form `short-unix`, in seconds of `time.time()`.

    Raises:
        CommandError: an event is missing.
    """
    moments: dict[str, float] = {}
    for line in journal.splitlines():
        if (said := _LINE.match(line)) is None:
            continue
        for name, mark in _MARKS.items():
            if name not in moments and mark.match(said["text"]):
                moments[name] = float(said["moment"])
    if missing := _MARKS.keys() - moments.keys():
        raise CommandError(
            f"the journal of the boot lacks: {', '.join(sorted(missing))}", why=journal[-3000:]
        )
    return moments


def figures(replacements: Sequence[Replacement], *, suffix: str = "") -> Mapping[str, float]:
    """The medians, by the names of their figures."""
    names = [field.name for field in fields(Replacement)] + ["own"]
    return {
        f"replacement_{name}_seconds{suffix}": statistics.median(getattr(one, name) for one in replacements)
        for name in names
    }
