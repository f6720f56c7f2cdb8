"""The way to the API from this computer: an administrator's credentials, and a port of loopback."""

import base64
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml
from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from lab.embedded_aws import Emulator
from lab.settings import REAL, Settings

_ADMIN_KEY = "admin/kubeconfig"
"""Where masters keep a kubeconfig for administrators in the state bucket; good for a day, renewed by them."""
_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What an administrator needs."""

    port: int
    """Of 127.0.0.1; leads to the API's load balancer."""
    server_name: str
    """The API's name, which its certificate has."""
    kubeconfig: dict[str, Any]
    """As masters published it, but for the way: it leads to the port."""

    def write(self, path: Path) -> None:
        """Write the kubeconfig; never readable by others, and never half of it there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yaml.safe_dump(self.kubeconfig, file, sort_keys=False)
        Path(fresh).replace(path)

    def certificate_authority(self) -> str:
        """Who signed the API server's certificate, as PEM."""
        return _decoded(self.kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"])

    def credentials(self) -> str:
        """The administrator's certificate and key, as PEM."""
        user = self.kubeconfig["users"][0]["user"]
        return _decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"])


def has_kubernetes(running: Emulator) -> bool:
    """Whether there should be a cluster: the machines are real, and a control plane is deployed.

    Asks the AWS of this process's environment, as all of this module does.
    """
    return running.machines == REAL and _outputs(running, "ControlPlane") is not None


def find_access(settings: Settings, running: Emulator) -> Access:
    """The way to the API.

    Raises:
        CommandError: the machines are no real ones, nothing is deployed, or no master has published
            credentials yet.
    """
    if running.machines != REAL:
        raise CommandError(
            "there is no Kubernetes to speak to",
            why=f"the machines behind the instances are of the kind `{running.machines}`, not real ones",
            remedy="on Linux, as root: make down, then make up",
        )
    # Here, and not above: what it needs exists on Linux only.
    from emulator.machines.nspawn import read_host_ports

    api = urlsplit(_output(running, "ControlPlane", "ApiEndpoint"))
    balancer = _output(running, "ControlPlane", "ApiLoadBalancer")
    kubeconfig = _published(running)
    port = read_host_ports(settings.machines_state).get(balancer.lower(), {}).get(api.port or 443)
    if port is None:
        raise CommandError(
            f"no port of this computer leads to the load balancer {balancer}",
            why="the embedded AWS makes one when the first machine of its VPC is launched",
            remedy="see what it says: ./kubequorum logs",
        )
    cluster = kubeconfig["clusters"][0]["cluster"]
    cluster["server"] = f"https://{_HOST}:{port}"
    cluster["tls-server-name"] = api.hostname
    return Access(port=port, server_name=str(api.hostname), kubeconfig=kubeconfig)


def _published(running: Emulator) -> dict[str, Any]:
    bucket = _output(running, "State", "StateBucketArn").rpartition(":")[2]
    try:
        content = boto3.client("s3").get_object(Bucket=bucket, Key=_ADMIN_KEY)["Body"].read()
    except ClientError as error:
        raise CommandError(
            "there are no credentials for an administrator yet",
            why=f"s3://{bucket}/{_ADMIN_KEY}: {error.response['Error'].get('Message', error)}",
            remedy="wait until a master is ready (make status), then try again",
        ) from error
    kubeconfig: dict[str, Any] = yaml.safe_load(content)
    return kubeconfig


def _output(running: Emulator, stack: str, key: str) -> str:
    outputs = _outputs(running, stack) or {}
    if key not in outputs:
        raise CommandError(
            f"stack {running.name}-{stack} has no output {key}", remedy="deploy first: make up"
        )
    return outputs[key]


def _outputs(running: Emulator, stack: str) -> dict[str, str] | None:
    """The outputs of a stack; None if there is no such stack."""
    name = f"{running.name}-{stack}"
    try:
        (found,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError:
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
