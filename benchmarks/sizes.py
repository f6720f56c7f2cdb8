"""What a machine has to fetch before its first step: user-data, and the node program that this names."""

import base64
import re
from collections.abc import Mapping

from benchmarks.figures import Figure, Probe
from benchmarks.standing import Administrator
from kubequorum_cli.errors import CommandError

_BUCKET, _KEY = re.compile(r"^BUCKET=(\S+)$", re.MULTILINE), re.compile(r"^KEY=(\S+)$", re.MULTILINE)


def measure(aws: Administrator) -> Mapping[str, float]:
    """Ask AWS for the user-data of every group's launch template, and for the size of what they name."""
    user_data = _user_data(aws)
    s3 = aws.client("s3")
    sizes = []
    for text in user_data:
        bucket, key = _BUCKET.search(text), _KEY.search(text)
        if bucket is None or key is None:
            raise CommandError("the user-data names no node program", why=text[:300])
        sizes.append(s3.head_object(Bucket=bucket[1], Key=key[1])["ContentLength"])
    return {
        "user_data_bytes": max(len(text.encode()) for text in user_data),
        "node_program_bytes": max(sizes),
    }


def _user_data(aws: Administrator) -> list[str]:
    ec2 = aws.client("ec2")
    groups = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    texts = []
    for group in groups:
        mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        template = group.get("LaunchTemplate") or mixed["LaunchTemplateSpecification"]
        (version,) = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
        )["LaunchTemplateVersions"]
        texts.append(base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode())
    return texts


PROBE = Probe(
    figures=(
        Figure(name="user_data_bytes", unit="bytes", aim=1536),
        Figure(name="node_program_bytes", unit="bytes", aim=10 * 1024 * 1024),
    ),
    run=measure,
)
