"""What is stored in the cluster: kubeadm's ClusterConfiguration, and those of the kubelets and of kube-proxy.

Nothing here depends on the slot; `configuration` has what does.
"""

from typing import Any

from kubequorum_node.config import JWKS_PATH
from kubequorum_node.document import ADMISSION_PLUGINS, ClusterDocument, EtcdSpec
from kubequorum_node.errors import NodeError

API_VERSION = "kubeadm.k8s.io/v1beta4"
ELLIPTIC = "ECDSA-P256"
RSA = "RSA-2048"
TEN_YEARS = "87600h0m0s"
DATA_FOLDER = "/var/lib/etcd/data"
"""etcd's data on the slot's volume: not the root of its file system, where lost+found is."""
API_SERVER_FOLDER = "/etc/kubernetes/api-server"
"""Files of the API server that kubeadm does not write; see `api_server_files`."""
AUDIT_FOLDER = "/var/log/kubernetes/audit"

_YEAR = "8760h0m0s"
_DNS_DOMAIN = "cluster.local"
_TLS_13 = "VersionTLS13"
"""Of components whose clients are all the cluster's own."""
_TLS_12 = "VersionTLS12"
_CIPHERS = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
"""Of TLS 1.2: forward secret and authenticated. Those of TLS 1.3 all are, and cannot be chosen."""
_PIDS_OF_A_POD = 4096
"""Enough for any server, and a fork bomb leaves the node's other process ids (at least 32768) to others."""

Document = dict[str, Any]

_CONTROLLERS = "*,bootstrapsigner,tokencleaner,-certificatesigningrequest-approving-controller"
"""kubeadm's choice without the controller that approves the requests of everybody who has a token: the node
program decides about those (`kubequorum_node.approver`)."""
_NODE_CERTIFICATES_VALID = "168h"
"""Of kubelets' certificates. A kubelet asks for the next one when 10 to 30 % are left: about 17 hours or more
(`jitteryDuration` in client-go's util/certificate/certificate_manager.go)."""

_API_SERVER_ARGUMENTS = [
    ("authentication-config", f"{API_SERVER_FOLDER}/authentication.json"),
    ("encryption-provider-config", f"{API_SERVER_FOLDER}/encryption.json"),
    ("audit-policy-file", f"{API_SERVER_FOLDER}/audit-policy.yaml"),
    ("audit-log-path", f"{AUDIT_FOLDER}/audit.log"),
    # 30 days at most, and at most 1 GiB of them.
    ("audit-log-maxage", "30"),
    ("audit-log-maxbackup", "10"),
    ("audit-log-maxsize", "100"),
    ("admission-control-config-file", f"{API_SERVER_FOLDER}/admission.json"),
    ("enable-admission-plugins", ",".join(ADMISSION_PLUGINS)),
    # A pod's token is valid for an hour, as it says, and not for a year in case the pod reads it only once.
    ("service-account-extend-token-expiration", "false"),
    # Load balancers that check its health, and programs of people, may not have TLS 1.3.
    ("tls-min-version", _TLS_12),
    ("tls-cipher-suites", ",".join(_CIPHERS)),
    # Otherwise a kubelet is whoever answers at the address that a Node says.
    ("kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt"),
    ("kubelet-preferred-address-types", "InternalIP"),
    # In an update of the minor version masters serve different resources: each forwards what only another one
    # knows, and shows what all of them have. Without this file the feature, on by default since 1.36, is off.
    # https://kubernetes.io/docs/concepts/architecture/mixed-version-proxy/
    ("peer-ca-file", "/etc/kubernetes/pki/ca.crt"),
    # When it is stopped, /readyz fails first; requests that still arrive get a Retry-After.
    ("shutdown-delay-duration", "5s"),
    ("shutdown-send-retry-after", "true"),
]


