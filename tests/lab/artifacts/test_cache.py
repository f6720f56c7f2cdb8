"""The cache: entries are complete or absent, whatever happens to a builder; one builder at a time."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lab.artifacts.cache import Cache, Entry, remove_tree
from lab.artifacts.errors import ArtifactError
from lab.artifacts.progress import Event, silent

REPOSITORY = Path(__file__).parents[3]
KEY = "0123456789abcdef" * 4


def _publish(cache: Cache, text: str = "content", *, name: str = "tool", key: str = KEY) -> Entry:
    with cache.lock(silent), cache.staging() as staging:
        content = staging / "content"
        content.mkdir()
        (content / "tool").write_text(text, encoding="utf-8")
        return cache.publish(content, kind="programs", name=name, key=key, source="test", seconds=1)


def _script(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start another process that uses the cache; it prints a line when it has reached that point."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_published_entry_is_found_with_its_description(tmp_path: Path) -> None:
    """What one process publishes is found by another one, with source, size and content."""
    published = _publish(Cache(tmp_path))
    found = Cache(tmp_path).find("programs", "tool", KEY)
    assert found == published
    assert (published.content / "tool").read_text(encoding="utf-8") == "content"
    assert published.source == "test"
    assert published.bytes > 0


def test_other_key_is_another_artifact(tmp_path: Path) -> None:
    """An entry is found by its own key only."""
    _publish(Cache(tmp_path))
    assert Cache(tmp_path).find("programs", "tool", "f" * 64) is None


def test_killed_builder_leaves_nothing_and_no_lock(tmp_path: Path) -> None:
    """A builder killed while it fills its folder leaves no entry; the next one cleans up."""
    victim = _script(
        """
        import sys, time
        from pathlib import Path
        from lab.artifacts.cache import Cache
        from lab.artifacts.progress import silent
        cache = Cache(Path(sys.argv[1]))
        with cache.lock(silent), cache.staging() as staging:
            (staging / "content").mkdir()
            (staging / "content" / "tool").write_text("half")
            print("half done", flush=True)
            time.sleep(600)
        """,
        str(tmp_path),
    )
    try:
        assert _line(victim) == "half done"
        assert list((tmp_path / "staging").iterdir())
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    cache = Cache(tmp_path)
    assert cache.entries() == []
    with cache.lock(silent):
        assert not (tmp_path / "staging").exists()


def test_second_builder_waits_for_the_first_and_reports_it(tmp_path: Path) -> None:
    """While one process holds the lock, another one gets it only after the first releases it."""
    first = _script(
        """
        import sys
        from pathlib import Path
        from lab.artifacts.cache import Cache
        from lab.artifacts.progress import silent
        with Cache(Path(sys.argv[1])).lock(silent):
            print("holding", flush=True)
            sys.stdin.readline()
            Path(sys.argv[1], "first").touch()
        """,
        str(tmp_path),
    )
    events: list[Event] = []

    def reported(event: Event) -> None:
        events.append(event)
        assert first.stdin is not None
        first.stdin.write("\n")
        first.stdin.flush()

    try:
        assert _line(first) == "holding"
        with Cache(tmp_path).lock(reported):
            assert (tmp_path / "first").exists()
    finally:
        first.communicate(timeout=30)
    assert f"process {first.pid}" in events[0].message


def test_lock_outlives_a_killed_builder_as_long_as_its_compiler_runs(tmp_path: Path) -> None:
    """The compiler that a killed builder leaves behind holds the lock: no second build runs beside it."""
    builder = _script(
        """
        import subprocess, sys, time
        from pathlib import Path
        from lab.artifacts.cache import Cache
        from lab.artifacts.progress import silent
        with Cache(Path(sys.argv[1])).lock(silent) as lock:
            child = subprocess.Popen(["sleep", "600"], pass_fds=[lock], stdout=subprocess.DEVNULL)
            print(child.pid, flush=True)
            time.sleep(600)
        """,
        str(tmp_path),
    )
    compiler = int(_line(builder))
    builder.send_signal(signal.SIGKILL)
    builder.communicate()
    waited: list[str] = []

    def reported(event: Event) -> None:
        waited.append(event.message)
        os.kill(compiler, signal.SIGKILL)

    with Cache(tmp_path).lock(reported):
        pass
    assert len(waited) == 1


def test_changed_content_is_reported_as_damaged(tmp_path: Path) -> None:
    """--verify finds a file that is no longer what was published."""
    cache = Cache(tmp_path)
    entry = _publish(cache)
    assert cache.damaged() == []
    (entry.content / "tool").write_text("tampered", encoding="utf-8")
    assert [damaged.path for damaged in cache.damaged()] == [entry.path]


def test_unreadable_entry_is_replaced(tmp_path: Path) -> None:
    """An entry without its description counts as missing and is replaced."""
    cache = Cache(tmp_path)
    entry = _publish(cache, "old")
    (entry.path / "entry.json").write_text("{", encoding="utf-8")
    assert cache.find("programs", "tool", KEY) is None
    again = _publish(cache, "new")
    assert (again.content / "tool").read_text(encoding="utf-8") == "new"
    assert {path.name for path in again.path.iterdir()} == {"content", "entry.json"}


def test_entries_come_in_the_order_of_their_last_use(tmp_path: Path) -> None:
    """A look-up counts as use, so that pruning removes the others first."""
    cache = Cache(tmp_path)
    for number, name in enumerate(("one", "two")):
        os.utime(_publish(cache, name=name).path / "entry.json", (number, number))
    assert [entry.name for entry in cache.entries()] == ["one", "two"]
    assert cache.find("programs", "one", KEY) is not None
    assert [entry.name for entry in cache.entries()] == ["two", "one"]


def test_tree_with_read_only_folders_is_removed(tmp_path: Path) -> None:
    """Go makes its module cache read-only; it is still removed."""
    folder = tmp_path / "modules" / "inner"
    folder.mkdir(parents=True)
    (folder / "file").touch()
    folder.chmod(0o555)
    remove_tree(tmp_path / "modules")
    assert not (tmp_path / "modules").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_entry_in_use_by_a_mount_is_not_removed(tmp_path: Path) -> None:
    """The lower layer of a running machine is never pruned."""
    cache = Cache(tmp_path / "cache")
    entry = _publish(cache)
    target = tmp_path / "mounted"
    target.mkdir()
    subprocess.run(["mount", "--bind", entry.content, target], check=True)
    try:
        with cache.lock(silent), pytest.raises(ArtifactError, match="in use by a mount"):
            cache.remove(entry)
        assert (entry.content / "tool").exists()
    finally:
        subprocess.run(["umount", target], check=True)
    with cache.lock(silent):
        cache.remove(entry)
    assert not entry.path.exists()
