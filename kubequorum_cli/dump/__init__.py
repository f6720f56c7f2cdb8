"""All that support wants of a cluster, in one archive, without secrets; what could not be had is named."""

from kubequorum_cli.dump.collect import MachineCommand, collect
from kubequorum_cli.dump.manifest import Manifest

__all__ = ["MachineCommand", "Manifest", "collect"]
