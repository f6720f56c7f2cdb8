"""The faults themselves, by what is broken. Importing this enters all of them into the registry."""

from tests.faults.catalog import boots, crashes, doubles, network, power, rolls, volumes, watchdog

__all__ = ["boots", "crashes", "doubles", "network", "power", "rolls", "volumes", "watchdog"]
