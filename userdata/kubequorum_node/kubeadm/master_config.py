"""kubeadm's configuration of this master: what is written on it, and read by kubeadm's phases."""

from collections.abc import Sequence

from kubequorum_node import settings
from kubequorum_node.kubeadm import configuration
from kubequorum_node.kubeadm.configuration import Master
from kubequorum_node.node import WORK_FOLDER, Node

PATH = f"{WORK_FOLDER}/node.yaml"
_IGNORED_ALWAYS = ("DirAvailable--var-lib-etcd-data",)
"""A volume that comes back has etcd's data on it."""


def write(node: Node, etcd_arguments: Sequence[tuple[str, str]], *, path: str = PATH) -> None:
    """Write the configuration.

    Args:
        node: the node.
        etcd_arguments: etcd's flags that only this master's member has.
        path: where to write it.

    """
    text = configuration.node_config(node.document, of(node, etcd_arguments=etcd_arguments))
    node.host.write(path, text, mode=0o600)


def of(node: Node, *, etcd_arguments: Sequence[tuple[str, str]] = (), bootstrap_token: str = "") -> Master:
    """What is particular to this master. For the arguments see `Master`."""
    return Master(
        identity=node.identity,
        slot=node.slot,
        api_load_balancer_name=node.config.api_load_balancer_name,
        service_account_issuer=node.config.service_account_issuer,
        etcd_arguments=tuple(etcd_arguments),
        ignored_preflight_errors=_IGNORED_ALWAYS + settings.ignored_preflight_errors(),
        cri_socket=node.runtime.socket,
        etcd_environment=settings.etcd_environment(),
        bootstrap_token=bootstrap_token,
    )
