"""`break`: commands that break things in the running embedded AWS, a module for each kind of things."""

from local.cli.breaks import aws, looking, machines, volumes
from local.cli.breaks.options import app

__all__ = ["app", "aws", "looking", "machines", "volumes"]
