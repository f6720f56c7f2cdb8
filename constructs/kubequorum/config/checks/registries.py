"""Private registries: where nodes have credentials, whether they reach them, and which images need them."""

import re
from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.names import BUILT_IN_ADDONS
from kubequorum.config.problem import Problem
from kubequorum.config.registries import PRIVATE_ECR_HOST, hosts

_PARTITION = re.compile(r"(cn|us-gov|us-isob?|us-isof|eu-isoe|eusc)-")
"""How regions of partitions other than `aws` begin
(https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html)."""


def registry_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the registries, and that images in a private one are among those that nodes may pull."""
    places: dict[tuple[str, str], int] = {}
    for index, registry in enumerate(cluster.registries.ecr):
        place = cluster.place_of(registry)
        if place in places:
            yield Problem(
                f"registries.ecr.{index}",
                " in ".join(place),
                f"is the registry of registries.ecr.{places[place]}, too",
                "name all of its repositories in one entry",
            )
        places.setdefault(place, index)
        yield from _region(cluster, index, place[1])
    for addon, key in BUILT_IN_ADDONS.items():
        settings = getattr(cluster.addons, key)
        if settings.enabled and settings.image is not None:
            yield from _image(cluster, f"addons.{key}.image", settings.image, addon)


def _region(cluster: Cluster, index: int, region: str) -> Iterator[Problem]:
    key = f"registries.ecr.{index}.region"
    if _partition(region) != _partition(cluster.region):
        yield Problem(
            key,
            region,
            f"is in another partition of AWS than {cluster.region}, where roles of this cluster are unknown",
            "copy the images to a registry in the cluster's region",
        )
    elif region != cluster.region and cluster.network.nat == "none" and cluster.network.https_proxy is None:
        yield Problem(
            key,
            region,
            "with network.nat = none nothing leads there: VPC endpoints of ECR are for "
            f"{cluster.region} only",
            "replicate the repositories into the cluster's region, set network.https_proxy, or set "
            "network.nat to per-zone or single",
        )


def _partition(region: str) -> str:
    found = _PARTITION.match(region)
    return found[1] if found else "aws"


def _image(cluster: Cluster, key: str, image: str, addon: str) -> Iterator[Problem]:
    host, _, path = image.partition("/")
    found = PRIVATE_ECR_HOST.fullmatch(host)
    if not found:
        return
    repository = path.partition("@")[0].partition(":")[0]
    place = (found["account"], found["region"])
    allowed = [
        pattern
        for registry in cluster.registries.ecr
        if cluster.place_of(registry) == place
        for pattern in registry.repositories
    ]
    if host not in cluster.registry_hosts or not any(_matches(each, repository) for each in allowed):
        yield Problem(
            key,
            image,
            f"is in a private ECR repository that nodes may not pull from, so {addon} would never start",
            f'add it to registries.ecr: {{account: "{place[0]}", region: {place[1]}, '
            f"repositories: [{repository}]}}",
        )
    elif host != hosts(*place)[0] and cluster.network.nat == "none" and cluster.network.https_proxy is None:
        yield Problem(
            key,
            image,
            "with network.nat = none nothing leads there: VPC endpoints of ECR have one name of a registry",
            f"name it {hosts(*place)[0]}/{path}",
        )


def _matches(pattern: str, repository: str) -> bool:
    """As IAM compares: an asterisk stands for any characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), repository) is not None
