"""Settings of components that a cluster file must not change, each with the reason."""

from collections.abc import Mapping

_CERTIFICATES = "kubeadm creates the cluster's certificates and names them here"
_KUBECONFIG = "kubeadm writes the component's kubeconfig and names it here"
_MEMBERSHIP = "the node program decides how a member of etcd joins the others"
_PORT = "firewall, load balancer and health checks use this address and port"
_ELECTION = "there is one instance of the component on each master, and one of them must lead"
_ISSUER = "the service-account issuer decides it, see service_accounts.issuer"
_TERMINATION = "graceful termination depends on its timing"


_EMULATION = "set kubernetes.emulated_version instead"


def _all(reason: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, reason)


API_SERVER: Mapping[str, str] = {
    **_all(_EMULATION, "emulated-version", "min-compatibility-version"),
    **_all(_PORT, "advertise-address", "bind-address", "secure-port"),
    **_all(
        _CERTIFICATES,
        *("client-ca-file", "etcd-cafile", "etcd-certfile", "etcd-keyfile", "etcd-servers"),
        *("kubelet-certificate-authority", "kubelet-client-certificate", "kubelet-client-key"),
        *("peer-ca-file", "proxy-client-cert-file", "proxy-client-key-file", "requestheader-allowed-names"),
        *("requestheader-client-ca-file", "requestheader-extra-headers-prefix"),
        *("requestheader-group-headers", "requestheader-username-headers", "service-account-key-file"),
        *("service-account-signing-key-file", "tls-cert-file", "tls-private-key-file"),
    ),
    **_all(_ISSUER, "api-audiences", "service-account-issuer", "service-account-jwks-uri"),
    **_all(_TERMINATION, "shutdown-delay-duration", "shutdown-send-retry-after"),
    **_all(
        "set oidc_issuers instead",
        *("oidc-ca-file", "oidc-client-id", "oidc-groups-claim", "oidc-groups-prefix", "oidc-issuer-url"),
        *("oidc-required-claim", "oidc-signing-algs", "oidc-username-claim", "oidc-username-prefix"),
    ),
    "admission-control-config-file": "set security.pod_security and security.namespaces instead",
    "anonymous-auth": "authentication-config decides it: health checks are anonymous, nothing else is",
    "authentication-config": "it lets the load balancer check /readyz without credentials, and nothing else",
    "authorization-config": "the node program needs the Node and RBAC authorizers",
    "authorization-mode": "the node program needs the Node and RBAC authorizers",
    "disable-admission-plugins": "nodes are restricted to their own objects by an admission plugin",
    "enable-bootstrap-token-auth": "workers join with bootstrap tokens",
    "kubelet-preferred-address-types": "kubelets' certificates are verified for the node's address",
    "encryption-provider-config": "Secrets in etcd are encrypted with the key of the CA set",
    "service-cluster-ip-range": "set network.service_cidr instead",
}

CONTROLLER_MANAGER: Mapping[str, str] = {
    **_all(_EMULATION, "emulated-version", "min-compatibility-version"),
    **_all(_PORT, "bind-address", "secure-port"),
    **_all(
        _CERTIFICATES,
        *("client-ca-file", "cluster-signing-cert-file", "cluster-signing-key-file"),
        *("requestheader-client-ca-file", "root-ca-file", "service-account-private-key-file"),
    ),
    **_all(_KUBECONFIG, "authentication-kubeconfig", "authorization-kubeconfig", "kubeconfig"),
    **_all(
        "set network.pod_cidr and network.pods_per_node instead",
        *("allocate-node-cidrs", "cluster-cidr", "node-cidr-mask-size", "node-cidr-mask-size-ipv4"),
    ),
    "cluster-name": "it is the cluster file's name",
    "cluster-signing-duration": "a kubelet's certificate that was stolen must not be valid for long",
    "controllers": "the node program approves kubelets' requests, and no controller may",
    "leader-elect": _ELECTION,
    "service-cluster-ip-range": "set network.service_cidr instead",
    "use-service-account-credentials": "RBAC of the controllers depends on it",
}

