"""Kubernetes on this machine: control plane, certificates, kubelet, joining, pod network."""
