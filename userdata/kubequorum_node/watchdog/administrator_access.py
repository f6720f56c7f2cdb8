"""Use of the administrator's kubeconfig, seen in this API server's audit log and reported as an Event.

People should log in as themselves; this credential is one that several share. What they did is in the audit
log, for as long as the master lives; the Event says that there is something to look for.
"""

import json
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm.cluster_configuration import AUDIT_FOLDER
from kubequorum_node.kubernetes import events
from kubequorum_node.kubernetes.credentials import ADMIN_USER
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_LOG = f"{AUDIT_FOLDER}/audit.log"
_REPORT_AGAIN_SECONDS = 1800.0
"""For the same program at the same address. Kubernetes forgets an Event after an hour."""
_MARK = f'"username":"{ADMIN_USER}"'.encode()
_CHUNK_BYTES = 1 << 20


class AdministratorAccess:
    """Follows the audit log from now on."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._log = LogFollower(str(node.host.path(_LOG)))
        self._reported: dict[tuple[str, str], float] = {}

    def look(self) -> None:
        """Report new uses; an Event that cannot be written is logged."""
        try:
            for line in self._log.lines():
                if _MARK in line:
                    self._take(line)
        except OSError as error:
            warning(f"the audit log cannot be read: {error}")

    def _take(self, line: bytes) -> None:
        try:
            event: dict[str, Any] = json.loads(line)
            if event["user"]["username"] != ADMIN_USER:
                return
            program = str(event.get("userAgent", "")).partition(" ")[0] or "an unnamed program"
            address = str((event.get("sourceIPs") or ["an unknown address"])[0])
            request = f"{event['verb']} {event['requestURI'].partition('?')[0]}"
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            warning(f"a line of the audit log cannot be read: {error!r}")
            return
        now = self._node.clock.now()
        if now - self._reported.get((program, address), float("-inf")) < _REPORT_AGAIN_SECONDS:
            return
        self._reported = {who: at for who, at in self._reported.items() if now - at < _REPORT_AGAIN_SECONDS}
        self._reported[program, address] = now
        self._report(f"the administrator's kubeconfig is used by {program} from {address}: {request}")

    def _report(self, message: str) -> None:
        info(message)
        try:
            events.create(
                self._node,
                component="kubequorum-watchdog",
                reason="AdministratorAccess",
                message=message,
                # Where people can log in as themselves it should not happen.
                is_warning=bool(self._node.security_spec.oidc_issuers),
            )
        except NodeError as error:
            warning(f"no Event of it: {error}")


class LogFollower:
    """Lines that are appended to a log, also when it is rotated by renaming it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._rest = b""
        self._file = self._open()
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """Whole lines since the last call.

        Raises:
            OSError: it cannot be read.

        """
        while True:
            # Before reading: what the old file gets until it is renamed must not be missed.
            rotated = self._is_rotated()
            yield from self._new_lines()
            if not rotated:
                return
            if self._file is not None:
                self._file.close()
            self._file, self._rest = self._open(), b""
            if self._file is None:
                return

    def _new_lines(self) -> Iterator[bytes]:
        while self._file is not None and (chunk := self._file.read(_CHUNK_BYTES)):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            yield from lines

    def _is_rotated(self) -> bool:
        """Whether the path is another file by now."""
        if self._file is None:
            return True
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return False
        return now.st_ino != os.fstat(self._file.fileno()).st_ino

    def _open(self) -> BinaryIO | None:
        try:
            return open(self._path, "rb")
        except FileNotFoundError:
            return None
