"""Faults by chance, one after the other, under one load; the printed seed brings the same row again."""

import random
import time

import pytest

from lab.workload import judge, loading
from tests.faults.chance import row_of_faults
from tests.faults.expectations import differing_data, member_ids, wait_until_recovered
from tests.faults.pool import Pool
from tests.faults.registry import Scene
from tests.faults.trial import say

pytestmark = pytest.mark.deploy


def test_soak(pool: Pool, request: pytest.FixtureRequest) -> None:
    """After each fault all is well again; in the end nothing was lost, and no answer was wrong."""
    seconds = request.config.getoption("--soak-seconds")
    seed = request.config.getoption("--soak-seed")
    if seed is None:
        seed = random.SystemRandom().randrange(1 << 32)
    say(f"soak: {seconds} s; again with: make soak SECONDS={seconds} SEED={seed}")
    cluster = pool.cluster()
    members = member_ids(cluster)
    assert wait_until_recovered(cluster, members, seconds=120) == []
    folder = cluster.folder / f"soak-{seed}"
    end = time.monotonic() + seconds
    done: list[str] = []
    try:
        with loading(cluster.targets(), folder, seed=seed) as load:
            for fault, chance in row_of_faults(seed):
                if time.monotonic() > end:
                    break
                done.append(fault.name)
                say(f"soak: {len(done)}. {fault.name}, at {load.history_time():.0f} s")
                fault.run(Scene(cluster=cluster, load=load, random=chance))
                cluster.faults.clear_all()
                well = wait_until_recovered(cluster, members, seconds=fault.well_within_seconds)
                assert well == [], f"seed {seed}, after {', '.join(done)}: {well}"
        assert differing_data(cluster) == []
        verdict = judge(folder / "history.jsonl")
        api = verdict.targets["api"]
        say(
            f"soak: {len(done)} faults, {verdict.acknowledged} writes acknowledged, "
            f"{verdict.writes_lost} lost, longest gap of a client of the API {api.gap_seconds:.1f} s"
        )
        assert verdict.complaints() == [], f"seed {seed}, {', '.join(done)}"
    finally:
        pool.discard_if_unhealthy()
