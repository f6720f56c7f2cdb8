"""`break`: commands that break things in the running embedded AWS, a module for each kind of things."""

from lab.faults import aws, looking, machines, volumes
from lab.faults.options import app

__all__ = ["app", "aws", "looking", "machines", "volumes"]
