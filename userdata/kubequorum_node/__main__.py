"""`kubequorum-node`: the steps of a machine's life, each to be run by hand, too."""

import argparse
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.boot.run import boot
from kubequorum_node.commands import BY_HAND, run_by_hand
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import FILE_NAME, ClusterDocument
from kubequorum_node.errors import NodeError
from kubequorum_node.log import error, info
from kubequorum_node.node import Node
from kubequorum_node.termination.order import leave, shut_down
from kubequorum_node.watchdog.watch import watch


def main(arguments: list[str]) -> int:
    """Run one command."""
    by_name = {known.name: known for known in BY_HAND}
    parser = argparse.ArgumentParser(prog="kubequorum-node", description=__doc__)
    parser.add_argument("--config", type=Path, default=_home() / "node.json", help="(default: %(default)s)")
    parser.add_argument("--cluster", type=Path, default=_bundle() / FILE_NAME, help="(default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("boot", help="all steps of a boot, in order; safe to repeat")
    commands.add_parser(
        "watch-lifecycle", help="wait until the group ends this instance, then let go in order"
    )
    commands.add_parser(
        "watch-health", help="look at this master again and again, and do what its health wants (masters)"
    )
    commands.add_parser("shut-down", help="stop a master's control plane in order: the machine goes off")
    for known in by_name.values():
        commands.add_parser(known.name, help=known.help + (" (masters)" if known.masters_only else ""))
    options = parser.parse_args(arguments)

    try:
        node = Node(NodeConfig.load(options.config), ClusterDocument.load(options.cluster))
        info(f"{options.command}: {node.config.role} of cluster {node.document.cluster}")
        if options.command == "boot":
            return boot(node)
        if options.command == "watch-health":
            watch(node)
        elif options.command == "watch-lifecycle":
            node.lifecycle.wait_for_termination()
            leave(node)
        elif options.command == "shut-down":
            shut_down(node)
        else:
            run_by_hand(node, by_name[options.command])
    except (NodeError, ClientError, BotoCoreError) as failure:
        error(f"{options.command}: {failure}")
        return 1
    return 0


def _home() -> Path:
    return Path(os.environ.get("KUBEQUORUM_HOME", "/opt/kubequorum"))


def _bundle() -> Path:
    return Path(__file__).resolve().parent.parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
