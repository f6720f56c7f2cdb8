"""ECR as on AWS: tokens are somebody's and expire, and the registry checks what their owners may do."""

from emulator.api.context import Context
from emulator.api.ecr import api, registry
from emulator.api.ecr.tokens import Tokens


def install(context: Context) -> None:
    """Patch ministack's ECR."""
    tokens = Tokens(context.active_faults)
    context.on_reset(tokens.reset)
    api.install(tokens)
    registry.install(tokens)
