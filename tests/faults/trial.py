"""One trial of a fault on a healthy cluster, under the load of clients; and its row in the table."""

import random
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from lab.workload import LoadError, Verdict, allow, judge, loading
from tests.deploy.deployment import Deployment
from tests.faults.evidence import keep
from tests.faults.expectations import differing_data, member_ids, wait_until_recovered
from tests.faults.registry import Scene, Trial

_CALM_SECONDS = 4.0
"""Before and after a fault, so that its effect on clients has a beginning and an end."""
_HEALTHY_BEFORE_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result of a trial."""

    fault: str
    """With the point in brackets if the fault has several."""
    expected: str
    seen: str
    gap_seconds: float
    """The longest time in which one and the same client of the API could not write."""
    acknowledged: int
    """Writes, to the API and to etcd, that were acknowledged."""
    writes_lost: int
    stale_reads: int
    linearizable: bool
    etcd_gap_seconds: float
    """As `gap_seconds`, of clients of etcd."""
    api_silence_seconds: float
    """The longest time in which no client of the API at all could write."""
    recovered_after_seconds: float
    """From the injection of the fault until the cluster was healthy."""
    passed: bool

    def as_json(self) -> dict[str, Any]:
        """For build/faults.json."""
        return asdict(self)


def attempt(trial: Trial, cluster: Deployment, *, seed: int = 1) -> Row:
    """Run a trial; what is not as it must be is in the row.

    Raises:
        AssertionError: the cluster was not healthy before the fault.
    """
    members = member_ids(cluster)
    if before := wait_until_recovered(cluster, members, seconds=_HEALTHY_BEFORE_SECONDS):
        raise AssertionError(f"not healthy before {trial.name}: {'; '.join(before)}")
    folder = cluster.folder / trial.name
    shutil.rmtree(folder, ignore_errors=True)
    problems: list[str] = []
    scene: Scene | None = None
    took = 0.0
    report(f"{trial.name}: {trial.expected}")
    try:
        with loading(cluster.targets(), folder, seed=seed) as load:
            scene = Scene(cluster=cluster, load=load, random=random.Random(seed))
            time.sleep(_CALM_SECONDS)
            begin = time.monotonic()
            problems += _inject(trial, scene)
            problems += wait_until_recovered(
                cluster, members, replaced=frozenset(scene.replaced), seconds=trial.recovery_seconds
            )
            took = time.monotonic() - begin
            time.sleep(_CALM_SECONDS)
    except LoadError as error:
        if scene is None:
            raise AssertionError(f"before {trial.name}: {error}") from error
        problems.append(str(error))
    problems += differing_data(cluster)
    history = folder / "history.jsonl"
    if scene.turned_back is not None:
        allowed = folder / "allowed.jsonl"
        allow(history, scene.turned_back, allowed)
        history = allowed
    verdict = judge(history)
    problems += verdict.complaints()
    row = _row(trial, scene, verdict, problems, took)
    report(f"{trial.name}: {'passed' if row.passed else 'FAILED'}, {row.seen}")
    if not row.passed:
        kept = keep(trial.name, cluster, folder / "history.jsonl")
        report(f"{trial.name}: history, consoles and log are in {kept}")
    return row


def _inject(trial: Trial, scene: Scene) -> list[str]:
    """Run the fault to its end and clear what it has left active; what went wrong in it."""
    try:
        if trial.aws_times is not None:
            scene.cluster.faults.aws_times(factor=trial.aws_times)
        trial.run(scene)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        scene.cluster.faults.clear_all()
    return []


def _row(trial: Trial, scene: Scene, verdict: Verdict, problems: list[str], took: float) -> Row:
    recovered = f"{'not ' if problems else ''}recovered after {took:.0f} s"
    api, etcd = verdict.targets["api"], verdict.targets["etcd"]
    return Row(
        fault=trial.name,
        expected=trial.expected,
        seen="; ".join([recovered, *scene.notes, *problems]),
        gap_seconds=round(api.gap_seconds, 2),
        acknowledged=verdict.acknowledged,
        writes_lost=verdict.writes_lost,
        stale_reads=verdict.stale_reads,
        linearizable=verdict.linearizable,
        etcd_gap_seconds=round(etcd.gap_seconds, 2),
        api_silence_seconds=round(api.silence_seconds, 2),
        recovered_after_seconds=round(took, 1),
        passed=not problems,
    )


def report(text: str) -> None:
    """Print progress past pytest's capture: trials take minutes."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.__stderr__, flush=True)
