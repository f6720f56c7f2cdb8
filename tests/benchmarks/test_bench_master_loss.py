"""How `bench` reads the events after the loss of a master."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks import clients, master_loss, replacement
from benchmarks.baseline import join, machine
from benchmarks.replacement import Replacement
from kubequorum_cli.errors import CommandError
from lab.artifacts.catalog import PAUSE_VERSION

JOURNAL = """\
1700000000.100000 ip-10-77-0-9 systemd[1]: Starting kubequorum-boot.service...
1700000001.250000 ip-10-77-0-9 python3[88]: kubequorum: check-identity: done in 0.1 s
1700000011.500000 ip-10-77-0-9 python3[88]: kubequorum: attach-volume: done in 10.2 s
1700000012.000000 ip-10-77-0-9 python3[88]: kubequorum: mount-volume: done in 0.4 s
1700000016.000000 ip-10-77-0-9 python3[88]: kubequorum: etcd member 8e9e05c52164694d works and has a vote
1700000021.000000 ip-10-77-0-9 python3[88]: kubequorum: the API server on this host is ready
1700000099.000000 ip-10-77-0-9 python3[99]: kubequorum: attach-volume: done in 0.0 s
"""


def test_a_boot_is_timed_by_its_journal() -> None:
    """The first line counts: a boot that is repeated logs all of them again."""
    assert replacement.boot_moments(JOURNAL) == {
        "device": 1700000011.5,
        "mounted": 1700000012.0,
        "etcd": 1700000016.0,
        "api_ready": 1700000021.0,
    }


def test_a_missing_event_is_an_error() -> None:
    """No figure is invented for it."""
    cut = "".join(line for line in JOURNAL.splitlines(keepends=True) if "etcd member" not in line)
    with pytest.raises(CommandError, match="lacks: etcd"):
        replacement.boot_moments(cut)


def test_every_mark_is_logged_by_the_node_program() -> None:
    """A line that is no longer logged would be noticed only after an hour of measuring."""
    program = Path(__file__).parents[2] / "userdata" / "kubequorum_node"
    source = "".join(path.read_text(encoding="utf-8") for path in program.rglob("*.py"))
    for text in ('"attach-volume"', '"mount-volume"', "the API server on this host is ready"):
        assert text in source
    assert "etcd member {member:x} works" in source


def _replacement(own: float) -> Replacement:
    return Replacement(
        detected=1, launched=2, device=20, mounted=21, etcd=25, api_ready=30, in_service=20 + own
    )


def test_the_own_part_begins_with_the_device_and_medians_are_taken() -> None:
    """Of an odd number of replacements the middle one, figure by figure, named for the database's size."""
    found = replacement.figures([_replacement(own) for own in (30, 10, 12)], suffix="_1gib")
    assert found["replacement_own_seconds_1gib"] == 12
    assert found["replacement_in_service_seconds_1gib"] == 32
    assert found["replacement_device_seconds_1gib"] == 20


def test_every_value_has_its_figure() -> None:
    """The names that are measured and those that are listed are the same."""
    names = {figure.name for figure in master_loss.MEASUREMENT.figures}
    parts = {*replacement.figures([_replacement(1)]), *replacement.figures([_replacement(1)], suffix="_1gib")}
    assert parts < names
    assert len(names) == len(master_loss.MEASUREMENT.figures)


def test_the_first_write_after_a_loss_is_found(tmp_path: Path) -> None:
    """One that began after it, by a client of the API, that was a write; an incomplete line is not read."""
    base = {"target": "api", "kind": "put", "outcome": "done"}
    records = [
        {**base, "call": 9e9, "return": 12e9},
        {**base, "call": 11e9, "return": 12e9, "target": "etcd"},
        {**base, "call": 11e9, "return": 13e9, "outcome": "unknown"},
        {**base, "call": 11e9, "return": 14e9, "kind": "read"},
        {**base, "call": 11e9, "return": 15e9, "kind": "swap"},
        {**base, "call": 11e9, "return": 16e9, "kind": "swap", "swapped": True},
    ]
    history = tmp_path / "history.jsonl"
    lines = [f"{json.dumps(record)}\n" for record in records]
    history.write_text("".join(lines) + '{"target": "a', encoding="utf-8")
    assert clients.first_write(history, after=10) == 16
    assert clients.first_write(history, after=8) == 12
    assert clients.first_write(history, after=17) is None


def test_a_machine_for_stock_kubeadm_is_made_by_a_script() -> None:
    """It gets its variables first, then what all machines have, and is a script that bash can read."""
    text = machine.user_data(join._SCRIPT, variables=f"DEVICE={machine.device('vol-0a')}\n")
    assert text.startswith("#!/bin/bash\nDEVICE=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a\n")
    assert f"\nPAUSE_VERSION={PAUSE_VERSION}\n" in text
    assert "volume_up()" in text
    assert "# shellcheck" not in text
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
