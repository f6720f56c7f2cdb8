"""Names that AWS and DNS get to see, and how long they may be."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

STACK_NAMES = ("Network", "State", "ControlPlane", "Workers")

CLUSTER_TAG_PREFIX = "kubernetes.io/cluster/"
AUTOSCALER_TAG_PREFIX = "k8s.io/cluster-autoscaler/"


def stack_name(cluster_name: str, stack: str) -> str:
    """Name of one of the cluster's stacks, e.g. `ha-ControlPlane`."""
    return f"{cluster_name}-{stack}"


def load_balancer_name(cluster_name: str, *, public: bool = False) -> str:
    """Name of an API load balancer: people look for it, and its metrics carry it."""
    return f"{cluster_name}-api-public" if public else f"{cluster_name}-api"


def name_problems(cluster: Cluster) -> Iterator[Problem]:
    """Names made out of the cluster's that would be too long."""
    made = [
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
        ("name", cluster.name, "load balancer name", _longest_load_balancer_name(cluster), 32),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
        *(("name", cluster.name, "stack name", stack_name(cluster.name, s), 128) for s in STACK_NAMES),
        # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
        ("name", cluster.name, "tag key", AUTOSCALER_TAG_PREFIX + cluster.name, 128),
        # RFC 1035: 253 characters and the dots
        ("dns.zone_name", cluster.dns.zone_name, "DNS name", cluster.etcd_name("a"), 253),
        # RFC 5280: a certificate's common name
        ("dns.zone_name", cluster.dns.zone_name, "certificate name", cluster.etcd_name("a"), 64),
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
    for key, value in cluster.tags.items():
        if key.lower().startswith("aws:") or not 1 <= len(key) <= 128 or len(value) > 256:
            yield Problem(
                f"tags.{key}",
                value,
                "AWS refuses this tag",
                "use a key of 1 to 128 characters that does not begin with aws:, and a value of at most 256",
            )


def _longest_load_balancer_name(cluster: Cluster) -> str:
    return load_balancer_name(cluster.name, public=cluster.api.exposure == "public")
