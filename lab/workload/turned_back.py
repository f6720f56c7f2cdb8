"""Histories of clusters whose data were turned back: what a restore may lose, and what it must not."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TurnedBack:
    """A loss of all data that a restore ended. Times are the history's, in seconds."""

    promised: float
    """Every write that was acknowledged before that must be there."""
    served: float
    """When a write was first acknowledged by the restored cluster."""


def allow(history: Path, lost: TurnedBack, allowed: Path) -> None:
    """Write the history as it must be judged.

    Of what was answered between the two moments, writes may have been turned back or not, so their outcome is
    unknown. Reads say nothing there: what they saw may be gone. Before and behind everything counts.
    """
    with allowed.open("w", encoding="utf-8") as file:
        for line in history.read_text(encoding="utf-8").splitlines():
            record = _allowed(json.loads(line), lost)
            if record is not None:
                file.write(json.dumps(record) + "\n")


def _allowed(record: dict[str, Any], lost: TurnedBack) -> dict[str, Any] | None:
    if not lost.promised <= record["return"] / 1e9 < lost.served or record["outcome"] != "done":
        return record
    if record["kind"] == "read" or (record["kind"] == "swap" and not record.get("swapped", False)):
        return None
    return {**record, "outcome": "unknown", "swapped": False}
