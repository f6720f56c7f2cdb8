"""What a shell completes: its script, and names that only the cluster knows."""

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

# The module's `__all__` leaves them out, and nothing else offers them.
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]

PROGRAM = "kubequorum"
SHELLS = ("bash", "zsh")
_VARIABLE = "_KUBEQUORUM_COMPLETE"
"""Set by the script when it asks; the name follows from the program's."""
_LIMIT_SECONDS = 2.0
"""Whoever has pressed Tab waits; AWS that does not answer would take minutes."""

Complete = Callable[[str], list[str]]
"""From what is typed so far to what it may become."""


def script(shell: str) -> str:
    """The script for a shell, `bash` or `zsh`: Typer's, for a program that is called by any path."""
    text = get_completion_script(prog_name=PROGRAM, complete_var=_VARIABLE, shell=shell)
    if shell != "zsh":
        # `$1`, the word as it was typed.
        return text
    # Typer's script calls the name instead, which is in PATH only if somebody has put it there.
    return text.replace(f"complete_zsh {PROGRAM})", "complete_zsh ${~words[1]})")


def answer_shells() -> None:
    """Let the program answer the scripts, if that is what it was called for."""
    if _VARIABLE in os.environ:
        completion_init()


def names(ask: Callable[[], Iterable[str]]) -> Complete:
    """Complete one of the names that `ask` gives: none if it fails, or takes too long."""

    def complete(incomplete: str) -> list[str]:
        found: list[str] = []

        def run() -> None:
            # A traceback below the prompt helps nobody.
            try:
                for name in ask():
                    found.append(name)  # noqa: PERF402 - what is there when the time is over counts
            except Exception:
                return

        # Not waited for at the end of the process.
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(_LIMIT_SECONDS)
        return [name for name in [*found] if name.startswith(incomplete)]

    return complete


def cluster_files(incomplete: str) -> list[str]:
    """YAML files that begin so; those of clusters/ if nothing is typed yet."""
    begin = Path(incomplete)
    folder, start = (begin, "") if incomplete.endswith("/") else (begin.parent, begin.name)
    if not incomplete:
        folder = Path("clusters")
    try:
        found = sorted(path for path in folder.iterdir() if path.name.startswith(start))
    except OSError:
        return []
    return [str(path) for path in found if path.suffix in (".yaml", ".yml")]
