"""IAM enforcement as on AWS: sessions of instances, and the checks and keys that ministack lacks."""

from emulator.api.context import Context
from emulator.api.iam import authorization, policy_changes, variables


def install(context: Context) -> None:
    """Patch ministack's IAM."""
    changes = policy_changes.install(lambda: context.times().new_permission * context.worker.time_scale)
    context.on_reset(changes.forget)
    authorization.install()
    variables.install()
