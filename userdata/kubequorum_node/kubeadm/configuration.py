"""kubeadm's configuration (v1beta4), as pure functions. JSON is YAML, and needs no library.

https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/

Two configurations consist of the same parts. The node's has the names and addresses of its slot's etcd
member. The shared one has none of these: every master writes it into the cluster.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from kubequorum_node import image_credentials
from kubequorum_node.aws.identity import Identity
from kubequorum_node.config import SLOT_LABEL
from kubequorum_node.document import API_PORT, ClusterDocument
from kubequorum_node.kubeadm.cluster_configuration import (
    API_VERSION,
    TEN_YEARS,
    Document,
    arguments,
    cluster_configuration,
    components,
    etcd_arguments,
    etcd_of,
)

CONTROL_PLANE_TAINT = "node-role.kubernetes.io/control-plane=:NoSchedule"


@dataclass(frozen=True, kw_only=True)
class Master:
    """What differs between masters."""

    identity: Identity
    slot: str
    api_load_balancer_name: str
    """DNS name of the API's load balancer; may be empty."""
    service_account_issuer: str
    """URL of the service-account issuer; empty for kubeadm's own, which AWS cannot reach."""
    etcd_arguments: tuple[tuple[str, str], ...]
    """etcd's flags that only this master's member has."""
    cri_socket: str
    ignored_preflight_errors: tuple[str, ...] = ()
    etcd_environment: Mapping[str, str] = field(default_factory=dict)
    bootstrap_token: str = ""
    """Lets workers join; only the shared configuration needs it."""


def node_config(document: ClusterDocument, master: Master) -> str:
    """Render the node's configuration."""
    etcd = etcd_of(document)
    names = [etcd.slots[master.slot].etcd_name]
    cluster = _cluster_configuration(document, master)
    local = cluster["etcd"]["local"]
    local["extraArgs"] = arguments([*etcd_arguments(document), *master.etcd_arguments])
    local["serverCertSANs"] = names
    local["peerCertSANs"] = names
    if environment := {**document.extra.etcd_environment, **master.etcd_environment}:
        local["extraEnvs"] = arguments(sorted(environment.items()))
    return _render(_init_configuration(document, master), cluster, *components(document))


def shared_config(document: ClusterDocument, master: Master, *, patches_folder: str) -> str:
    """Render the configuration that is stored in the cluster: nothing in it depends on the slot.

    Its InitConfiguration identifies the writer and is not stored. `patches_folder` has patches of kubeadm's
    addons; empty if there are none.
    """
    cluster = _cluster_configuration(document, master)
    own = _init_configuration(document, master)
    if patches_folder:
        own["patches"] = {"directory": patches_folder}
    return _render(own, cluster, *components(document))


def join_config(
    document: ClusterDocument,
    identity: Identity,
    *,
    own_labels: Mapping[str, str],
    endpoint: str,
    token: str,
    ca_hash: str,
    cri_socket: str,
    ignored_preflight_errors: tuple[str, ...] = (),
) -> str:
    """Render a worker's configuration for joining."""
    registration = _registration(document, identity, own_labels, cri_socket, ignored_preflight_errors)
    registration["taints"] = [dict(taint) for taint in document.taints]
    return _render(
        {
            "apiVersion": API_VERSION,
            "kind": "JoinConfiguration",
            "discovery": {
                "bootstrapToken": {
                    "apiServerEndpoint": endpoint,
                    "token": token,
                    "caCertHashes": [ca_hash],
                },
            },
            "nodeRegistration": registration,
            "timeouts": {"discovery": "1m0s", "tlsBootstrap": "1m0s", "kubeletHealthCheck": "1m0s"},
        }
    )


def ca_set(document: ClusterDocument, *, folder: str, algorithm: str) -> str:
    """Render the configuration for the phases that create CAs and the service-account key."""
    return _render(
        {
            "apiVersion": API_VERSION,
            "kind": "ClusterConfiguration",
            "kubernetesVersion": f"v{document.kubernetes_version}",
            "certificatesDir": folder,
            "encryptionAlgorithm": algorithm,
            "caCertificateValidityPeriod": TEN_YEARS,
        }
    )


def _cluster_configuration(document: ClusterDocument, master: Master) -> Document:
    return cluster_configuration(
        document,
        api_load_balancer_name=master.api_load_balancer_name,
        service_account_issuer=master.service_account_issuer,
    )


def _init_configuration(document: ClusterDocument, master: Master) -> Document:
    own_labels = {SLOT_LABEL: master.slot}
    registration = _registration(
        document, master.identity, own_labels, master.cri_socket, master.ignored_preflight_errors
    )
    # Otherwise it accepts pods between its registration and the phase mark-control-plane.
    registration["kubeletExtraArgs"] += arguments([("register-with-taints", CONTROL_PLANE_TAINT)])
    configuration: Document = {
        "apiVersion": API_VERSION,
        "kind": "InitConfiguration",
        "localAPIEndpoint": {"advertiseAddress": master.identity.address, "bindPort": API_PORT},
        "nodeRegistration": registration,
        "timeouts": {"kubernetesAPICall": "1m0s", "etcdAPICall": "1m0s", "kubeletHealthCheck": "2m0s"},
    }
    if master.bootstrap_token:
        configuration["bootstrapTokens"] = [
            {
                "token": master.bootstrap_token,
                "ttl": "2h0m0s",
                "usages": ["signing", "authentication"],
                "groups": ["system:bootstrappers:kubeadm:default-node-token"],
            }
        ]
    return configuration


def _registration(
    document: ClusterDocument,
    identity: Identity,
    own_labels: Mapping[str, str],
    cri_socket: str,
    ignored: tuple[str, ...],
) -> Document:
    """How the kubelet registers its node; with labels that it may set itself.

    https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
    """
    labels = {
        "topology.kubernetes.io/region": document.region,
        "topology.kubernetes.io/zone": identity.zone,
        "node.kubernetes.io/instance-type": identity.instance_type,
        **document.labels,
        **own_labels,
    }
    flags = [
        ("node-ip", identity.address),
        ("provider-id", identity.provider_id),
        ("node-labels", ",".join(f"{key}={value}" for key, value in sorted(labels.items()))),
        *image_credentials.flags(document),
    ]
    return {
        "name": identity.node_name,
        "criSocket": cri_socket,
        "imagePullPolicy": "IfNotPresent",
        "imagePullSerial": False,
        "ignorePreflightErrors": list(ignored),
        "kubeletExtraArgs": arguments(flags),
    }


def _render(*documents: Document) -> str:
    return "---\n".join(json.dumps(document, indent=2) + "\n" for document in documents)
