"""Objects in the Kubernetes API: read, applied by one field manager, replaced under a condition, deleted."""

import http.client
from collections.abc import Mapping
from typing import Any

from kubequorum_node.kubernetes.api_connection import Connection, Request
from kubequorum_node.kubernetes.api_errors import ConflictError, UnknownKindError
from kubequorum_node.kubernetes.objects import Ref

FIELD_MANAGER = "kubequorum"
"""Owns the fields that it applies (https://kubernetes.io/docs/reference/using-api/server-side-apply/)."""
_APPLY = "application/apply-patch+yaml"
"""YAML, of which JSON is a part."""


class ObjectClient:
    """Requests about objects. Kinds are looked up in the API server's own lists, and remembered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resources: dict[str, dict[str, tuple[str, bool]]] = {}

    def get(self, ref: Ref) -> dict[str, Any] | None:
        """An object; None if there is none.

        Raises:
            UnavailableError, RefusedError, UnknownKindError: it could not be asked for.

        """
        answer = self._connection.exchange(Request(method="GET", path=self._path(ref)))
        if answer.status == http.client.NOT_FOUND:
            return None
        return answer.accepted(f"get {ref}")

    def find(self, ref_of_any: Ref, *, label: str) -> list[dict[str, Any]]:
        """All objects of a kind and namespace with a label.

        Raises:
            UnavailableError, RefusedError, UnknownKindError: they could not be asked for.

        """
        path = self._path(ref_of_any).rpartition("/")[0]
        answer = self._connection.exchange(Request(method="GET", path=path, query={"labelSelector": label}))
        found = answer.accepted(f"list {ref_of_any.kind}")
        items: list[dict[str, Any]] = found["items"]
        # Items of a list do not say what they are.
        of_each = {"apiVersion": ref_of_any.api_version, "kind": ref_of_any.kind}
        return [{**item, **of_each} for item in items]

    def apply(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Apply an object server-side: its fields become what it says, whoever owns them.

        Returns:
            The object as it is now.

        Raises:
            UnavailableError, RefusedError, UnknownKindError: it could not be applied.

        """
        ref = Ref.of(wanted)
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        request = Request(method="PATCH", path=self._path(ref), query=query, body=wanted, content_type=_APPLY)
        return self._connection.exchange(request).accepted(f"apply {ref}")

    def create(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object.

        Raises:
            ConflictError: it is there.
            UnavailableError, RefusedError, UnknownKindError: it could not be created.

        """
        ref = Ref.of(new)
        request = Request(method="POST", path=self._path(ref).rpartition("/")[0], body=new)
        return self._connection.exchange(request).accepted(f"create {ref}")

    def replace(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """Replace an object if it still has the resource version of `new`.

        Raises:
            ConflictError: it has another one, or is gone.
            UnavailableError, RefusedError, UnknownKindError: it could not be replaced.

        """
        ref = Ref.of(new)
        answer = self._connection.exchange(Request(method="PUT", path=self._path(ref), body=new))
        if answer.status == http.client.NOT_FOUND:
            raise ConflictError(f"replace {ref}: it is gone", status=answer.status)
        return answer.accepted(f"replace {ref}")

    def delete(self, ref: Ref) -> None:
        """Delete an object, and in the background what it owns; one that is not there is no error.

        Raises:
            UnavailableError, RefusedError: it could not be deleted.

        """
        try:
            path = self._path(ref)
        except UnknownKindError:
            return
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        answer = self._connection.exchange(Request(method="DELETE", path=path, body=options))
        if answer.status != http.client.NOT_FOUND:
            answer.accepted(f"delete {ref}")

    def _path(self, ref: Ref) -> str:
        plural, is_namespaced = self._resource(ref)
        namespace = f"/namespaces/{ref.namespace or 'default'}" if is_namespaced else ""
        return f"{ref.group_path}{namespace}/{plural}/{ref.name}"

    def _resource(self, ref: Ref) -> tuple[str, bool]:
        known = self._resources.get(ref.api_version, {})
        if ref.kind not in known:
            known = self._look_up(ref)
            self._resources[ref.api_version] = known
        if ref.kind not in known:
            raise UnknownKindError(f"{ref}: the API server has no kind {ref.kind} in {ref.api_version}")
        return known[ref.kind]

    def _look_up(self, ref: Ref) -> dict[str, tuple[str, bool]]:
        answer = self._connection.exchange(Request(method="GET", path=ref.group_path))
        if answer.status == http.client.NOT_FOUND:
            return {}
        found = answer.accepted(f"list the kinds of {ref.api_version}")
        return {
            resource["kind"]: (resource["name"], resource["namespaced"])
            for resource in found["resources"]
            # Others are parts of an object: deployments/status.
            if "/" not in resource["name"]
        }
