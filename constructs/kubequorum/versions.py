"""Versions this application was built for. Nothing follows "latest" by itself."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

_LOCK_FILE = Path(__file__).resolve().parents[2] / "userdata" / "files" / "artifacts.json"
"""The lock file of programs. Instances read it with `kubequorum_node.system.lockfile`, this computer with
`lab.artifacts.releases`, which checks it and says what its keys mean."""
_LOCK: dict[str, Any] = json.loads(_LOCK_FILE.read_text(encoding="utf-8"))

SUPPORTED_KUBERNETES_VERSIONS: tuple[str, ...] = tuple(_LOCK["kubernetes_versions"])
"""Those of the lock file; `./kubequorum add-version` adds one.

Before 1.36.2 `kubeadm init` phases may talk to another master's API server (kubernetes#138449)."""

DEFAULT_KUBERNETES_VERSION = "1.36.3"

SUPPORTED_ETCD_VERSIONS = ("3.6.8", "3.6.11")
"""Of images in registry.k8s.io. The first is kubeadm's default in 1.36. The second was promoted for
https://github.com/kubernetes/kubernetes/pull/138746; from an earlier one there is no way to etcd 3.7
(https://etcd.io/docs/v3.7/upgrades/upgrade_3_7/)."""

DEFAULT_ETCD_VERSION = "3.6.11"

CALICO_KINDS = {
    "3.32.1": "ec6d7ac63999ff5df68aa02dcb37063496306de16df04f5f26a4588819e707ec",
    # Past its support: what can be built for local machines, see lab/artifacts/build/modules/calico.
    "3.28.5": "541635bf3e0cd409ff2f5b9b78363ac8901da4565fffaeb4c1507e19461bf4c7",
}
"""Supported versions of Calico, each with the sha256 of its file manifests/crds.yaml."""

DEFAULT_CALICO_VERSION = "3.32.1"


def unpinned_programs(kubernetes_version: str, architectures: Collection[str]) -> tuple[str, ...]:
    """Programs of a supported version of which the lock file has no checksum: no instance downloads them.

    Args:
        kubernetes_version: one of `SUPPORTED_KUBERNETES_VERSIONS`.
        architectures: of the instances; programs are unpinned if they are so for one of these.
    """
    return tuple(
        name
        for name, version in _LOCK["kubernetes_versions"][kubernetes_version].items()
        if any(
            _LOCK["artifacts"][name]["versions"][version][architecture]["sha256"] is None
            for architecture in architectures
        )
    )
