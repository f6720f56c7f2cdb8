"""What must hold of a cluster after every fault, once it has been cleared."""

import json
import time
from collections.abc import Iterator

from kubequorum_cli.errors import CommandError
from lab.cluster import Cluster, problems, wait_until_healthy

MemberIds = dict[str, int]
"""Slot to the id of its etcd member."""


def member_ids(cluster: Cluster) -> MemberIds:
    """The members as they are now."""
    return {slot: int(member["ID"]) for slot, member in cluster.etcd_members().items()}


def is_healthy(cluster: Cluster) -> bool:
    """Whether nothing is wrong, and no fault is active."""
    return problems(cluster, _active_faults) == []


def wait_until_recovered(
    cluster: Cluster, before: MemberIds, *, replaced: frozenset[str] = frozenset(), seconds: float
) -> list[str]:
    """Wait until the cluster is healthy again; what is wrong at the end of the time.

    Args:
        cluster: the cluster.
        before: the members before the fault.
        replaced: slots whose member must be another one than before, because their data were lost.
        seconds: the time.

    """

    def members(cluster: Cluster) -> Iterator[str]:
        for slot, id_ in member_ids(cluster).items():
            same = id_ == before.get(slot)
            if same == (slot in replaced):
                yield f"the member of slot {slot} is {'still' if same else 'not'} {before.get(slot, 0):x}"

    return wait_until_healthy(cluster, members, _active_faults, seconds=seconds)


def differing_data(cluster: Cluster, *, seconds: float = 60) -> list[str]:
    """Compare the members' data at one revision, with the history of all keys (`etcdctl endpoint hashkv`).

    A compaction in between makes the hashes incomparable: then they are read again.
    """
    deadline = time.monotonic() + seconds
    reason = "no member was asked"
    while time.monotonic() < deadline:
        try:
            statuses = json.loads(cluster.etcdctl("endpoint", "status", "--cluster", "-w", "json"))
            revision = min(int(entry["Status"]["header"]["revision"]) for entry in statuses)
            hashes = json.loads(
                cluster.etcdctl("endpoint", "hashkv", "--cluster", f"--rev={revision}", "-w", "json")
            )
        except (CommandError, ValueError) as error:
            reason = str(error)
            time.sleep(1)
            continue
        compacted = {entry["HashKV"].get("compact_revision") for entry in hashes}
        values = {entry["Endpoint"]: entry["HashKV"]["hash"] for entry in hashes}
        if len(values) == len(cluster.slots) and len(compacted) == 1:
            if len(set(values.values())) == 1:
                return []
            return [f"the members' data differ at revision {revision}: {values}"]
        reason = f"{len(values)} members answered, compacted at {compacted}"
        time.sleep(1)
    return [f"the members' data could not be compared: {reason}"]


def _active_faults(cluster: Cluster) -> Iterator[str]:
    yield from (f"fault still active: {fault.kind} {fault.about}" for fault in cluster.faults.active())
