"""CloudFormation as AWS does it: the resource types, policies and stack operations that ministack lacks."""

from local.api.context import Context


def install(context: Context) -> None:
    """Patch ministack's CloudFormation."""
    del context
