"""Names that several of Calico's objects share, and its images."""

from typing import Any

from kubequorum.addons.objects import kubernetes_object
from kubequorum.config import Cluster

NODE, CONTROLLERS, CNI_PLUGIN = "calico-node", "calico-kube-controllers", "calico-cni-plugin"
"""Names of its programs' objects. calico-node looks for the service account of the last one by its name."""
CONFIG = "calico-config"
GROUP = "crd.projectcalico.org"
"""Of the kinds in which Calico keeps its data."""
_REGISTRY = "quay.io"


def labels_of(program: str) -> dict[str, str]:
    """Labels of a program's objects, those of upstream's manifests: people and tools look for them."""
    return {"k8s-app": program}


def calico_object(
    api_version: str, kind: str, name: str, *, program: str = NODE, **content: Any
) -> dict[str, Any]:
    """An object of one of the programs."""
    return kubernetes_object(api_version, kind, name, labels=labels_of(program), **content)


def image(cluster: Cluster, program: str) -> str:
    """One of its images: `node`, `cni` or `kube-controllers`."""
    registry = cluster.kubernetes.image_repository or _REGISTRY
    return f"{registry}/calico/{program}:v{cluster.network.calico.version}"
