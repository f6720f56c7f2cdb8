"""What `backups` prints, for people and for programs."""

import io
import json
from dataclasses import asdict

import pytest
from rich.console import Console

from kubequorum_cli.backups import BackupBucket, report
from kubequorum_cli.commands.backups import backups
from kubequorum_node.backup import names
from kubequorum_node.backup.drill import DrillResult
from tests.kubequorum_cli.backups.bucket_stub import ObjectsInMemory, target_with


def _shown(s3: ObjectsInMemory) -> str:
    console = Console(file=io.StringIO(), width=160)
    report.show(report.collect(BackupBucket(target_with(s3))), console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def _drill(s3: ObjectsInMemory, what: str) -> None:
    result = DrillResult(
        passed=not what, at="2027-01-15T12:30:00+00:00", by="c", generation=2, revision=90, what=what
    )
    body = json.dumps(asdict(result)).encode()
    s3.put(f"{names.DRILLS}2027-01-15T123000Z-c.json", body, minutes=31)


@pytest.fixture
def s3() -> ObjectsInMemory:
    """Two generations; the newer one has a hole, logs and a drill."""
    made = ObjectsInMemory()
    made.generation(1)
    made.full(1, 10, minutes=0)
    made.generation(2)
    for number in range(15):
        made.full(2, 20 + number, minutes=5 * number)
    made.put(names.hole(2, 30), b"{}", minutes=20)
    made.log(2, 25, 34, minutes=50)
    made.log(2, 35, 90, minutes=59)
    _drill(made, "")
    return made


def test_a_person_sees_what_can_be_restored_to(s3: ObjectsInMemory) -> None:
    """Newest generation first, with ids, times and ages by the bucket's clock; old snapshots are counted."""
    lines = _shown(s3).splitlines()
    text = "\n".join(lines)
    assert text.index("Generation 2") < text.index("Generation 1")
    assert "newest:  2/90, 2027-01-15 12:59:00 UTC, 60 s ago" in lines
    assert "logs:    every revision since 2/25, 2027-01-15 12:50:00 UTC, but for 1 hole" in lines
    assert "hole:    from 2/30 to the next full snapshot" in lines
    assert any(line.startswith("2/34 ") for line in lines)
    assert not any(line.startswith("2/20 ") for line in lines)
    assert "and 3 older ones since 2/20, 2027-01-15 12:00:00 UTC" in lines
    assert "Last restore drill passed: 2/90, 2027-01-15 12:30:00 UTC, 30 min ago" in lines


def test_what_is_wrong_is_shown(s3: ObjectsInMemory) -> None:
    """A chain that cannot be read to its end, a drill that failed, and nothing at all."""
    s3.log(2, 95, 99, minutes=60)
    _drill(s3, "what was rebuilt differs")
    text = _shown(s3)
    assert "damaged: behind 2/90: revisions 91 to 94 are missing" in text
    assert "FAILED: what was rebuilt differs" in text
    assert "no backup yet" in _shown(ObjectsInMemory())


def test_programs_get_all_of_it(s3: ObjectsInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON document on stdout, progress elsewhere."""
    backups(target_with(s3), as_json=True)
    found = json.loads(capsys.readouterr().out)
    newest = found["generations"][0]
    assert newest["newest"] == {"id": "2/90", "time": "2027-01-15T12:59:00+00:00", "stopped": ""}
    assert newest["holes"] == ["2/30"]
    assert len(newest["full_snapshots"]) == 15
    assert newest["full_snapshots"][-1]["key"] == names.full(2, 34)
    assert found["generations"][1]["logs_since"] is None
    assert (found["last_drill"]["passed"], found["last_drill"]["id"]) == (True, "2/90")
