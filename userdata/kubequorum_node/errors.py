"""Errors of the node program, written for people."""


class NodeError(Exception):
    """A step cannot go on. The message names the value, where it came from and the remedy."""
