"""`install`: the tools that pip does not install."""

from kubequorum_cli.console import Progress
from lab import toolchain


def install() -> None:
    """Install the pinned CDK command line, and Node if this computer's is too old or missing."""
    progress = Progress()
    tools = toolchain.ensure(progress)
    progress.note(f"node: {tools.node}\ncdk:  {tools.cdk}")
