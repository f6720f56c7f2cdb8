"""Requests, and at which level the audit policy records each: for its evaluator and for a real API server."""

from dataclasses import dataclass
from urllib.parse import urlsplit

MASTERS, AUTHENTICATED = "system:masters", "system:authenticated"
NODES, KUBE_SYSTEM = "system:nodes", "system:serviceaccounts:kube-system"
GROUPS = {
    "administrator": (MASTERS,),
    "developer": (),
    "system:node:i-0123456789abcdef0": (NODES,),
    "system:kube-scheduler": (),
    "system:kube-controller-manager": (),
    "system:serviceaccount:kube-system:coredns": (KUBE_SYSTEM,),
    "system:serviceaccount:default:default": ("system:serviceaccounts:default",),
}
"""User to groups, besides the one of everybody with credentials."""
_ITEM_METHODS = {"get": "GET", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
_LIST_METHODS = {"list": "GET", "watch": "GET", "create": "POST", "deletecollection": "DELETE"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request, with what an audit policy can see of it."""

    user: str
    """Empty: without credentials."""
    verb: str
    path: str
    level: str
    """None, Metadata or Request."""

    @property
    def method(self) -> str:
        """Of HTTP."""
        return {**_ITEM_METHODS, **_LIST_METHODS}[self.verb]

    @property
    def url(self) -> str:
        """The path; a watch ends at once."""
        return f"{self.path}?watch=1&timeoutSeconds=1" if self.verb == "watch" else self.path

    @property
    def groups(self) -> tuple[str, ...]:
        """Of the user."""
        return (*GROUPS[self.user], AUTHENTICATED) if self.user else ("system:unauthenticated",)

    @property
    def attributes(self) -> tuple[str, str, str, str, str] | None:
        """API group, namespace, resource, subresource and name; None for other paths than resources'."""
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[0] not in {"api", "apis"} or len(parts) < 3 + (parts[0] == "apis"):
            return None
        group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        resource, name, subresource = (*rest, "", "")[:3]
        return group, namespace, resource, subresource, name


_NODE, _COREDNS = "system:node:i-0123456789abcdef0", "system:serviceaccount:kube-system:coredns"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces"
_SCHEDULER = "system:kube-scheduler"


def _all(level: str, *requests: tuple[str, str, str]) -> tuple[Request, ...]:
    return tuple(Request(user=user, verb=verb, path=path, level=level) for user, verb, path in requests)


REQUESTS: tuple[Request, ...] = (
    # Who reads or writes Secrets, or gets tokens: everybody, and never the contents.
    *_all(
        "Metadata",
        (_NODE, "get", "/api/v1/namespaces/default/secrets/s"),
        (_NODE, "list", "/api/v1/secrets"),
        (_NODE, "watch", "/api/v1/namespaces/default/secrets"),
        (_NODE, "create", "/api/v1/namespaces/kube-system/serviceaccounts/coredns/token"),
        (_COREDNS, "list", "/api/v1/namespaces/kube-system/secrets"),
        (_SCHEDULER, "get", "/api/v1/namespaces/kube-system/secrets/s"),
        ("administrator", "get", "/api/v1/namespaces/default/secrets/s"),
        ("administrator", "create", "/api/v1/namespaces/default/secrets"),
        ("administrator", "patch", "/api/v1/namespaces/default/secrets/s"),
        ("administrator", "delete", "/api/v1/namespaces/default/secrets/s"),
        ("developer", "get", "/api/v1/namespaces/default/secrets/s"),
        ("administrator", "create", "/apis/authentication.k8s.io/v1/tokenreviews"),
        ("administrator", "patch", "/api/v1/namespaces/default/configmaps/c"),
    ),
    # Reads, which may be refused, whoever asks.
    *_all(
        "Metadata",
        (_NODE, "get", "/api/v1/namespaces/default/configmaps/c"),
        (_NODE, "list", "/api/v1/namespaces"),
        (_NODE, "get", f"{_LEASES}/kube-system/leases/kube-scheduler"),
        (_NODE, "list", f"{_LEASES}/kube-node-lease/leases"),
        (_COREDNS, "list", "/api/v1/namespaces"),
        (_SCHEDULER, "get", "/api/v1/namespaces/default/configmaps/c"),
        (_SCHEDULER, "get", f"{_LEASES}/default/leases/x"),
        ("system:serviceaccount:default:default", "get", "/api/v1/nodes/i-0123456789abcdef0"),
        ("developer", "list", "/api/v1/pods"),
        ("developer", "get", "/api/v1/nodes/i-0123456789abcdef0"),
        ("administrator", "get", "/version"),
        ("administrator", "get", "/metrics"),
        ("", "get", "/version"),
        ("", "get", "/livez/etcd"),
        ("", "get", "/healthz/ping"),
        ("", "get", "/metrics"),
        ("", "list", "/api/v1/namespaces/default/pods"),
        ("developer", "create", "/api/v1/namespaces/default/events"),
        (_COREDNS, "create", "/api/v1/namespaces/kube-system/events"),
    ),
    # Changes, with what was to be written.
    *_all(
        "Request",
        (_NODE, "patch", "/api/v1/nodes/i-0123456789abcdef0/status"),
        (_NODE, "patch", "/api/v1/nodes/other"),
        (_NODE, "create", "/api/v1/nodes"),
        (_NODE, "create", f"{_LEASES}/kube-node-lease/leases"),
        (_NODE, "update", f"{_LEASES}/kube-system/leases/kube-scheduler"),
        (_NODE, "delete", "/api/v1/namespaces/default/pods/p"),
        (_COREDNS, "delete", "/api/v1/namespaces/kube-system/pods/p"),
        ("developer", "create", "/api/v1/namespaces/default/pods"),
        ("administrator", "deletecollection", "/api/v1/namespaces/default/pods"),
        ("", "create", "/api/v1/namespaces/default/pods"),
    ),
    # Heartbeats and health, which cannot be refused.
    *_all(
        "None",
        ("", "get", "/livez"),
        ("", "get", "/readyz"),
        ("administrator", "get", "/healthz"),
        (_NODE, "get", "/api/v1/nodes/i-0123456789abcdef0"),
        (_NODE, "get", f"{_LEASES}/kube-node-lease/leases/i-0123456789abcdef0"),
        (_NODE, "update", f"{_LEASES}/kube-node-lease/leases/i-0123456789abcdef0"),
        (_NODE, "create", "/api/v1/namespaces/default/events"),
        (_SCHEDULER, "get", f"{_LEASES}/kube-system/leases/kube-scheduler"),
        (_SCHEDULER, "update", f"{_LEASES}/kube-system/leases/kube-scheduler"),
        ("system:kube-controller-manager", "update", f"{_LEASES}/kube-system/leases/kube-controller-manager"),
        (_SCHEDULER, "create", "/apis/events.k8s.io/v1/namespaces/default/events"),
    ),
)
