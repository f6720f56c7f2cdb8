"""From a request to files, with a real build of the smallest programs."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from lab.artifacts import ArtifactError, Event, Settings, ensure
from lab.artifacts.cache import Cache
from lab.artifacts.plan import make_plan
from lab.artifacts.store import Store

REPOSITORY = Path(__file__).parents[3]

pytestmark = [
    pytest.mark.skipif(shutil.which("go") is None, reason="this machine has no Go to build with"),
    # One build for all tests of this file, whatever worker runs them.
    pytest.mark.xdist_group("artifacts-store"),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a cache that the first test fills and the others use."""
    cache_dir = tmp_path_factory.mktemp("cache")
    return dataclasses.replace(Settings.from_environment({"XDG_CACHE_HOME": "/x"}), cache_dir=cache_dir)


def test_pause_is_built_and_its_image_made(settings: Settings) -> None:
    """`ensure` provides a program that runs and its image; a second call does no work."""
    events: list[Event] = []
    paths = ensure(["image:pause"], events.append, settings=settings)
    version = subprocess.run([paths.programs["pause"], "-v"], capture_output=True, text=True, check=True)
    assert version.stdout == "pause 3.10.2\n"
    with tarfile.open(paths.images["pause"]) as archive:
        stream = archive.extractfile("index.json")
        assert stream is not None
        index = json.load(stream)
    (manifest,) = index["manifests"]
    assert manifest["annotations"]["io.containerd.image.name"] == "registry.k8s.io/pause:3.10.2"
    assert paths.root is None
    assert events
    events.clear()
    assert ensure(["image:pause"], events.append, settings=settings) == paths
    assert events == []


def test_pause_reaps_and_ends_on_a_signal(settings: Settings, tmp_path: Path) -> None:
    """As the first process of a process namespace, pause leaves no zombie and obeys SIGTERM."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a process namespace")
    pause = ensure(["pause"], settings=settings).programs["pause"]
    # The shell becomes pause after it has started a child that outlives its own parent.
    script = f'(sh -c "sleep 0.2 & echo orphan" &); exec {pause}'
    process = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "orphan\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        pid = int(children.read_text(encoding="utf-8").split()[0])
        orphans = Path(f"/proc/{pid}/task/{pid}/children")
        while orphans.read_text(encoding="utf-8").split():
            assert process.poll() is None
        os.kill(pid, 15)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


def test_command_line_lists_verifies_and_prunes(settings: Settings) -> None:
    """The command line lists what `ensure` made, detects damage, and removes what is not used."""
    program = ensure(["pause"], settings=settings).programs["pause"]
    environment = {**os.environ, "KUBEQUORUM_CACHE_DIR": str(settings.cache_dir)}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "lab.artifacts", *arguments],
            cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    listed = {row["name"]: row for row in json.loads(run("--list", "--json").stdout)}
    assert listed["pause"]["path"] == str(program.parent)
    assert listed["coredns"]["path"] is None
    assert run("--verify").returncode == 0
    stale = _publish_stale_entry(settings)
    assert "removed 1 entries" in run("--prune").stdout
    assert not stale.exists()
    assert program.exists()
    unknown = run("--build", "nonsense")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("error: there is no artifact 'nonsense'")
    (program.parent / "extra").touch()
    try:
        assert run("--verify").returncode == 1
    finally:
        (program.parent / "extra").unlink()


def test_cache_over_its_limit_loses_the_least_recently_used(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a run that made something, unused entries go until the cache is small enough, no others."""
    store = Store(settings)
    needed = store.ensure(make_plan(["pause"])).programs["pause"]
    stale = _publish_stale_entry(settings)
    monkeypatch.setattr("lab.artifacts.store.MAX_CACHE_BYTES", 1)
    _make_image_again(store, settings)
    assert not stale.exists()
    assert needed.content.exists()


def test_what_an_interrupted_build_left_removes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Go's caches are large, and go with the next build: other artifacts must not make room for them."""
    store = Store(settings)
    store.ensure(make_plan(["pause"]))
    stale = _publish_stale_entry(settings)
    monkeypatch.setattr("lab.artifacts.store.CONTAINERD_BYTES", 0)
    monkeypatch.setattr("lab.artifacts.store.MAX_CACHE_BYTES", store.cache.total_bytes() + (1 << 20))
    left = store.cache.go_dir / "build" / "object"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(4 << 20))
    _make_image_again(store, settings)
    assert stale.exists()
    assert left.exists()


def test_space_is_kept_for_images_that_are_not_unpacked_yet(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come after all else, and count, too; once they are there nothing more is kept free for them."""
    store = Store(settings)
    store.ensure(make_plan(["pause"]))
    monkeypatch.setattr("lab.artifacts.store.CONTAINERD_BYTES", 10**9)
    monkeypatch.setattr("lab.artifacts.store.MAX_CACHE_BYTES", 10**9)
    monkeypatch.setattr("lab.artifacts.cache.tree_bytes", lambda path: 0 if path.name == "go" else 10**8)
    stale = _publish_stale_entry(settings)
    _make_image_again(store, settings)
    assert not stale.exists()
    unpacked = _publish_stale_entry(settings, kind="containerd")
    stale = _publish_stale_entry(settings)
    monkeypatch.setattr("lab.artifacts.store.CONTAINERD_BYTES", 10**8)
    _make_image_again(store, settings)
    assert stale.exists()
    assert unpacked.exists()


def _make_image_again(store: Store, settings: Settings) -> None:
    for image in (Cache(settings.cache_dir / "artifacts").root / "images").glob("pause-*"):
        shutil.rmtree(image)
    store.ensure(make_plan(["image:pause"]))


def _publish_stale_entry(settings: Settings, kind: str = "programs") -> Path:
    cache = Cache(settings.cache_dir / "artifacts")
    with cache.lock(lambda _: None), cache.staging() as staging:
        (staging / "content").mkdir()
        entry = cache.publish(
            staging / "content", kind=kind, name="pause", key="0" * 64, source="test", seconds=0
        )
    return entry.path


def test_settings_come_from_the_environment() -> None:
    """The cache's place follows the variables in their order, and a relative one is refused."""
    chosen = Settings.from_environment({"KUBEQUORUM_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"})
    assert chosen.cache_dir == Path("/a")
    assert Settings.from_environment({"XDG_CACHE_HOME": "/b"}).cache_dir == Path("/b/kubequorum")
    assert Settings.from_environment({}).cache_dir == Path.home() / ".cache" / "kubequorum"
    assert Settings.from_environment({"KUBEQUORUM_ARTIFACT_MIRROR": "/m"}).mirror == "/m"
    with pytest.raises(ArtifactError, match="KUBEQUORUM_CACHE_DIR is the relative path x"):
        Settings.from_environment({"KUBEQUORUM_CACHE_DIR": "x"})