SCHEDULER: Mapping[str, str] = {
    **_all(_EMULATION, "emulated-version", "min-compatibility-version"),
    **_all(_PORT, "bind-address", "secure-port"),
    **_all(_KUBECONFIG, "authentication-kubeconfig", "authorization-kubeconfig", "kubeconfig"),
    "leader-elect": _ELECTION,
}

ETCD: Mapping[str, str] = {
    **_all(
        _CERTIFICATES,
        *("cert-file", "client-cert-auth", "key-file", "peer-cert-file", "peer-client-cert-auth"),
        *("peer-key-file", "peer-trusted-ca-file", "trusted-ca-file", "auto-tls", "peer-auto-tls"),
    ),
    **_all(
        _MEMBERSHIP,
        *("advertise-client-urls", "discovery", "discovery-endpoints", "discovery-srv", "force-new-cluster"),
        *("initial-advertise-peer-urls", "initial-cluster", "initial-cluster-state"),
        *("initial-cluster-token", "listen-client-urls", "listen-peer-urls", "name"),
    ),
    **_all("it would replace all flags", "config-file"),
    **_all("the slot's volume is mounted there", "data-dir", "wal-dir"),
    "feature-gates": "masters compare etcd's data with each other before they serve, and set its checks here",
    "listen-client-http-urls": _PORT,
    "listen-metrics-urls": _PORT,
    "quota-backend-bytes": "it follows from masters.etcd_volume.size_gib",
}

KUBELET: Mapping[str, str] = {
    **_all("it is the file's own header", "apiVersion", "kind"),
    **_all(
        "kubeadm sets it for the cluster's certificates and RBAC",
        *("authentication", "authorization", "rotateCertificates", "tlsCertFile", "tlsPrivateKeyFile"),
    ),
    **_all("it must match containerd", "cgroupDriver", "containerRuntimeEndpoint", "imageServiceEndpoint"),
    **_all("kubeadm sets it to the cluster's DNS service", "clusterDNS", "clusterDomain"),
    **_all(_PORT, "address", "port", "healthzBindAddress", "healthzPort", "readOnlyPort"),
    **_all(
        "the node program drains nodes and stops pods itself when an instance terminates",
        *("shutdownGracePeriod", "shutdownGracePeriodByPodPriority", "shutdownGracePeriodCriticalPods"),
    ),
    "maxPods": "set network.pods_per_node instead",
    "podCIDR": "kube-controller-manager assigns it",
    "providerID": "the node program takes it from the instance",
    "registerNode": "the node program waits for the node's registration",
    "registerWithTaints": "set worker_groups.*.taints instead",
    "serverTLSBootstrap": "the API server verifies the certificates that it requests",
    "staticPodPath": "kubeadm writes etcd and the control plane there",
}

_RUNTIME = ("plugins", "io.containerd.cri.v1.runtime")
_RUNC = (*_RUNTIME, "containerd", "runtimes", "runc")

CONTAINERD: Mapping[tuple[str, ...], str] = {
    ("imports",): "the fragment is itself imported",
    ("root",): "the root volume is sized for the default place",
    ("state",): "kubelet and crictl expect containerd's default place",
    ("grpc", "address"): "kubelet and crictl expect containerd's default socket",
    (*_RUNTIME, "cni", "bin_dirs"): "the node program installs the CNI plugins",
    (*_RUNTIME, "cni", "conf_dir"): "the node program writes the CNI configuration",
    (*_RUNC, "options", "BinaryName"): "the node program installs runc",
    (*_RUNC, "options", "SystemdCgroup"): "it must match the kubelet's cgroupDriver",
    (*_RUNC, "runtime_type"): "the node program installs runc",
    ("plugins", "io.containerd.cri.v1.images", "pinned_images", "sandbox"): (
        "it must match kubeadm's pause image; set kubernetes.image_repository instead"
    ),
}
