"""What the Kubernetes API says: objects that matter to the cluster's operation, and logs of its own pods."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from kubequorum_cli.dump.content import Content
from kubequorum_cli.dump.gathering import Source
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import Client

PODS = "kubernetes/pods.json"
VERSION = "kubernetes/version.json"
SYSTEM = "kube-system"
_OK = 200
_PAGE = 500
_LOG_BYTES = 8 * 1024 * 1024
_CHECKS = ("readyz", "livez")
_LISTS = {
    "nodes": ("/api/v1/nodes", "the nodes"),
    "namespaces": ("/api/v1/namespaces", "the namespaces"),
    "events": ("/api/v1/events", "the events of all namespaces"),
    "services": (f"/api/v1/namespaces/{SYSTEM}/services", "services of kube-system"),
    "endpointslices": (
        f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices",
        "endpoints of kube-system",
    ),
    "deployments": (f"/apis/apps/v1/namespaces/{SYSTEM}/deployments", "deployments of kube-system"),
    "daemonsets": (f"/apis/apps/v1/namespaces/{SYSTEM}/daemonsets", "daemon sets of kube-system"),
    "statefulsets": (f"/apis/apps/v1/namespaces/{SYSTEM}/statefulsets", "stateful sets of kube-system"),
    "jobs": (f"/apis/batch/v1/namespaces/{SYSTEM}/jobs", "jobs of kube-system"),
    "system-leases": (
        f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases",
        "who leads, and which API servers there are",
    ),
    "node-leases": (
        "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
        "the nodes' heartbeats",
    ),
    "certificate-signing-requests": (
        "/apis/certificates.k8s.io/v1/certificatesigningrequests",
        "requests for certificates",
    ),
    "api-services": ("/apis/apiregistration.k8s.io/v1/apiservices", "API groups, and who serves them"),
    "validating-webhooks": (
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        "webhooks that refuse",
    ),
    "mutating-webhooks": (
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        "webhooks that change",
    ),
    "pod-disruption-budgets": ("/apis/policy/v1/poddisruptionbudgets", "what may hold up a drain"),
}
_CONFIG_MAPS = ("coredns", "kubeadm-config", "kubelet-config")


def first(client: Client) -> Source:
    """The one without which nobody need ask for the others."""
    return Source(path=VERSION, about="version of the API server", ask=lambda: dict(client.get("/version")))


def sources(client: Client) -> Iterator[Source]:
    """Everything but logs."""
    for check in _CHECKS:
        yield Source(
            path=f"kubernetes/{check}.txt",
            about=f"the checks of one API server: /{check}",
            ask=partial(_checks, client, check),
        )
    for name, (path, about) in _LISTS.items():
        yield Source(path=f"kubernetes/{name}.json", about=about, ask=partial(_list, client, path))
    yield Source(
        path=PODS,
        about="the pods; of those outside kube-system where they run and how they are",
        ask=lambda: [pod if _is_system(pod) else _outline(pod) for pod in _list(client, "/api/v1/pods")],
    )
    for name in _CONFIG_MAPS:
        yield Source(
            path=f"kubernetes/configmaps/{name}.json",
            about=f"ConfigMap {name} of kube-system",
            ask=partial(client.get, f"/api/v1/namespaces/{SYSTEM}/configmaps/{name}"),
        )


def logs(client: Client, pods: Content | None, *, lines: int) -> Iterator[Source]:
    """The last lines of each container of kube-system, and of the one before it if it was restarted."""
    for pod in pods or []:
        if not isinstance(pod, Mapping) or not _is_system(pod):
            continue
        name, status = pod["metadata"]["name"], pod.get("status", {})
        for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
            for previous in (False, True) if container.get("restartCount") else (False,):
                of = f"{name}/{container['name']}{'.previous' if previous else ''}"
                yield Source(
                    path=f"kubernetes/logs/{of}.log",
                    about=f"last {lines} lines of {of}",
                    ask=partial(_log, client, name, container["name"], lines=lines, previous=previous),
                )


def _is_system(pod: Mapping[str, Any]) -> bool:
    return bool(pod["metadata"].get("namespace") == SYSTEM)


def _outline(pod: Mapping[str, Any]) -> dict[str, Any]:
    """A pod of which the containers are its owner's affair."""
    metadata, spec, status = pod["metadata"], pod.get("spec", {}), pod.get("status", {})
    return {
        "metadata": {
            key: metadata[key]
            for key in ("name", "namespace", "creationTimestamp", "deletionTimestamp", "ownerReferences")
            if key in metadata
        },
        "spec": {key: spec[key] for key in ("nodeName", "priorityClassName", "hostNetwork") if key in spec},
        "status": {
            **{key: status[key] for key in ("phase", "reason", "conditions", "podIP") if key in status},
            "containerStatuses": [
                {
                    **{key: each[key] for key in ("name", "image", "ready", "restartCount") if key in each},
                    **{key: _state(each[key]) for key in ("state", "lastState") if key in each},
                }
                for each in status.get("containerStatuses", [])
            ],
        },
    }


def _state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Without the message, which may be the end of the application's log (`terminationMessagePolicy`)."""
    return {
        name: {key: value for key, value in (about or {}).items() if key != "message"}
        for name, about in state.items()
    }


def _list(client: Client, path: str) -> list[Any]:
    """All objects, page by page (https://kubernetes.io/docs/reference/using-api/api-concepts/)."""
    found: list[Any] = []
    following = ""
    while True:
        page = client.get(f"{path}?limit={_PAGE}{following}")
        found += page["items"]
        if not (token := page.get("metadata", {}).get("continue")):
            return found
        following = f"&continue={quote(token, safe='')}"


def _checks(client: Client, check: str) -> str:
    answer = client.ask(f"/{check}?verbose")
    return f"status {answer.status}, {answer.date}\n{answer.text}"


def _log(client: Client, pod: str, container: str, *, lines: int, previous: bool) -> str:
    asked = f"container={quote(container)}&tailLines={lines}&limitBytes={_LOG_BYTES}&timestamps=true"
    path = f"/api/v1/namespaces/{SYSTEM}/pods/{quote(pod)}/log?{asked}{'&previous=true' if previous else ''}"
    answer = client.ask(path)
    if answer.status != _OK:
        raise CommandError(f"the API answered with status {answer.status}", why=answer.text[:300])
    return answer.text
