"""`break`: what befalls the data of volumes."""

from functools import partial
from typing import Annotated

import typer

from kubequorum_cli.console import stdout
from lab.faults.options import Volume, app, breaks

_command = partial(app.command, rich_help_panel="Volumes")


@_command()
def wipe(volume: Volume) -> None:
    """Make a volume blank. It must be detached, or its machine off."""
    breaks().wipe_volume(volume)


@_command()
def corrupt(
    volume: Volume,
    pattern: Annotated[str, typer.Argument(help="Of several files the one written last is taken.")],
    *,
    at: Annotated[float, typer.Option(min=0, max=1, help="Where in the file: 0 its begin, 1 its end.")] = 0.5,
    length: Annotated[int, typer.Option(min=1, help="How many bytes.")] = 4096,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
) -> None:
    """Overwrite a part of a file on a volume with noise. It must be detached, or its machine off.

    Example: `./kubequorum break corrupt vol-0aa '**/member/wal/*.wal'`
    """
    stdout().print(breaks().corrupt_volume(volume, pattern, at=at, length_bytes=length, seed=seed))


@_command()
def fill(
    volume: Volume,
    *,
    leave: Annotated[int, typer.Option(min=0, help="How many bytes stay free.")] = 0,
) -> None:
    """Take all the space of a mounted volume; `unfill` gives it back."""
    stdout().print(f"{breaks().fill_volume(volume, leave_bytes=leave)} bytes", highlight=False)


@_command()
def unfill(volume: Volume) -> None:
    """Give the space of a filled volume back."""
    breaks().unfill_volume(volume)
