"""EBS CSI driver: that there are nodes which it can attach volumes to, and tags that it accepts."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_RESERVED = ("CSIVolumeName", "CSIVolumeSnapshotName")
_RESERVED_PREFIXES = ("ebs.csi.aws.com/", "kubernetes.io")
"""Of tags, by the driver: with one of them it does not start.
https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md"""


def ebs_csi_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check it if it is turned on."""
    if not cluster.addons.ebs_csi.enabled:
        return
    if not cluster.worker_groups:
        yield Problem(
            "addons.ebs_csi.enabled",
            True,
            "there is no worker group, and volumes are attached to workers only",
            "turn it off, or add a worker group",
        )
    for key, value in cluster.tags.items():
        # In the driver's flag the first = ends the key.
        if key in _RESERVED or key.startswith(_RESERVED_PREFIXES) or "=" in key:
            yield Problem(
                f"tags.{key}",
                value,
                "volumes of pods would get it, and the EBS CSI driver refuses this key",
                f"use a key without =, that is not {' or '.join(_RESERVED)} and does not begin with "
                f"{' or '.join(_RESERVED_PREFIXES)}; or turn addons.ebs_csi off",
            )
