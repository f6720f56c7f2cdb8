"""What goes wrong between this program and an API server: one family of errors for all who ask it."""

import http.client
from collections.abc import Mapping
from typing import Any

from kubequorum_node.errors import NodeError

_NEVER_VALID = frozenset({
    http.client.BAD_REQUEST,
    http.client.REQUEST_ENTITY_TOO_LARGE,
    http.client.UNSUPPORTED_MEDIA_TYPE,
    http.client.UNPROCESSABLE_ENTITY,
})  # fmt: skip
_LATER = frozenset({
    # Certificates are renewed: the next request shows another one.
    http.client.UNAUTHORIZED,
    http.client.REQUEST_TIMEOUT,
    http.client.TOO_MANY_REQUESTS,
})  # fmt: skip
_SERVER_ERRORS = 500


class ApiError(NodeError):
    """The API server refused, or could not be reached."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """Its answer; None if there was none."""


class UnavailableError(ApiError):
    """The API server does not answer, or cannot serve now: the same request may succeed later."""


class RefusedError(ApiError):
    """The API server refuses a request."""

    status: int

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


class UnknownKindError(ApiError):
    """The API server has no such kind (yet)."""


def raise_for_status(what: str, status: int, body: Mapping[str, Any]) -> None:
    """Verify that a request has succeeded.

    Args:
        what: the request, for the error.
        status: of the answer.
        body: of the answer; a Status of Kubernetes has a message.

    Raises:
        UnavailableError: it may succeed later.
        ConflictError: the object has changed, or exists.
        RefusedError: anything else.

    """
    if status < http.client.MULTIPLE_CHOICES:
        return
    message = str(body.get("message") or "")
    if status in _LATER or status >= _SERVER_ERRORS:
        raise UnavailableError(f"{what}: status {status}: {message or 'no message'}", status=status)
    kind = ConflictError if status == http.client.CONFLICT else RefusedError
    raise kind(f"{what}: {message or f'status {status}'}", status=status)
