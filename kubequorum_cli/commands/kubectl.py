"""`kubectl`: the cluster, reached from this computer with an administrator's credentials."""

import os
import sys

from kubequorum_cli.kubernetes import find_access
from kubequorum_cli.target import Target


def kubectl(target: Target, arguments: list[str]) -> None:
    """Replace this process by kubectl.

    Raises:
        CommandError: the cluster runs no Kubernetes, no master has published credentials yet, or there is
            no kubectl.
    """
    find_access(target).write(target.kubeconfig)
    program = target.kubectl()
    sys.stdout.flush()
    os.execv(program, ["kubectl", "--kubeconfig", str(target.kubeconfig), *arguments])
