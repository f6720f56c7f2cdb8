"""The Kubernetes API, as an administrator, where starting kubectl for each request is too slow."""

import http.client
import json
import socket
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from kubequorum_cli.kubernetes.access import Access

_TIMEOUT_SECONDS = 10
_DONE = (http.client.OK, http.client.CREATED)
_MANAGER = "kubequorum"
"""The name in its requests, and who owns the fields that it applies
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers)."""


class ApiError(Exception):
    """The API did not answer, or refused a request."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an API server answered, and what its connection showed."""

    status: int
    text: str
    date: datetime | None
    """By the API server's clock."""
    certificate: bytes
    """The API server's, as DER."""


class Client:
    """An administrator's connection."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._context = ssl.create_default_context(cadata=access.certificate_authority().decode())
        # Python reads a client's certificate from a file only; this file is private and removed at once.
        with tempfile.NamedTemporaryFile("wb", suffix=".pem") as file:
            file.write(access.certificate() + access.key())
            file.flush()
            self._context.load_cert_chain(file.name)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """An object or a list.

        Raises:
            ApiError: there is none; with the reason.
        """
        return self._done("GET", path, headers=headers)

    def apply(self, path: str, document: dict[str, Any]) -> Any:
        """Create an object or change it, by a server-side apply; returns it as the API has it now.

        Raises:
            ApiError: it is not applied, or no answer says that it is; with the reason.
        """
        # Any JSON is YAML, as which the API wants it.
        headers = {"Content-Type": "application/apply-patch+yaml"}
        body = json.dumps(document).encode()
        return self._done("PATCH", f"{path}?fieldManager={_MANAGER}&force=true", body, headers)

    def ask(self, path: str) -> Answer:
        """What a GET is answered with, whatever its status.

        Raises:
            ApiError: there is no answer; with the reason.
        """
        return self._send("GET", path)

    def _done(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        answer = self._send(method, path, body, headers)
        if answer.status not in _DONE:
            where = f"{self._access.server_name}{path}"
            raise ApiError(f"{where} answered with status {answer.status}: {answer.text[:300]}")
        return json.loads(answer.text)

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        name = self._access.server_name
        address = (self._access.host, self._access.port)
        connection = http.client.HTTPConnection(*address, timeout=_TIMEOUT_SECONDS)
        try:
            plain = socket.create_connection(address, timeout=_TIMEOUT_SECONDS)
            encrypted = self._context.wrap_socket(plain, server_hostname=name)
            connection.sock = encrypted
            certificate = encrypted.getpeercert(binary_form=True) or b""
            connection.request(method, path, body, {"Host": name, "User-Agent": _MANAGER, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{name} does not answer at {address[0]}:{address[1]}: {error!r}") from error
        finally:
            connection.close()
        date = answer.headers["Date"]
        return Answer(
            status=answer.status,
            text=text,
            date=parsedate_to_datetime(date).astimezone(UTC) if date else None,
            certificate=certificate,
        )
