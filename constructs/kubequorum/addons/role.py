"""The AWS role that an addon's pods have through their service account (docs/service-account-roles.md)."""

from dataclasses import dataclass

from kubequorum.addons.objects import NAMESPACE
from kubequorum.config import Cluster
from kubequorum.permissions import Permission

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
"""Of a service account; the node program's admission policy reads it."""


@dataclass(frozen=True, kw_only=True)
class AddonRole:
    """A role that the stack Addons makes.

    It has a name, because the addon's objects name it before it exists.
    """

    addon: str
    """Name of the addon and of its service account in `NAMESPACE`."""
    permissions: tuple[Permission, ...]

    namespace = NAMESPACE


_SHORT = {"cloud-controller-manager": "load-balancers"}
"""What stands for an addon in the name of its role, which may have 64 characters."""


def role_name(cluster: Cluster, addon: str) -> str:
    """Name of an addon's role: IAM's names are those of all regions of an account."""
    return f"{cluster.name}-{cluster.region}-{_SHORT.get(addon, addon)}"


def role_arn(cluster: Cluster, addon: str) -> str:
    """ARN of an addon's role. In other partitions clusters have no issuer, and service accounts no roles."""
    return f"arn:aws:iam::{cluster.account}:role/{role_name(cluster, addon)}"
