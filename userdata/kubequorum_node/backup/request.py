"""A request for a full snapshot now: a ConfigMap, of which only the revision of its last change counts.

Who asks writes it through the Kubernetes API, and learns from the answer the revision that the snapshot must
have at least: an object's resourceVersion is the revision in which etcd has it
(https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). So nothing of it is parsed,
and a request that no writer has seen is found by the next one.
"""

from dataclasses import dataclass

from kubequorum_node.backup.gateway import Gateway

KEY = b"/registry/configmaps/kube-system/kubequorum-backup"
"""Where the API server keeps the ConfigMap (kubeadm leaves its --etcd-prefix at /registry)."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What etcd says."""

    revision: int
    """The newest one: all acknowledged writes are at or below it."""
    wanted: int
    """The revision that a full snapshot must have at least; 0 if nobody has ever asked for one."""


def look(gateway: Gateway) -> Look:
    """Read both through the consensus, with one request."""
    answer = gateway.range(KEY, keys_only=True)
    found = answer.get("kvs", [])
    return Look(
        revision=int(answer["header"]["revision"]),
        wanted=int(found[0]["mod_revision"]) if found else 0,
    )
