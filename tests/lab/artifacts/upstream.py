"""A small web server on loopback that stands where releases are published, and releases that point to it."""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from lab.artifacts.releases import Release


@dataclass
class Upstream:
    """The server's files by path, and what it was asked."""

    files: dict[str, bytes]
    port: int = 0
    status: int = 200
    requests: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Upstream]:
    """Serve files as long as the block runs."""
    upstream = Upstream(dict(files))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            upstream.requests.append(f"{self.command} {self.path}")
            body = upstream.files.get(self.path)
            self.send_response(404 if body is None and upstream.status == 200 else upstream.status)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        do_HEAD = do_GET  # noqa: N815  (the name is http.server's)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        upstream.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()


def release(body: bytes, *, url: str, name: str = "tool", archive: str | None = None) -> Release:
    """Make a release whose pinned sum is that of `body`."""
    return Release(
        name=name,
        version="1.2.3",
        architecture="amd64",
        url=url,
        sha256=hashlib.sha256(body).hexdigest(),
        archive=archive,
        strip_components=1 if archive else 0,
        install={name: f"/usr/local/bin/{name}"},
        version_command=(name, "--version"),
    )


def tarball(members: Mapping[str, bytes]) -> bytes:
    """Make a .tar.gz with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return buffer.getvalue()
