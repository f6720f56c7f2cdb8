"""Versions this application was built for. Nothing follows "latest" by itself."""

SUPPORTED_KUBERNETES_VERSIONS = ("1.36.2", "1.36.3", "1.36.4")
"""Before 1.36.2 `kubeadm init` phases may talk to another master's API server (kubernetes#138449)."""

DEFAULT_KUBERNETES_VERSION = "1.36.3"

CALICO_KINDS = {
    "3.32.1": "ec6d7ac63999ff5df68aa02dcb37063496306de16df04f5f26a4588819e707ec",
    # Past its support: what can be built for local machines, see lab/artifacts/build/modules/calico.
    "3.28.5": "541635bf3e0cd409ff2f5b9b78363ac8901da4565fffaeb4c1507e19461bf4c7",
}
"""Supported versions of Calico, each with the sha256 of its file manifests/crds.yaml."""

DEFAULT_CALICO_VERSION = "3.32.1"
