"""Names that AWS and DNS get to see, and how long they may be."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

STACK_NAMES = ("Network", "State", "ControlPlane", "Workers")

CLUSTER_TAG_PREFIX = "kubernetes.io/cluster/"
AUTOSCALER_TAG_PREFIX = "k8s.io/cluster-autoscaler/"
NODE_TEMPLATE_TAG_PREFIX = f"{AUTOSCALER_TAG_PREFIX}node-template/"

_LONGEST_TAG_KEY = 128
_LONGEST_TAG_VALUE = 256
"""https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""
_TAG_PREFIXES_OF_OURS = ("kubequorum:", "kubernetes.io/", "k8s.io/")


def stack_name(cluster_name: str, stack: str) -> str:
    """Name of one of the cluster's stacks, e.g. `ha-ControlPlane`."""
    return f"{cluster_name}-{stack}"


def asset_prefix(stack: str) -> str:
    """Where a stack's assets are in the bucket of the CDK's bootstrap stack."""
    return f"{stack}/"


def load_balancer_name(cluster_name: str, *, public: bool = False) -> str:
    """Name of an API load balancer: people look for it, and its metrics carry it."""
    return f"{cluster_name}-api-public" if public else f"{cluster_name}-api"


def group_logical_id(group_name: str) -> str:
    """Logical id of a worker group's Auto Scaling group, e.g. `WorkersGeneralGroup`."""
    return f"Workers{''.join(part.capitalize() for part in group_name.split('-'))}Group"


def name_problems(cluster: Cluster) -> Iterator[Problem]:
    """Names that AWS would refuse, made out of the cluster file's or named in it."""
    made = [
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
        ("name", cluster.name, "load balancer name", _longest_load_balancer_name(cluster), 32),
        # RFC 5280: a certificate's common name
        ("dns.zone_name", cluster.dns.zone_name, "certificate name", cluster.etcd_name("a"), 64),
        *(
            (key, name, "tag key", f"{NODE_TEMPLATE_TAG_PREFIX}{kind}/{name}", _LONGEST_TAG_KEY)
            for key, kind, name in _node_template_names(cluster)
        ),
    ]
    for key, value, kind, name, limit in made:
        if len(name) > limit:
            yield Problem(
                key,
                value,
                f"makes the {kind} '{name}' of {len(name)} characters, and {limit} are allowed",
                f"shorten it by {len(name) - limit}",
            )
    if cluster.name.startswith("internal-"):
        yield Problem(
            "name",
            cluster.name,
            "a load balancer's name must not begin with 'internal-'",
            "choose another name",
        )
    yield from _tag_problems(cluster)


def _tag_problems(cluster: Cluster) -> Iterator[Problem]:
    for key, value in cluster.tags.items():
        fits = 1 <= len(key) <= _LONGEST_TAG_KEY and len(value) <= _LONGEST_TAG_VALUE
        if key.lower().startswith("aws:") or not fits:
            yield Problem(
                f"tags.{key}",
                value,
                "AWS refuses this tag",
                f"use a key of 1 to {_LONGEST_TAG_KEY} characters that does not begin with aws:, "
                f"and a value of at most {_LONGEST_TAG_VALUE}",
            )
        # IAM conditions tell slots apart by such tags.
        if key == "Name" or key.startswith(_TAG_PREFIXES_OF_OURS):
            yield Problem(
                f"tags.{key}",
                value,
                "would take the place of a tag that the cluster itself depends on",
                f"use another key: not Name, and none that begins with {', '.join(_TAG_PREFIXES_OF_OURS)}",
            )


def _node_template_names(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    """Key, kind and name of what a worker group's tags tell the cluster-autoscaler."""
    for index, group in enumerate(cluster.worker_groups):
        for label in group.labels:
            yield f"worker_groups.{index}.labels", "label", label
        for taint in group.taints:
            yield f"worker_groups.{index}.taints", "taint", taint.key


def _longest_load_balancer_name(cluster: Cluster) -> str:
    return load_balancer_name(cluster.name, public=cluster.api.exposure == "public")
