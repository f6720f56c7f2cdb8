"""Copies dynamically linked programs from the machine root, with everything that they need in an image."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.artifacts.errors import BuildError
from lab.artifacts.image_file import Symlink

# The iptables programs load their matches and targets at run time, so ldd does not list them.
_LOADED_BY_LIBXTABLES = "xtables"


def closure(root: Path, paths: Sequence[str]) -> dict[str, Path | Symlink]:
    """Collect programs of a root with their libraries, as files and links for `write_image`.

    Args:
        root: a Debian root folder of this machine's architecture.
        paths: absolute paths of programs in it.

    Raises:
        BuildError: a program or a library that it needs is missing.
    """
    files: dict[str, Path | Symlink] = {}
    for path in paths:
        real = _add(root, path, files)
        for library in _libraries(root, real):
            found = _add(root, library, files)
            if Path(found).name.startswith("libxtables."):
                for plugin in sorted((root / found.lstrip("/")).parent.glob(f"{_LOADED_BY_LIBXTABLES}/*.so")):
                    _add(root, f"/{plugin.relative_to(root)}", files)
    return files


def _add(root: Path, path: str, files: dict[str, Path | Symlink]) -> str:
    """Add a path and each symbolic link on the way to it; the resolved path."""
    todo = [part for part in path.split("/") if part]
    here = ""
    links = 0
    while todo:
        part = todo.pop(0)
        if part == "..":
            here = here.rpartition("/")[0]
            continue
        step = root / f"{here}/{part}".lstrip("/")
        if step.is_symlink():
            links += 1
            if links > 40:
                raise BuildError(f"{path} in {root} is a loop of symbolic links")
            target = str(step.readlink())
            files[f"{here}/{part}"] = Symlink(target=target)
            if target.startswith("/"):
                here = ""
            todo = [part for part in target.split("/") if part] + todo
        else:
            here = f"{here}/{part}"
    real = root / here.lstrip("/")
    if not real.is_file():
        raise BuildError(f"{path} is not in {root}; its package is missing in lab/artifacts/machine_root.py")
    files[here] = real
    return here


def _libraries(root: Path, program: str) -> list[str]:
    """The libraries of a program, as the root's own loader finds them."""
    result = subprocess.run(
        ["chroot", str(root), "ldd", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin"},
    )
    if result.returncode != 0 or "not found" in result.stdout:
        raise BuildError(
            f"the libraries of {program} in {root} cannot be listed: {result.stdout}{result.stderr}"
        )
    return re.findall(r"(?:=> |^\s+)(/\S+)", result.stdout, re.MULTILINE)
