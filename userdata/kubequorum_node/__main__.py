"""`kubequorum-node`: a host's life in a Kubequorum cluster, in steps that a person can run, too."""

import argparse
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node import commands, proxy, services, settings
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import FILE_NAME, ClusterDocument
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host
from kubequorum_node.log import error, info
from kubequorum_node.node import Node
from kubequorum_node.supervision.processes import Processes
from kubequorum_node.supervision.systemd import Systemd


def main(arguments: list[str]) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    try:
        node = _node(options.config, options.cluster)
        info(f"{options.command}: {node.config.role} of cluster {node.document.cluster}")
        commands.run(node, options.command)
    except (NodeError, ClientError, BotoCoreError) as failure:
        error(f"{options.command}: {failure}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kubequorum-node",
        description=__doc__,
        epilog=commands.describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config", type=Path, default=Path(settings.home()) / "node.json", help="(default: %(default)s)"
    )
    parser.add_argument("--cluster", type=Path, default=_bundle() / FILE_NAME, help="(default: %(default)s)")
    parser.add_argument(
        "command", choices=commands.COMMANDS, metavar="COMMAND", help="one of those listed below"
    )
    return parser


def _node(config_file: Path, cluster_file: Path) -> Node:
    config, document = NodeConfig.load(config_file), ClusterDocument.load(cluster_file)
    # For this program, and for all that it starts.
    os.environ.update(proxy.variables(document, os.environ))
    units = services.units(is_master=config.slot is not None, has_ssh=bool(document.ssh_user))
    if settings.is_plain_process():
        # Without root, it keeps what it writes in a folder of its own.
        host = Host(Path(settings.home()) / "root")
        return Node(config, document, host=host, supervisor=Processes(units))
    host = Host()
    return Node(config, document, host=host, supervisor=Systemd(host, units))


def _bundle() -> Path:
    return Path(__file__).resolve().parent.parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
