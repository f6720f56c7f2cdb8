"""Instance types and machine images."""

import re
from collections import Counter
from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.config.section import Architecture

_ARM_TYPE = re.compile(r"^(a1|[a-z]+[0-9]+[a-z]*g[a-z]*)\.")
"""Graviton types have a g after the generation (m7g, c7gn, im4gn), or are a1.
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html"""

_XEN_FAMILIES = frozenset(
    {
        *("c1", "c3", "c4", "cc2", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2"),
        *("m3", "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e"),
    }
)
"""Not built on the Nitro System: their EBS volumes are no NVMe devices. The .metal sizes are.
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html"""

_SMALL_SIZES = frozenset({"nano", "micro"})
_ONE_CPU_SIZES = frozenset({"small", "medium"})
_TWO_CPU_FAMILIES = frozenset({"t3", "t3a", "t4g"})
"""Whose small and medium have two processors; those of all other families have one.
https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html"""


def instance_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the instance types of masters and workers, and that there is an image for each architecture."""
    masters = cluster.masters
    yield from _architecture("masters.instance_type", masters.instance_type, masters.architecture)
    yield from _master_type(masters.instance_type)
    for index, group in enumerate(cluster.worker_groups):
        key = f"worker_groups.{index}.instance_types"
        for instance_type, times in Counter(group.instance_types).items():
            yield from _architecture(key, instance_type, group.architecture)
            if times > 1:
                yield Problem(
                    key,
                    instance_type,
                    f"is listed {times} times",
                    "list each type once: Auto Scaling refuses duplicates",
                )
    used = [
        ("masters", masters.architecture),
        *((f"group {group.name}", group.architecture) for group in cluster.worker_groups),
    ]
    for user, architecture in used:
        if not cluster.image.names(architecture):
            yield Problem(
                f"image.{architecture}",
                None,
                f"is missing, and {user} needs it",
                "add the id of a Debian 13 image of that architecture in this region",
            )


def _architecture(key: str, instance_type: str, architecture: Architecture) -> Iterator[Problem]:
    actual = Architecture.ARM64 if _ARM_TYPE.match(instance_type) else Architecture.AMD64
    if actual is not architecture:
        yield Problem(
            key,
            instance_type,
            f"is {actual}, but architecture is {architecture}",
            f"choose an {architecture} type, or set architecture to {actual}",
        )


def _master_type(instance_type: str) -> Iterator[Problem]:
    family, _, size = instance_type.partition(".")
    too_small = size in _SMALL_SIZES or (size in _ONE_CPU_SIZES and family not in _TWO_CPU_FAMILIES)
    if too_small:
        yield Problem(
            "masters.instance_type",
            instance_type,
            "is too small for a master: kubeadm demands 2 vCPUs and 1700 MB of memory",
            "use at least t3.medium, t4g.medium or a large type such as m7i.large",
        )
    if family in _XEN_FAMILIES and size != "metal":
        yield Problem(
            "masters.instance_type",
            instance_type,
            "is not built on the AWS Nitro System, so the etcd volume would not appear as an NVMe device",
            "use a current type, for example m7i.large",
        )
