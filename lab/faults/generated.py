"""A command for each fault of the emulator's table."""

import collections.abc
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

import typer

from emulator.faults import FAULTS, REQUIRED, Argument, Fault, FaultClient
from kubequorum_cli.console import stdout
from lab.faults import candidates


def add_all(app: typer.Typer, client: Callable[[], FaultClient]) -> None:
    """Add the commands to an app, in a help panel for each group."""
    for fault in FAULTS.values():
        command = app.command(_hyphenated(fault.name), help=fault.help, rich_help_panel=fault.group.title)
        command(_function(fault, client))


def _function(fault: Fault, client: Callable[[], FaultClient]) -> Callable[..., None]:
    def command(**values: Any) -> None:
        parameters = {argument.name: _value(argument, values[argument.name]) for argument in fault.arguments}
        result = client().inject(fault, **parameters)
        if fault.stays and result is not None:
            result = f"{result}  (clear it: ./kubequorum fault clear {result})"
        if result is not None:
            stdout().print(result, markup=False, highlight=False)

    # What Typer makes options and arguments of.
    parameters = [_parameter(argument) for argument in fault.arguments]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(argument: Argument) -> inspect.Parameter:
    info: Any
    limits = {"min": argument.limit("ge"), "max": argument.limit("le")}
    more: Any = {**limits, "autocompletion": candidates.OF_ARGUMENTS.get(argument.name)}
    if argument.positional:
        info = typer.Argument(help=argument.help, **more)
    else:
        # Flags have no opposite: every one is off by default.
        info = typer.Option(f"--{_hyphenated(argument.name)}", help=argument.help, **more)
    return inspect.Parameter(
        argument.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if argument.default is REQUIRED else argument.default,
        annotation=Annotated[list[str] if _is_groups(argument) else argument.type, info],
    )


def _value(argument: Argument, value: Any) -> Any:
    return [group.split(",") for group in value] if _is_groups(argument) else value


def _is_groups(argument: Argument) -> bool:
    """Whether it is a sequence of sequences: on a command line, an argument for each, joined by commas."""
    inner = get_args(argument.type)
    return get_origin(argument.type) is collections.abc.Sequence and get_origin(inner[0]) is not None


def _hyphenated(name: str) -> str:
    return name.replace("_", "-")
