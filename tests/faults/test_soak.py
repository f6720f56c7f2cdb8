"""Random faults, one after the other, under one load; the printed seed gives the same sequence again."""

import random
import time

import pytest

from lab.workload import judge, loading
from tests.faults.expectations import differing_data, member_ids, wait_until_recovered
from tests.faults.pool import Pool
from tests.faults.random_sequence import random_trials
from tests.faults.registry import Scene
from tests.faults.trial import report

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(0)]  # It ends by itself, after `--soak-seconds`.


def test_soak(pool: Pool, request: pytest.FixtureRequest) -> None:
    """After each fault the cluster recovers; at the end nothing is lost, and no answer was wrong."""
    seconds = request.config.getoption("--soak-seconds")
    if not seconds:
        pytest.skip(
            "random faults are injected by `make soak`: what they find is not for a check of a change"
        )
    seed = request.config.getoption("--soak-seed")
    if seed is None:
        seed = random.SystemRandom().randrange(1 << 32)
    report(f"soak: {seconds} s; the same again: make soak SECONDS={seconds} SEED={seed}")
    cluster = pool.cluster()
    members = member_ids(cluster)
    assert wait_until_recovered(cluster, members, seconds=120) == []
    folder = cluster.folder / f"soak-{seed}"
    end = time.monotonic() + seconds
    done: list[str] = []
    try:
        with loading(cluster.targets(), folder, seed=seed) as load:
            for trial, chance in random_trials(seed):
                if time.monotonic() > end:
                    break
                done.append(trial.name)
                report(f"soak: {len(done)}. {trial.name}, at {load.history_time():.0f} s")
                trial.run(Scene(cluster=cluster, load=load, random=chance))
                cluster.faults.clear_all()
                wrong = wait_until_recovered(cluster, members, seconds=trial.recovery_seconds)
                assert wrong == [], f"seed {seed}, after {', '.join(done)}: {wrong}"
        assert differing_data(cluster) == []
        verdict = judge(folder / "history.jsonl")
        api = verdict.targets["api"]
        report(
            f"soak: {len(done)} faults, {verdict.acknowledged} writes acknowledged, "
            f"{verdict.writes_lost} lost, longest gap of a client of the API {api.gap_seconds:.1f} s"
        )
        assert verdict.complaints() == [], f"seed {seed}, {', '.join(done)}"
    finally:
        pool.discard_if_unhealthy()
