"""Whether a cluster is healthy: groups, etcd members, API servers, targets and nodes."""

import json
from collections.abc import Callable, Iterator

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import api_endpoint, is_ready
from kubequorum_cli.waiting import poll
from lab.cluster.client import Cluster

Check = Callable[[Cluster], Iterator[str]]
"""Yields a line for each thing that is wrong."""

_PAUSE_SECONDS = 2.0


def problems(cluster: Cluster, *more: Check, only_first: bool = False) -> list[str]:
    """Everything that is wrong with a cluster; empty if it is healthy.

    Args:
        cluster: the cluster.
        more: checks that follow the usual ones.
        only_first: stop at the first check that finds something: every check takes time of the machines.
    """
    found: list[str] = []
    for check in (_groups, _members, _api_servers, _targets, _nodes, *more):
        try:
            found += check(cluster)
        except (CommandError, LookupError, ValueError) as error:
            found.append(f"could not be checked: {error}")
        if found and only_first:
            break
    return found


def wait_until_healthy(cluster: Cluster, *more: Check, seconds: float) -> list[str]:
    """Wait until nothing is wrong; what still is at the end of the time."""

    def first() -> list[str]:
        return problems(cluster, *more, only_first=True)

    return problems(cluster, *more) if poll(first, seconds=seconds, pause_seconds=_PAUSE_SECONDS) else []


def wait_until(what_is_wrong: Callable[[], str], *, seconds: float, pause_seconds: float) -> None:
    """Poll until nothing is wrong.

    Raises:
        CommandError: not in time; with what was wrong last.
    """
    if wrong := poll(what_is_wrong, seconds=seconds, pause_seconds=pause_seconds):
        raise CommandError(f"not within {seconds:.0f} s", why=wrong)


def readyz(cluster: Cluster, instance_id: str) -> str:
    """What a master's API server answers at /readyz: `ok`, what is wrong, or nothing if it does not run.

    Raises:
        CommandError: no command can be run on the machine.
    """
    # As the load balancer asks: on the port that it has itself, and without credentials.
    port = api_endpoint(cluster.target).port
    url = f'"https://$(hostname -I | cut -d" " -f1):{port}/readyz"'
    return cluster.sh(instance_id, f"curl -sk -m 5 {url} || true")


def _groups(cluster: Cluster) -> Iterator[str]:
    for slot, members in cluster.all_members().items():
        states = [f"{member['LifecycleState']}/{member['HealthStatus']}" for member in members]
        if states != ["InService/Healthy"]:
            yield f"group of slot {slot}: {', '.join(states) or 'empty'}"


def _members(cluster: Cluster) -> Iterator[str]:
    members = cluster.etcd_members()
    if set(members) != set(cluster.slots):
        yield f"etcd has members of slots {', '.join(sorted(members))} only"
    for slot, member in members.items():
        if member.get("isLearner"):
            yield f"the member of slot {slot} is a learner"
    health = json.loads(cluster.etcdctl("endpoint", "health", "--cluster", "-w", "json"))
    yield from (f"{entry['endpoint']} is not healthy" for entry in health if not entry["health"])


def _api_servers(cluster: Cluster) -> Iterator[str]:
    for slot, instance_id in cluster.masters().items():
        answer = readyz(cluster, instance_id)
        if answer != "ok":
            yield f"API server of slot {slot}: {answer[:80] or 'no answer'}"


def _targets(cluster: Cluster) -> Iterator[str]:
    elbv2 = cluster.client("elbv2")
    ids = set(cluster.masters().values())
    running = cluster.instances(states=("running",))
    addresses = {instance["PrivateIpAddress"] for id_, instance in running.items() if id_ in ids}
    owned = cluster.owned(cluster.target.stack_name("ControlPlane"))
    arns = owned["AWS::ElasticLoadBalancingV2::TargetGroup"]
    for group in elbv2.describe_target_groups(TargetGroupArns=arns)["TargetGroups"]:
        health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        states = {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in health["TargetHealthDescriptions"]}
        wanted = ids if group["TargetType"] == "instance" else addresses
        others = {target: state for target, state in states.items() if state != "draining"}
        if others != dict.fromkeys(wanted, "healthy"):
            yield f"targets of {group['TargetGroupName']}: {states}"


def _nodes(cluster: Cluster) -> Iterator[str]:
    ready = {node["metadata"]["name"] for node in cluster.get("nodes") if is_ready(node)}
    for instance_id in cluster.instances(states=("running",)):
        if instance_id not in ready:
            yield f"node {instance_id} is not Ready"
