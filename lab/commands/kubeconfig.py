"""`kubeconfig`: a file with which programs of this computer reach the cluster of real machines."""

import shlex

from kubequorum_cli.kubernetes import find_access
from lab import embedded_aws as emulator
from lab import environment
from lab.settings import Settings


def kubeconfig(settings: Settings) -> None:
    """Write it, and print what a shell is to evaluate.

    Raises:
        CommandError: nothing runs, its machines are no real ones, or no master has published credentials yet.
    """
    running = emulator.require(settings)
    environment.adopt(running.variables())
    find_access(settings, running).write(settings.kubeconfig)
    print(f"# {settings.kubeconfig}: for an administrator of cluster {running.name}, good for a day")
    print(f"export KUBECONFIG={shlex.quote(str(settings.kubeconfig))}")
