"""What a history proves about the cluster that its clients observed."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.workload.program import historian


@dataclass(frozen=True, kw_only=True)
class Service:
    """How a target served the clients that write."""

    acknowledged: int
    """Writes that it acknowledged."""
    gap_seconds: float
    """The longest time in which one and the same client could not write: from the call of its first operation
    without an answer to the answer of its next write. If all were answered: its slowest write."""
    gap_begin: float
    """When that began, in the history's time."""
    silence_seconds: float
    """The longest time between two answers to writes, of any clients."""
    silence_begin: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result for one history, or for several."""

    linearizable: bool
    """Some order of the operations explains all answers, as if there were one copy of the data: decided, key
    by key, by porcupine (https://github.com/anishathalye/porcupine)."""
    illegal_keys: tuple[str, ...]
    """Keys without such an order."""
    undecided_keys: tuple[str, ...]
    """Keys that could not be decided in time; a history with one does not count as linearizable."""
    operations: int
    acknowledged: int
    """Writes that the cluster acknowledged."""
    unknown: int
    """Writes without an answer: they may have happened, or may happen at any later time."""
    writes_lost: int
    """Acknowledged writes that are newer than the value at the end."""
    stale_reads: int
    """Reads that returned an older value than one whose write was acknowledged before."""
    invented_reads: int
    """Reads of a value that was never written."""
    unread_keys: tuple[str, ...]
    """Keys that were written, and whose last read did not succeed."""
    targets: Mapping[str, Service]
    """`api` and `etcd`."""

    def complaints(self) -> list[str]:
        """What is wrong, for a person; empty if nothing is."""
        found = {
            f"{self.writes_lost} acknowledged writes lost": self.writes_lost > 0,
            f"{self.stale_reads} stale reads": self.stale_reads > 0,
            f"{self.invented_reads} reads of values that were never written": self.invented_reads > 0,
            f"not linearizable: {', '.join(self.illegal_keys)}": bool(self.illegal_keys),
            f"undecided: {', '.join(self.undecided_keys)}": bool(self.undecided_keys),
            f"not read at the end: {', '.join(self.unread_keys)}": bool(self.unread_keys),
        }
        return [text for text, holds in found.items() if holds]


def judge(*histories: Path, seconds_per_key: float = 60) -> Verdict:
    """Judge complete histories.

    Raises:
        RuntimeError: a file is not a history.
    """
    command = [str(historian()), "check", "--timeout", f"{seconds_per_key}s", *map(str, histories)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    document = json.loads(done.stdout)
    return Verdict(
        **{
            **document,
            **{name: tuple(document[name]) for name in ("illegal_keys", "undecided_keys", "unread_keys")},
            "targets": {name: Service(**service) for name, service in document["targets"].items()},
        }
    )
