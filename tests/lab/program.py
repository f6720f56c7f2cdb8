"""Runs the command line as a person does, in folders of a test."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.settings import CHECKOUT, Settings


@dataclass(frozen=True, kw_only=True)
class Program:
    """The command line with a work folder of its own, and an app of its own if one is given."""

    work: Path
    app: Path = CHECKOUT
    machines: str = "process"

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [str(CHECKOUT / "kubequorum"), *arguments],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """The environment in which it uses these folders."""
        return {
            **os.environ,
            "KUBEQUORUM_WORK": str(self.work),
            "KUBEQUORUM_APP": str(self.app),
            "KUBEQUORUM_MACHINES": self.machines,
        }

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return Settings(work=self.work, app=self.app)
