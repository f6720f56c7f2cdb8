"""A Kubernetes API of a test: HTTPS on loopback with certificates of its own, and answers by path."""

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kubequorum_cli.kubernetes import Access

SERVER_NAME = "api.example.internal"


@dataclass
class ApiStub:
    """Its answers, which a test may change at any time, and how it is reached."""

    access: Access
    answers: dict[str, Any] = field(default_factory=dict)
    """Path to a document, or to a status with a text."""
    programs: set[str] = field(default_factory=set)
    """Who asked, as their requests say: that is what the audit log has of them."""
    certificates: set[bytes] = field(default_factory=set)
    """With what they asked, as DER; empty bytes of those without a certificate."""
    asked: list[str] = field(default_factory=list)
    """The paths of all requests."""


@contextmanager
def running_api(folder: Path) -> Iterator[ApiStub]:
    """Start it; the administrator's certificate is the server's, whose validity ends in 40 days."""
    certificate, key = folder / "api.crt", folder / "api.key"
    make_certificate(certificate, key, days=40, name=SERVER_NAME)
    stubs: list[ApiStub] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stubs[0].programs.add(self.headers.get("User-Agent", ""))
            stubs[0].asked.append(self.path)
            connection: Any = self.connection
            stubs[0].certificates.add(connection.getpeercert(binary_form=True) or b"")
            answer = stubs[0].answers.get(self.path, (404, "not found"))
            status, text = answer if isinstance(answer, tuple) else (200, json.dumps(answer))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True)
    stubs.append(ApiStub(access=_access(server.server_address[1], certificate, key)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stubs[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificate(certificate: Path, key: Path, *, days: int, name: str, algorithm: str = "ec") -> None:
    """Write a certificate that has signed itself, and its key."""
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if algorithm == "ec" else [algorithm]
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-nodes",
                "-newkey",
                *kind,
                "-days",
                str(days),
                "-subj",
                f"/CN={name}",
            ),
            *("-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


def _access(port: int, certificate: Path, key: Path) -> Access:
    def data(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    return Access(
        host="127.0.0.1",
        port=port,
        server_name=SERVER_NAME,
        kubeconfig={
            "clusters": [{"name": "x", "cluster": {"certificate-authority-data": data(certificate)}}],
            "users": [{"name": "admin", "user": user}],
        },
    )
