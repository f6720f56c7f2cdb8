"""Permissions on private registries: all nodes pull images, and none pushes any."""

from kubequorum.config import Cluster
from kubequorum.permissions.statement import PARTITION, Permission


def pull_images(cluster: Cluster) -> list[Permission]:
    """Get a token of ECR, and read images of the repositories that the cluster file names; else nothing.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_id-based-policy-examples.html
    """
    resources = [
        f"arn:{PARTITION}:ecr:{region}:{account}:repository/{repository}"
        for registry in cluster.registries.ecr
        for account, region in [cluster.place_of(registry)]
        for repository in registry.repositories
    ]
    if not resources:
        return []
    return [
        Permission(
            sid="RegistryToken",
            actions=("ecr:GetAuthorizationToken",),
            resources=("*",),
            wildcard_reason="AWS offers no narrower resource: a token allows what its owner's policies allow",
        ),
        Permission(
            sid="PullImages",
            actions=(
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ),
            resources=tuple(dict.fromkeys(resources)),
            wildcard_reason="reads only: the repositories that the cluster file names",
        ),
    ]
