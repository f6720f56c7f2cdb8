"""Runs a command line and explains failures: what failed, why, and what to do."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from kubequorum_cli import completion
from kubequorum_cli.console import stderr
from kubequorum_cli.errors import CommandError, UsageError

APP_OPTIONS: dict[str, Any] = {
    "no_args_is_help": True,
    "add_completion": False,
    "rich_markup_mode": "markdown",
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

Explanations = Mapping[type[Exception], Callable[[Exception], CommandError]]
"""From a type of exception to what is reported of it; the first type that fits counts."""

_FAILED, _WRONG_USAGE = 1, 2


def _explain_aws(error: Exception) -> CommandError:
    return CommandError(
        "the AWS API refused a request, or did not answer it",
        why=str(error),
        remedy="check credentials, region and network: aws sts get-caller-identity",
    )


_EXPLANATIONS: Explanations = {BotoCoreError: _explain_aws, ClientError: _explain_aws}


def run(app: typer.Typer, explanations: Explanations | None = None) -> None:
    """Run the command line; ends the process.

    Args:
        app: the commands.
        explanations: for exceptions that commands let through; they replace those of this module.
    """
    completion.answer_shells()
    explained = {**_EXPLANATIONS, **(explanations or {})}
    try:
        app(prog_name=completion.PROGRAM)
    except CommandError as error:
        _show(error)
        sys.exit(_WRONG_USAGE if isinstance(error, UsageError) else _FAILED)
    except tuple(explained) as error:
        explain = next(explain for kind, explain in explained.items() if isinstance(error, kind))
        _show(explain(error))
        sys.exit(_FAILED)


def _show(error: CommandError) -> None:
    console = stderr()
    console.print(Text.assemble(("Error: ", "bold red"), error.what))
    for title, text in (("Why", error.why), ("What to do", error.remedy)):
        if text:
            console.print(Text.assemble((f"{title}: ", "bold"), text))
