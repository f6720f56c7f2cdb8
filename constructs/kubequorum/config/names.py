"""Names of AWS resources that are derived from a cluster file."""

import re

STACK_NAMES = ("Network", "State", "ControlPlane", "Workers", "ServiceAccounts", "Addons")
BUILT_IN_ADDONS = {
    "cloud-controller-manager": "cloud_controller_manager",
    "cluster-autoscaler": "cluster_autoscaler",
    "ebs-csi": "ebs_csi",
    "external-dns": "external_dns",
    "headlamp": "headlamp",
    "metrics-server": "metrics_server",
}
"""Addons that come with Kubequorum, and their keys below `addons`."""
NETWORK_ADDONS = ("calico",)
"""Pod networks that are addons, by their values of `network.plugin`."""

SETTINGS_METADATA = "Kubequorum::Settings"
"""Key in the metadata of the resource AddonSet: the cluster file of the last deployment, with defaults."""


def stack_name(cluster_name: str, stack: str) -> str:
    """Name of one of the cluster's stacks, e.g. `ha-ControlPlane`."""
    return f"{cluster_name}-{stack}"


def asset_prefix(stack: str) -> str:
    """Where a stack's assets are in the bucket of the CDK's bootstrap stack."""
    return f"{stack}/"


def load_balancer_name(cluster_name: str, *, public: bool = False) -> str:
    """Name of an API load balancer, by which people and metrics find it."""
    return f"{cluster_name}-api-public" if public else f"{cluster_name}-api"


def role_output(namespace: str, service_account: str) -> str:
    """Output with the ARN of a service account's role, e.g. `RoleArnShopOrderItems` of shop/order-items."""
    parts = re.split(r"[-.]", f"{namespace}-{service_account}")
    return f"RoleArn{''.join(part.capitalize() for part in parts)}"


def group_logical_id(group_name: str) -> str:
    """Logical id of a worker group's Auto Scaling group, e.g. `WorkersGeneralGroup`."""
    return f"Workers{''.join(part.capitalize() for part in group_name.split('-'))}Group"
