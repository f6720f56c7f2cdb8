"""`completion`: a script with which a shell completes commands, options and names."""

from kubequorum_cli.completion import SHELLS, script
from kubequorum_cli.errors import UsageError


def completion(shell: str) -> None:
    """Print it to stdout.

    Raises:
        UsageError: there is none for this shell.
    """
    if shell not in SHELLS:
        raise UsageError(f"there is no completion for {shell!r}", remedy=f"choose from: {', '.join(SHELLS)}")
    print(script(shell))
