"""An example cluster as AWS and Kubernetes would describe it: well, and in two kinds of trouble."""

from dataclasses import replace

from development.diagrams.cluster import (
    MASTERS,
    SUCCESSOR,
    VOLUMES,
    WORKERS,
    ZONE_OF,
    kubernetes,
    master,
    report,
)
from kubequorum_cli.kubernetes import NodeList
from kubequorum_cli.picture.observation import Kubernetes, Observation

__all__ = [
    "MASTERS",
    "SUCCESSOR",
    "VOLUMES",
    "WORKERS",
    "ZONE_OF",
    "master_dead",
    "well",
    "without_kubernetes",
]


def well() -> Observation:
    """Three masters, three workers, nothing wrong."""
    return Observation(cluster="ha", region="eu-central-1", report=report(), kubernetes=kubernetes())


def master_dead() -> Observation:
    """The master of slot b is dead; its successor starts, and waits for the volume."""
    before = well()
    dead = replace(master("b"), state="shutting-down", lifecycle_state="Terminating:Wait", health="Unhealthy")
    starts = replace(master("b"), id=SUCCESSOR, lifecycle_state="Pending:Wait", private_ip="10.20.64.29")
    groups = [
        replace(group, instances=[dead, starts]) if group.slot == "b" else group
        for group in before.report.groups
    ]
    volumes = [
        replace(volume, state="available", attached_to="") if volume.id == VOLUMES["b"] else volume
        for volume in before.report.volumes
    ]
    (balancer,) = before.report.load_balancers
    targets = {**balancer.targets, f"{MASTERS['b']}:6443": "unhealthy"}
    nodes = [replace(node, ready=node.name != MASTERS["b"]) for node in before.kubernetes.nodes.nodes]
    return replace(
        before,
        report=replace(
            before.report,
            groups=groups,
            volumes=volumes,
            load_balancers=[replace(balancer, targets=targets)],
        ),
        kubernetes=replace(before.kubernetes, nodes=NodeList(nodes=nodes)),
    )


def without_kubernetes() -> Observation:
    """As on a computer whose machines are plain processes: AWS alone."""
    absent = "the machines behind the instances are of kind `process`, not `nspawn`"
    return replace(well(), kubernetes=Kubernetes(absent=absent))
