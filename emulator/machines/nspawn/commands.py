"""Running the system's own programs."""

import shlex
import subprocess
from collections.abc import Sequence


class CommandFailedError(RuntimeError):
    """A program ended with another status than 0."""


def run(*arguments: str, stdin: str | None = None) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        CommandFailedError: it failed; the message holds the command and what it printed.
        FileNotFoundError: there is no such program.
    """
    done = subprocess.run(arguments, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise CommandFailedError(f"`{shlex.join(arguments)}` ended with status {done.returncode}: {said}")
    return done.stdout


def ip_batch(namespace: str, lines: Sequence[str]) -> None:
    """Run several `ip` commands in a network namespace, in one process.

    Raises:
        CommandFailedError: one failed; those after it did not run.
    """
    run("ip", "-n", namespace, "-batch", "-", stdin="".join(f"{line}\n" for line in lines))
