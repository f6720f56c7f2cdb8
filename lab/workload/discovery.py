"""Where the clients of a cluster on local machines reach it, and with which credentials."""

from collections.abc import Callable
from pathlib import Path

from kubequorum_cli.kubernetes import find_access
from kubequorum_cli.target import Target
from lab.workload.targets import ApiTarget, EtcdTarget, Identity, Targets

ETCD_PKI = "/etc/kubernetes/pki/etcd"
ETCD_CLIENT = f"{ETCD_PKI}/healthcheck-client"
"""Certificate and key of a client, on every master."""
_DNS = "169.254.169.253:53"
"""A VPC's name server: https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html"""


def discover(
    target: Target,
    *,
    slots: tuple[str, ...],
    read_on_master: Callable[[str], bytes],
    machines_state: Path,
    folder: Path,
) -> Targets:
    """Everything that a deployed cluster offers to its clients.

    Args:
        target: the cluster.
        slots: its masters' slots.
        read_on_master: a file's content, by its path on some master.
        machines_state: the state folder of the machines.
        folder: for the credentials, readable by their owner alone.

    Raises:
        CommandError: it is not deployed, or no master has published credentials yet.
    """
    # Here, and not above: what they need exists on Linux only.
    from emulator.machines.namespaces import path_of
    from emulator.machines.nspawn.naming import Names

    access = find_access(target)
    zone = access.server_name.removeprefix("api.")
    return Targets(
        namespace=path_of(Names.of(machines_state).vpc(target.output("Network", "VpcId"))),
        dns=_DNS,
        api=ApiTarget(
            url=target.output("ControlPlane", "ApiEndpoint"),
            server_name=access.server_name,
            identity=Identity.written(
                folder / "api",
                ca=access.certificate_authority(),
                certificate=access.certificate(),
                key=access.key(),
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
