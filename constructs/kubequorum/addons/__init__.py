"""The addons that come with Kubequorum, a file for each, and those of the cluster file.

A new one is a file here, a line in `catalog`, its settings in `kubequorum.config.addons`, and a golden file.
"""

from kubequorum.addons.catalog import addon_roles, addon_set, longest_seconds
from kubequorum.addons.role import AddonRole, role_name

__all__ = ["AddonRole", "addon_roles", "addon_set", "longest_seconds", "role_name"]
