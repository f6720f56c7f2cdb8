"""How a healthy cluster is changed so that a kind of finding is found, and where."""

from typing import NamedTuple

from kubequorum_cli.validate import Kind
from tests.kubequorum_cli.validate.healthy import Change, ago, change

CREATING = change("stacks", "mine-ControlPlane", status="CREATE_IN_PROGRESS", created=ago(minutes=1))
"""The control plane is a minute old."""


class Case(NamedTuple):
    """Changes, and what is then found: all errors and warnings."""

    kind: Kind
    subject: str
    changes: tuple[Change, ...]
    seen: str
    """A part of the text that is seen."""
    others: frozenset[str] = frozenset()
    """Ids of other kinds that follow from the same change."""


def case(kind: Kind, subject: str, *changes: Change, seen: str, others: tuple[str, ...] = ()) -> Case:
    """One."""
    return Case(kind, subject, changes, seen, frozenset(others))
