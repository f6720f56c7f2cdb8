"""`events`: what has happened in a cluster, oldest first."""

import json
from datetime import UTC, datetime

import typer
from rich.text import Text

from kubequorum_cli import documents, durations
from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.events import Event, collect
from kubequorum_cli.target import Target

_WIDTHS = {"source": 11, "subject": 34}


def events(target: Target, *, since: str, as_json: bool) -> None:
    """Print them to stdout; ends with 1 if somebody could not be asked.

    Raises:
        UsageError: `since` is no duration.
    """
    begin = datetime.now(UTC) - durations.of_option(since, option="--since")
    progress = Progress()
    with progress.stage(f"events since {begin:%Y-%m-%d %H:%M:%S} UTC"):
        found = collect(target, since=begin)
    if as_json:
        print(json.dumps(documents.of_events(target, found), indent=2))
    else:
        console = stdout()
        for event in found.events:
            console.print(_line(event), soft_wrap=True)
    for source, problem in found.unread.items():
        progress.note(f"Events of {source} cannot be read: {problem}")
    if found.unread:
        raise typer.Exit(1)


def _line(event: Event) -> Text:
    return Text.assemble(
        (f"{event.time[:19].replace('T', ' ')}  ", "dim"),
        f"{event.source:<{_WIDTHS['source']}}  {event.subject:<{_WIDTHS['subject']}}  ",
        " ".join(event.text.split()),
    )
