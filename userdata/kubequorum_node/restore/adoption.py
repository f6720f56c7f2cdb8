"""Data of another cluster become this one's: what is the other's identity goes, the rest is made ours.

Some of it is deleted before any API server sees the data, because controllers would act on it at once. The
rest needs an API server, as values are encrypted; a note in the data says that it has not been done yet, so
that it is also found after a later restore to that moment.
"""

import json
from collections.abc import Callable
from typing import Any

from kubequorum_node.backup import content
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.etcd.client import UNREADABLE, EtcdClient
from kubequorum_node.host import CommandError
from kubequorum_node.kubernetes import node_admission
from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

NOTE = "kubequorum/from-another-cluster"
"""Key in etcd, in the data of another cluster until `finish` has been through them."""
FORGOTTEN = (
    # Instances of the other cluster: EC2 knows them, so nothing here would ever take them for gone. Pods that
    # were bound to them are deleted by the controller manager (pod GC).
    b"/registry/minions/",
    b"/registry/csinodes/",
    b"/registry/leases/kube-node-lease/",
    # A CSI driver would detach the other cluster's volumes from its instances.
    b"/registry/volumeattachments/",
    # Who leads in the other cluster, and its API servers.
    b"/registry/leases/kube-system/",
    b"/registry/services/endpoints/default/kubernetes",
    b"/registry/endpointslices/default/kubernetes",
    # The ways into the other cluster, and its CAs, which the API server would publish beside its own.
    b"/registry/certificatesigningrequests/",
    b"/registry/secrets/kube-system/bootstrap-token-",
    b"/registry/configmaps/kube-public/cluster-info",
    b"/registry/configmaps/kube-system/extension-apiserver-authentication",
    # It names the other cluster's API. kube-proxy reads it once, which may be before kubeadm writes it again;
    # without it the pod waits.
    b"/registry/configmaps/kube-system/kube-proxy",
    # It refuses nodes with addresses outside of the other VPC, and it is written again only when masters have
    # their Nodes.
    *(
        f"/registry/validatingadmission{kind}/{node_admission.NAME}".encode()
        for kind in ("policies", "policybindings")
    ),
    # Locks and notes of its masters.
    b"kubequorum/",
)
"""Keys in etcd, or prefixes of keys: those that end so."""
_ENDS_OF_PREFIXES = (b"/", b"-")
_SECONDS = 120.0
_AT_ONCE = 200
"""Objects in a request of kubectl, which has a minute for them."""
_OF_SERVICE_ACCOUNTS = "kubernetes.io/service-account-token"
_UNKNOWN_RESOURCE = "the server doesn't have a resource type"

Object = dict[str, Any]


def forget(gateway: Gateway, *, restore: int) -> None:
    """Delete what belongs to the other cluster's identity, and leave the note.

    Args:
        gateway: of the private etcd that has the data.
        restore: number of the restore that brings them.

    """
    for key in FORGOTTEN:
        end = content.end_of(key) if key.endswith(_ENDS_OF_PREFIXES) else None
        if count := gateway.delete(key, end=end):
            info(f"{key.decode()}: {count} keys of the other cluster are not restored")
    gateway.put(NOTE.encode(), str(restore).encode())


def finish(node: Node) -> None:
    """Where the note is: keep volumes, renew tokens, encrypt with this cluster's key. Safe to repeat.

    A failure does not end the boot: the cluster works, and the next boot of a master tries again.
    """
    etcd = EtcdClient.local(node)
    try:
        if etcd.value(NOTE) is None:
            return
    except UNREADABLE as error:
        warning(f"whether something of another cluster is left to be done cannot be read: {error}")
        return
    try:
        info("the data come from another cluster: keeping its volumes, renewing tokens, encrypting again")
        node.clock.poll("objects of another cluster", lambda: _attempt(node), seconds=_SECONDS, pause=2.0)
        etcd.delete(NOTE)
    except (WaitError, *UNREADABLE) as error:
        warning(f"not all that came from another cluster is this one's: {error}")


def _attempt(node: Node) -> None:
    try:
        _replace(node, "persistentvolumes", _kept)
        for resource in node.security_spec.encrypted_resources:
            _replace(node, resource, _renewed if resource == "secrets" else lambda item: item)
    except CommandError as error:
        # Another master does the same, or somebody else has changed one of them.
        raise NotYetError(str(error)) from error


def _replace(node: Node, resource: str, change: Callable[[Object], Object | None]) -> None:
    """Write all objects of a kind, changed or not: the API server encrypts them with the first key then."""
    try:
        listed = kubectl(node, "get", resource, "--all-namespaces", "--output=json").stdout
    except CommandError as error:
        if _UNKNOWN_RESOURCE in str(error):
            return
        raise
    items = [made for item in json.loads(listed)["items"] if (made := change(item)) is not None]
    for begin in range(0, len(items), _AT_ONCE):
        some = {"apiVersion": "v1", "kind": "List", "items": items[begin : begin + _AT_ONCE]}
        kubectl(node, "replace", "-f", "-", stdin=json.dumps(some))


def _kept(volume: Object) -> Object | None:
    """A volume that is the other cluster's, too: deleting its claim here must not delete it in AWS."""
    spec = volume["spec"]
    if spec.get("persistentVolumeReclaimPolicy") == "Retain":
        return None
    return {**volume, "spec": {**spec, "persistentVolumeReclaimPolicy": "Retain"}}


def _renewed(secret: Object) -> Object:
    """Without a token that the other cluster's key has signed: the controller manager makes another one."""
    if secret.get("type") != _OF_SERVICE_ACCOUNTS or secret.get("immutable"):
        return secret
    kept = {name: value for name, value in secret.get("data", {}).items() if name != "token"}
    return {**secret, "data": kept}
