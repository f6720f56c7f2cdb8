"""A /var/lib/containerd that has images already, for machines to start from.

Made by containerd itself, once, so that no machine has to unpack anything.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lab.artifacts.errors import ArtifactError

# Only what importing takes; nothing of it listens outside its folder.
_CONFIGURATION = """version = 3
disabled_plugins = [
  "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri",
]
"""

# Waits until containerd serves, and imports one archive after another into the kubelet's namespace.
_IMPORT = """set -e
work=$1 containerd=$2 ctr=$3; shift 3
"$containerd" --config "$work/config.toml" --root "$work/root" --state "$work/state" \\
  --address "$work/socket" --log-level warn &
for _ in $(seq 100); do
  "$ctr" --address "$work/socket" version >/dev/null 2>&1 && break
  sleep 0.1
done
for archive; do
  "$ctr" --address "$work/socket" --namespace k8s.io images import --snapshotter overlayfs "$archive"
done
kill $!
wait $! || true
"""

# Whatever containerd mounts or starts ends with the script, however that ends.
_CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def make(target: Path, *, containerd: Path, ctr: Path, archives: Iterable[Path]) -> None:
    """Make the folder `target`, which must not exist, with the images of some archives in it.

    Raises:
        FileExistsError: `target` exists.
        ArtifactError: containerd or an import failed; `target` does not exist then.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already; images are imported into a new folder only")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        (work / "config.toml").write_text(_CONFIGURATION)
        script = ["/bin/bash", "-c", _IMPORT, "import", str(work), str(containerd), str(ctr)]
        done = subprocess.run(
            [*_CONTAINED, *script, *map(str, archives)],
            env={"PATH": f"{containerd.parent}{os.pathsep}/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ArtifactError(f"images cannot be imported into {target}: {done.stdout}{done.stderr}")
        (work / "root").rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
