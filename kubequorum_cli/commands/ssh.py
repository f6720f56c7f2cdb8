"""`ssh`: a shell on a machine, or a command there, as root."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence

from kubequorum_cli.errors import CommandError
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target

_INSTANCE_ID = re.compile(r"i-[0-9a-f]+")
_SET = "set access.ssh_keys and access.instance_connect_endpoint: true in the cluster file, and deploy it"


def ssh(target: Target, node: str, command: Sequence[str]) -> None:
    """Replace this process by a shell on a machine, or by a command there.

    Raises:
        CommandError: there is no such machine, no way to it, or no program that takes it.
    """
    arguments = command_line(target, node, command)
    if shutil.which(arguments[0]) is None:
        raise CommandError(
            f"{arguments[0]} cannot be run", why=f"there is no {arguments[0]} in PATH", remedy="install it"
        )
    sys.stdout.flush()
    os.execvp(arguments[0], arguments)


def command_line(
    target: Target, node: str, command: Sequence[str], *, has_terminal: bool | None = None
) -> list[str]:
    """The command line that runs a command on a machine.

    Args:
        target: the cluster.
        node: a slot, or the id of an instance, which is its node's name.
        command: without one, a shell; a single word is a line for a shell, as ssh(1) has it, several are
            passed as they are.
        has_terminal: whether a person types into it; None to look at standard input.

    Raises:
        CommandError: there is no such machine, or no way to it.
    """
    instance_id = _instance(Resources(target), node)
    line = command[0] if len(command) == 1 else shlex.join(command)
    if target.enter is not None:
        return target.enter(instance_id, line)
    outputs = target.outputs("Network") or {}
    user, endpoint = outputs.get("SshUser"), outputs.get("InstanceConnectEndpointId")
    if user is None or endpoint is None:
        missing = "access.ssh_keys" if user is None else "access.instance_connect_endpoint"
        raise CommandError(
            f"nobody can log in to machines of cluster {target.cluster}",
            why=f"it was deployed from a cluster file without {missing}",
            remedy=_SET,
        )
    if shutil.which("aws") is None:
        raise CommandError(
            "there is no tunnel to the machine",
            why="there is no aws in PATH",
            remedy="install the AWS CLI, version 2",
        )
    tunnel = (
        f"aws ec2-instance-connect open-tunnel --instance-id {instance_id} "
        f"--instance-connect-endpoint-id {endpoint} --region {target.session.region_name}"
    )
    terminal = sys.stdin.isatty() if has_terminal is None else has_terminal
    return [
        "ssh",
        *("-o", f"ProxyCommand={tunnel}"),
        # An id is never used twice: the key that the machine shows at first is its key.
        *("-o", f"HostKeyAlias={instance_id}"),
        *("-o", "StrictHostKeyChecking=accept-new"),
        *(["-t"] if terminal else []),
        f"{user}@{instance_id}",
        f"sudo -- bash -lc {shlex.quote(line)}" if line else "sudo -i",
    ]


def _instance(resources: Resources, node: str) -> str:
    cluster = resources.target.cluster
    if _INSTANCE_ID.fullmatch(node):
        if node in resources.instances():
            return node
        raise CommandError(
            f"{node} is no running instance of cluster {cluster}", remedy="kubequorum status lists them"
        )
    if node in resources.slots:
        return resources.master(node)
    raise CommandError(
        f"there is no machine {node!r} in cluster {cluster}",
        why=f"it is no slot ({', '.join(resources.slots)}) and no instance's id, which is its node's name",
        remedy="kubequorum status lists them",
    )
