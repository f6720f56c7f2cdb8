"""Downloads: the right checksum or nothing, one quick attempt, and the kinds of mirrors."""

import hashlib
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lab.artifacts.errors import ArtifactError, ChecksumError
from lab.artifacts.fetch import Fetcher
from lab.artifacts.progress import Event, silent
from tests.lab.artifacts.upstream import release, serving

GOOD = b"the real program"
BAD = b"something else"


def _fetcher(mirror: str | None = None) -> Fetcher:
    return Fetcher(mirror=mirror, progress=silent, probe_seconds=2)


def test_upstream_download_with_the_right_sum(tmp_path: Path) -> None:
    """A reachable upstream has the file."""
    with serving({"/tool": GOOD}) as upstream:
        assert _fetcher().from_upstream(release(GOOD, url=f"{upstream.base}/tool"), tmp_path / "download")
    assert (tmp_path / "download").read_bytes() == GOOD


@pytest.mark.parametrize("place", ["upstream", "mirror address", "mirror folder"])
def test_wrong_checksum_stops_with_both_sums(tmp_path: Path, place: str) -> None:
    """From any source, a file with another checksum is an error with both sums, and is removed."""
    download = tmp_path / "download"
    with serving({"/tool": BAD, "/m/example.test/tool": BAD}) as upstream:
        pinned = release(GOOD, url=f"{upstream.base}/tool")
        mirrored = release(GOOD, url="https://example.test/tool")
        folder = tmp_path / "folder" / "example.test"
        folder.mkdir(parents=True)
        (folder / "tool").write_bytes(BAD)
        fetch: dict[str, Callable[[], bool]] = {
            "upstream": lambda: _fetcher().from_upstream(pinned, download),
            "mirror address": lambda: _fetcher(f"{upstream.base}/m/").from_mirror(mirrored, download),
            "mirror folder": lambda: _fetcher(str(tmp_path / "folder")).from_mirror(mirrored, download),
        }
        with pytest.raises(ChecksumError) as caught:
            fetch[place]()
    for body in (GOOD, BAD):
        assert hashlib.sha256(body).hexdigest() in str(caught.value)
    assert not download.exists()


@pytest.mark.parametrize("place", ["upstream", "mirror address", "mirror folder"])
def test_nothing_is_fetched_without_a_checksum(tmp_path: Path, place: str) -> None:
    """Whoever has the file is not even asked: nothing could tell whether it is the right one."""
    with serving({"/tool": GOOD, "/m/example.test/tool": GOOD}) as upstream:
        unpinned = replace(release(GOOD, url=f"{upstream.base}/tool"), sha256=None)
        mirrored = replace(release(GOOD, url="https://example.test/tool"), sha256=None)
        folder = tmp_path / "folder" / "example.test"
        folder.mkdir(parents=True)
        (folder / "tool").write_bytes(GOOD)
        fetch: dict[str, Callable[[], bool]] = {
            "upstream": lambda: _fetcher().from_upstream(unpinned, tmp_path / "download"),
            "mirror address": lambda: _fetcher(f"{upstream.base}/m/").from_mirror(
                mirrored, tmp_path / "download"
            ),
            "mirror folder": lambda: _fetcher(str(tmp_path / "folder")).from_mirror(
                mirrored, tmp_path / "download"
            ),
        }
        assert not fetch[place]()
        assert upstream.requests == []
    assert not (tmp_path / "download").exists()


def test_silent_host_is_tried_once_a_run(tmp_path: Path) -> None:
    """A host that accepts connections and never answers is given up after one attempt, which is reported."""
    events: list[Event] = []
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(0.2)
        fetcher = Fetcher(mirror=None, progress=events.append, probe_seconds=0.3)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        for name in ("one", "two"):
            assert not fetcher.from_upstream(release(GOOD, url=f"{url}/{name}"), tmp_path / name)
        deaf.accept()[0].close()
        with pytest.raises(TimeoutError):
            deaf.accept()
    assert len(events) == 1
    assert "cannot be reached" in events[0].message


def test_name_that_does_not_resolve_is_unreachable(tmp_path: Path) -> None:
    """No name resolution: no upstream, and no exception."""
    assert not _fetcher().from_upstream(release(GOOD, url="https://host.invalid/tool"), tmp_path / "download")


def test_upstream_without_the_file_is_still_reachable(tmp_path: Path) -> None:
    """A 404 for one file does not make the host unreachable for the next."""
    fetcher = _fetcher()
    with serving({"/two": GOOD}) as upstream:
        assert not fetcher.from_upstream(release(GOOD, url=f"{upstream.base}/one"), tmp_path / "one")
        assert fetcher.from_upstream(release(GOOD, url=f"{upstream.base}/two"), tmp_path / "two")


def test_mirror_without_a_file_is_skipped(tmp_path: Path) -> None:
    """A mirror need not have everything: False lets the next source try."""
    wanted = release(GOOD, url="https://example.test/tool")
    with serving({}) as upstream:
        assert not _fetcher(upstream.base).from_mirror(wanted, tmp_path / "download")
    assert not _fetcher(str(tmp_path)).from_mirror(wanted, tmp_path / "download")
    assert not _fetcher(None).from_mirror(wanted, tmp_path / "download")


def test_broken_mirror_is_an_error(tmp_path: Path) -> None:
    """A mirror that the user named and that does not work is reported, not skipped silently."""
    wanted = release(GOOD, url="https://example.test/tool")
    with serving({"/example.test/tool": GOOD}) as upstream:
        upstream.status = 500
        with pytest.raises(ArtifactError, match="answered 500"):
            _fetcher(upstream.base).from_mirror(wanted, tmp_path / "download")
    with pytest.raises(ArtifactError, match="the mirror failed"):
        _fetcher(upstream.base).from_mirror(wanted, tmp_path / "download")
    with pytest.raises(ArtifactError, match="neither a folder"):
        _fetcher(str(tmp_path / "nowhere")).from_mirror(wanted, tmp_path / "download")
