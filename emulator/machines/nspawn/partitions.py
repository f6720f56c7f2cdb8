"""Networks in which some cannot reach others: a split between machines, and zones that are partitioned."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from emulator.machines.nspawn.commands import run
from emulator.machines.nspawn.partition_rules import Situation, ruleset

NAME_SECONDS = 30.0
"""How long names lead to a partitioned zone: Route 53 needs three failed checks, 10 s apart."""


class Partitions:
    """Those of one VPC. Methods may be called from several threads."""

    def __init__(self, namespace: Path, *, root: Path) -> None:
        """`root` is a Debian root with nft in it, since the host need not have it."""
        self._namespace = namespace
        self._root = root
        self._lock = threading.Lock()
        self._zones: dict[str, str] = {}
        self._balancers: dict[str, str] = {}
        self._sides: tuple[tuple[str, ...], ...] = ()
        self._partitioned_since: dict[str, float] = {}
        self._applied = ""

    def admit(self, instance_id: str, zone: str) -> None:
        """Add a machine before it is connected.

        Raises:
            CommandFailedError: the network is partitioned, and nft refuses the rules for it.
        """
        with self._lock:
            self._zones[instance_id] = zone
            self._apply()

    def dismiss(self, instance_id: str) -> None:
        """Remove it."""
        with self._lock:
            self._zones.pop(instance_id, None)

    def balancers_are(self, zones: Mapping[str, str]) -> None:
        """Set the addresses of load balancers, and their zones."""
        with self._lock:
            self._balancers = dict(zones)
            self._apply()

    def split(self, sides: Sequence[Collection[str]]) -> None:
        """Partition machines of different sides; without sides all reach each other."""
        with self._lock:
            self._sides = tuple(tuple(side) for side in sides)
            self._apply()

    def partition_zone(self, zone: str) -> None:
        """Partition a zone."""
        with self._lock:
            self._partitioned_since.setdefault(zone, time.monotonic())
            self._apply()

    def reconnect_zone(self, zone: str) -> None:
        """Reconnect it."""
        with self._lock:
            self._partitioned_since.pop(zone, None)
            self._apply()

    @property
    def partitioned_zones(self) -> frozenset[str]:
        """The zones that are partitioned."""
        return frozenset(self._partitioned_since)

    @property
    def unnamed_zones(self) -> frozenset[str]:
        """The partitioned zones that load balancers' names no longer resolve to."""
        now = time.monotonic()
        return frozenset(
            zone for zone, since in self._partitioned_since.copy().items() if now - since >= NAME_SECONDS
        )

    def _apply(self) -> None:
        """Needs the lock."""
        if not (self._sides or self._partitioned_since or self._applied):
            return
        situation = Situation(
            zones=self._zones,
            balancers=self._balancers,
            sides=self._sides,
            partitioned_zones=self._partitioned_since,
        )
        rules = ruleset(situation)
        if rules != self._applied:
            nft = ("chroot", str(self._root), "/usr/sbin/nft", "-f", "-")
            run("nsenter", f"--net={self._namespace}", *nft, stdin=rules)
            self._applied = rules
