"""`kubequorum-node`: the steps of a machine's life, each to be run by hand, too."""

import argparse
import os
import sys
from pathlib import Path

from kubequorum_node import supervisor
from kubequorum_node.aws import Aws
from kubequorum_node.config import NodeConfig
from kubequorum_node.imds import Metadata
from kubequorum_node.lifecycle import Lifecycle
from kubequorum_node.log import say

LIFECYCLE_UNIT = "kubequorum-lifecycle.service"


def main(arguments: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="kubequorum-node", description=__doc__)
    parser.add_argument("--config", type=Path, default=_home() / "node.json", help="(default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("boot", help="all steps of a boot, in order; safe to repeat")
    commands.add_parser("report-ready", help="complete the launch hook and signal CloudFormation")
    commands.add_parser(
        "watch-lifecycle", help="wait until the group ends this instance, then let go in order"
    )
    options = parser.parse_args(arguments)

    config = NodeConfig.load(options.config)
    lifecycle = Lifecycle(config, Aws(config.region), Metadata())
    match options.command:
        case "boot":
            say(f"{config.position} of cluster {config.cluster}")
            supervisor.start(LIFECYCLE_UNIT, "watch-lifecycle")
            lifecycle.report_ready()
        case "report-ready":
            lifecycle.report_ready()
        case "watch-lifecycle":
            lifecycle.wait_for_termination()
            lifecycle.report_gone()
    return 0


def _home() -> Path:
    return Path(os.environ.get("KUBEQUORUM_HOME", "/opt/kubequorum"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
