"""The faults, by what fails. Importing this registers all of them."""

from tests.faults.catalog import aws, boots, crashes, doubles, network, power, rolls, volumes, watchdog

__all__ = ["aws", "boots", "crashes", "doubles", "network", "power", "rolls", "volumes", "watchdog"]
