"""Asks a person before something is changed."""

import sys

import typer

from kubequorum_cli.errors import CommandError, UsageError


def ask(question: str, *, yes: bool, declined: str) -> None:
    """Ask, unless `yes` says that nobody has to be asked; return if the answer is yes.

    Raises:
        UsageError: nobody can be asked.
        CommandError: the answer is no; it says `declined`.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody can be asked",
            why="the standard input is no terminal",
            remedy="add --yes, or run it in one",
        )
    if not typer.confirm(question, err=True):
        raise CommandError(declined)
