"""Downloads pinned releases: from the user's mirror, else from upstream, with the pinned checksum."""

import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

from lab.artifacts.errors import ArtifactError, ChecksumError
from lab.artifacts.progress import Event, Progress
from lab.artifacts.releases import LOCK_FILE, Release

_PROBE_SECONDS = 4.0
_READ_SECONDS = 10.0
_DOWNLOAD_SECONDS = 900.0
_CHUNK = 1 << 20
_FAILURES = (OSError, http.client.HTTPException, urllib.error.URLError)


class Fetcher:
    """Downloads of one run; a host that cannot be reached is not tried again in it."""

    def __init__(
        self, *, mirror: str | None, progress: Progress, probe_seconds: float = _PROBE_SECONDS
    ) -> None:
        self._mirror = mirror.rstrip("/") if mirror else None
        self._progress = progress
        self._probe_seconds = probe_seconds
        self._reachable: dict[str, bool] = {}

    def from_mirror(self, release: Release, into: Path) -> bool:
        """Download a release from the mirror into the file `into`; False if the mirror does not have it.

        Nor is one downloaded whose checksum nobody has pinned.

        Raises:
            ArtifactError: the mirror was named by the user and does not work at all.
            ChecksumError: it has another file under that name.
        """
        if self._mirror is None or release.sha256 is None:
            return False
        if self._mirror.startswith(("http://", "https://")):
            url = f"{self._mirror}/{urllib.parse.quote(release.mirror_path)}"
            try:
                self._download(url, release=release, into=into)
            except urllib.error.HTTPError as answer:
                if answer.code in {403, 404}:
                    return False
                raise ArtifactError(
                    f"the mirror answered {answer.code} for {url}; fix or unset it"
                ) from answer
            except _FAILURES as error:
                raise ArtifactError(f"the mirror failed for {url}: {error}; fix or unset it") from error
            return True
        folder = Path(self._mirror.removeprefix("file://"))
        if not folder.is_dir():
            raise ArtifactError(
                f"the mirror {folder} is neither a folder nor an http(s) address; fix or unset it"
            )
        file = folder / release.mirror_path
        if not file.is_file():
            return False
        with file.open("rb") as source:
            _copy_checked(source, release=release, origin=str(file), into=into)
        return True

    def from_upstream(self, release: Release, into: Path) -> bool:
        """Download a release from upstream; False if that cannot be reached or does not have it.

        Nor is one downloaded whose checksum nobody has pinned.

        Raises:
            ChecksumError: upstream has another file under that name.
        """
        if release.sha256 is None:
            return False
        host = urllib.parse.urlsplit(release.url).netloc
        if not self._is_reachable(host, release.url):
            return False
        try:
            self._download(release.url, release=release, into=into)
        except _FAILURES as error:
            self._progress(Event(what=release.name, message=f"upstream failed for {release.url}: {error}"))
            self._reachable[host] = isinstance(error, urllib.error.HTTPError)
            return False
        return True

    def _is_reachable(self, host: str, url: str) -> bool:
        """One quick attempt per host, in a thread, because name resolution has no time-out of its own."""
        if host not in self._reachable:
            answers: list[str] = []

            def probe() -> None:
                request = urllib.request.Request(url, method="HEAD")  # noqa: S310  (https, by the lock's schema)
                try:
                    with urllib.request.urlopen(request, timeout=self._probe_seconds):  # noqa: S310
                        answers.append("")
                except urllib.error.HTTPError:
                    answers.append("")
                except (*_FAILURES, ValueError) as error:
                    answers.append(f"{getattr(error, 'reason', error)}")

            began = time.monotonic()
            thread = threading.Thread(target=probe, name=f"probe {host}", daemon=True)
            thread.start()
            thread.join(self._probe_seconds)
            problem = answers[0] if answers else "no answer"
            self._reachable[host] = not problem
            if problem:
                took = time.monotonic() - began
                message = f"{host} cannot be reached ({problem}, {took:.1f} s); not tried again"
                self._progress(Event(what="upstream", message=message))
        return self._reachable[host]

    def _download(self, url: str, *, release: Release, into: Path) -> None:
        self._progress(Event(what=release.name, message=f"downloading {url}"))
        with urllib.request.urlopen(url, timeout=_READ_SECONDS) as response:  # noqa: S310  (http or https)
            _copy_checked(response, release=release, origin=url, into=into)


def _copy_checked(source: IO[bytes], *, release: Release, origin: str, into: Path) -> None:
    """Copy and hash in one pass; a file with the wrong checksum is removed."""
    assert release.sha256 is not None  # noqa: S101  (the callers have looked)
    digest = hashlib.sha256()
    deadline = time.monotonic() + _DOWNLOAD_SECONDS
    with into.open("wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
            if time.monotonic() > deadline:
                raise TimeoutError(f"not complete after {_DOWNLOAD_SECONDS:.0f} s")
    if digest.hexdigest() != release.sha256:
        into.unlink()
        raise ChecksumError(
            name=f"{release.name} {release.version} for {release.architecture}",
            origin=origin,
            expected=release.sha256,
            actual=digest.hexdigest(),
            pinned_in=str(LOCK_FILE),
        )
