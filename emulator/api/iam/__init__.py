"""IAM enforcement as on AWS: sessions of instances, and the checks and keys that ministack lacks."""

from emulator.api.context import Context
from emulator.api.iam import authorization, variables


def install(context: Context) -> None:
    """Patch ministack's IAM."""
    del context
    authorization.install()
    variables.install()
