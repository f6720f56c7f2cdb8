"""Calico: the pod network and what enforces network policies, for clusters with `network.plugin: calico`.

Pods get their addresses from Calico's own IPAM, and reach those of other nodes through VXLAN. There is no BGP
daemon and no Typha. What the objects say follows Calico's own manifest for VXLAN
(https://github.com/projectcalico/calico/blob/v3.32.1/manifests/calico-vxlan.yaml), less what serves its eBPF
data plane, the migration from other networks and its aggregated API. The kinds of its objects are upstream's
text: a package, which masters fetch. See docs/decisions/calico.md.
"""

from kubequorum.addons.calico import admission, controllers, node, rights, settings
from kubequorum.config import Cluster
from kubequorum.versions import CALICO_KINDS
from kubequorum_node.addon_set import Addon, Package
from kubequorum_node.document import CALICO


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None for clusters with another pod network."""
    if cluster.network.plugin != CALICO:
        return None
    version = cluster.network.calico.version
    url = f"https://raw.githubusercontent.com/projectcalico/calico/v{version}/manifests/crds.yaml"
    kinds = Package(name="Calico's kinds", version=version, url=url, sha256=CALICO_KINDS[version])
    objects = (
        *rights.objects(),
        *settings.objects(cluster),
        node.daemon_set(cluster),
        controllers.deployment(cluster),
        *admission.objects(),
    )
    return Addon(name=CALICO, version=version, objects=objects, packages=(kinds,))


__all__ = ["addon"]
