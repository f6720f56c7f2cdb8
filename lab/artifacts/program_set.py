"""A set of programs, and how it is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ProgramSet:
    """Programs that are built by one call of `go build`, or come from the same upstream releases."""

    name: str
    module: str
    """Folder below build/modules/."""
    requirement: str | None
    """The Go module in go.mod whose version is the programs' version; None for programs of our own."""
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    releases: tuple[str, ...] = ()
    """Artifacts of the lock file with these programs; none: no upstream download is pinned."""
    ldflags: tuple[str, ...] = ()
    """Additional linker flags; {version}, {major} and {minor} are filled in from go.mod."""
    kubernetes_version: str = ""
    """The version of Kubernetes whose releases in the lock file these are; empty: the default one."""
    own_version: str = ""
    """The version if `requirement` is None, or if go.mod has a commit that upstream calls otherwise."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Go's name of a program, where that differs."""
    object_packages: Mapping[str, str] = field(default_factory=dict)
    """Files of the module that masters apply as a package of an addon: path in the module → name here."""
    cgo: bool = False
    tags: tuple[str, ...] = ()
    """Build tags of these programs alone."""
    host_packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the build needs on this computer: a command or a file → the Debian packages that contain it."""
    build_seconds: float
    """Measured on two cores with empty caches."""
    build_gib: float
    """Disk that the build needs in Go's caches, measured."""
