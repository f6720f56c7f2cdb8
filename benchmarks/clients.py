"""What the clients of a cluster observed while it was measured."""

import json
from pathlib import Path

from kubequorum_cli.errors import CommandError
from lab.workload import Load, judge


def longest_gap(load: Load) -> float:
    """The longest time, in seconds, in which one client of the API could not write, once the load has ended.

    Raises:
        CommandError: acknowledged writes are lost, or the like. Figures of such a cluster are worthless.
    """
    verdict = judge(load.history)
    if complaints := verdict.complaints():
        raise CommandError("the cluster lost data while it was measured", why="; ".join(complaints))
    return verdict.targets["api"].gap_seconds


def first_write(history: Path, *, after: float) -> float | None:
    """When the first write to the API that began after a moment was acknowledged; None: none was yet.

    Moments are the history's seconds.
    """
    for line in history.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            break  # This line is still being written.
        record = json.loads(line)
        if record["target"] != "api" or record["outcome"] != "done" or record["call"] < after * 1e9:
            continue
        if record["kind"] == "put" or record.get("swapped", False):
            return float(record["return"]) / 1e9
    return None
