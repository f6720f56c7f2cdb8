"""Downloads from the web or from S3, verified by their checksum."""

import hashlib
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.aws.clients import Aws
from kubequorum_node.clock import Clock, RetryPolicy
from kubequorum_node.errors import NodeError
from kubequorum_node.log import warning

_PATIENCE = RetryPolicy(attempts=6, pause_seconds=2.0, growth=2.0, longest_pause_seconds=15.0)
_RETRIED = (OSError, http.client.HTTPException, BotoCoreError, ClientError)
_TIMEOUT_SECONDS = 20
_CHUNK = 1 << 20
_GONE_FOR_GOOD = frozenset({400, 401, 403, 404, 410})


class DownloadError(NodeError):
    """A file cannot be downloaded."""


class ChecksumError(NodeError):
    """A file does not have the checksum in the lock file."""


def fetch(source: str, target: Path, *, sha256: str, aws: Aws, clock: Clock) -> None:
    """Download a file and verify its checksum; temporary failures are retried.

    Args:
        source: https://…, http://… or s3://bucket/key.
        target: where to put it.
        sha256: its expected checksum.
        aws: for s3://.
        clock: for pauses between attempts.

    Raises:
        DownloadError: it could not be downloaded.
        ChecksumError: it is another file; with both checksums. That is not retried.

    """
    failures: list[Exception] = []

    def note(failure: Exception) -> None:
        failures.append(failure)
        warning(f"{source}: {failure}; it is retried")

    try:
        found = clock.retry(
            lambda: _fetch_once(source, target, aws),
            _PATIENCE,
            retry_if=lambda failure: isinstance(failure, _RETRIED) and not _is_permanent(failure),
            on_retry=note,
        )
    except _RETRIED as error:
        raise DownloadError(
            f"{source} cannot be downloaded (attempt {len(failures) + 1}): {error}. If this host cannot "
            "reach it, name a mirror in the cluster file (artifacts.mirror)"
        ) from error
    if found != sha256:
        target.unlink(missing_ok=True)
        raise ChecksumError(
            f"bad checksum of {source.rpartition('/')[2]}: {source} has sha256 {found}, "
            f"but the lock file says {sha256}; either the source was changed, or the lock file is wrong"
        )


def _fetch_once(source: str, target: Path, aws: Aws) -> str:
    digest = hashlib.sha256()
    with _opened(source, aws) as body, target.open("wb") as file:
        while chunk := body.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(source: str, aws: Aws) -> Iterator[Any]:
    parts = urlsplit(source)
    if parts.scheme == "s3":
        body: Any = aws.call(lambda: aws.s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/")))[
            "Body"
        ]
        try:
            yield body
        finally:
            body.close()
        return
    with urllib.request.urlopen(source, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked in config
        length = answer.headers.get("Content-Length")
        counted = _Counted(answer)
        yield counted
        if length is not None and counted.count != int(length):
            raise http.client.IncompleteRead(b"", int(length) - counted.count)


class _Counted:
    """A body that counts its length: a connection that ends early is not an error by itself."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body
        self.count = 0

    def read(self, size: int) -> bytes:
        chunk = self._body.read(size)
        self.count += len(chunk)
        return chunk


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _GONE_FOR_GOOD
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in _GONE_FOR_GOOD
    return False


def unpack_tar(archive: Path, folder: Path, *, wanted: dict[str, str], strip_components: int) -> None:
    """Extract some files of a .tar.gz.

    Args:
        archive: the file.
        folder: where to put them.
        wanted: paths in the archive, without the stripped folders, with their new names.
        strip_components: leading folders to strip.

    Raises:
        DownloadError: a file is not in the archive.

    """
    missing = dict(wanted)
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            parts = [part for part in member.name.split("/") if part not in ("", ".")]
            name = "/".join(parts[strip_components:])
            if member.isfile() and name in missing:
                source = tar.extractfile(member)
                if source is not None:
                    with (folder / missing.pop(name)).open("wb") as file:
                        shutil.copyfileobj(source, file, _CHUNK)
    if missing:
        raise DownloadError(f"{archive.name} does not hold {', '.join(missing)}")
