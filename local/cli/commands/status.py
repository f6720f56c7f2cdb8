"""`status`: the picture of what runs, for people or for programs."""

import json
from dataclasses import asdict

from local.cli import emulator, environment
from local.cli.console import stdout
from local.cli.report import collect, show
from local.cli.settings import Settings


def status(settings: Settings, *, as_json: bool) -> None:
    """Print it to stdout; CommandError if the embedded AWS does not run."""
    running = emulator.require(settings)
    environment.adopt(running.variables())
    report = collect()
    if as_json:
        embedded_aws = {**asdict(running), "url": running.url}
        print(json.dumps({"embedded_aws": embedded_aws, **asdict(report)}, indent=2))
        return
    console = stdout()
    console.print(
        f"Embedded AWS at {running.url}, process {running.pid}: cluster {running.name}, "
        f"account {running.account}, region {running.region}\n",
        markup=False,
        highlight=False,
    )
    show(report, console)
