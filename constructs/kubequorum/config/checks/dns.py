"""The cluster's DNS zone: it must not hide names that the instances or the pods need.

A private zone answers for every name below it inside the VPC; for names that it does not hold the answer is
"no such name". https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_CLUSTER_DOMAIN = "cluster.local"
"""CoreDNS answers for it in every pod."""
_NEEDED_HOSTS = (
    "amazonaws.com",
    "api.aws",
    "dl.k8s.io",
    "github.com",
    "release-assets.githubusercontent.com",
    "registry.k8s.io",
    "pkg.dev",
    "debian.org",
    "ec2.internal",
    "compute.internal",
)
"""Hosts and domains that instances use: AWS, downloads, registries (and their redirects), packages
(which host below debian.org, the image's apt configuration says), and the names of instances."""
_NOT_PUBLIC = ("internal", "local", "localhost", "test", "example", "invalid", "arpa", "lan", "home", "corp")
"""Top-level domains without public names, or commonly used inside networks only."""


def dns_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check the zone's name against the names that must stay resolvable."""
    zone = cluster.dns.zone_name
    if _is_below(zone, _CLUSTER_DOMAIN):
        yield Problem(
            "dns.zone_name",
            zone,
            f"pods would never find the API: CoreDNS answers for {_CLUSTER_DOMAIN} and all names below it",
            "use another name, for example mine.kubequorum.internal",
        )
    if cluster.dns.hosted_zone_id is not None:
        return
    for host, reason in _needed(cluster).items():
        if _is_below(host, zone):
            yield Problem(
                "dns.zone_name",
                zone,
                f"a private zone of this name hides {host} from every instance in the VPC ({reason})",
                f"use a name of its own below it, for example mine.{zone}, or another domain",
            )


def dns_warnings(cluster: Cluster) -> Iterator[str]:
    """What is allowed, but surprises: a private zone over a whole public domain."""
    zone = cluster.dns.zone_name
    labels = zone.split(".")
    if cluster.dns.hosted_zone_id is None and len(labels) == 2 and labels[-1] not in _NOT_PUBLIC:
        yield (
            f"dns.zone_name = {zone}: inside the VPC the private zone hides every public name below {zone}. "
            f"Remedy: use a subdomain of its own, for example mine.{zone}."
        )


def _needed(cluster: Cluster) -> dict[str, str]:
    """Hosts that instances need, each with the reason."""
    hosts = dict.fromkeys(_NEEDED_HOSTS, "instances need it to boot")
    hosts[f"{cluster.region}.compute.internal"] = "instances have their own names there"
    mirror = cluster.artifacts.mirror or ""
    if mirror.startswith(("http://", "https://")) and (host := _host(mirror)):
        hosts[host] = "artifacts.mirror"
    if cluster.network.https_proxy and (host := _host(cluster.network.https_proxy)):
        hosts[host] = "network.https_proxy"
    if cluster.kubernetes.image_repository and (
        host := _host(f"https://{cluster.kubernetes.image_repository}")
    ):
        hosts[host] = "kubernetes.image_repository"
    return hosts


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
