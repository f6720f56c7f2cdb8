"""What instances may do on AWS: one function per purpose, each as narrow as AWS allows."""

from kubequorum.permissions.instances import (
    complete_lifecycle_actions,
    read_mirror,
    read_own_group,
    read_ssh_keys,
    signal_stacks,
)
from kubequorum.permissions.issuer import publish_issuer
from kubequorum.permissions.masters import (
    leave_load_balancer,
    move_volume,
    point_name_at_itself,
    read_addon_set,
    read_instances_and_volumes,
    replace_volume,
    report_unhealthy,
    send_metrics,
    share_state,
    use_key,
)
from kubequorum.permissions.programs import keep_programs, read_programs
from kubequorum.permissions.registries import pull_images
from kubequorum.permissions.replication import copy_backups
from kubequorum.permissions.statement import Permission, acknowledge_wildcards, policy_document
from kubequorum.permissions.workers import prove_identity, read_join_material

__all__ = [
    "Permission",
    "acknowledge_wildcards",
    "complete_lifecycle_actions",
    "copy_backups",
    "keep_programs",
    "leave_load_balancer",
    "move_volume",
    "point_name_at_itself",
    "policy_document",
    "prove_identity",
    "publish_issuer",
    "pull_images",
    "read_addon_set",
    "read_instances_and_volumes",
    "read_join_material",
    "read_mirror",
    "read_own_group",
    "read_programs",
    "read_ssh_keys",
    "replace_volume",
    "report_unhealthy",
    "send_metrics",
    "share_state",
    "signal_stacks",
    "use_key",
]
