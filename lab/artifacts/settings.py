"""The user's choices: where results are kept and where they come from."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lab.artifacts.errors import ArtifactError

# Architectures by the kernel's name, and by that of Go, Debian and the releases.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Source(StrEnum):
    """Where a program can come from, in the order of the attempts."""

    MIRROR = "mirror"
    UPSTREAM = "upstream"
    BUILD = "build"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Choices for one run; only `from_environment` reads them."""

    cache_dir: Path
    architecture: str
    """`amd64` or `arm64`."""
    mirror: str | None = None
    """A folder or an http(s) base URL with `<host>/<path>` of each release below it."""
    debian_mirror: str | None = None
    """Base URL of a Debian archive; None: the one in this computer's apt configuration."""
    sources: tuple[Source, ...] = tuple(Source)
    """Which sources may be used; their order is always that of `Source`."""

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read KUBEQUORUM_CACHE_DIR, KUBEQUORUM_ARTIFACT_MIRROR, KUBEQUORUM_DEBIAN_MIRROR, XDG_CACHE_HOME.

        Raises:
            ArtifactError: there are no releases for this architecture, or the cache's path is relative.
        """
        machine = platform.machine()
        if machine not in _ARCHITECTURES:
            raise ArtifactError(
                f"this computer's architecture is {machine}; "
                f"releases are pinned for {', '.join(_ARCHITECTURES)} only"
            )
        chosen = environment.get("KUBEQUORUM_CACHE_DIR")
        base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        cache_dir = Path(chosen) if chosen else Path(base) / "kubequorum"
        if not cache_dir.is_absolute():
            name = "KUBEQUORUM_CACHE_DIR" if chosen else "XDG_CACHE_HOME"
            raise ArtifactError(f"{name} is the relative path {cache_dir}; set it to an absolute one")
        return Settings(
            cache_dir=cache_dir,
            architecture=_ARCHITECTURES[machine],
            mirror=environment.get("KUBEQUORUM_ARTIFACT_MIRROR") or None,
            debian_mirror=environment.get("KUBEQUORUM_DEBIAN_MIRROR") or None,
        )
