"""Replaces masters one by one without a deployment: the plan, the gates, and what was done."""

from kubequorum_cli.roll.document import Roll, Step
from kubequorum_cli.roll.gates import closed
from kubequorum_cli.roll.plan import make
from kubequorum_cli.roll.replace import Roller

__all__ = ["Roll", "Roller", "Step", "closed", "make"]
