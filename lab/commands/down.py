"""`down`: remove what `up` made."""

import shutil

from kubequorum_cli.console import Progress
from lab import cdk, embedded_aws, lock
from lab.settings import Settings


def down(settings: Settings) -> None:
    """Stop every process and remove every file; nothing to remove is not an error."""
    progress = Progress()
    with lock.exclusive(settings.lock, command="down"):
        if not settings.work.exists():
            progress.note("there is nothing to remove")
            return
        with progress.stage("Stop the embedded AWS and its machines") as stage:
            if cdk.stop(settings):
                stage.line("stopped a CDK command that an interrupted run left behind")
            if not embedded_aws.stop(settings):
                stage.line("it was not running")
        with progress.stage(f"Remove {settings.work}"):
            shutil.rmtree(settings.work)
