"""Names derived from a cluster file: whether AWS and X.509 accept them."""

from collections.abc import Iterator

from kubequorum import tags
from kubequorum.config.model import Cluster
from kubequorum.config.names import load_balancer_name
from kubequorum.config.problem import Problem

_LONGEST_TAG_KEY = 128


def name_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the length of derived names, and the load balancer's prefix."""
    balancer = load_balancer_name(cluster.name, public=cluster.api.exposure == "public")
    derived = [
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
        ("name", cluster.name, "load balancer name", balancer, 32),
        # RFC 5280: a certificate's common name
        ("dns.zone_name", cluster.dns.zone_name, "certificate name", cluster.etcd_name("a"), 64),
        *(
            (key, name, "tag key", f"{tags.NODE_TEMPLATE_PREFIX}{kind}/{name}", _LONGEST_TAG_KEY)
            for key, kind, name in _node_template_names(cluster)
        ),
    ]
    for key, value, kind, name, limit in derived:
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


def _node_template_names(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    """Key, kind and name of each label and taint that becomes a tag for the cluster-autoscaler."""
    for index, group in enumerate(cluster.worker_groups):
        for label in group.labels:
            yield f"worker_groups.{index}.labels", "label", label
        for taint in group.taints:
            yield f"worker_groups.{index}.taints", "taint", taint.key
