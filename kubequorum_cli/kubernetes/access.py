"""An administrator's access to the Kubernetes API: credentials, and an address that this computer reaches."""

import base64
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from kubequorum_cli.target import ApiEndpoint, Target

_ADMIN_KEY = "admin/kubeconfig"
"""Where masters keep an administrator's kubeconfig in the state bucket; valid for a day, renewed by them."""
_HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class Access:
    """What an administrator needs."""

    host: str
    port: int
    """With `host`: where this computer reaches the API's load balancer."""
    server_name: str
    """The API's name, which its certificate has."""
    kubeconfig: dict[str, Any]
    """As masters published it, with this computer's way to the API."""

    def write(self, path: Path) -> None:
        """Write the kubeconfig: at no time readable by others, or half written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yaml.safe_dump(self.kubeconfig, file, sort_keys=False)
        Path(fresh).replace(path)

    def certificate_authority(self) -> bytes:
        """The certificate of the CA that signed the API server's, as PEM."""
        return base64.b64decode(self.kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"])

    def certificate(self) -> bytes:
        """The administrator's certificate, as PEM."""
        return base64.b64decode(self.kubeconfig["users"][0]["user"]["client-certificate-data"])

    def key(self) -> bytes:
        """The key of the administrator's certificate, as PEM."""
        return base64.b64decode(self.kubeconfig["users"][0]["user"]["client-key-data"])


def has_kubernetes(target: Target) -> bool:
    """Whether there should be a cluster: its instances run Kubernetes, and a control plane is deployed."""
    return target.no_kubernetes is None and target.outputs("ControlPlane") is not None


def find_access(target: Target) -> Access:
    """The way to the API, with credentials.

    Raises:
        CommandError: the instances run no Kubernetes, nothing is deployed, or no master has published
            credentials yet.
    """
    if (obstacle := target.no_kubernetes) is not None:
        raise CommandError("there is no Kubernetes to connect to", why=obstacle.why, remedy=obstacle.remedy)
    endpoint = api_endpoint(target)
    kubeconfig = published_kubeconfig(target)
    host, port = target.connect(endpoint)
    cluster = kubeconfig["clusters"][0]["cluster"]
    cluster["server"] = f"https://{host}:{port}"
    if host != endpoint.host:
        cluster["tls-server-name"] = endpoint.host
    return Access(host=host, port=port, server_name=endpoint.host, kubeconfig=kubeconfig)


def api_endpoint(target: Target) -> ApiEndpoint:
    """Where the API is, by the outputs of the control plane's stack.

    Raises:
        CommandError: the stack is not deployed.
    """
    url = urlsplit(target.output("ControlPlane", "ApiEndpoint"))
    return ApiEndpoint(
        host=str(url.hostname),
        port=url.port or _HTTPS_PORT,
        load_balancer=target.output("ControlPlane", "ApiLoadBalancer"),
    )


def published_kubeconfig(target: Target) -> dict[str, Any]:
    """The administrator's kubeconfig as masters published it.

    Raises:
        CommandError: no master has yet.
    """
    bucket = target.state_bucket()
    try:
        content = target.client("s3").get_object(Bucket=bucket, Key=_ADMIN_KEY)["Body"].read()
    except ClientError as error:
        raise CommandError(
            "there are no credentials for an administrator yet",
            why=f"s3://{bucket}/{_ADMIN_KEY}: {error.response['Error'].get('Message', error)}",
            remedy="wait until a master is ready (./kubequorum status), then try again",
        ) from error
    try:
        kubeconfig = yaml.safe_load(content)
    except yaml.YAMLError:
        kubeconfig = None
    if not _is_kubeconfig(kubeconfig):
        # Not what it has instead, which may be a part of a key.
        raise CommandError(
            "the administrator's kubeconfig cannot be read",
            why=f"s3://{bucket}/{_ADMIN_KEY} is not what masters write",
            remedy="masters write it again every half hour",
        )
    found: dict[str, Any] = kubeconfig
    return found


def _is_kubeconfig(document: Any) -> bool:
    """Whether it names clusters and users, each with what others here look for in it."""
    if not isinstance(document, dict):
        return False
    return all(
        isinstance(document.get(names), list)
        and document[names]
        and all(isinstance(each, dict) and isinstance(each.get(name), dict) for each in document[names])
        for names, name in (("clusters", "cluster"), ("users", "user"))
    )
