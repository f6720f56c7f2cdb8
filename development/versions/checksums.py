"""Upstream's checksums: small files beside the downloads, at upstream or on a mirror."""

import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from ipaddress import ip_address
from pathlib import Path

from kubequorum_cli.errors import CommandError, UsageError

SUFFIX = ".sha256"
"""https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/: `kubectl.sha256` beside `kubectl`."""
_SHA256 = re.compile(rb"\s*([0-9a-f]{64})\s*")
_LONGEST = 4096
_TIMEOUT_SECONDS = 15.0
_ELSEWHERE = (
    "run it where upstream can be reached, or name a mirror that has these files with --from; the lock file "
    "is unchanged"
)


class Source:
    """Where checksums are read from."""

    def __init__(self, place: str | None) -> None:
        """Upstream, or a mirror: https://… or a folder, with each file at the path of its URL, host included.

        Raises:
            UsageError: it is neither; or plain http from another computer, which anybody on the way could
                change.
        """
        self._address: str | None = None
        self._folder: Path | None = None
        if place is None:
            return
        if place.startswith(("https://", "http://")):
            if place.startswith("http://") and not _is_loopback(place):
                raise UsageError(
                    f"--from {place} cannot be used",
                    why="checksums that come over another protocol than https can be changed on the way",
                    remedy="name an address that begins with https://, or a folder",
                )
            self._address = place.rstrip("/")
            return
        self._folder = Path(place.removeprefix("file://"))
        if not place or not self._folder.is_dir():
            raise UsageError(
                f"--from {place!r} is neither a folder nor an address",
                remedy="name a folder that exists, or an address that begins with https://",
            )

    def place_of(self, url: str) -> str:
        """Where the checksum of a download is.

        Args:
            url: of the download at upstream, https://….
        """
        path = f"{url.removeprefix('https://')}{SUFFIX}"
        if self._folder is not None:
            return str(self._folder / path)
        return f"{self._address}/{path}" if self._address else f"{url}{SUFFIX}"

    def checksum(self, url: str) -> str:
        """Read the checksum of a download: 64 hex digits.

        Raises:
            CommandError: it is not there, cannot be read, or is something else.
        """
        place = self.place_of(url)
        content = _download(place) if self._folder is None else _read(Path(place))
        if (found := _SHA256.fullmatch(content)) is None:
            raise CommandError(
                f"{place} is no checksum",
                why=f"it must be 64 lower-case hex digits, and begins with {content[:60]!r}",
                remedy=f"look at it: a proxy or a log-in page may have answered instead; {_ELSEWHERE}",
            )
        return found[1].decode()


def _download(place: str) -> bytes:
    try:
        with urllib.request.urlopen(place, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  (http or https)
            if place.startswith("https://") and not answer.url.startswith("https://"):
                raise CommandError(
                    f"{place} leads to {answer.url}",
                    why="checksums that come over another protocol than https can be changed on the way",
                    remedy=_ELSEWHERE,
                )
            content: bytes = answer.read(_LONGEST)
            return content
    except urllib.error.HTTPError as answer:
        raise CommandError(
            f"{place} cannot be read",
            why=f"the server answered {answer.code} {answer.reason}",
            remedy="check that this version is released (https://kubernetes.io/releases/), and that a mirror "
            f"has the files {SUFFIX}, too; the lock file is unchanged",
        ) from answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = str(getattr(error, "reason", error)) or repr(error)
        raise CommandError(f"{place} cannot be read", why=why, remedy=_ELSEWHERE) from error


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_LONGEST)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read",
            why=error.strerror or str(error),
            remedy=f"put upstream's files {SUFFIX} beside the downloads of the mirror, for example with "
            "`wget --force-directories`; the lock file is unchanged",
        ) from error


def _is_loopback(address: str) -> bool:
    try:
        host = urllib.parse.urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
