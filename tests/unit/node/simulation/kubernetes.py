"""A Kubernetes API in memory: objects, field managers and resource versions, as the API server has them.

Of server-side apply it models what addons rely on: a field that its manager no longer applies is removed, one
of another manager stays, and an apply that changes nothing writes nothing
(https://kubernetes.io/docs/reference/using-api/server-side-apply/).
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from kubequorum_node.kubernetes.api_connection import Answer, Request
from kubequorum_node.kubernetes.object_client import FIELD_MANAGER

Found = dict[str, Any]
_KINDS: dict[str, dict[str, tuple[str, bool]]] = {
    "/api/v1": {
        "ConfigMap": ("configmaps", True),
        "Namespace": ("namespaces", False),
        "Service": ("services", True),
        "ServiceAccount": ("serviceaccounts", True),
    },
    "/apis/apps/v1": {"Deployment": ("deployments", True), "StatefulSet": ("statefulsets", True)},
    "/apis/apiextensions.k8s.io/v1": {"CustomResourceDefinition": ("customresourcedefinitions", False)},
}
_IMMUTABLE = {"Deployment": "selector", "StatefulSet": "serviceName"}


class Cluster:
    """Objects by path, and what may go wrong with a request."""

    def __init__(self) -> None:
        self.objects: dict[str, Found] = {}
        self.requests: list[Request] = []
        self.before: Callable[[Request], None] = lambda _: None
        """Called with each request before it is answered; what it raises is raised."""
        self.refused: dict[str, tuple[int, str]] = {}
        """Name of an object → status and message of any attempt to apply it."""
        self.broken: set[str] = set()
        """Names of Deployments whose pods never become available."""
        self._version = 0
        self._applied: dict[str, Found] = {}

    def exchange(self, request: Request) -> Answer:
        """Answer a request."""
        self.before(request)
        self.requests.append(request)
        if request.path in self._kinds():
            return self._discovered(request.path)
        if request.method == "GET" and "labelSelector" in request.query:
            return self._listed(request)
        handler = {"GET": self._get, "PATCH": self._apply, "PUT": self._put, "POST": self._post}
        return handler.get(request.method, self._delete)(request)

    def names(self, kind: str) -> set[str]:
        """Names of all objects of a kind, inventories left out."""
        return {
            found["metadata"]["name"]
            for found in self.objects.values()
            if found["kind"] == kind and not found["metadata"]["name"].startswith("kubequorum-addon-")
        }

    def find(self, kind: str, name: str) -> Found:
        """An object; KeyError if there is none."""
        for found in self.objects.values():
            if (found["kind"], found["metadata"]["name"]) == (kind, name):
                return found
        raise KeyError(name)

    def edit(self, kind: str, name: str, *, by: str, **fields: Any) -> None:
        """Change fields of a spec as a person does, with an update."""
        found = self.find(kind, name)
        found["spec"].update(fields)
        found["metadata"]["managedFields"].append({"manager": by, "time": "2026-11-24T12:00:01Z"})
        self._written(found)

    def _kinds(self) -> Mapping[str, Mapping[str, tuple[str, bool]]]:
        kinds: dict[str, dict[str, tuple[str, bool]]] = {path: dict(known) for path, known in _KINDS.items()}
        for found in list(self.objects.values()):
            if found["kind"] == "CustomResourceDefinition":
                spec = found["spec"]
                path = f"/apis/{spec['group']}/v1"
                kinds.setdefault(path, {})[spec["names"]["kind"]] = (spec["names"]["plural"], True)
        return kinds

    def _discovered(self, path: str) -> Answer:
        resources = [
            {"kind": kind, "name": plural, "namespaced": namespaced}
            for kind, (plural, namespaced) in self._kinds()[path].items()
        ]
        parts = [{**each, "name": f"{each['name']}/status"} for each in resources]
        return Answer(status=200, body={"resources": [*resources, *parts]})

    def _listed(self, request: Request) -> Answer:
        label = request.query["labelSelector"]
        items = [
            copy.deepcopy(found)
            for path, found in self.objects.items()
            if path.startswith(f"{request.path}/") and label in (found["metadata"].get("labels") or {})
        ]
        return Answer(status=200, body={"items": items})

    def _get(self, request: Request) -> Answer:
        found = self.objects.get(request.path)
        return _not_found() if found is None else Answer(status=200, body=copy.deepcopy(found))

    def _apply(self, request: Request) -> Answer:
        assert request.query == {"fieldManager": FIELD_MANAGER, "force": "true"}
        wanted = copy.deepcopy(dict(request.body or {}))
        name, kind = wanted["metadata"]["name"], wanted["kind"]
        if name in self.refused:
            status, message = self.refused[name]
            return Answer(status=status, body={"message": message})
        found = self.objects.get(request.path)
        if found is None:
            found = {"metadata": {"managedFields": [{"manager": FIELD_MANAGER}]}}
        fixed = _IMMUTABLE.get(kind)
        old = found.get("spec", {}).get(fixed) if fixed else None
        if old is not None and old != wanted["spec"].get(fixed):
            message = f"{kind} {name} is invalid: spec.{fixed}: field is immutable"
            return Answer(status=422, body={"message": message})
        changed = copy.deepcopy(found)
        _remove(changed, self._applied.get(request.path, {}), wanted)
        _merge(changed, wanted)
        self._applied[request.path] = wanted
        if changed != found:
            self.objects[request.path] = changed
            self._written(changed)
        return Answer(status=200, body=copy.deepcopy(self.objects[request.path]))

    def _put(self, request: Request) -> Answer:
        found, new = self.objects.get(request.path), copy.deepcopy(dict(request.body or {}))
        if found is None:
            return _not_found()
        if found["metadata"]["resourceVersion"] != new["metadata"].get("resourceVersion"):
            return Answer(status=409, body={"message": "the object has been modified"})
        self.objects[request.path] = new
        self._written(new)
        return Answer(status=200, body=copy.deepcopy(new))

    def _post(self, request: Request) -> Answer:
        new = copy.deepcopy(dict(request.body or {}))
        path = f"{request.path}/{new['metadata']['name']}"
        if path in self.objects:
            return Answer(status=409, body={"message": "already exists"})
        self.objects[path] = new
        self._written(new)
        return Answer(status=201, body=copy.deepcopy(new))

    def _delete(self, request: Request) -> Answer:
        self._applied.pop(request.path, None)
        found = self.objects.pop(request.path, None)
        return _not_found() if found is None else Answer(status=200, body={})

    def _written(self, found: Found) -> None:
        """What the API server and controllers do after a write, all at once."""
        self._version += 1
        metadata = found["metadata"]
        metadata["resourceVersion"] = str(self._version)
        metadata["generation"] = metadata.get("generation", 0) + 1
        status: Found = {"observedGeneration": metadata["generation"]}
        match found["kind"]:
            case "Deployment":
                wanted = found["spec"].get("replicas", 1)
                available = 0 if metadata["name"] in self.broken else wanted
                status |= {"replicas": wanted, "updatedReplicas": wanted, "availableReplicas": available}
            case "StatefulSet":
                status |= {"updatedReplicas": 1, "readyReplicas": 1}
            case "CustomResourceDefinition":
                status["conditions"] = [{"type": "Established", "status": "True"}]
        found["status"] = status


def _not_found() -> Answer:
    return Answer(status=404, body={"message": "not found"})


def _remove(target: Found, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Remove fields that were applied and no longer are."""
    for key, value in old.items():
        if key not in new:
            target.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(new[key], Mapping) and key in target:
            _remove(target[key], value, new[key])


def _merge(target: Found, new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, Mapping):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value
