"""Reads from the Kubernetes API as an administrator, where starting kubectl for each request is too slow."""

import http.client
import json
import socket
import ssl
import tempfile
from typing import Any

from kubequorum_cli.kubernetes.access import Access

_TIMEOUT_SECONDS = 10


class ApiError(Exception):
    """The API did not answer, or answered with another status than 200."""


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

    def get(self, path: str) -> Any:
        """An object or a list.

        Raises:
            ApiError: there is none; with the reason.
        """
        name = self._access.server_name
        address = (self._access.host, self._access.port)
        connection = http.client.HTTPConnection(*address, timeout=_TIMEOUT_SECONDS)
        try:
            plain = socket.create_connection(address, timeout=_TIMEOUT_SECONDS)
            connection.sock = self._context.wrap_socket(plain, server_hostname=name)
            connection.request("GET", path, headers={"Host": name})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{name} does not answer at {address[0]}:{address[1]}: {error!r}") from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            text = body[:300].decode(errors="replace")
            raise ApiError(f"{name}{path} answered with status {answer.status}: {text}")
        return json.loads(body)
