"""`kubectl`: the cluster of real machines, reached from this computer with an administrator's credentials."""

import os
import sys

from kubequorum_cli.kubernetes import find_access
from lab import embedded_aws as emulator
from lab import environment
from lab.settings import Settings


def kubectl(settings: Settings, arguments: list[str]) -> None:
    """Become the kubectl that the machines have.

    Raises:
        CommandError: nothing runs, its machines are no real ones, or no master has published credentials yet.
    """
    running = emulator.require(settings)
    environment.adopt(running.variables())
    find_access(settings, running).write(settings.kubeconfig)
    from lab.artifacts import Settings as ArtifactSettings
    from lab.artifacts import ensure

    program = ensure(["kubernetes-node"], settings=ArtifactSettings.from_environment()).programs["kubectl"]
    sys.stdout.flush()
    os.execv(program, ["kubectl", "--kubeconfig", str(settings.kubeconfig), *arguments])
