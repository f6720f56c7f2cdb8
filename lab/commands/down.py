"""`down`: remove what `up` made."""

import shutil

from kubequorum_cli.console import Progress
from lab import cdk, lock
from lab import embedded_aws as emulator
from lab.settings import Settings


def down(settings: Settings) -> None:
    """End every process and remove every file; nothing to remove is no error."""
    progress = Progress()
    with lock.exclusive(settings.lock, command="down"):
        if not settings.work.exists():
            progress.note("nothing runs and nothing is kept: there is nothing to remove")
            return
        with progress.stage("Stop the embedded AWS and its machines") as stage:
            if cdk.stop(settings):
                stage.line("ended a CDK command that an interrupted run had left")
            if not emulator.stop(settings):
                stage.line("it was not running")
        with progress.stage(f"Remove {settings.work}"):
            shutil.rmtree(settings.work)
