"""Runs the command line, and shows failures: what failed, why, and what to do."""

import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from development.app import app
from emulator.faults import EmulatorNotRunningError, FaultError
from kubequorum_cli.console import stderr
from kubequorum_cli.errors import CommandError, UsageError

_FAILED, _WRONG_USAGE = 1, 2


def main() -> None:
    """Run the command line; ends the process."""
    try:
        app(prog_name="kubequorum")
    except CommandError as error:
        _explain(error)
        sys.exit(_WRONG_USAGE if isinstance(error, UsageError) else _FAILED)
    except (BotoCoreError, ClientError) as error:
        remedy = "see what it says: ./kubequorum logs; or start afresh: make down, then make up"
        _explain(CommandError("the embedded AWS gave no good answer", why=str(error), remedy=remedy))
        sys.exit(_FAILED)
    except EmulatorNotRunningError as error:
        _explain(
            CommandError("the embedded AWS is not running", why=str(error), remedy="start it with: make up")
        )
        sys.exit(_FAILED)
    except FaultError as error:
        _explain(CommandError("the fault was refused", why=str(error)))
        sys.exit(_FAILED)


def _explain(error: CommandError) -> None:
    console = stderr()
    console.print(Text.assemble(("Error: ", "bold red"), error.what))
    for title, text in (("Why", error.why), ("What to do", error.remedy)):
        if text:
            console.print(Text.assemble((f"{title}: ", "bold"), text))
