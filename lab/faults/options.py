"""What the commands of `break` share: the Typer app, and arguments and options by name."""

from typing import Annotated

import typer

from emulator.faults import Breaks
from kubequorum_cli.console import stdout
from lab.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

Instance = Annotated[str, typer.Argument(help="An instance's id, as `./kubequorum break list` shows it.")]
Volume = Annotated[str, typer.Argument(help="A volume's id.")]
OneVolume = Annotated[str | None, typer.Option("--volume", help="Only this volume.")]
Unnoticed = Annotated[
    bool,
    typer.Option("--unnoticed", help="EC2's status checks do not find it: its group keeps it."),
]
OneInstance = Annotated[str | None, typer.Option("--instance", help="Only requests of this instance.")]
Times = Annotated[int, typer.Option(min=1, help="How many times it happens.")]
Until = Annotated[int | None, typer.Option("--times", min=1, help="How often.", show_default="until removed")]
Seconds = Annotated[float, typer.Option(min=0, help="For how long.")]


def breaks() -> Breaks:
    """The client of the embedded AWS that runs."""
    return Breaks(Settings.from_environment().machines_state)


def say(switch_id: str | None) -> None:
    """Print what was switched on, so that it can be removed."""
    if switch_id is not None:
        stdout().print(f"{switch_id}  (remove it: ./kubequorum break remove {switch_id})", highlight=False)
