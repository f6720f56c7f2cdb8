"""Reads from the API with an administrator's credentials; for what would start kubectl too often."""

import http.client
import json
import socket
import ssl
import tempfile
from typing import Any

from lab.access import Access

_TIMEOUT_SECONDS = 10
_OK = 200


class ApiError(Exception):
    """There was no answer, or another one than 200."""


class Client:
    """One administrator."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._context = ssl.create_default_context(cadata=access.certificate_authority())
        # It reads a certificate of its own from a file only; this one is its owner's to read, and soon gone.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(access.credentials())
            file.flush()
            self._context.load_cert_chain(file.name)

    def get(self, path: str) -> Any:
        """An object or a list.

        Raises:
            ApiError: there is none; with the reason.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._access.port, timeout=_TIMEOUT_SECONDS)
        try:
            plain = socket.create_connection(("127.0.0.1", self._access.port), timeout=_TIMEOUT_SECONDS)
            connection.sock = self._context.wrap_socket(plain, server_hostname=self._access.server_name)
            connection.request("GET", path, headers={"Host": self._access.server_name})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{self._access.server_name} does not answer: {error!r}") from error
        finally:
            connection.close()
        if answer.status != _OK:
            raise ApiError(f"{self._access.server_name}{path} says {answer.status}: {body[:300].decode()}")
        return json.loads(body)
