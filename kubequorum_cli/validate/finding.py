"""What a check finds: something that is wrong, or still in progress, with what a person can do about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

SubjectKind = Literal[
    "cluster", "stack", "group", "slot", "instance", "volume", "load-balancer", "target", "name", "api",
    "node", "pod", "budget", "certificate", "clock", "backup", "addon", "part",
]  # fmt: skip


class Severity(StrEnum):
    """Whether `validate` fails because of it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a finding is about."""

    kind: SubjectKind
    id: str
    """As AWS or Kubernetes names it; of a target `<load balancer>/<instance>:<port>`."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding; `validate --json` prints it with these field names."""

    id: str
    """Of its kind: stable, for programs."""
    severity: Severity
    subject: Subject
    seen: str
    """What is seen, with the values."""
    remedy: str
    """A command, or a page below docs/operations."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Findings of one id."""

    id: str
    severity: Severity
    meaning: str
    remedy: str
    """In a command `{id}` stands for the subject's."""

    def of(self, kind: SubjectKind, subject: str, seen: str) -> Finding:
        """A finding of this kind.

        Args:
            kind: what the subject is.
            subject: its id.
            seen: what is seen of it.
        """
        return Finding(
            id=self.id,
            severity=self.severity,
            subject=Subject(kind=kind, id=subject),
            seen=seen,
            remedy=self.remedy.replace("{id}", subject),
        )
