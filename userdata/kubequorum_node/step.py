"""A step: what boots, terminations and people at a command line run one at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from kubequorum_node.node import Node


@dataclass(frozen=True)
class Step:
    """Something that a host does, safe to repeat."""

    name: str
    help: str
    run: Callable[[Node], object]
    """Its result is on the host; what it returns is for callers in the program."""
    masters_only: bool = False
