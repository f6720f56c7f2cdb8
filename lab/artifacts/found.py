"""Where artifacts are, for those who use them and for the store itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.artifacts.cache import Entry
from lab.artifacts.catalog import PROGRAM_SETS


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where the requested artifacts are. Everything is read-only, because it is shared."""

    programs: Mapping[str, Path]
    """Program, e.g. `kubelet` → executable file."""
    node_files: Mapping[str, Path]
    """Absolute path on a machine, e.g. /usr/local/bin/kubelet → executable file."""
    images: Mapping[str, Path]
    """Image, e.g. `kube-proxy` → archive for `ctr --namespace k8s.io images import`."""
    image_keys: Mapping[str, str]
    """Image → its content key: a part of the key of what is made from it."""
    root: Path | None
    """The machine root, the lower layer of an overlay; None unless it was requested."""
    kubernetes: str = ""
    """The version of Kubernetes of these, if it is not the default one."""


@dataclass(kw_only=True)
class Found:
    """The entries of the cache that belong to a plan; what is missing here is missing in the cache."""

    programs: dict[str, Entry] = field(default_factory=dict)
    """Program set → entry."""
    images: dict[str, Entry] = field(default_factory=dict)
    """Of those that are made here."""
    mirrored: dict[str, Path] = field(default_factory=dict)
    """Image → its archive in the mirror, where it stays; known after `ensure`."""
    root: Entry | None = None
    kubernetes: str = ""
    """That of the plan."""

    def by_program(self) -> dict[str, Entry]:
        """Program → entry that holds it."""
        return {
            program: entry for name, entry in self.programs.items() for program in PROGRAM_SETS[name].programs
        }

    def entries(self) -> list[Entry]:
        """All of them."""
        return [*self.programs.values(), *self.images.values(), *([self.root] if self.root else [])]
