"""Where the clients of a cluster that runs on local machines find it, and with which credentials."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from emulator.machines.namespaces import path_of
from emulator.machines.nspawn.naming import Names
from lab.workload.targets import ApiTarget, EtcdTarget, Identity, Targets

ADMIN_KEY = "admin/kubeconfig"
"""Where masters keep a kubeconfig for administrators in the state bucket; good for a day."""
ETCD_PKI = "/etc/kubernetes/pki/etcd"
ETCD_CLIENT = f"{ETCD_PKI}/healthcheck-client"
"""Certificate and key of a client, on every master."""
_DNS = "169.254.169.253:53"
"""A VPC's name server: https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html"""


def discover(
    *,
    cluster: str,
    slots: tuple[str, ...],
    client: Callable[[str], Any],
    read_on_master: Callable[[str], bytes],
    machines_state: Path,
    folder: Path,
) -> Targets:
    """Everything that a deployed cluster has for its clients.

    Args:
        cluster: its name, which begins its stacks' names.
        slots: its masters' slots.
        client: boto3's client of a service, as the administrator.
        read_on_master: a file's content, by its path on some master.
        machines_state: the state folder of the machines.
        folder: for the credentials, readable by their owner alone.

    Raises:
        ClientError: it is not deployed, or no master has published credentials yet.
    """
    outputs = {
        stack: _outputs(client("cloudformation"), f"{cluster}-{stack}")
        for stack in ("Network", "State", "ControlPlane")
    }
    bucket = outputs["State"]["StateBucketArn"].rpartition(":")[2]
    kubeconfig = yaml.safe_load(client("s3").get_object(Bucket=bucket, Key=ADMIN_KEY)["Body"].read())
    authority = kubeconfig["clusters"][0]["cluster"]
    user = kubeconfig["users"][0]["user"]
    url = outputs["ControlPlane"]["ApiEndpoint"]
    name = str(urlsplit(url).hostname)
    zone = name.removeprefix("api.")
    return Targets(
        namespace=path_of(Names.of(machines_state).vpc(outputs["Network"]["VpcId"])),
        dns=_DNS,
        api=ApiTarget(
            url=url,
            server_name=name,
            identity=Identity.written(
                folder / "api",
                ca=base64.b64decode(authority["certificate-authority-data"]),
                certificate=base64.b64decode(user["client-certificate-data"]),
                key=base64.b64decode(user["client-key-data"]),
            ),
        ),
        etcd=EtcdTarget(
            endpoints=tuple(f"https://etcd-{slot}.{zone}:2379" for slot in slots),
            identity=Identity.written(
                folder / "etcd",
                ca=read_on_master(f"{ETCD_PKI}/ca.crt"),
                certificate=read_on_master(f"{ETCD_CLIENT}.crt"),
                key=read_on_master(f"{ETCD_CLIENT}.key"),
            ),
        ),
    )


def _outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
