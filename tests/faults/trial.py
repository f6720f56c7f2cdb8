"""One fault, tried on a cluster that is well, under the load of clients; and its row in the table."""

import random
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from lab.workload import LoadError, Verdict, judge, loading
from tests.deploy.deployment import Deployment
from tests.faults.evidence import keep
from tests.faults.expectations import differing_data, member_ids, wait_until_recovered
from tests.faults.registry import Fault, Scene

_CALM_SECONDS = 4.0
"""Before and after a fault: what the clients see of it has a begin and an end."""
_WELL_BEFORE_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of a fault."""

    fault: str
    expected: str
    seen: str
    gap_seconds: float
    """The longest time in which one and the same client of the API could not write."""
    acknowledged: int
    """Writes, to the API and to etcd, that were said to be done."""
    writes_lost: int
    stale_reads: int
    linearizable: bool
    etcd_gap_seconds: float
    """As `gap_seconds`, of clients of etcd."""
    api_silence_seconds: float
    """The longest time in which no client of the API at all could write."""
    well_after_seconds: float
    """From the fault's begin until all was well again."""
    passed: bool

    def as_json(self) -> dict[str, Any]:
        """For build/faults.json."""
        return asdict(self)


def attempt(fault: Fault, cluster: Deployment, *, seed: int = 1) -> Row:
    """Try a fault; what is not as it must be is in the row.

    Raises:
        AssertionError: the cluster was not well before the fault.
    """
    members = member_ids(cluster)
    if before := wait_until_recovered(cluster, members, seconds=_WELL_BEFORE_SECONDS):
        raise AssertionError(f"not well before {fault.name}: {'; '.join(before)}")
    folder = cluster.folder / fault.name
    shutil.rmtree(folder, ignore_errors=True)
    problems: list[str] = []
    scene: Scene | None = None
    took = 0.0
    say(f"{fault.name}: {fault.expected}")
    try:
        with loading(cluster.targets(), folder, seed=seed) as load:
            scene = Scene(cluster=cluster, load=load, random=random.Random(seed))
            time.sleep(_CALM_SECONDS)
            begin = time.monotonic()
            problems += _break(fault, scene)
            problems += wait_until_recovered(
                cluster, members, replaced=frozenset(scene.renewed), seconds=fault.well_within_seconds
            )
            took = time.monotonic() - begin
            time.sleep(_CALM_SECONDS)
    except LoadError as error:
        if scene is None:
            raise AssertionError(f"before {fault.name}: {error}") from error
        problems.append(str(error))
    problems += differing_data(cluster)
    verdict = judge(folder / "history.jsonl")
    problems += verdict.complaints()
    row = _row(fault, scene, verdict, problems, took)
    say(f"{fault.name}: {'passed' if row.passed else 'FAILED'}, {row.seen}")
    if not row.passed:
        say(f"{fault.name}: what it left is in {keep(fault.name, cluster, folder / 'history.jsonl')}")
    return row


def _break(fault: Fault, scene: Scene) -> list[str]:
    """Do it, and take back what it has left on; what went wrong in it."""
    try:
        fault.run(scene)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        scene.cluster.faults.clear_all()
    return []


def _row(fault: Fault, scene: Scene, verdict: Verdict, problems: list[str], took: float) -> Row:
    well = f"not well after {took:.0f} s" if problems else f"well after {took:.0f} s"
    api, etcd = verdict.targets["api"], verdict.targets["etcd"]
    return Row(
        fault=fault.name,
        expected=fault.expected,
        seen="; ".join([well, *scene.notes, *problems]),
        gap_seconds=round(api.gap_seconds, 2),
        acknowledged=verdict.acknowledged,
        writes_lost=verdict.writes_lost,
        stale_reads=verdict.stale_reads,
        linearizable=verdict.linearizable,
        etcd_gap_seconds=round(etcd.gap_seconds, 2),
        api_silence_seconds=round(api.silence_seconds, 2),
        well_after_seconds=round(took, 1),
        passed=not problems,
    )


def say(text: str) -> None:
    """Tell whoever watches; faults take minutes. Not through pytest's capture."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.__stderr__, flush=True)
