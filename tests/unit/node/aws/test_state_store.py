"""Files in the state bucket: real botocore, and a small S3 on this computer."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.state_store import (
    MissingObjectError,
    PreconditionError,
    StateStore,
)
from kubequorum_node.errors import NodeError
from tests.unit.node.fakes import FakeClock

_PAGE = 2


class _S3(BaseHTTPRequestHandler):
    """Objects in memory; listings in pages of two."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("If-None-Match") == "*" and self._key() in self.objects:
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        self.objects[self._key()] = body
        self._answer(200)

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = re.findall(r"<Key>([^<]*)</Key>", asked)
        refused = [key for key in keys if key.startswith("pki/")]
        for key in set(keys) - set(refused):
            self.objects.pop(key, None)
        errors = "".join(f"<Error><Key>{key}</Key><Code>AccessDenied</Code></Error>" for key in refused)
        self._answer(200, f"<DeleteResult>{errors}</DeleteResult>".encode())

    def do_HEAD(self) -> None:
        body = self.objects.get(self._key())
        self._answer(404) if body is None else self._answer(200, body)

    def do_GET(self) -> None:
        if "list-type" in self.path:
            self._answer(200, self._listing())
            return
        body = self.objects.get(self._key())
        if body is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part is None:
            self._answer(200, body)
        else:
            self._answer(206, body[int(part[1]) : int(part[2] or len(body)) + 1])

    def _listing(self) -> bytes:
        query = parse_qs(urlsplit(self.path).query)
        after = query.get("start-after", [""])[0]
        found = sorted(key for key in self.objects if key.startswith(query["prefix"][0]) and key > after)
        begin = int(query.get("continuation-token", ["0"])[0])
        page, more = found[begin : begin + _PAGE], len(found) > begin + _PAGE
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size>"
            "<LastModified>2026-11-24T12:00:00.000Z</LastModified></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{begin + _PAGE}</NextContinuationToken>" if more else ""
        return (
            f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        ).encode()

    def _key(self) -> str:
        return urlsplit(self.path).path.removeprefix("/ha-state/")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def objects() -> dict[str, bytes]:
    """What the bucket holds."""
    return {}


@pytest.fixture
def store(objects: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[StateStore]:
    """A store whose bucket is in memory."""
    handler = type("Handler", (_S3,), {"objects": objects})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield StateStore(Aws("eu-central-1", clock=FakeClock()), "ha-state", clock=FakeClock())
        server.shutdown()


@pytest.mark.parametrize("size_bytes", [0, 5, 20 << 20])
def test_a_file_comes_back_as_it_was(
    store: StateStore, objects: dict[str, bytes], tmp_path: Path, size_bytes: int
) -> None:
    """One that is empty, too; one of several parts is read in parts."""
    source, target = tmp_path / "snapshot.db", tmp_path / "copy.db"
    source.write_bytes(bytes(size_bytes))
    if size_bytes > 8 << 20:
        # A multipart upload is S3's own business: the object is there.
        objects["backups/1"] = source.read_bytes()
    else:
        store.upload("backups/1", source)
    store.download("backups/1", target)
    assert target.read_bytes() == source.read_bytes()


def test_a_file_that_is_not_there_is_an_error_that_names_it(store: StateStore, tmp_path: Path) -> None:
    """And leaves nothing behind that could be taken for it."""
    with pytest.raises(MissingObjectError, match=r"s3://ha-state/backups/1"):
        store.download("backups/1", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_listing_goes_through_all_pages(store: StateStore, objects: dict[str, bytes]) -> None:
    """And knows the size and age of each object."""
    objects.update({f"backups/{n}": b"x" * n for n in range(5)} | {"slots/a/record.json": b"{}"})
    found = list(store.entries("backups/"))
    assert [(each.key, each.size_bytes) for each in found] == [(f"backups/{n}", n) for n in range(5)]
    assert found[0].written.isoformat() == "2026-11-24T12:00:00+00:00"


def test_bytes_are_kept_as_they_are(store: StateStore, objects: dict[str, bytes]) -> None:
    """What is no text can be stored."""
    store.put("backups/key", b"\xff\x00")
    stored = store.get("backups/key")
    assert stored is not None
    assert stored.body == b"\xff\x00"


def test_a_listing_begins_behind_a_key(store: StateStore, objects: dict[str, bytes]) -> None:
    """On all its pages."""
    objects.update({f"backups/{n}": b"" for n in range(7)})
    assert [each.key for each in store.entries("backups/", after="backups/2")] == [
        f"backups/{n}" for n in range(3, 7)
    ]


def test_a_file_that_is_created_must_not_be_there(
    store: StateStore, objects: dict[str, bytes], tmp_path: Path
) -> None:
    """The first one stays as it is."""
    source = tmp_path / "snapshot.db"
    source.write_bytes(b"first")
    store.create("backups/1", source)
    source.write_bytes(b"second")
    with pytest.raises(PreconditionError, match=r"s3://ha-state/backups/1 was written by another host"):
        store.create("backups/1", source)
    assert objects["backups/1"] == b"first"


def test_objects_are_deleted(store: StateStore, objects: dict[str, bytes]) -> None:
    """And those that are not are an error."""
    objects.update({"backups/1": b"", "backups/2": b"", "pki/ca": b""})
    store.delete(["backups/1", "backups/3"])
    assert sorted(objects) == ["backups/2", "pki/ca"]
    with pytest.raises(NodeError, match=r"1 objects could not be deleted.*AccessDenied"):
        store.delete(["backups/2", "pki/ca"])
