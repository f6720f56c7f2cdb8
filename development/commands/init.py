"""`init`: writes a cluster file, from answers, from what AWS says, and from defaults."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from development.init import defaults
from development.init.account import Account
from development.init.answers import PLACEHOLDER_ACCOUNT, PLACEHOLDER_IMAGE, Answers
from development.init.document import check, write
from development.init.questions import Ask, Interview
from kubequorum.config import warnings_of
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, UsageError

_FOLDER = Path("clusters")


def init(
    given: Mapping[str, str | None],
    *,
    output: Path | None,
    force: bool,
    yes: bool,
    find_account: Callable[[str], Account] = Account,
    ask: Ask | None = None,
) -> None:
    """Write the file, and print its path.

    Args:
        given: what options say: fields of `Answers`.
        output: the file; None: a file in clusters/ with the cluster's name.
        force: whether a file that exists may be replaced.
        yes: whether defaults answer what no option does.
        find_account: the account, by a region.
        ask: asks a person; None: the one at the terminal.

    Raises:
        UsageError: nobody can answer, or what an option says cannot be.
        CommandError: the file exists, cannot be written, or would not be valid.
    """
    if not yes and ask is None and not sys.stdin.isatty():
        raise UsageError(
            "nobody can answer questions",
            why="standard input is no terminal",
            remedy="--yes takes the defaults for what no option says",
        )
    if output is not None:
        _refuse_existing(output, force=force)
    folder = output.parent if output is not None else _FOLDER if _FOLDER.is_dir() else Path()
    if not folder.is_dir():
        raise CommandError(
            f"{output} cannot be written", why=f"there is no folder {folder}", remedy="create it"
        )
    progress = Progress()
    interview = Interview(given, None if yes else ask or _ask, progress.note)
    answers, account = interview.run(find_account)
    path = output or folder / f"{answers.name}.yaml"
    text = write(answers, schema=(folder / "schema.json").exists())
    cluster, problems = check(text)
    if cluster is None:
        raise CommandError(
            f"{path} would not be valid",
            why="\n".join(map(str, problems)),
            remedy="give other answers, or start from clusters/ha.yaml",
        )
    _save(text, path, force=force)
    for line in _notes(answers, account):
        progress.note(line)
    for warning in warnings_of(cluster):
        progress.note(f"Warning: {warning}")
    print(path)


def _ask(question: str, default: str) -> str:
    # Like progress on stderr: stdout has the path.
    return str(typer.prompt(question, default=default, err=True, show_default=bool(default)))


def _notes(answers: Answers, account: Account) -> list[str]:
    lines = [f"Quota: {line}" for line in defaults.shortages(account, answers)]
    unknown: dict[str, list[str]] = {}
    for what, why in account.unknown.items():
        unknown.setdefault(why, []).append(what)
    lines += [f"AWS did not say, so this is a guess: {', '.join(of)}: {why}" for why, of in unknown.items()]
    if answers.account == PLACEHOLDER_ACCOUNT:
        lines.append(f"Change before you deploy: account ({PLACEHOLDER_ACCOUNT} is a placeholder)")
    if answers.image == PLACEHOLDER_IMAGE:
        lines.append(f"Change before you deploy: image ({PLACEHOLDER_IMAGE} is a placeholder)")
    return lines


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise _existing(path)


def _existing(path: Path) -> CommandError:
    return CommandError(f"{path} is there already", remedy="name another file with --output, or add --force")


def _save(text: str, path: Path, *, force: bool) -> None:
    try:
        # Mode x fails if somebody was quicker.
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise _existing(path) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be written", why=str(error), remedy="name another file") from error
