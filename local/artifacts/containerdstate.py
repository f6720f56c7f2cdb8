"""A /var/lib/containerd that has the images imported and unpacked: machines start from copies of it."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.artifacts.cache import Cache
from local.artifacts.digest import content_key
from local.artifacts.errors import ArtifactError
from local.artifacts.progress import Event, Progress
from local.artifacts.store import Paths

KIND = "containerd"
NAME = "state"
# Raised when the same images are to give another state.
_RECIPE = 1
_START_SECONDS = 30.0
# Without the CRI plugins: they want cgroups and a network of the machine, and imports need neither.
_CONFIG = """version = 3
root = "{root}"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images",
]
[grpc]
address = "{folder}/socket"
[ttrpc]
address = "{folder}/ttrpc"
"""


def ensure_containerd_state(paths: Paths, *, cache: Cache, progress: Progress) -> Path:
    """Return the folder, made from the images of `paths` if it is not in the cache.

    Raises:
        ArtifactError: containerd does not start or refuses an image; the message has what it said.
    """
    key = content_key({"recipe": _RECIPE, "images": paths.images_key, "containerd": _identity(paths)})
    if (found := cache.find(KIND, NAME, key)) is not None:
        return found.content
    with cache.lock(progress), cache.staging() as staging:
        if (found := cache.find(KIND, NAME, key)) is not None:
            return found.content
        began = time.monotonic()
        content = staging / "content"
        content.mkdir()
        with _containerd(paths, staging, content) as ctr:
            for name, archive in paths.images.items():
                progress(Event(what=f"image {name}", message="imported into containerd's state"))
                _run([*ctr, "images", "import", str(archive)])
        # Locks and sockets of the run; the machine's containerd makes its own.
        for leftover in content.glob("**/*.lock"):
            leftover.unlink()
        return cache.publish(
            content,
            kind=KIND,
            name=NAME,
            key=key,
            source="images imported by containerd",
            seconds=time.monotonic() - began,
        ).content


def _identity(paths: Paths) -> str:
    """The cache entry that containerd itself comes from, by its key."""
    return paths.programs["containerd"].parents[1].name


@contextmanager
def _containerd(paths: Paths, folder: Path, root: Path) -> Iterator[list[str]]:
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(folder=folder, root=root), encoding="utf-8")
    ctr = [str(paths.programs["ctr"]), "--address", str(folder / "socket"), "--namespace", "k8s.io"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                "--",
                str(paths.programs["containerd"]),
                "--config",
                str(config),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run([*ctr, "version"], capture_output=True, check=False).returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
                raise ArtifactError(
                    f"containerd does not start on this machine; the end of what it said:\n{said}"
                )
            time.sleep(0.05)
        yield ctr
    finally:
        process.terminate()
        process.wait()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ArtifactError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
