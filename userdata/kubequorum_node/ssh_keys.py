"""SSH keys: who may log in on this host, as the cluster file says now.

The keys are in a parameter of Systems Manager, so that a changed list replaces no host. See
docs/decisions/machine-access.md.
"""

from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import error_code
from kubequorum_node.document import ssh_keys_parameter
from kubequorum_node.host import CommandError
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.supervision import systemctl

FOLDER = "/etc/ssh/kubequorum"
"""A file for each user, named by it, which only root writes."""
_SETTINGS = "/etc/ssh/sshd_config.d/10-kubequorum.conf"
"""sshd takes the first value that it finds (sshd_config(5)): before what an image has there."""
_SERVER = "/usr/sbin/sshd"
_UNIT = "ssh.service"


def update(node: Node) -> None:
    """Let the owners of the keys that are in force log in, and nobody else.

    Raises:
        ClientError: AWS refuses to say which these are: those of before stay.
        CommandError: sshd does not take its settings.

    """
    host, user = node.host, node.document.ssh_user
    if not host.path(_SERVER).exists():
        info(f"nobody can log in with SSH: the image has no {_SERVER}")
        return
    if host.run("id", "--user", user, check=False).returncode != 0:
        warning(f"nobody can log in with SSH: the image has no user {user}, see access.ssh_user")
    keys = _keys(node)
    if host.write(f"{FOLDER}/{user}", keys):
        info(f"{len(keys.splitlines())} SSH keys may log in as {user}")
    if host.write(_SETTINGS, _settings()):
        try:
            # Debian's unit checks the settings (`sshd -t`) before the server takes them.
            systemctl.reload_or_restart(host, _UNIT)
        except CommandError:
            # The next run tries again, and a server that starts later is not kept from it.
            host.path(_SETTINGS).unlink()
            raise


def _keys(node: Node) -> str:
    name = ssh_keys_parameter(node.document.cluster)
    try:
        answer = node.aws.call(lambda: node.aws.ssm.get_parameter(Name=name))
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        warning(f"there is no parameter {name}: nobody may log in")
        return ""
    return str(answer["Parameter"]["Value"])


def _settings() -> str:
    return (
        "# Written by Kubequorum: the keys in the cluster file, and no other way in.\n"
        f"AuthorizedKeysFile {FOLDER}/%u\n"
        "PasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\n"
        "PermitRootLogin no\n"
    )
