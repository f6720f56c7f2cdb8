"""From the findings about a master to what is wrong with it: pure decisions without any side effect."""

from dataclasses import dataclass
from enum import Enum

from kubequorum_node.etcd.exit_reason import Cause, ExitReason
from kubequorum_node.system import wall_clock
from kubequorum_node.volume.disk import Disk

EXPIRES_BELOW_DAYS = 30.0
"""The weekly timer renews at 180 days: below this it has failed more than twenty times."""
NOSPACE = "NOSPACE"
CORRUPT = "CORRUPT"
"""Names of etcd's alarms (https://etcd.io/docs/v3.6/op-guide/maintenance/)."""


class Condition(Enum):
    """The state of a master, by the remedy."""

    WELL = "well"
    CLOCK_SKEW = "clock skew"
    STORAGE_FAILURE = "storage failure"
    FULL = "full"
    CORRUPT = "corrupt"
    EXPIRING = "expiring"
    DEGRADED = "degraded"
    """It serves, but does not do its share for the cluster."""
    DEAD = "dead"
    """For a reason that a successor would not inherit."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The results of one examination of a master."""

    etcd_answers: bool
    """The member serves reads of its own data (/livez)."""
    etcd_ready: bool
    """It also has a leader, a vote, and no alarm about its data (/readyz)."""
    api_ready: bool
    kubelet_answers: bool
    disk: Disk
    not_healthy: tuple[str, ...] = ()
    """Which of controller-manager and scheduler do not answer that they are healthy."""
    alarms: frozenset[str] = frozenset()
    """etcd's alarms about this member, and NOSPACE of any."""
    last_words: ExitReason | None = None
    """Why etcd's container ended, if it did and said so."""
    days_left: float | None = None
    """Until the first of its certificates expires; None if that is unknown."""
    clock_offset_seconds: float | None = None
    """None if that is unknown."""

    @property
    def serves(self) -> bool:
        """Whether the master serves: the parts on which others depend work."""
        return self.etcd_answers and self.etcd_ready and self.api_ready and self.kubelet_answers


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong, and the remedy."""

    condition: Condition
    what: str = ""
    remedy: str = ""
    """For a person, if the master cannot repair itself."""

    def __str__(self) -> str:
        """For log lines and Events."""
        return ": ".join(filter(None, (self.condition.value, self.what))) + (
            f". {self.remedy[0].upper()}{self.remedy[1:]}" if self.remedy else ""
        )


WELL = Verdict(condition=Condition.WELL)


def diagnose(found: Findings) -> Verdict:
    """Name what is wrong; of several things the one that explains the others.

    Only DEAD may lead to a replacement. A successor would inherit everything else: it has the same volume,
    the same cluster and a clock of the same source.
    """
    for look in (_clock, _storage, _full, _corrupt, _expiring, _dead, _degraded):
        if (verdict := look(found)) is not None:
            return verdict
    return WELL


def _clock(found: Findings) -> Verdict | None:
    offset = found.clock_offset_seconds
    if offset is None or abs(offset) <= wall_clock.TOLERATED_SECONDS:
        return None
    return Verdict(condition=Condition.CLOCK_SKEW, what=wall_clock.in_words(offset))


def _storage(found: Findings) -> Verdict | None:
    what = found.disk.trouble
    if not what and found.last_words is not None and found.last_words.cause is Cause.STORAGE:
        what = found.last_words.line
    if not what:
        return None
    return Verdict(
        condition=Condition.STORAGE_FAILURE,
        what=f"etcd's volume: {what}",
        remedy=(
            "see the volume's status checks and docs/operations/volume.md. A restart of the instance checks "
            "and mounts it again, and when the volume is deleted, the slot's next master creates another one"
        ),
    )


def _full(found: Findings) -> Verdict | None:
    if found.disk.is_full or (found.last_words is not None and found.last_words.cause is Cause.FULL):
        space = found.disk.space
        left = (
            "" if space is None else f": {space.free_bytes >> 20} of {space.total_bytes >> 20} MiB are free"
        )
        return Verdict(
            condition=Condition.FULL,
            what=f"etcd's volume is full{left}",
            remedy="deploy with a larger masters.etcd_volume.size_gib: see docs/operations/etcd-full.md",
        )
    if NOSPACE in found.alarms:
        return Verdict(
            condition=Condition.FULL,
            what="etcd's database has reached its quota, and nothing more is written (alarm NOSPACE)",
            remedy=(
                "delete what fills it, compact, defragment, and disarm the alarm: "
                "see docs/operations/etcd-full.md"
            ),
        )
    return None


def _corrupt(found: Findings) -> Verdict | None:
    said = found.last_words
    if said is not None and said.cause in (Cause.DAMAGED, Cause.REMOVED):
        return Verdict(
            condition=Condition.CORRUPT, what=f"etcd cannot start, {said.cause.value}: {said.line}"
        )
    if CORRUPT in found.alarms:
        return Verdict(
            condition=Condition.CORRUPT, what="this member's data differ from the others' (alarm CORRUPT)"
        )
    return None


def _expiring(found: Findings) -> Verdict | None:
    if found.days_left is None or found.days_left >= EXPIRES_BELOW_DAYS:
        return None
    return Verdict(
        condition=Condition.EXPIRING,
        what=f"a certificate is valid for {found.days_left:.1f} more days only",
        remedy="terminate the instance: its successor issues new ones. See docs/operations/certificates.md",
    )


def _dead(found: Findings) -> Verdict | None:
    if found.serves:
        return None
    parts = {
        "etcd does not answer": not found.etcd_answers,
        "etcd is not ready": found.etcd_answers and not found.etcd_ready,
        "the API server is not ready": not found.api_ready,
        "the kubelet does not answer": not found.kubelet_answers,
    }
    return Verdict(condition=Condition.DEAD, what=", ".join(what for what, holds in parts.items() if holds))


def _degraded(found: Findings) -> Verdict | None:
    """A successor would start the same programs with the same flags, in the same cluster."""
    if not found.not_healthy:
        return None
    return Verdict(
        condition=Condition.DEGRADED,
        what=f"{' and '.join(found.not_healthy)} cannot run or is not healthy",
        remedy=(
            "its log says why: `kubectl -n kube-system logs` of that pod. Deploy the cluster file with which "
            "it ran; see docs/operations/unwell-master.md"
        ),
    )


@dataclass
class HealthHistory:
    """How long a master has been unwell: short failures are ignored, and so are short recoveries."""

    grace_seconds: float
    """How long it must have been unwell before the watchdog acts."""
    recovery_seconds: float
    """How long it must be well before an earlier failure is forgotten: a container in a crash loop is up in
    between."""
    _unwell_since: float | None = None
    _well_since: float | None = None
    _looks: int = 0
    _unwell_looks: int = 0

    def add(self, verdict: Verdict, *, now: float) -> None:
        """Add a verdict."""
        self._looks += 1
        if verdict.condition is not Condition.WELL:
            self._well_since = None
            if self._unwell_since is None:
                self._unwell_since, self._looks, self._unwell_looks = now, 1, 0
            self._unwell_looks += 1
            return
        if self._well_since is None:
            self._well_since = now
        if now - self._well_since >= self.recovery_seconds:
            self._unwell_since = None

    def unwell_seconds(self, *, now: float) -> float:
        """How long it has been unwell; 0 if it is well."""
        return 0.0 if self._unwell_since is None else now - self._unwell_since

    def is_due(self, verdict: Verdict, *, now: float) -> bool:
        """Whether the watchdog should act: the master is unwell now, and has been for long enough.

        A master that is slow at times is unwell in few examinations; one in a crash loop in most.
        """
        lasting = self.unwell_seconds(now=now) >= self.grace_seconds and 2 * self._unwell_looks >= self._looks
        return verdict.condition is not Condition.WELL and lasting

    @property
    def is_well(self) -> bool:
        """Whether it has been well for long enough."""
        return self._unwell_since is None
