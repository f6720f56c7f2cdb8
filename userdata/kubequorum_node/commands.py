"""What the command line offers: services, the steps of a boot and a termination, and commands for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from kubequorum_node.backup import commands as backup
from kubequorum_node.boot import order as boot
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import credentials
from kubequorum_node.log import timed
from kubequorum_node.node import Node
from kubequorum_node.services import SERVICES
from kubequorum_node.step import Step
from kubequorum_node.termination import order as termination
from kubequorum_node.volume import member_data

_FOR_PEOPLE = (
    Step(
        "admin-kubeconfig",
        "print a kubeconfig of a cluster administrator, valid for a day",
        lambda node: print(credentials.admin_kubeconfig(node), end=""),
        True,
    ),
    Step("list-backups", "print what etcd can be restored to, and the last drill", backup.list_backups, True),
    Step("backup-now", "take a full snapshot of etcd into the state bucket", backup.backup_now, True),
    Step(
        "backup-drill",
        "rebuild the newest backup beside the cluster, and compare the two",
        backup.run_drill,
        True,
    ),
    Step(
        "delete-kept-data",
        "delete what restores have replaced and repairs have quarantined on this slot's volume",
        member_data.delete_copies,
        True,
    ),
    Step("install-ca-set", "fetch or create the CA set of the cluster", ca_set.install, True),
)
_PERIODIC = frozenset(service.step.name for service in SERVICES if service.timer is not None)
_SERVICES = frozenset(service.step.name for service in SERVICES) - _PERIODIC


@dataclass(frozen=True)
class Group:
    """Commands that belong together in the help."""

    title: str
    steps: Sequence[Step]


def _each_once(*lanes: Sequence[Step]) -> list[Step]:
    return list({each.name: each for lane in lanes for each in lane}.values())


GROUPS = (
    Group("For people", _FOR_PEOPLE),
    Group("Services, which systemd runs", [service.step for service in SERVICES]),
    Group(
        "Steps of a boot, each safe to repeat",
        _each_once(*(boot.steps_of(plan) for plan in (boot.MASTER, boot.WORKER))),
    ),
    Group(
        "Steps of a graceful termination, each safe to repeat",
        _each_once(*([timed.step for timed in plan] for plan in termination.PLANS), termination.LAST_STEPS),
    ),
)
COMMANDS = {each.name: each for group in GROUPS for each in group.steps}


def describe() -> str:
    """All commands with a line each, by group."""
    width = max(map(len, COMMANDS))
    return "\n".join(
        f"{group.title}:\n"
        + "".join(
            f"  {each.name:<{width}}  {each.help}{' (masters)' if each.masters_only else ''}\n"
            for each in group.steps
        )
        for group in GROUPS
    )


def run(node: Node, command: str) -> None:
    """Run a command.

    Raises:
        NodeError: it is for masters, and this is a worker.

    """
    found = COMMANDS[command]
    if found.masters_only and not node.is_master:
        raise NodeError(f"this host is {node.config.role}: {command} is for masters only")
    if command in _SERVICES:
        # It logs its own steps, and mostly never ends.
        found.run(node)
        return
    with timed(command):
        found.run(node)
