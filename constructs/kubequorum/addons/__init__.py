"""The addons that come with Kubequorum, a file for each, and those of the cluster file.

A new one is a file here, a line in `catalog`, its settings in `kubequorum.config.addons`, and a golden file.
"""

from kubequorum.addons.catalog import addon_set, longest_seconds

__all__ = ["addon_set", "longest_seconds"]
