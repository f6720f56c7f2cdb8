"""EBS CSI driver: volumes of EBS for PersistentVolumeClaims of pods on workers.

Its controller runs on masters and calls AWS; its node plugin, on each worker, mounts what is attached. On
masters there is none: no pod's volume is ever attached beside etcd's (docs/decisions/ebs-csi.md). Arguments,
rights and versions are those of its own chart
(https://github.com/kubernetes-sigs/aws-ebs-csi-driver/tree/master/charts/aws-ebs-csi-driver).
"""

from kubequorum.addons import workload
from kubequorum.addons.ebs_csi import api_objects, controller, node
from kubequorum.addons.ebs_csi.names import NAME
from kubequorum.addons.ebs_csi.volume_role import permissions
from kubequorum.addons.role import AddonRole
from kubequorum.config import Cluster
from kubequorum_node.addon_set import Addon


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None unless the cluster file turns it on."""
    settings = cluster.addons.ebs_csi
    if not settings.enabled:
        return None
    replicas = workload.replicas_on_masters(cluster)
    objects = (
        *api_objects.classes(is_default=settings.default_storage_class),
        *api_objects.accounts(cluster),
        *api_objects.rights(),
        controller.deployment(cluster, replicas),
        node.daemon_set(cluster),
        *workload.disruption_budgets(controller.NAME, controller.LABELS, replicas=replicas),
    )
    return Addon(name=NAME, version=settings.version, objects=objects)


def role(cluster: Cluster, own_zone_id: str) -> AddonRole | None:
    """What it may do on AWS; None unless the cluster file turns it on."""
    del own_zone_id
    if not cluster.addons.ebs_csi.enabled:
        return None
    return AddonRole(addon=NAME, permissions=permissions(cluster.name))
