"""CloudWatch as on AWS where ministack evaluates alarms otherwise: every minute, missing data included."""

from emulator.api.cloudwatch.alarms import Alarms
from emulator.api.context import Context


def install(context: Context) -> None:
    """Patch ministack's CloudWatch."""
    alarms = Alarms(context.worker)
    context.on_reset(alarms.reset)
    alarms.install()
