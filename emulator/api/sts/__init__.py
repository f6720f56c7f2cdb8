"""STS as on AWS: AssumeRoleWithWebIdentity verifies the token and the role's trust."""

from emulator.api.context import Context
from emulator.api.sts import web_identity
from emulator.api.sts.issuers import Issuers


def install(context: Context) -> None:
    """Patch ministack's STS."""
    issuers = Issuers(time_scale=context.worker.time_scale)
    context.on_reset(issuers.reset)
    web_identity.install(issuers)
