"""From a chain back to etcd's data: the newest good full snapshot, and the logs that continue it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubequorum_node import log
from kubequorum_node.backup import content
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain, End, Full
from kubequorum_node.backup.errors import BackupError, DamagedError
from kubequorum_node.backup.private_etcd import PrivateEtcd, restored
from kubequorum_node.backup.replay import Replay
from kubequorum_node.backup.tools import EtcdTools

BUMP_REVISION = 1_000_000_000
"""By how much a restored cluster's revisions are above those of the data: more than 10,000 changes a second
in the day after the backup, which clients may have seen. 2^63 is far away."""


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """What was rebuilt, while the private etcd that has it runs."""

    etcd: PrivateEtcd
    full: Full
    """The full snapshot that it began with."""
    revision: int
    """The newest one in it, as the living cluster counted."""
    seen: float | None
    """When that was received by a writer, in seconds since 1970; None if the full snapshot is the newest."""
    replayed: int
    """How many revisions came from logs."""
    checked_keys: int
    keeps_revisions: bool
    """Whether keys have the revisions that they had in the living cluster."""
    left_out: tuple[str, ...]
    """What is in the bucket and could not be used, and why."""


@contextmanager
def rebuilt(
    bucket: Bucket,
    generation: int,
    *,
    tools: EtcdTools,
    work_folder: str,
    until: int | None = None,
    or_less: bool = False,
) -> Iterator[Rebuilt]:
    """Rebuild a generation's data on a private etcd, which ends with the context.

    A damaged full snapshot is passed over: the one before and the logs since lead to the same revision.

    Args:
        bucket: where the chain is.
        generation: which one.
        tools: etcd's programs.
        work_folder: a folder on this host with room for the database twice.
        until: the newest revision wanted; None for all that there is.
        or_less: whether less is taken if damage or a hole ends the chain before `until`.

    Raises:
        BackupError: no full snapshot is good, or what was rebuilt is not what the chain says.

    """
    chain = Chain(bucket, generation)
    left_out: list[str] = []
    tools.host.path(work_folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="rebuild-", dir=tools.host.path(work_folder)) as name:
        folder = Path(name)
        full = _newest_good(chain, bucket, tools, folder / "snapshot.db", until=until, left_out=left_out)
        with restored(tools, folder / "snapshot.db", folder) as etcd:
            gateway = etcd.gateway()
            replay = Replay(gateway, after=full.revision)
            end = _replay(chain, replay, until, left_out)
            if until is not None and replay.revision < until and not or_less:
                raise BackupError(
                    f"the chain of generation {generation} leads to revision {replay.revision}, "
                    f"not to {until}: {end.stopped or 'there is nothing behind it'}"
                )
            checked = replay.check()
            keeps_revisions = gateway.revision() == replay.revision
            for prefix in content.NOT_RESTORED:
                gateway.delete(prefix, end=content.end_of(prefix))
            yield Rebuilt(
                etcd=etcd,
                full=full,
                revision=replay.revision,
                seen=end.seen,
                replayed=replay.revision - full.revision,
                checked_keys=checked,
                keeps_revisions=keeps_revisions,
                left_out=tuple(left_out),
            )


def data_directory(
    tools: EtcdTools,
    snapshot: Path,
    folder: Path,
    *,
    member: str,
    peer_url: str,
    initial_cluster: str,
    token: str,
    bump_revision: int = BUMP_REVISION,
) -> None:
    """Make a member's data directory of a new cluster from a snapshot of what was rebuilt.

    Revisions only grow, and all before are marked as compacted: who watches or lists with an old one gets the
    error that makes it list again.

    Args:
        tools: etcd's programs.
        snapshot: see `PrivateEtcd.save`.
        folder: the directory, which must not be there yet.
        member: its name.
        peer_url: how the others reach it.
        initial_cluster: all members, as etcd's flag wants them.
        token: of the new cluster; never one that the name has had before.
        bump_revision: by how much revisions grow.

    """
    tools.restore(
        snapshot,
        folder,
        f"--name={member}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster={initial_cluster}",
        f"--initial-cluster-token={token}",
        f"--bump-revision={bump_revision}",
        "--mark-compacted",
    )


def _newest_good(
    chain: Chain, bucket: Bucket, tools: EtcdTools, path: Path, *, until: int | None, left_out: list[str]
) -> Full:
    """Fetch the newest full snapshot that is what its sums say, and not newer than wanted."""
    for full in reversed(chain.fulls()):
        if until is not None and full.revision > until:
            continue
        try:
            if not bucket.read_to_file(full.key, path):
                raise DamagedError("it is gone")
            status = tools.check_snapshot(path)
            if status.revision != full.revision:
                raise DamagedError(f"it has revision {status.revision}")
        except DamagedError as error:
            left_out.append(f"{full.key}: {error}")
            log.error(f"backup: {full.key} is damaged, trying the one before: {error}")
            continue
        return full
    raise BackupError(
        f"generation {chain.generation} has no good full snapshot: {'; '.join(left_out) or 'it has none'}"
    )


def _replay(chain: Chain, replay: Replay, until: int | None, left_out: list[str]) -> End:
    for each in chain.follow(replay.revision):
        if isinstance(each, End):
            if each.stopped:
                left_out.append(each.stopped)
                log.error(f"backup: the logs end at revision {each.revision}: {each.stopped}")
            return each
        replay.apply(each, until=until)
        if until is not None and replay.revision >= until:
            seen = next(found.seen for found in each.revisions if found.number == replay.revision)
            return End(revision=replay.revision, seen=seen)
    raise AssertionError("following a chain ends with its end")
