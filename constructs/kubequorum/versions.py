"""Kubernetes versions this application was built for. Nothing follows "latest" by itself."""

SUPPORTED_KUBERNETES_VERSIONS = ("1.36.2", "1.36.3", "1.36.4")
"""Before 1.36.2 `kubeadm init` phases may talk to another master's API server (kubernetes#138449)."""

DEFAULT_KUBERNETES_VERSION = "1.36.3"
