"""Requests to the Kubernetes API by their paths, and watches."""

import json
from collections.abc import Iterator
from typing import Any

from kubequorum_node.kubernetes.api_connection import HttpsConnection, Request
from kubequorum_node.kubernetes.api_errors import UnavailableError

_MERGE_PATCH = "application/merge-patch+json"


class PathClient:
    """The API through one connection."""

    def __init__(self, connection: HttpsConnection) -> None:
        self._connection = connection

    def get(self, path: str) -> Any:
        """One object or list.

        Raises:
            UnavailableError: there is no answer, or the request may succeed later.
            RefusedError: it is refused.

        """
        return self._send(Request(method="GET", path=path))

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """Merge a change into an object.

        Raises:
            ApiError: as `get`.

        """
        self._send(Request(method="PATCH", path=path, body=change, content_type=_MERGE_PATCH))

    def create(self, path: str, document: dict[str, Any]) -> Any:
        """Create an object; as the API has it then.

        Raises:
            ApiError: as `get`.

        """
        return self._send(Request(method="POST", path=path, body=document))

    def delete(self, path: str, options: dict[str, Any]) -> None:
        """Delete an object, or shorten the grace period of one that is being deleted.

        Args:
            path: of the object.
            options: a DeleteOptions.

        Raises:
            ApiError: as `get`.

        """
        self._send(Request(method="DELETE", path=path, body=options))

    def update(self, path: str, document: dict[str, Any]) -> None:
        """Replace an object, which must be as it was read: its resourceVersion is compared.

        Raises:
            ConflictError: it has changed meanwhile.
            ApiError: as `get`.

        """
        self._send(Request(method="PUT", path=path, body=document))

    def watch(self, path: str, *, timeout: float) -> Iterator[dict[str, Any]]:
        """Events until the server ends the watch, or sends nothing for `timeout` seconds.

        Raises:
            ApiError: as `get`; also when the connection is lost.

        """
        request = Request(method="GET", path=path)
        for line in self._connection.lines(request, seconds=timeout):
            try:
                event: dict[str, Any] = json.loads(line)
            except ValueError as error:
                raise UnavailableError(
                    f"{self._connection.name(request)}: {line[:100]!r}: {error}"
                ) from error
            yield event

    def _send(self, request: Request) -> dict[str, Any]:
        return self._connection.exchange(request).accepted(self._connection.name(request))
