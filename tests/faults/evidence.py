"""What is kept of a failed trial, because its cluster is removed."""

import shutil
from pathlib import Path

from tests.deploy.deployment import Deployment
from tests.synthesis import REPOSITORY

FOLDER = REPOSITORY / "build" / "faults"
"""A folder for each failed trial, by its name."""


def keep(name: str, cluster: Deployment, history: Path) -> Path:
    """Copy the history, the machines' consoles and the embedded AWS's log; the folder with the copies."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = cluster.cdk.settings
    consoles = sorted((settings.machines_state / "nspawn" / "console").glob("*.log"))
    for path in (history, settings.emulator_log, *consoles):
        if path.exists():
            shutil.copy(path, folder / path.name)
    return folder
