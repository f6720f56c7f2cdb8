"""Address ranges: allowed places and sizes, no overlaps, and room for all nodes."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_PRIVATE = [IPv4Network(r) for r in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
_LARGEST_MASK_DIFFERENCE_BITS = 16
"""Between the pod range and a node's range: kube-controller-manager (nodeipam) refuses more at its start.
https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/nodeipam/ipam/cidrset/cidr_set.go"""
_RESERVED_IN_SUBNET = 5
"""https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""

PRIVATE_SUBNET_EXTRA_BITS = 2
"""A private subnet is a quarter of the VPC."""
PUBLIC_SUBNET_EXTRA_BITS = 4
"""The public subnets share the last quarter."""


def node_mask_bits(pods_per_node: int) -> int:
    """Prefix length of one node's pod range: twice its pods fit, so that addresses are not reused at once.

    For 110 pods that is a /24, as kubeadm and the controller manager choose.
    """
    return 32 - (2 * pods_per_node - 1).bit_length()


def address_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the ranges of a cluster file."""
    network = cluster.network
    ranges = {
        "network.vpc_cidr": network.vpc_cidr,
        "network.pod_cidr": network.pod_cidr,
        "network.service_cidr": network.service_cidr,
    }
    for key, cidr in ranges.items():
        if not any(cidr.subnet_of(private) for private in _PRIVATE):
            remedy = "use a range inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"
            yield Problem(key, cidr, "is not a private range", remedy)
    for (first_key, first), (second_key, second) in combinations(ranges.items(), 2):
        if first.overlaps(second):
            yield Problem(
                second_key,
                second,
                f"overlaps {first_key} ({first})",
                "choose ranges that have no address in common",
            )
    yield from _vpc_size(cluster)
    yield from _pod_range_size(cluster)
    if not 12 <= network.service_cidr.prefixlen <= 24:
        yield Problem(
            "network.service_cidr",
            network.service_cidr,
            "kube-apiserver takes /12 to /24 here",
            "use a range of that size, for example 10.96.0.0/16",
        )


def _vpc_size(cluster: Cluster) -> Iterator[Problem]:
    vpc = cluster.network.vpc_cidr
    if not 16 <= vpc.prefixlen <= 22:
        yield Problem(
            "network.vpc_cidr",
            vpc,
            "three private and three public subnets need a /16 (the largest that AWS gives) to a /22",
            "use a range of that size, for example 10.20.0.0/16",
        )
        return
    usable = 2 ** (32 - vpc.prefixlen - PRIVATE_SUBNET_EXTRA_BITS) - _RESERVED_IN_SUBNET
    if usable < cluster.max_nodes:
        yield Problem(
            "network.vpc_cidr",
            vpc,
            f"a private subnet has {usable} addresses, but a zone may have to hold {cluster.max_nodes} nodes",
            "use a larger range, or lower max_size of the worker groups",
        )


def _pod_range_size(cluster: Cluster) -> Iterator[Problem]:
    pods = cluster.network.pod_cidr
    bits = node_mask_bits(cluster.network.pods_per_node)
    if bits - pods.prefixlen > _LARGEST_MASK_DIFFERENCE_BITS:
        yield Problem(
            "network.pod_cidr",
            pods,
            f"is more than {_LARGEST_MASK_DIFFERENCE_BITS} bits larger than a node's range (a /{bits} for "
            f"{cluster.network.pods_per_node} pods), which kube-controller-manager refuses",
            f"use a /{bits - _LARGEST_MASK_DIFFERENCE_BITS} or smaller, or raise pods_per_node",
        )
    room = 2 ** (bits - pods.prefixlen) if pods.prefixlen <= bits else 0
    if room < cluster.max_nodes:
        yield Problem(
            "network.pod_cidr",
            pods,
            f"holds {room} nodes of {cluster.network.pods_per_node} pods (a /{bits} each), "
            f"but there may be {cluster.max_nodes}",
            "use a larger range, or lower pods_per_node or max_size of the worker groups",
        )
