"""What can go wrong on a machine, as a person should read it."""


class NodeError(Exception):
    """A step cannot go on. The message names the value, where it came from and the remedy."""
