"""Builds a set of programs from its pinned Go module."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.artifacts.digest import file_digest
from lab.artifacts.errors import BuildError
from lab.artifacts.process import Usage, run_logged
from lab.artifacts.program_set import ProgramSet

MODULES = Path(__file__).with_name("modules")
_GIB_PER_JOB = 2.0
# Go itself looks up names and users, as it does anyway where cgo is off.
_TAGS = ("netgo", "osusergo")
# Increased when this module builds differently from the same inputs.
_RECIPE = 1


def pinned_version(program_set: ProgramSet, *, modules: Path = MODULES) -> str:
    """The programs' version that go.mod pins, without the `v`."""
    if program_set.own_version or program_set.requirement is None:
        return program_set.own_version
    go_mod = modules / program_set.module / "go.mod"
    name = re.escape(program_set.requirement)
    match = re.search(rf"^(?:require)?\s*{name} v(\S+)", go_mod.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise BuildError(f"{go_mod} does not require {program_set.requirement}")
    return match[1]


def required_go(*, modules: Path = MODULES) -> str:
    """The newest Go that any of the modules requires, e.g. `1.26.3`."""
    wanted = [
        match[1]
        for go_mod in modules.glob("*/go.mod")
        if (match := re.search(r"^go (\d+\.\d+\.\d+)$", go_mod.read_text(encoding="utf-8"), re.MULTILINE))
    ]
    return max(wanted, key=lambda version: [int(number) for number in version.split(".")])


def linker_flags(program_set: ProgramSet, *, modules: Path = MODULES) -> str:
    """The value of -ldflags: no symbol tables, and the version stamped in."""
    version = pinned_version(program_set, modules=modules)
    major, minor = (*version.split("."), "0")[:2]
    stamps = [flag.format(version=version, major=major, minor=minor) for flag in program_set.ldflags]
    return " ".join(["-s -w", *stamps])


def build_inputs(
    program_set: ProgramSet, *, go_version: str, architecture: str, modules: Path = MODULES
) -> dict[str, Any]:
    """Everything that determines the result of a build: the input of its content key."""
    folder = modules / program_set.module
    packages = program_set.object_packages
    return {
        # Absent where there are none: the key of all other sets stays as it is.
        **({"object_packages": dict(packages)} if packages else {}),
        "recipe": _RECIPE,
        "files": {path.name: file_digest(path) for path in sorted(folder.iterdir()) if path.is_file()},
        "packages": list(program_set.packages),
        "programs": list(program_set.programs),
        "ldflags": linker_flags(program_set, modules=modules),
        "tags": _tags(program_set),
        "cgo": _compiler_version() if program_set.cgo else None,
        "go": go_version,
        "architecture": architecture,
    }


def build(
    program_set: ProgramSet,
    *,
    go: Path,
    caches: Path,
    into: Path,
    architecture: str,
    log: Path,
    heartbeat: Callable[[float], None],
    lock: int,
    modules: Path = MODULES,
) -> Usage:
    """Build the programs of a set into the new folder `into`.

    Args:
        program_set: what to build.
        go: the `go` program.
        caches: where Go keeps its build and module caches.
        into: folder for the programs.
        architecture: `amd64` or `arm64`.
        log: file for Go's output.
        heartbeat: receives the elapsed seconds periodically.
        lock: descriptor of the cache's lock, which the compilers inherit.
        modules: folder of the Go modules.

    Raises:
        BuildError: Go failed, or built other programs than the catalog names.
    """
    into.mkdir()
    command = [
        "nice", "-n", "10",
        str(go), "build", "-p", str(_jobs()), "-trimpath", "-tags", _tags(program_set),
        "-ldflags", linker_flags(program_set, modules=modules),
        "-o", f"{into}{os.sep}", *program_set.packages,
    ]  # fmt: skip
    folder = modules / program_set.module
    environment = _environment(program_set, go=go, caches=caches, architecture=architecture)
    usage = run_logged(
        command, log=log, heartbeat=heartbeat, environment=environment, folder=folder, inherit=[lock]
    )
    for built, name in program_set.renamed.items():
        (into / built).rename(into / name)
    made = {path.name for path in into.iterdir()}
    if made != set(program_set.programs):
        raise BuildError(
            f"the build of {program_set.name} resulted in {', '.join(sorted(made))} instead of "
            f"{', '.join(sorted(program_set.programs))}; fix its packages in lab/artifacts/catalog.py"
        )
    if program_set.object_packages:
        source = _source(program_set, go=go, folder=folder, environment=environment)
        for path, name in program_set.object_packages.items():
            shutil.copyfile(source / path, into / name)
    return usage


def _source(program_set: ProgramSet, *, go: Path, folder: Path, environment: dict[str, str]) -> Path:
    """Where Go has put the sources of a set's module, whose sum it has verified."""
    command = [str(go), "list", "-m", "-f", "{{.Dir}}", str(program_set.requirement)]
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if found.returncode != 0 or not found.stdout.strip():
        raise BuildError(f"there are no sources of {program_set.requirement}: {found.stderr}")
    return Path(found.stdout.strip())


def _tags(program_set: ProgramSet) -> str:
    return ",".join([*_TAGS, *program_set.tags])


def _environment(program_set: ProgramSet, *, go: Path, caches: Path, architecture: str) -> dict[str, str]:
    # Where modules come from (GOPROXY etc.) is configured on the computer: environment or `go env -w`.
    return {
        **os.environ,
        "PATH": f"{go.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "GOCACHE": str(caches / "build"),
        "GOMODCACHE": str(caches / "modules"),
        "GOTMPDIR": _made(caches / "tmp"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        # Without it, Go would stamp the state of this checkout into every program.
        "GOFLAGS": "-buildvcs=false",
        "GOOS": "linux",
        "GOARCH": architecture,
        "GOAMD64": "v1",
        "CGO_ENABLED": "1" if program_set.cgo else "0",
    }


def _made(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _jobs() -> int:
    """As many compilers as there are cores, and memory for them: a linker takes 2 GiB."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") / (1 << 30)
    return max(1, min(len(os.sched_getaffinity(0)), int(memory_gib / _GIB_PER_JOB)))


def _compiler_version() -> str:
    try:
        result = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return result.stdout.strip()
