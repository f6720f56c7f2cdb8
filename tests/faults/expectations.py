"""What must hold of a cluster after every fault, once it is over."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from kubequorum_cli.kubernetes import is_ready
from tests.faults.cluster import SLOTS, AskError, Cluster

_PAUSE_SECONDS = 2.0

MemberIds = dict[str, int]
"""Slot to the id of its etcd member."""


def member_ids(cluster: Cluster) -> MemberIds:
    """The members as they are now."""
    return {slot: int(member["ID"]) for slot, member in cluster.etcd_members().items()}


def complaints(
    cluster: Cluster,
    members: MemberIds,
    *,
    renewed: frozenset[str] = frozenset(),
    only_first: bool = False,
) -> list[str]:
    """Everything that is not as it must be; empty if all is well.

    Args:
        cluster: the cluster.
        members: the members that there were before the fault.
        renewed: slots whose member must be another one than before, as their data were lost.
        only_first: look no further once something was found: looking takes the machines' time.

    """
    found: list[str] = []
    for check in (_groups, _members(members, renewed), _api_servers, _targets, _nodes, _switches):
        try:
            found += check(cluster)
        except (AskError, LookupError, KeyError, ValueError) as error:
            found.append(f"could not be asked: {error}")
        if found and only_first:
            break
    return found


def wait_until_well(
    cluster: Cluster, members: MemberIds, *, renewed: frozenset[str] = frozenset(), seconds: float
) -> list[str]:
    """Wait until nothing is to be complained of; what still is, after the time given."""
    deadline = time.monotonic() + seconds
    while complaints(cluster, members, renewed=renewed, only_first=True):
        if time.monotonic() > deadline:
            return complaints(cluster, members, renewed=renewed)
        time.sleep(_PAUSE_SECONDS)
    return []


def differing_data(cluster: Cluster, *, seconds: float = 60) -> list[str]:
    """Compare the members' data at one revision, with the history of all keys (`etcdctl endpoint hashkv`).

    A compaction in between makes the hashes say nothing: then they are taken again.
    """
    deadline = time.monotonic() + seconds
    said = "never asked"
    while time.monotonic() < deadline:
        try:
            statuses = json.loads(cluster.etcdctl("endpoint status --cluster -w json"))
            revision = min(int(entry["Status"]["header"]["revision"]) for entry in statuses)
            hashes = json.loads(cluster.etcdctl(f"endpoint hashkv --cluster --rev={revision} -w json"))
        except (AskError, ValueError) as error:
            said = str(error)
            time.sleep(1)
            continue
        compacted = {entry["HashKV"].get("compact_revision") for entry in hashes}
        values = {entry["Endpoint"]: entry["HashKV"]["hash"] for entry in hashes}
        if len(values) == len(SLOTS) and len(compacted) == 1:
            if len(set(values.values())) == 1:
                return []
            return [f"the members' data differ at revision {revision}: {values}"]
        said = f"{len(values)} members answered, compacted at {compacted}"
        time.sleep(1)
    return [f"the members' data could not be compared: {said}"]


def _groups(cluster: Cluster) -> Iterator[str]:
    for slot, members in cluster.members_of_groups().items():
        states = [f"{member['LifecycleState']}/{member['HealthStatus']}" for member in members]
        if states != ["InService/Healthy"]:
            yield f"group of slot {slot}: {', '.join(states) or 'empty'}"


def _members(before: MemberIds, renewed: frozenset[str]) -> Callable[[Cluster], Iterator[str]]:
    def check(cluster: Cluster) -> Iterator[str]:
        members = cluster.etcd_members()
        if set(members) != set(SLOTS):
            yield f"members of slots {', '.join(sorted(members))} only"
        for slot, member in members.items():
            if member.get("isLearner"):
                yield f"the member of slot {slot} is a learner"
            same = int(member["ID"]) == before[slot]
            if same == (slot in renewed):
                yield f"the member of slot {slot} is {'still' if same else 'not'} {before[slot]:x}"
        health = json.loads(cluster.etcdctl("endpoint health --cluster -w json"))
        yield from (f"{entry['endpoint']} is not healthy" for entry in health if not entry["health"])

    return check


def _api_servers(cluster: Cluster) -> Iterator[str]:
    for slot, instance_id in cluster.masters().items():
        # As the load balancer asks: without credentials.
        url = '"https://$(hostname -I | cut -d" " -f1):6443/readyz"'
        answer = cluster.sh(instance_id, f"curl -sk -m 5 {url} || true")
        if answer != "ok":
            yield f"API server of slot {slot}: {answer[:80] or 'no answer'}"


def _targets(cluster: Cluster) -> Iterator[str]:
    elbv2 = cluster.client("elbv2")
    ids = set(cluster.masters().values())
    addresses = {i["PrivateIpAddress"] for i in _living(cluster) if i["InstanceId"] in ids}
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        states = {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in health["TargetHealthDescriptions"]}
        wanted = ids if group["TargetType"] == "instance" else addresses
        others = {target: state for target, state in states.items() if state != "draining"}
        if others != dict.fromkeys(wanted, "healthy"):
            yield f"targets of {group['TargetGroupName']}: {states}"


def _nodes(cluster: Cluster) -> Iterator[str]:
    nodes = json.loads(cluster.kubectl("get nodes -o json"))["items"]
    ready = {node["metadata"]["name"] for node in nodes if is_ready(node)}
    for instance in _living(cluster):
        if instance["PrivateDnsName"] not in ready:
            yield f"node {instance['PrivateDnsName']} ({instance['InstanceId']}) is not Ready"


def _switches(cluster: Cluster) -> Iterator[str]:
    yield from (f"still broken: {switch.kind} {switch.about}" for switch in cluster.faults.active())


def _living(cluster: Cluster) -> list[dict[str, Any]]:
    pages = cluster.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [dict(i) for reservation in pages["Reservations"] for i in reservation["Instances"]]
