"""`kubeconfig`: a file with which programs of this computer reach the cluster; `credential`: for plugins."""

import json
import shlex
from dataclasses import replace

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import exec_credential, find_access, published_kubeconfig, with_plugin
from kubequorum_cli.target import Target

_SUFFIX = "-exec"
"""Of a file of its own: `kubectl` writes the other one."""


def kubeconfig(target: Target, *, by_exec: bool = False) -> None:
    """Write the file, and print lines for a shell to evaluate.

    Args:
        target: the cluster.
        by_exec: whether clients ask this program for credentials, which are not in the file then.

    Raises:
        CommandError: the cluster runs no Kubernetes, or no master has published credentials yet.
    """
    access, path, how = find_access(target), target.kubeconfig, "valid for a day"
    if by_exec:
        if target.invocation is None:
            raise CommandError(
                "no client can ask for credentials", why="this program is embedded in another one"
            )
        access = replace(access, kubeconfig=with_plugin(access.kubeconfig, target.invocation))
        path = path.with_name(f"{path.name}{_SUFFIX}")
        how = "which asks AWS for credentials each time"
    access.write(path)
    print(f"# {path}: for an administrator of cluster {target.cluster}, {how}")
    print(f"export KUBECONFIG={shlex.quote(str(path))}")


def credential(target: Target) -> None:
    """Print an ExecCredential, for a client of Kubernetes.

    Raises:
        CommandError: no master has published credentials yet, or they are not valid any more.
    """
    print(json.dumps(exec_credential(published_kubeconfig(target))))
