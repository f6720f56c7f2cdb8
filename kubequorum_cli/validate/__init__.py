"""What is wrong with a cluster: everything is read once, and checks find what is not as it must be."""

from kubequorum_cli.validate.checks import CHECKS, find
from kubequorum_cli.validate.finding import Finding, Kind, Severity, Subject
from kubequorum_cli.validate.kinds import KINDS
from kubequorum_cli.validate.reading import collect
from kubequorum_cli.validate.show import has_errors, show
from kubequorum_cli.validate.snapshot import Snapshot

__all__ = [
    "CHECKS",
    "KINDS",
    "Finding",
    "Kind",
    "Severity",
    "Snapshot",
    "Subject",
    "collect",
    "find",
    "has_errors",
    "show",
]
