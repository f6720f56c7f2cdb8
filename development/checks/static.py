"""The checks that read the code without running it."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kubequorum_cli.console import Progress
from lab.settings import CHECKOUT

_SHELL_SCRIPT = re.compile(rb"#!\s*\S*(/|env )(ba|da)?sh\b")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one check."""

    name: str
    passed: bool
    seconds: float


def run_all(progress: Progress) -> list[Outcome]:
    """Run every check, also after a failure; the output of those that fail is shown."""
    return [_run(name, command(), progress) for name, command in _CHECKS.items()]


def shell_scripts() -> list[str]:
    """Every shell script in git, known by its name or its first line."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    return [name for name in listed.decode().split("\0") if name and _is_shell_script(CHECKOUT / name)]


def _is_shell_script(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == ".sh" or _SHELL_SCRIPT.match(file.readline(200)) is not None


def _run(name: str, command: list[str], progress: Progress) -> Outcome:
    with progress.stage(name) as stage:
        done = subprocess.run(
            command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode != 0:
            stage.fail()
            for line in done.stdout.splitlines():
                stage.line(line)
    return Outcome(name=name, passed=done.returncode == 0, seconds=stage.seconds)


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


_CHECKS: dict[str, Callable[[], list[str]]] = {
    "ruff check": lambda: [_tool("ruff"), "check", "--quiet", "."],
    "ruff format": lambda: [_tool("ruff"), "format", "--check", "--quiet", "."],
    # Its packages are listed in pyproject.toml; a file cannot be named beside them.
    "mypy": lambda: [_tool("mypy"), "--no-error-summary"],
    "mypy (files)": lambda: [_tool("mypy"), "--no-error-summary", "app.py", "conftest.py"],
    # Its contracts are in pyproject.toml, too.
    "import contracts": lambda: ["env", "PYTHONPATH=.:constructs:userdata", _tool("lint-imports")],
    # SC1090, SC1091: a file that exists only on another computer.
    "shellcheck": lambda: [
        _tool("shellcheck"),
        "--external-sources",
        "--exclude=SC1090,SC1091",
        *shell_scripts(),
    ],
}
