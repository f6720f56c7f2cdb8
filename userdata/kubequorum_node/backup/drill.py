"""The restore drill: rebuild the newest chain beside the living cluster, and compare the two."""

import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from kubequorum_node.backup import content, names
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.errors import BackupError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.generation import Generation
from kubequorum_node.backup.rebuild import rebuilt
from kubequorum_node.backup.tools import EtcdTools

_TIME = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True, kw_only=True)
class DrillResult:
    """What a drill found; it is kept in the bucket."""

    passed: bool
    at: str
    """When it began (ISO 8601)."""
    by: str
    """Slot of the master."""
    generation: int
    revision: int = 0
    seconds: float = 0.0
    keys: int = 0
    replayed: int = 0
    """Revisions that came from logs."""
    full: str = ""
    """Key of the full snapshot."""
    what: str = ""
    """What is wrong; empty if it passed."""
    left_out: tuple[str, ...] = ()
    """Objects that could not be used."""
    keeps_revisions: bool = True

    def __str__(self) -> str:
        """For people."""
        outcome = "passed" if self.passed else f"FAILED: {self.what}"
        return (
            f"restore drill of generation {self.generation} {outcome}: revision {self.revision}, {self.keys} "
            f"keys, {self.replayed} revisions from logs on {self.full or 'nothing'}, {self.seconds:.1f} s"
        )


def run(
    bucket: Bucket, generation: Generation, *, gateway: Gateway, tools: EtcdTools, slot: str, work_folder: str
) -> DrillResult:
    """Rebuild the newest chain, compare it, throw it away, and record the result in the bucket."""
    begun, at = time.monotonic(), datetime.now(UTC)
    result = DrillResult(
        passed=False,
        at=at.isoformat(timespec="seconds"),
        by=slot,
        generation=generation.number,
    )
    try:
        result = _compare(bucket, result, gateway=gateway, tools=tools, work_folder=work_folder)
    except Exception as error:
        result = replace(result, what=str(error) or repr(error))
    result = replace(result, passed=not result.what, seconds=round(time.monotonic() - begun, 1))
    body = json.dumps(asdict(result), indent=1, sort_keys=True)
    bucket.create(f"{names.DRILLS}{at.strftime(_TIME)}-{slot}.json", f"{body}\n".encode())
    return result


def _compare(
    bucket: Bucket, result: DrillResult, *, gateway: Gateway, tools: EtcdTools, work_folder: str
) -> DrillResult:
    chain = Chain(bucket, result.generation)
    fulls = chain.fulls()
    if not fulls:
        raise BackupError(f"generation {result.generation} has no full snapshot")
    # First of all the living data: etcd may compact this revision while the other is rebuilt.
    end = chain.end(fulls[-1].revision)
    living = content.read(gateway, revision=end.revision)
    result = replace(result, revision=end.revision, keys=living.keys)
    with rebuilt(
        bucket, result.generation, tools=tools, work_folder=work_folder, until=end.revision
    ) as found:
        result = replace(
            result,
            replayed=found.replayed,
            full=found.full.key,
            left_out=(*found.left_out, *filter(None, [end.stopped])),
            keeps_revisions=found.keeps_revisions,
        )
        different = living.differences(content.read(found.etcd.gateway()))
    if different:
        what = f"what was rebuilt differs from the living data in {', '.join(different[:10])}"
        return replace(result, what=what)
    if result.left_out:
        return replace(result, what=f"parts of the chain cannot be used: {'; '.join(result.left_out)}")
    return result


def newest_result(bucket: Bucket) -> DrillResult | None:
    """The result of the last drill."""
    keys = [entry.key for entry in bucket.entries(names.DRILLS)]
    if not keys:
        return None
    try:
        document = json.loads(bucket.read(keys[-1]) or b"")
        return DrillResult(**{**document, "left_out": tuple(document.get("left_out", ()))})
    except (ValueError, TypeError) as error:
        raise BackupError(f"{keys[-1]} is not the result of a drill: {error!r}") from error


def is_due(bucket: Bucket, *, now: datetime, hours: float) -> bool:
    """Whether no drill of any master began within so many hours."""
    newest = newest_result(bucket)
    return newest is None or now - datetime.fromisoformat(newest.at) >= timedelta(hours=hours)
