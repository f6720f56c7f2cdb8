"""Objects in the Kubernetes API: read, applied by one field manager, replaced under a condition, deleted."""

import http.client
from collections.abc import Mapping
from typing import Any

from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.api_connection import Answer, Connection, Request, UnavailableError
from kubequorum_node.kubernetes.objects import Ref

FIELD_MANAGER = "kubequorum"
"""Owns the fields that it applies (https://kubernetes.io/docs/reference/using-api/server-side-apply/)."""
_APPLY = "application/apply-patch+yaml"
"""YAML, of which JSON is a part."""
_NEVER_VALID = frozenset({
    http.client.BAD_REQUEST,
    http.client.REQUEST_ENTITY_TOO_LARGE,
    http.client.UNSUPPORTED_MEDIA_TYPE,
    http.client.UNPROCESSABLE_ENTITY,
})  # fmt: skip
_LATER = frozenset({http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS})
_SERVER_ERRORS = 500


class RefusedError(NodeError):
    """The API server refuses a request."""

    def __init__(self, what: str, answer: Answer) -> None:
        self.status = answer.status
        message = str(answer.body.get("message") or f"status {answer.status}")
        super().__init__(f"{what}: {message}")

    @property
    def is_final(self) -> bool:
        """Whether the same object would be refused again, whatever else is in the cluster."""
        return self.status in _NEVER_VALID

    @property
    def is_immutable(self) -> bool:
        """Whether a field cannot be changed in an object that exists."""
        text = str(self)
        return self.status == http.client.UNPROCESSABLE_ENTITY and (
            "field is immutable" in text or "cannot change roleRef" in text
        )


class ConflictError(RefusedError):
    """Somebody else has written the object meanwhile."""


class UnknownKindError(NodeError):
    """The API server has no such kind (yet)."""


class ApiClient:
    """Requests about objects. Kinds are looked up in the API server's own lists, and remembered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resources: dict[str, dict[str, tuple[str, bool]]] = {}

    def get(self, ref: Ref) -> dict[str, Any] | None:
        """An object; None if there is none.

        Raises:
            UnavailableError, RefusedError, UnknownKindError: it could not be asked for.

        """
        answer = self._exchange(Request(method="GET", path=self._path(ref)))
        if answer.status == http.client.NOT_FOUND:
            return None
        return _accepted(f"get {ref}", answer)

    def find(self, ref_of_any: Ref, *, label: str) -> list[dict[str, Any]]:
        """All objects of a kind and namespace with a label.

        Raises:
            UnavailableError, RefusedError, UnknownKindError: they could not be asked for.

        """
        path = self._path(ref_of_any).rpartition("/")[0]
        answer = self._exchange(Request(method="GET", path=path, query={"labelSelector": label}))
        found = _accepted(f"list {ref_of_any.kind}", answer)
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
        return _accepted(f"apply {ref}", self._exchange(request))

    def create(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object.

        Raises:
            ConflictError: it is there.
            UnavailableError, RefusedError, UnknownKindError: it could not be created.

        """
        ref = Ref.of(new)
        request = Request(method="POST", path=self._path(ref).rpartition("/")[0], body=new)
        return _accepted(f"create {ref}", self._exchange(request))

    def replace(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """Replace an object if it still has the resource version of `new`.

        Raises:
            ConflictError: it has another one, or is gone.
            UnavailableError, RefusedError, UnknownKindError: it could not be replaced.

        """
        ref = Ref.of(new)
        answer = self._exchange(Request(method="PUT", path=self._path(ref), body=new))
        if answer.status == http.client.NOT_FOUND:
            raise ConflictError(f"replace {ref}", answer)
        return _accepted(f"replace {ref}", answer)

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
        answer = self._exchange(Request(method="DELETE", path=path, body=options))
        if answer.status != http.client.NOT_FOUND:
            _accepted(f"delete {ref}", answer)

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
        answer = self._exchange(Request(method="GET", path=ref.group_path))
        if answer.status == http.client.NOT_FOUND:
            return {}
        found = _accepted(f"list the kinds of {ref.api_version}", answer)
        return {
            resource["kind"]: (resource["name"], resource["namespaced"])
            for resource in found["resources"]
            # Others are parts of an object: deployments/status.
            if "/" not in resource["name"]
        }

    def _exchange(self, request: Request) -> Answer:
        answer = self._connection.exchange(request)
        if answer.status in _LATER or answer.status >= _SERVER_ERRORS:
            message = answer.body.get("message") or "no message"
            raise UnavailableError(f"{request.method} {request.path}: status {answer.status}: {message}")
        return answer


def _accepted(what: str, answer: Answer) -> dict[str, Any]:
    if answer.status == http.client.CONFLICT:
        raise ConflictError(what, answer)
    if answer.status >= http.client.BAD_REQUEST:
        raise RefusedError(what, answer)
    return answer.body
