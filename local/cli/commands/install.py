"""`install`: the tools that pip does not bring."""

from local.cli import toolchain
from local.cli.console import Progress


def install() -> None:
    """Install the pinned CDK command line, and Node if need be; CommandError if that fails."""
    progress = Progress()
    tools = toolchain.ensure(progress)
    progress.note(f"node: {tools.node}\ncdk:  {tools.cdk}")
