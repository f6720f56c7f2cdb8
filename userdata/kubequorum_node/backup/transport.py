"""Requests to etcd's JSON gateway, and its errors as exceptions.

https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/
"""

import http.client
import json
from collections.abc import Iterator
from typing import Any

from kubequorum_node.backup.connection import Connect
from kubequorum_node.backup.errors import CompactedError, EtcdRefusedError, EtcdUnavailableError

_OK = 200
_UNAVAILABLE = frozenset({4, 8, 14})
"""gRPC codes DeadlineExceeded, ResourceExhausted and Unavailable: no leader, no quorum, too many requests."""
_COMPACTED = "required revision has been compacted"
_SECONDS = 10.0
_HEADERS = {"Content-Type": "application/json"}
_REQUIRE_LEADER = {"Grpc-Metadata-hasleader": "true"}
"""etcd cancels a watch with it when its member loses the leader, instead of staying silent
(etcd server/etcdserver/api/v3rpc/interceptor.go)."""


class Transport:
    """One etcd member. Not safe to share between threads: each thread makes one of its own."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: http.client.HTTPConnection | None = None

    def call(self, path: str, body: dict[str, Any], *, seconds: float = _SECONDS) -> dict[str, Any]:
        """Send a request that has one answer.

        Raises:
            EtcdUnavailableError: no answer, or etcd cannot serve now.
            CompactedError: the revision asked for is gone.
            EtcdRefusedError: any other error of etcd.

        """
        data = json.dumps(body).encode()
        reused = self._connection is not None
        try:
            try:
                return self._exchange(path, data, seconds)
            except (http.client.RemoteDisconnected, ConnectionError):
                # An idle connection may have been closed. All requests used here can be repeated.
                self.close()
                if not reused:
                    raise
                return self._exchange(path, data, seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise EtcdUnavailableError(f"etcd does not answer {path}: {error!r}") from error

    def close(self) -> None:
        """Close the connection; the next call opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stream(self, path: str, body: dict[str, Any], *, idle_seconds: float) -> Iterator[dict[str, Any]]:
        """Send a request that has many answers, on a connection of its own.

        Args:
            path: of the method.
            body: the request.
            idle_seconds: without an answer for so long it ends with EtcdUnavailableError.

        Raises:
            EtcdUnavailableError: the connection ended, or this member has lost its leader.
            EtcdRefusedError: etcd does not want it.

        """
        connection = self._connect(idle_seconds)
        try:
            connection.request("POST", path, json.dumps(body), {**_HEADERS, **_REQUIRE_LEADER})
            answer = connection.getresponse()
            if answer.status != _OK:
                raise _failure(path, answer.read())
            while line := answer.readline():
                document = json.loads(line)
                if "error" in document:
                    raise _error(path, document["error"])
                yield document["result"]
            raise EtcdUnavailableError(f"etcd ended {path}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EtcdUnavailableError(f"{path} ended: {error!r}") from error
        finally:
            connection.close()

    def _exchange(self, path: str, data: bytes, seconds: float) -> dict[str, Any]:
        if self._connection is None:
            self._connection = self._connect(seconds)
        self._connection.timeout = seconds
        if self._connection.sock is not None:
            self._connection.sock.settimeout(seconds)
        self._connection.request("POST", path, data, _HEADERS)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != _OK:
            raise _failure(path, text)
        # A streaming method (keepalive) closes with its answer, one JSON document a line.
        document: dict[str, Any] = json.loads(text)
        return document


def _failure(path: str, text: bytes) -> Exception:
    try:
        document = json.loads(text)
    except ValueError:
        document = {"message": text[:200].decode(errors="replace")}
    return _error(path, document.get("error", document) if isinstance(document, dict) else {})


def _error(path: str, error: Any) -> Exception:
    details = error if isinstance(error, dict) else {"message": str(error)}
    message = str(details.get("message", details))
    if _COMPACTED in message:
        return CompactedError(message)
    code = details.get("code", details.get("grpc_code", 0))
    if code in _UNAVAILABLE:
        return EtcdUnavailableError(f"{path}: {message}")
    return EtcdRefusedError(f"{path}: {message}")
