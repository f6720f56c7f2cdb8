"""`kubeconfig`: a file with which programs of this computer reach the cluster."""

import shlex

from kubequorum_cli.kubernetes import find_access
from kubequorum_cli.target import Target


def kubeconfig(target: Target) -> None:
    """Write the file, and print lines for a shell to evaluate.

    Raises:
        CommandError: the cluster runs no Kubernetes, or no master has published credentials yet.
    """
    find_access(target).write(target.kubeconfig)
    print(f"# {target.kubeconfig}: for an administrator of cluster {target.cluster}, valid for a day")
    print(f"export KUBECONFIG={shlex.quote(str(target.kubeconfig))}")
