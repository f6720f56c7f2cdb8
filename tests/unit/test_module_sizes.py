"""One job for each module: none is long."""

import subprocess

from tests.synthesis import REPOSITORY

LIMIT_LINES = 250


def _lines(name: str) -> int:
    file = REPOSITORY / name
    return len(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else 0


def test_no_python_module_is_too_long() -> None:
    """Tests included."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    names = listed.stdout.split()
    assert len(names) > 100
    too_long = {name: lines for name in names if (lines := _lines(name)) > LIMIT_LINES}
    assert not too_long, f"longer than {LIMIT_LINES} lines, split them: {too_long}"
