"""The etcd volume."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem


def volume_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the limits of gp3. https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html."""
    volume = cluster.masters.etcd_volume
    key = "masters.etcd_volume"
    if volume.iops > max(3000, 500 * volume.size_gib):
        yield Problem(
            f"{key}.iops",
            volume.iops,
            f"gp3 gives at most 500 IOPS for each GiB ({500 * volume.size_gib} here)",
            "lower iops or raise size_gib",
        )
    if volume.throughput_mib_per_s > volume.iops / 4:
        yield Problem(
            f"{key}.throughput_mib_per_s",
            volume.throughput_mib_per_s,
            f"gp3 gives at most 0.25 MiB/s for each IOPS ({volume.iops // 4} here)",
            "lower throughput_mib_per_s or raise iops",
        )
