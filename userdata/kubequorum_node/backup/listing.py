"""What can be restored to, for people: generations, full snapshots, how far logs reach, and holes."""

from collections.abc import Iterator
from datetime import UTC, datetime

from kubequorum_node.backup import drill, generation
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain, Full

_SHOWN = 12
"""Full snapshots of a generation that are shown one by one, the newest of them."""


def lines(bucket: Bucket) -> Iterator[str]:
    """The backups in the bucket, newest first."""
    generations = generation.all_of(bucket)
    if not generations:
        yield "no backup yet"
        return
    for found in reversed(generations):
        yield f"generation {found.number}, begun {found.begun}, etcd cluster {found.cluster_id}"
        yield from _chain(Chain(bucket, found.number), is_newest=found is generations[-1])
    newest = drill.newest_result(bucket)
    yield "no restore drill yet" if newest is None else f"last drill at {newest.at}: {newest}"


def _chain(chain: Chain, *, is_newest: bool) -> Iterator[str]:
    fulls = chain.fulls()
    if not fulls:
        yield "  no full snapshot"
        return
    if is_newest:
        end = chain.end(fulls[-1].revision)
        when = fulls[-1].written if end.seen is None else datetime.fromtimestamp(end.seen, UTC)
        yield f"  latest: revision {end.revision}, {_time(when)}, from the newest full snapshot and the logs"
        if end.stopped:
            yield f"  DAMAGED behind that: {end.stopped}"
    holes = chain.holes()
    for full in reversed(fulls[-_SHOWN:]):
        yield f"  full snapshot: {_full(full)}"
    if len(fulls) > _SHOWN:
        yield f"  and {len(fulls) - _SHOWN} older ones, the first: {_full(fulls[0])}"
    logs = chain.logs()
    if logs:
        yield (
            f"  logs: {len(logs)} from revision {logs[0].first} on, {_time(logs[0].written)} to "
            f"{_time(logs[-1].written)}: every revision in between, but for {len(holes)} holes"
        )
    for first in holes:
        yield f"  hole: no log of revision {first} and some behind it, up to the next full snapshot"


def _full(full: Full) -> str:
    return f"revision {full.revision}, {_time(full.written)}, {full.size >> 10} KiB"


def _time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
