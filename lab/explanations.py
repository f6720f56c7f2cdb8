"""What a person reads when the embedded AWS fails or refuses something."""

from botocore.exceptions import BotoCoreError, ClientError

from emulator.faults import EmulatorNotRunningError, FaultError
from kubequorum_cli.errors import CommandError
from kubequorum_cli.program import Explanations


def _api(error: Exception) -> CommandError:
    return CommandError(
        "the embedded AWS refused a request, or did not answer it",
        why=str(error),
        remedy="look at its log: ./kubequorum logs; or start from nothing: make down, then make up",
    )


def _not_running(error: Exception) -> CommandError:
    return CommandError("the embedded AWS is not running", why=str(error), remedy="start it: make up")


def _fault(error: Exception) -> CommandError:
    return CommandError("the fault was refused", why=str(error))


EXPLANATIONS: Explanations = {
    BotoCoreError: _api,
    ClientError: _api,
    EmulatorNotRunningError: _not_running,
    FaultError: _fault,
}
