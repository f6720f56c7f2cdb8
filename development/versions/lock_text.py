"""The text of the lock file: a change of it shows only what was added."""

import json
import os
import re
from pathlib import Path
from typing import Any

from kubequorum_cli.errors import CommandError
from lab.artifacts.errors import LockFileError
from lab.artifacts.releases import Lock, read_lock

_LIST = re.compile(r"\[\s+([^\[\]{}]*?)\s+\]")
_BETWEEN_ITEMS = re.compile(r",\n\s+")


def formatted(document: dict[str, Any]) -> str:
    """The lock file's text: indented by two, lists of words in one line."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _LIST.sub(lambda found: f"[{_BETWEEN_ITEMS.sub(', ', found[1])}]", text) + "\n"


def read(path: Path) -> tuple[Lock, dict[str, Any]]:
    """The lock file, checked, and as a document of its own to be changed.

    Raises:
        CommandError: it cannot be read, is wrong, or is formatted in another way: then a change of it would
            show as more than it is.
    """
    try:
        lock, text = read_lock(path), path.read_text(encoding="utf-8")
    except (LockFileError, OSError) as error:
        raise CommandError(
            "the lock file cannot be used",
            why=str(error),
            remedy="put right what is wrong there; `git diff` shows what has been changed",
        ) from error
    document: dict[str, Any] = json.loads(text)
    wanted = formatted(document)
    if text != wanted:
        pairs = zip([*text.split("\n"), ""], [*wanted.split("\n"), ""], strict=False)
        number, there, better = next((n, a, b) for n, (a, b) in enumerate(pairs, 1) if a != b)
        raise CommandError(
            f"{path} is formatted in another way than this command writes it",
            why=f"line {number} is {there.strip()!r} instead of {better.strip()!r}",
            remedy="indent it by two, with each list of words in one line",
        )
    return lock, document


def write(path: Path, document: dict[str, Any]) -> None:
    """Replace the lock file at once, after the new one has passed all checks.

    Raises:
        CommandError: it would be wrong, or cannot be written; the file is unchanged.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(formatted(document), encoding="utf-8")
        part.chmod(path.stat().st_mode)
        read_lock(part)
        os.replace(part, path)
    except LockFileError as error:
        raise CommandError(
            "the new lock file would be wrong, and the old one is unchanged", why=str(error)
        ) from error
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written", why=error.strerror or str(error), remedy="the file is unchanged"
        ) from error
    finally:
        part.unlink(missing_ok=True)
