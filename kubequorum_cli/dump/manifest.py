"""The table of contents of a dump: what is in it, and what could not be had, with the reason."""

from dataclasses import dataclass, field

NEVER = (
    "Secret objects, and ConfigMaps other than coredns, kubeadm-config and kubelet-config",
    "values of variables of containers; containers outside kube-system but for their state",
    "the state bucket, but for the slots' records",
    "values of SSM parameters, but for the location of the set of addons",
    "private keys, tokens, passwords and credentials in texts: each place reads [redacted]",
)
"""What is not even tried."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file in the archive."""

    path: str
    about: str
    bytes: int
    redacted: int = 0
    """In how many places something was left out because it looked like a secret."""
    cut: bool = False
    """Whether it was too long: the beginning is missing."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What could not be had."""

    path: str
    """Where it would be."""
    about: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`manifest.json` in the archive, which `dump --json` prints, too."""

    version: int = 1
    cluster: str
    region: str
    begun: str
    """ISO 8601, UTC, by this computer's clock."""
    archive: str
    """Where it was written to."""
    files: list[File] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    never: tuple[str, ...] = NEVER