def cluster_configuration(
    document: ClusterDocument, *, api_load_balancer_name: str, service_account_issuer: str
) -> Document:
    """The control plane, the same for all masters.

    Args:
        document: the cluster.
        api_load_balancer_name: DNS name of the API's load balancer; may be empty.
        service_account_issuer: URL of the service-account issuer; empty for kubeadm's own.

    """
    emulated = _emulation(document)
    own = [*_API_SERVER_ARGUMENTS, *_issuer_arguments(service_account_issuer), *emulated]
    names = [document.api_name, document.node_api_name, api_load_balancer_name, "127.0.0.1"]
    no_profiling = ("profiling", "false")
    component = [no_profiling, ("tls-min-version", _TLS_13), *emulated]
    extra = document.extra.arguments
    configuration: Document = {
        "apiVersion": API_VERSION,
        "kind": "ClusterConfiguration",
        "clusterName": document.cluster,
        "kubernetesVersion": f"v{document.kubernetes_version}",
        "controlPlaneEndpoint": document.api_endpoint,
        "encryptionAlgorithm": ELLIPTIC,
        "certificateValidityPeriod": _YEAR,
        "caCertificateValidityPeriod": TEN_YEARS,
        "networking": {
            "podSubnet": document.pod_cidr,
            "serviceSubnet": document.service_cidr,
            "dnsDomain": _DNS_DOMAIN,
        },
        "apiServer": {
            "certSANs": list(dict.fromkeys(name for name in names if name)),
            "extraArgs": arguments([no_profiling, *own], extra.get("kube-apiserver")),
            "extraVolumes": [
                _volume("kubequorum", API_SERVER_FOLDER, read_only=True),
                _volume("audit", AUDIT_FOLDER, read_only=False),
            ],
        },
        "controllerManager": {
            "extraArgs": arguments(
                [
                    *component,
                    ("node-cidr-mask-size", str(document.node_mask_bits)),
                    ("controllers", _CONTROLLERS),
                    ("cluster-signing-duration", _NODE_CERTIFICATES_VALID),
                ],
                extra.get("kube-controller-manager"),
            )
        },
        "scheduler": {"extraArgs": arguments(component, extra.get("kube-scheduler"))},
        "etcd": {
            "local": {
                # Never left to kubeadm: see `EtcdSpec.version`.
                "imageTag": f"{etcd_of(document).version}-0",
                "dataDir": DATA_FOLDER,
                "extraArgs": arguments(etcd_arguments(document)),
            }
        },
    }
    if environment := document.extra.etcd_environment:
        configuration["etcd"]["local"]["extraEnvs"] = arguments(sorted(environment.items()))
    if document.image_repository:
        configuration["imageRepository"] = document.image_repository
    return configuration


def etcd_arguments(document: ClusterDocument) -> list[tuple[str, str]]:
    """Flags of every member of etcd."""
    own = [
        ("initial-cluster-token", document.cluster),
        ("quota-backend-bytes", str(etcd_of(document).quota_bytes)),
        # Masters compare their data when they start: see `etcd/comparison.py`.
        ("feature-gates", "InitialCorruptCheck=false,CompactHashCheck=true"),
        # Write-ahead log files older than the snapshot: etcd needs none of them, but reads all when it
        # starts.
        ("max-wals", "1"),
        ("tls-min-version", "TLS1.3"),
    ]
    return list({**dict(own), **document.extra.arguments.get("etcd", {})}.items())


def components(document: ClusterDocument) -> tuple[Document, Document]:
    """Configuration of the kubelets and of kube-proxy."""
    kubelet: Document = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd",
        "rotateCertificates": True,
        "tlsMinVersion": _TLS_13,
        # Signed by the cluster, for the instance's own names; the API server verifies it.
        "serverTLSBootstrap": True,
        "enableProfilingHandler": False,
        # Containers that name no profile get the runtime's, which refuses system calls that few need.
        "seccompDefault": True,
        "podPidsLimit": _PIDS_OF_A_POD,
        "maxPods": document.pods_per_node,
    }
    proxy: Document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        # The node program sets the size of the connection tracking table; see `system/kernel.py`.
        "conntrack": {"maxPerCore": 0},
    }
    return kubelet, proxy


def _emulation(document: ClusterDocument) -> list[tuple[str, str]]:
    """Flags with which a component behaves like another minor version: features, served and stored APIs.

    https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/
    """
    return [("emulated-version", document.emulated_version)] if document.emulated_version else []


def _issuer_arguments(issuer: str) -> list[tuple[str, str]]:
    """Flags of the service-account issuer.

    The API server's own audience stays kubeadm's default issuer: the audience of tokens does not follow the
    issuer, and a token for AWS (`sts.amazonaws.com`) is none for the API server.
    https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
    """
    if not issuer:
        return []
    return [
        ("service-account-issuer", issuer),
        ("service-account-jwks-uri", f"{issuer}/{JWKS_PATH}"),
        ("api-audiences", f"https://kubernetes.default.svc.{_DNS_DOMAIN}"),
    ]


def _volume(name: str, folder: str, *, read_only: bool) -> Document:
    return {
        "name": name,
        "hostPath": folder,
        "mountPath": folder,
        "readOnly": read_only,
        "pathType": "DirectoryOrCreate",
    }


def etcd_of(document: ClusterDocument) -> EtcdSpec:
    """The specification of etcd.

    Raises:
        NodeError: this is a worker's cluster.json.

    """
    if document.etcd is None:
        raise NodeError("cluster.json of this host has no etcd section: it is a worker's")
    return document.etcd


def arguments(pairs: list[tuple[str, str]], extra: dict[str, str] | None = None) -> list[Document]:
    """Flags as kubeadm expects them since v1beta4; those of `extra` are added, or replace the first ones."""
    merged = {**dict(pairs), **(extra or {})}
    return [{"name": name, "value": value} for name, value in merged.items()]
