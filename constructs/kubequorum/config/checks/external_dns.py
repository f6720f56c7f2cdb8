"""external-dns: what it needs, and that the cluster's own names are out of its reach."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_KEY = "addons.external_dns"


def external_dns_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check it if it is turned on."""
    settings = cluster.addons.external_dns
    if not settings.enabled:
        return
    zone = cluster.dns.zone_name
    if settings.domain is None:
        yield Problem(
            f"{_KEY}.domain",
            None,
            "is required where external_dns is enabled",
            f"set it to a domain in its zone, for example apps.{zone}",
        )
    elif settings.zone_id is None and not _is_below(settings.domain, zone):
        yield Problem(
            f"{_KEY}.domain",
            settings.domain,
            f"is not in the cluster's own zone, {zone}",
            f"choose one there, for example apps.{zone}, or name the zone in zone_id",
        )
    own = [cluster.api_name, cluster.node_api_name, *map(cluster.etcd_name, cluster.slots)]
    covered = [name for name in dict.fromkeys(own) if _is_below(name, settings.domain)]
    if covered:
        yield Problem(
            f"{_KEY}.domain",
            settings.domain,
            f"covers names of the cluster itself: {', '.join(covered)}",
            f"choose a domain beside them, for example apps.{settings.domain}",
        )


def _is_below(name: str, domain: str | None) -> bool:
    return domain is not None and (name == domain or name.endswith(f".{domain}"))
