"""Names of what exists outside the state folder: network namespaces and cgroups.

Each begins with a tag of the state folder, so that a later run finds, from the
folder's path alone, what an earlier one left behind, and nothing else.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

_TAG_DIGITS = 8


@dataclass(frozen=True)
class Names:
    """The names that belong to one state folder."""

    prefix: str
    """Begins the name of everything."""

    @classmethod
    def of(cls, state_dir: Path) -> "Names":
        """Derive them from the folder's path."""
        tag = hashlib.sha256(str(state_dir.absolute()).encode()).hexdigest()[:_TAG_DIGITS]
        return cls(f"emu-{tag}-")

    def vpc(self, vpc_id: str) -> str:
        """The network namespace of a VPC."""
        return f"{self.prefix}{vpc_id}"

    def machine(self, instance_id: str) -> str:
        """The network namespace of a machine; also its name for systemd-nspawn."""
        return f"{self.prefix}{instance_id}"

    def boot(self, instance_id: str, number: int) -> str:
        """The cgroup of one boot of a machine: a killed cgroup is never used again."""
        return f"{self.prefix}{instance_id}.{number}"

    def is_ours(self, name: str) -> bool:
        """Whether a namespace or cgroup of that name belongs to the state folder."""
        return name.startswith(self.prefix)


def bridge_port(instance_id: str) -> str:
    """The machine's end of the link in its VPC's namespace; the kernel allows 15 characters."""
    return f"v{instance_id.removeprefix('i-')[-14:]}"
