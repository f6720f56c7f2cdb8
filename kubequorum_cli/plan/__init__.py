"""What a deployment would do: asked of CloudFormation, explained, and refused if it destroys."""

from kubequorum_cli.plan.document import Plan
from kubequorum_cli.plan.kinds import KINDS, REFUSALS
from kubequorum_cli.plan.make import make
from kubequorum_cli.plan.show import show

__all__ = ["KINDS", "REFUSALS", "Plan", "make", "show"]
