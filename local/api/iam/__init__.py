"""IAM enforcement as on AWS: sessions of instances, and the resources and keys that ministack lacks."""

from local.api.context import Context


def install(context: Context) -> None:
    """Patch ministack's IAM."""
    del context
