"""DNS over UDP and TCP, at sockets that are passed in."""

import contextlib
import logging
import socket
import struct
import threading
from collections.abc import Callable, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from emulator.machines.nspawn.resolver.answers import Answer

_log = logging.getLogger(__name__)

_UDP_SIZE = 512
"""Of an answer to a client that names no other (RFC 1035)."""
_TCP_IDLE_SECONDS = 10.0

Find = Callable[[str, str], Answer]
"""Given a fully qualified name in lower case, and a type."""


class NameServer:
    """Answers in threads of its own until `close`."""

    def __init__(
        self, *, datagrams: Sequence[socket.socket], listeners: Sequence[socket.socket], find: Find
    ) -> None:
        """Answer at UDP and listening TCP sockets, which are the server's from now on."""
        self._find = find
        self._sockets = [*datagrams, *listeners]
        self._closed = False
        for made in datagrams:
            self._start(self._serve_datagrams, made)
        for made in listeners:
            self._start(self._serve_listener, made)

    def close(self) -> None:
        """Stop; safe to repeat."""
        self._closed = True
        for made in self._sockets:
            with contextlib.suppress(OSError):
                # Wakes a thread that waits in accept or recvfrom; closing alone would not.
                made.shutdown(socket.SHUT_RDWR)
            made.close()

    def answer(self, request: bytes, *, max_size: int) -> bytes | None:
        """The reply to one request; None if it is not a request."""
        try:
            query = dns.message.from_wire(request, ignore_trailing=True)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if query.edns >= 0:
            max_size = max(max_size, query.payload)
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            reply.set_rcode(dns.rcode.NOTIMP)
        else:
            self._fill(reply)
        return reply.to_wire(max_size=max_size, prefer_truncation=True)

    def _fill(self, reply: dns.message.Message) -> None:
        question = reply.question[0]
        if question.rdclass != dns.rdataclass.IN:
            reply.set_rcode(dns.rcode.REFUSED)
            return
        name, type_ = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        try:
            found = self._find(name, type_)
        except Exception:
            _log.exception("no answer for %s %s", name, type_)
            reply.set_rcode(dns.rcode.SERVFAIL)
            return
        reply.answer.extend(found.records)
        reply.authority.extend(found.authority)
        if not found.exists:
            reply.set_rcode(dns.rcode.NXDOMAIN)

    def _start(self, serve: Callable[[socket.socket], None], made: socket.socket) -> None:
        threading.Thread(target=serve, args=(made,), name="dns", daemon=True).start()

    def _serve_datagrams(self, made: socket.socket) -> None:
        while not self._closed:
            try:
                request, client = made.recvfrom(65_535)
            except OSError:
                continue
            if (reply := self.answer(request, max_size=_UDP_SIZE)) is not None:
                with contextlib.suppress(OSError):
                    made.sendto(reply, client)

    def _serve_listener(self, made: socket.socket) -> None:
        while not self._closed:
            try:
                connection, _ = made.accept()
            except OSError:
                continue
            self._start(self._serve_connection, connection)

    def _serve_connection(self, connection: socket.socket) -> None:
        connection.settimeout(_TCP_IDLE_SECONDS)
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while len(head := stream.read(2)) == 2:
                request = stream.read(struct.unpack("!H", head)[0])
                reply = self.answer(request, max_size=65_535)
                if reply is None:
                    return
                connection.sendall(struct.pack("!H", len(reply)) + reply)
