"""A step: what boots, ends and people at a command line do one of at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from kubequorum_node.node import Node


@dataclass(frozen=True)
class Step:
    """Something that a machine does, safe to repeat."""

    name: str
    help: str
    run: Callable[[Node], None]
    masters_only: bool = False
