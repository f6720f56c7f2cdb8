"""AWS's cloud-controller-manager: network load balancers for Services of type LoadBalancer, and nothing else.

Nodes are initialised by the node program and removed by masters, with and without it: see
docs/decisions/cloud-controller-manager.md. So neither a boot nor a node waits for it, and it may be turned
on and off in a cluster that works. It runs in the pod network, on masters, where the metadata service, and
with it the role of the node, is out of its reach.
"""

import hashlib
from typing import Any

from kubequorum.addons import load_balancer_role, workload
from kubequorum.addons.objects import RBAC, arguments, binding, kubernetes_object, restricted
from kubequorum.addons.role import ROLE_ANNOTATION, AddonRole, role_arn
from kubequorum.config import Cluster
from kubequorum_node.addon_set import Addon, placeholder

NAME = "cloud-controller-manager"
VPC_VALUE, SUBNET_VALUE = "VpcId", "SubnetId"
"""Names of the values that have the ids of the VPC and of one of its subnets."""
_LABELS = {"k8s-app": NAME}
_PORT = 10258
_USER = 65534
_CONFIG_FOLDER = "/etc/cloud"
_CONFIG_FILE = "cloud.conf"


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None unless the cluster file turns it on."""
    settings = cluster.addons.cloud_controller_manager
    if not settings.enabled:
        return None
    replicas = workload.replicas_on_masters(cluster)
    config = cloud_config(cluster)
    objects = (
        _object("v1", "ServiceAccount", NAME, annotations={ROLE_ANNOTATION: role_arn(cluster, NAME)}),
        _object("v1", "ConfigMap", NAME, data={_CONFIG_FILE: config}),
        *_rights(),
        _deployment(cluster, replicas, config),
        *workload.disruption_budgets(NAME, _LABELS, replicas=replicas),
    )
    return Addon(name=NAME, version=settings.version, objects=objects)


def role(cluster: Cluster, own_zone_id: str) -> AddonRole | None:
    """What it may do on AWS; None unless the cluster file turns it on."""
    del own_zone_id
    if not cluster.addons.cloud_controller_manager.enabled:
        return None
    return AddonRole(addon=NAME, permissions=load_balancer_role.permissions(cluster.name))


def cloud_config(cluster: Cluster) -> str:
    """The program's own settings.

    With a VPC, a subnet and the cluster's id it does not ask the metadata service where it is; the subnet
    would be used for load balancers only if no subnet had the cluster's tag. The balancers check kube-proxy:
    whether a node can pass connections on, not whether a Service has pods.
    https://cloud-provider-aws.sigs.k8s.io/configuration/
    """
    values = {
        "Region": cluster.region,
        "VPC": placeholder(VPC_VALUE),
        "SubnetID": placeholder(SUBNET_VALUE),
        "KubernetesClusterID": cluster.name,
        "ClusterServiceLoadBalancerHealthProbeMode": "Shared",
    }
    return "[Global]\n" + "".join(f'{name} = "{value}"\n' for name, value in values.items())


def _rights() -> list[dict[str, Any]]:
    """What it reads and writes: Services with their status, Nodes, Events, and its own lease."""
    rules = [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "patch", "update", "watch"]},
        {"apiGroups": [""], "resources": ["services/status"], "verbs": ["patch", "update"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch", "update"]},
    ]
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    own = [
        {**leases, "verbs": ["create"]},
        {**leases, "resourceNames": [NAME], "verbs": ["get", "update"]},
    ]
    return [
        _object(f"{RBAC}/v1", "ClusterRole", f"system:{NAME}", namespaced=False, rules=rules),
        _binding("ClusterRole", f"system:{NAME}"),
        _object(f"{RBAC}/v1", "Role", NAME, rules=own),
        _binding("Role", NAME),
    ]


def _binding(role_kind: str, role_of_it: str) -> dict[str, Any]:
    kind = f"{role_kind}Binding"
    return binding(kind, role_of_it, role_kind, role_of_it, account=NAME, labels=_LABELS)


def _arguments(cluster: Cluster) -> dict[str, str]:
    return {
        "cloud-provider": "aws",
        "cloud-config": f"{_CONFIG_FOLDER}/{_CONFIG_FILE}",
        "cluster-name": cluster.name,
        "controllers": "service-lb-controller",
        "configure-cloud-routes": "false",
        # Nobody but the kubelet's probe talks to it, and that needs no credentials.
        "authentication-skip-lookup": "true",
        "secure-port": str(_PORT),
    }


def _deployment(cluster: Cluster, replicas: int, config: str) -> dict[str, Any]:
    settings = cluster.addons.cloud_controller_manager
    container = {
        "name": NAME,
        "image": workload.image(cluster, settings, f"provider-aws/{NAME}"),
        "args": arguments(_arguments(cluster), settings.extra_args),
        "ports": [{"name": "https", "containerPort": _PORT, "protocol": "TCP"}],
        "livenessProbe": {**workload.probe("/healthz"), "initialDelaySeconds": 20},
        "readinessProbe": workload.probe("/healthz"),
        # Of its own manifests: https://github.com/kubernetes/cloud-provider-aws/tree/master/charts
        "resources": {"requests": {"cpu": "200m", "memory": "64Mi"}},
        "securityContext": restricted(user=_USER),
        "volumeMounts": [{"name": "config", "mountPath": _CONFIG_FOLDER, "readOnly": True}],
    }
    pod = {
        "serviceAccountName": NAME,
        "priorityClassName": "system-cluster-critical",
        # AWS's names are resolved without CoreDNS.
        "dnsPolicy": "Default",
        **workload.on_masters(replicas, _LABELS),
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": NAME}}],
    }
    # It reads its settings when it starts.
    digest = hashlib.sha256(config.encode()).hexdigest()
    return workload.deployment(
        NAME, _LABELS, pod, replicas=replicas, annotations={"kubequorum/config-sha256": digest}
    )


def _object(api_version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return kubernetes_object(api_version, kind, name, labels=_LABELS, **content)
