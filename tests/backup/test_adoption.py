"""Data of another cluster on a real etcd: exactly what is its identity goes."""

from kubequorum_node.restore import adoption
from tests.backup.etcds import Member

KEPT = (
    "/registry/minion",
    "/registry/configmaps/kube-public/cluster-info-of-mine",
    "/registry/configmaps/kube-system/kube-root-ca.crt",
    "/registry/leases/default/mine",
    "/registry/persistentvolumes/pv-1",
    "/registry/pods/default/web-0",
    "/registry/secrets/default/bootstrap-token-of-mine",
    "/registry/secrets/kube-system/mine",
    "/registry/services/endpoints/default/web",
    "/registry/services/specs/default/kubernetes",
    "/registry/validatingadmissionpolicies/kubequorum-revoked-nodes",
)
GONE = (
    "/registry/certificatesigningrequests/csr-1",
    "/registry/configmaps/kube-system/extension-apiserver-authentication",
    "/registry/configmaps/kube-system/kube-proxy",
    "/registry/csinodes/i-1",
    "/registry/leases/kube-node-lease/i-1",
    "/registry/leases/kube-system/kube-scheduler",
    "/registry/minions/i-1",
    "/registry/secrets/kube-system/bootstrap-token-abcdef",
    "/registry/services/endpoints/default/kubernetes",
    "/registry/endpointslices/default/kubernetes",
    "/registry/validatingadmissionpolicies/kubequorum-nodes",
    "/registry/validatingadmissionpolicybindings/kubequorum-nodes",
    "/registry/volumeattachments/csi-1",
    "kubequorum/backup-writer",
)


def test_what_goes_and_what_stays(member: Member) -> None:
    """And a note that the rest is to be done, for the first API server that reads the data."""
    gateway = member.gateway()
    for key in KEPT + GONE:
        gateway.put(key.encode(), b"x")
    adoption.forget(gateway, restore=7)
    assert [key for key in KEPT if gateway.get(key.encode()) is None] == []
    assert [key for key in GONE if gateway.get(key.encode()) is not None] == []
    note = gateway.get(adoption.NOTE.encode())
    assert note is not None
    assert note.value == b"7"
