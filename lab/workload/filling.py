"""A large database: random data in etcd, under keys that nothing reads."""

import json
import subprocess
from pathlib import Path

from lab.workload.load import LoadError, inside
from lab.workload.program import historian
from lab.workload.targets import Targets

PREFIX = "/filler/"
"""Kubernetes has its objects below /registry, and does not see these."""
_SECONDS = 600.0


def fill(targets: Targets, folder: Path, *, size_bytes: int, run: str = "f1") -> None:
    """Write values of 16 KiB by etcd's API until there are at least so many bytes of them.

    Args:
        targets: where etcd is.
        folder: for its files; created if it does not exist.
        size_bytes: of all values; the database is slightly larger. It must not reach etcd's quota.
        run: a part of the keys; the same value overwrites what an earlier call wrote.

    Raises:
        LoadError: etcd refused a value in all of several attempts, or it takes longer than ten minutes.
    """
    if targets.etcd is None:
        raise LoadError("there is no etcd to fill")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "fill.json"
    document = {"run": run, "dns": targets.dns, "etcd": targets.etcd.document(PREFIX)}
    config.write_text(json.dumps(document, indent=1), encoding="utf-8")
    command = inside(targets, historian(), "fill", "--config", str(config), "--bytes", str(size_bytes))
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.CalledProcessError as error:
        raise LoadError(f"etcd could not be filled: {error.stderr.strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise LoadError(f"etcd was not filled within {_SECONDS:.0f} s") from error
