"""The catalog for a version of Kubernetes other than the lock file's default.

Each has a Go module of its own; all other programs are the same.
"""

from collections.abc import Mapping
from dataclasses import replace

from lab.artifacts.catalog import KUBERNETES, PROGRAM_SETS
from lab.artifacts.program_set import ProgramSet
from lab.artifacts.releases import read_lock

OTHER_MODULES = {"1.37.2": "kubernetes-1.37"}
"""Versions beside the default one that can be built, each with its folder below build/modules/."""


def buildable_versions() -> tuple[str, ...]:
    """All versions that can be built, the default one first."""
    return (read_lock().default_kubernetes_version, *OTHER_MODULES)


def program_sets(kubernetes: str = "") -> Mapping[str, ProgramSet]:
    """The catalog for a version of Kubernetes: the default one if it has no module of its own."""
    module = OTHER_MODULES.get(kubernetes)
    if module is None:
        return PROGRAM_SETS
    return {
        name: replace(
            program_set,
            kubernetes_version=kubernetes,
            module=module if program_set.requirement == KUBERNETES else program_set.module,
        )
        for name, program_set in PROGRAM_SETS.items()
    }
