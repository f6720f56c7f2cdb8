"""The faults, by what fails. Importing this registers all of them."""

from tests.faults.catalog import (
    as_on_aws,
    aws,
    backups,
    crashes,
    credentials_and_clocks,
    double_faults,
    kubernetes_updates,
    network,
    power,
    restores,
    rolling_updates,
    volumes,
    watchdog,
)

__all__ = [
    "as_on_aws",
    "aws",
    "backups",
    "crashes",
    "credentials_and_clocks",
    "double_faults",
    "kubernetes_updates",
    "network",
    "power",
    "restores",
    "rolling_updates",
    "volumes",
    "watchdog",
]
