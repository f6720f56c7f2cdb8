"""The size of an instance's user-data, of which EC2 takes 16 KiB."""

import base64
from collections.abc import Iterator, Mapping

from benchmarks.figures import Figure, Probe
from kubequorum_cli.console import Progress
from lab.cluster import Cluster


def measure(cluster: Cluster, progress: Progress) -> Mapping[str, float]:
    """The largest user-data of all groups' launch templates."""
    with progress.stage("Read the groups' user-data"):
        return {"user_data_bytes": max(len(text) for text in _user_data(cluster))}


def _user_data(cluster: Cluster) -> Iterator[bytes]:
    ec2 = cluster.client("ec2")
    for group in cluster.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]:
        mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        template = group.get("LaunchTemplate") or mixed["LaunchTemplateSpecification"]
        (version,) = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
        )["LaunchTemplateVersions"]
        yield base64.b64decode(version["LaunchTemplateData"]["UserData"])


PROBE = Probe(figures=(Figure(name="user_data_bytes", unit="bytes", aim=1536),), run=measure)
