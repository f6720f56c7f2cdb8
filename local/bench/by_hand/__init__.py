"""The floor of a boot: three masters by a shell script, with the same binaries on the same machines."""

from local.bench.by_hand.masters import launch

__all__ = ["launch"]
