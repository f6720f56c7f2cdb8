"""The way through a proxy to what is outside, and past it to everything that is inside.

Programs take both from variables of their environment: Go's (containerd, kubeadm, kubectl, the control plane,
into whose pods kubeadm copies them), Python's, curl and apt. Some read them in upper case only, others in
lower case only (https://curl.se/docs/manpage.html, ENVIRONMENT).
"""

from collections.abc import Iterable, Mapping

from kubequorum_node.document import ClusterDocument

_HTTPS = "HTTPS_PROXY"
_EXCEPT = "NO_PROXY"
_PROXIES = (_HTTPS, "HTTP_PROXY", "ALL_PROXY")
_METADATA_SERVICE = "169.254.169.254"


def variables(document: ClusterDocument, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a proxy, complete, in upper and in lower case; none if there is no proxy.

    The proxy is that of the cluster file, or else of the image, whose NO_PROXY is added to in either case.

    Args:
        document: the cluster's values.
        environment: the variables that there are, those of the image among them.

    """
    found = {name: value for name in _PROXIES if (value := _either(environment, name))}
    if document.https_proxy:
        found[_HTTPS] = document.https_proxy
    if not found:
        return {}
    given = [part.strip() for part in _either(environment, _EXCEPT).split(",")]
    found[_EXCEPT] = ",".join(dict.fromkeys(part for part in (*given, *_inside(document)) if part))
    return {spelled: value for name, value in found.items() for spelled in (name, name.lower())}


def _inside(document: ClusterDocument) -> Iterable[str]:
    """What is asked past a proxy: host, VPC, cluster, and S3, which has an endpoint in every VPC."""
    zone = document.api_name.partition(".")[2]
    region = document.region
    instances = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return (
        "localhost",
        "127.0.0.1",
        _METADATA_SERVICE,
        document.vpc_cidr,
        document.pod_cidr,
        document.service_cidr,
        f".{zone}",
        f".{instances}",
        ".svc",
        ".cluster.local",
        f"s3.{region}.amazonaws.com",
        f".s3.{region}.amazonaws.com",
    )


def _either(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.lower()) or ""
