"""Root on a worker who asks for certificates in other names, and what the cluster makes of his requests."""

import json
import shlex
import time
from pathlib import Path
from typing import Any

from tests.deploy.deployment import Deployment
from tests.kubernetes.pods import run_pod

_DECIDED_SECONDS = 120.0


def run_there(cluster: Deployment, instance_id: str, script: str, *arguments: str) -> bytes:
    """Run a script of this folder on a machine, with the node program's modules, boto3 among them."""
    python = "PYTHONPATH=/opt/kubequorum/current exec python3"
    command = f"set -a; . /etc/default/kubequorum; set +a; {python} - {shlex.join(arguments)}"
    return cluster.run(instance_id, command, stdin=Path(__file__).with_name(script).read_bytes())


class Impostor:
    """Root on one machine."""

    def __init__(self, cluster: Deployment, instance_id: str) -> None:
        self._cluster = cluster
        self.instance_id = instance_id

    def does(self, action: str, **wanted: str) -> dict[str, Any]:
        """Run an action of `on_machine` there; what it prints."""
        argument = json.dumps({"do": action, **wanted})
        found: dict[str, Any] = json.loads(
            run_there(self._cluster, self.instance_id, "on_machine.py", argument)
        )
        return found

    def uses(self, label: str) -> str:
        """Put the certificate that a request got beside its key; where both are."""
        issued = _described(self._cluster, label)["status"]["certificate"]
        path = f"/root/{label}.pem"
        script = f"cd /root && (echo {issued} | base64 -d; cat {label}.key) >{path}"
        self._cluster.sh(self.instance_id, script)
        return path


def instance_arn(cluster: Deployment, instance_id: str) -> str:
    """The ARN of an instance, as IAM has it."""
    account = cluster.client("sts").get_caller_identity()["Account"]
    return f"arn:aws:ec2:{cluster.target.session.region_name}:{account}:instance/{instance_id}"


def decision(cluster: Deployment, label: str) -> tuple[str, str]:
    """Wait until a request is decided; `Approved` or `Denied`, and why."""
    deadline = time.monotonic() + _DECIDED_SECONDS
    while time.monotonic() < deadline:
        for condition in _described(cluster, label).get("status", {}).get("conditions", []):
            return condition["type"], condition["reason"]
        time.sleep(1)
    return "Pending", ""


def first_request(cluster: Deployment, instance_id: str) -> str:
    """The request with which a node joined, as it is in the API, and not one that was made in its name."""
    for request in cluster.get("csr"):
        verified = [each["reason"] for each in request["status"].get("conditions", [])] == [
            "InstanceVerified"
        ]
        if not verified or not request["spec"]["username"].startswith("system:bootstrap:"):
            continue
        content = str(request["spec"]["request"])
        if instance_id in cluster.sh(
            instance_id, f"echo {content} | base64 -d | openssl req -noout -subject"
        ):
            return content
    raise LookupError(f"no request of {instance_id}: they are forgotten after an hour")


def issued_key(cluster: Deployment, label: str, instance_id: str) -> str:
    """The hash of the public key in an issued certificate, as a proof has it."""
    issued = _described(cluster, label)["status"]["certificate"]
    public = f"echo {issued} | base64 -d | openssl x509 -noout -pubkey"
    hashed = cluster.sh(instance_id, f"{public} | openssl pkey -pubin -outform DER | sha256sum")
    return f"sha256:{hashed.split()[0]}"


def is_issued(cluster: Deployment, label: str) -> bool:
    """Whether a request has its certificate."""
    return bool(_described(cluster, label).get("status", {}).get("certificate"))


def _described(cluster: Deployment, label: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.kubectl("get", "csr", label, "-o", "json"))
    return found


def secret_of_another(cluster: Deployment, node: str) -> str:
    """A Secret that only a pod on that node uses; its path in the API."""
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "mine"},
            "stringData": {"k": "open-sesame"},
        }
    )
    run_pod(cluster, "victim", "serve", node=node, secret="mine")
    return "/api/v1/namespaces/default/secrets/mine"
