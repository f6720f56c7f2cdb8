"""A master whose backups can be rebuilt at once, for tests of restores: its fixtures are imported by name."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.backup.chain import Full
from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.restore import snapshot
from kubequorum_node.volume import restore_request, slot_record
from kubequorum_node.volume.member_data import KEPT_FOLDER
from kubequorum_node.volume.restore_request import RestoreRequest
from kubequorum_node.volume.slot_record import MEMBER, SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd

OWN = examples.CONFIG.etcd_volume_id
VOLUME = SlotVolume(volume_id=OWN, slot="a")
DATA = "/var/lib/etcd/data/member/wal/0.wal"
RESTORE = "/usr/local/bin/etcdutl snapshot restore"


class Backups:
    """The backups of the cluster, as a rebuild finds them."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.revision = 40
        self.left_out: tuple[str, ...] = ()
        self.asked: list[dict[str, Any]] = []
        """What was rebuilt, with what arguments."""
        self.forgotten: list[str] = []
        """Prefixes of keys that were deleted from what was rebuilt."""
        self.noted: dict[str, str] = {}
        """Keys that were put there."""
        node.host.on(RESTORE, self._restore)

    @contextmanager
    def rebuilt(self, bucket: object, generation: int, **arguments: Any) -> Iterator[Any]:
        """In the place of `rebuild.rebuilt`."""
        self.asked.append({"bucket": bucket, "generation": generation, **arguments})
        full = Full(key="backups/000001/full-1", revision=1, size=1, written=datetime.now(UTC))

        class Found:
            etcd = self
            revision, replayed, seen = self.revision, 3, 1.5
            left_out = self.left_out

        Found.full = full  # type: ignore[attr-defined]
        yield Found

    def gateway(self) -> "Backups":
        """Of the private etcd."""
        return self

    def delete(self, key: bytes, *, end: bytes | None) -> int:
        """As `Gateway`."""
        assert end is None or end > key
        self.forgotten.append(key.decode())
        return 1

    def put(self, key: bytes, value: bytes) -> None:
        """As `Gateway`."""
        self.noted[key.decode()] = value.decode()

    def save(self, path: Path) -> None:
        """The private etcd's snapshot."""
        path.write_text(f"snapshot {len(self.asked)}")

    def _restore(self, command: tuple[str, ...], _: str | None) -> None:
        folder = next(word for word in command if word.startswith("--data-dir=")).partition("=")[2]
        source = Path(command[3])
        wal = Path(folder, "member/wal/0.wal")
        wal.parent.mkdir(parents=True)
        wal.write_text(f"restored from {source.read_text()}")


@pytest.fixture
def backups(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> Backups:
    """A cluster that has lived, whose master of slot a has its data; the other two do not answer."""
    found = Backups(node)
    monkeypatch.setattr(snapshot, "rebuilt", found.rebuilt)
    monkeypatch.setattr(EtcdTools, "check_snapshot", lambda *_: None)
    etcd = SimulatedEtcd(node)
    etcd.quorum = False
    keep_record(node)
    node.host.write(DATA, "old")
    return found


def request(node: FakeNode, number: int = 1, **fields: Any) -> RestoreRequest:
    """Request a restore, as the operator's program does."""
    asked = RestoreRequest(
        number=number,
        **{
            "generation": 1,
            "revision": 40,
            "or_newer": True,
            "bump_revision": 1_000_000_000,
            **fields,
        },
    )
    document = {**asked.__dict__, "requested": "now", "to": "latest"}
    node.aws.objects[restore_request.key(number)] = json.dumps(document).encode()
    return asked


def keep_record(node: FakeNode, slot: str = "a", **fields: Any) -> None:
    """Put a slot's record into the bucket."""
    known = {"volume": OWN, "generation": 3, "instance": "i-0aaaaaaaaaaaaaaaa", "stage": MEMBER}
    record = SlotRecord(**{**known, **fields})
    node.aws.objects[slot_record.key(slot)] = record.to_json().encode()


def record_of(node: FakeNode) -> SlotRecord:
    """The record of slot a."""
    return SlotRecord.from_json(node.aws.objects["slots/a/record.json"].decode())


def kept(node: FakeNode, number: int = 1) -> str | None:
    """What a restore has kept."""
    return node.host.read(f"{KEPT_FOLDER.format(number)}/member/wal/0.wal")
