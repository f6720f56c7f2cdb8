"""What must hold between the values of a cluster file, one module per subject.

Each check yields the problems it finds; none of them raises, whatever the values are.
"""

from collections.abc import Iterator

from kubequorum.config.checks.access import access_problems
from kubequorum.config.checks.addons import addon_problems
from kubequorum.config.checks.addresses import address_problems
from kubequorum.config.checks.alarms import alarm_problems
from kubequorum.config.checks.backups import backup_problems
from kubequorum.config.checks.cluster_autoscaler import (
    cluster_autoscaler_problems,
    cluster_autoscaler_warnings,
)
from kubequorum.config.checks.components import component_problems, component_warnings
from kubequorum.config.checks.dns import dns_problems, dns_warnings
from kubequorum.config.checks.downloads import download_problems, download_warnings
from kubequorum.config.checks.ebs_csi import ebs_csi_problems
from kubequorum.config.checks.exposure import exposure_problems
from kubequorum.config.checks.external_dns import external_dns_problems
from kubequorum.config.checks.instances import instance_problems
from kubequorum.config.checks.names import name_problems
from kubequorum.config.checks.pod_network import pod_network_problems
from kubequorum.config.checks.region import region_problems
from kubequorum.config.checks.registries import registry_problems
from kubequorum.config.checks.security import security_problems
from kubequorum.config.checks.service_accounts import service_account_problems
from kubequorum.config.checks.tagging import tag_problems
from kubequorum.config.checks.volumes import volume_problems
from kubequorum.config.checks.workers import worker_problems
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_CHECKS = (
    region_problems,
    download_problems,
    registry_problems,
    address_problems,
    pod_network_problems,
    exposure_problems,
    dns_problems,
    instance_problems,
    worker_problems,
    volume_problems,
    component_problems,
    security_problems,
    access_problems,
    addon_problems,
    external_dns_problems,
    cluster_autoscaler_problems,
    ebs_csi_problems,
    service_account_problems,
    name_problems,
    tag_problems,
    alarm_problems,
    backup_problems,
)


def warnings_of(cluster: Cluster) -> Iterator[str]:
    """What a valid cluster file should still be warned about, each with its remedy."""
    yield from dns_warnings(cluster)
    yield from download_warnings(cluster)
    yield from component_warnings(cluster)
    yield from cluster_autoscaler_warnings(cluster)


def problems_of(cluster: Cluster) -> Iterator[Problem]:
    """Everything that is wrong with a cluster file whose values are valid one by one."""
    for check in _CHECKS:
        yield from check(cluster)
