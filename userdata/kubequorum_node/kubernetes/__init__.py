"""Kubernetes on this host: control plane, certificates, kubelet, joining, pod network."""
