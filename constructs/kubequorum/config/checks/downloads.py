"""Where programs and images come from, and whether the instances can reach it."""

import re
from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.config.registries import PRIVATE_ECR_HOST

_MIRROR = re.compile(
    r"(?:https?://[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?(?::(?P<port>[0-9]{1,5}))?|s3://[a-z0-9][-a-z0-9.]{1,61}[a-z0-9])"
    r"(?:/[-A-Za-z0-9._~]+)*/?"
)
"""Bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
_PROXY = re.compile(r"https?://[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?:(?P<port>[0-9]{1,5})/?")
_PORTS = range(1, 65536)


def download_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check proxy, mirror, image repository, and that there is one where there is no other way out."""
    yield from _proxy(cluster.network.https_proxy)
    yield from _mirror(cluster.artifacts.mirror)
    yield from _image_repository(cluster.kubernetes.image_repository)
    if cluster.network.nat == "none" and cluster.network.https_proxy is None:
        for key, value, upstream in (
            ("artifacts.mirror", cluster.artifacts.mirror, "dl.k8s.io and github.com"),
            ("kubernetes.image_repository", cluster.kubernetes.image_repository, "registry.k8s.io"),
        ):
            if value is None:
                yield Problem(
                    key,
                    None,
                    f"is missing, and with network.nat = none no instance reaches {upstream}",
                    f"set {key} to a place that the VPC reaches, network.https_proxy to a proxy that it "
                    "reaches, or network.nat to per-zone or single",
                )


def download_warnings(cluster: Cluster) -> Iterator[str]:
    """Warn about what the app cannot give to a VPC without NAT."""
    if cluster.network.nat == "none" and cluster.network.https_proxy is None:
        yield (
            "network.nat = none: masters call the API of Route 53, and this app creates no VPC endpoint for "
            "it. Remedy: give the private subnets a route to it (a transit gateway, or a proxy: "
            "network.https_proxy). Without one no master boots."
        )


def _proxy(proxy: str | None) -> Iterator[Problem]:
    if proxy is None:
        return
    found = _PROXY.fullmatch(proxy)
    if not found:
        yield Problem(
            "network.https_proxy",
            proxy if "@" not in proxy else "(has credentials)",
            "is not the address of a proxy",
            "use http://host:port, in lower case and without credentials: every instance can read this value",
        )
    elif int(found["port"]) not in _PORTS:
        yield Problem("network.https_proxy", proxy, "has no valid port", "use a port from 1 to 65535")


def _mirror(mirror: str | None) -> Iterator[Problem]:
    if mirror is None:
        return
    found = _MIRROR.fullmatch(mirror)
    if not found:
        yield Problem(
            "artifacts.mirror",
            mirror,
            "is not an address that instances can fetch from",
            "use https://host/path, http://host:port/path or s3://bucket/prefix, and nothing after the path",
        )
    elif found["port"] and int(found["port"]) not in _PORTS:
        yield Problem("artifacts.mirror", mirror, "has no valid port", "use a port from 1 to 65535")


def _image_repository(repository: str | None) -> Iterator[Problem]:
    if repository is None:
        return
    host, _, port = repository.partition("/")[0].partition(":")
    if port and int(port) not in _PORTS:
        yield Problem(
            "kubernetes.image_repository", repository, "has no valid port", "use a port from 1 to 65535"
        )
    if PRIVATE_ECR_HOST.fullmatch(host):
        yield Problem(
            "kubernetes.image_repository",
            repository,
            "is a private ECR registry: kubeadm and containerd pull the control plane's and the sandbox "
            "image before any kubelet runs, and only the kubelet has credentials (registries.ecr)",
            "use a registry that answers without credentials, for example a pull-through proxy in the VPC; "
            "images of addons and pods may be in ECR",
        )
