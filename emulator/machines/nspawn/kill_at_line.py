"""Kills a program on a machine after a line: a module on the machine does it, from inside Python."""

import shutil
from pathlib import Path

_SOURCE = Path(__file__).with_name("kill_at_line_files")
_PACKAGES = "usr/lib/python3/dist-packages"
"""Where Debian's Python looks for modules, whatever its minor version."""
_ARMED = "var/lib/faults/kill-at-line"
"""A file for each line, renamed by the program that is killed for it; see fault_kill_at_line.py."""


def arm(root: Path, name: str, text: str) -> None:
    """Let one Python program that starts later, below a machine's root, die after a line with this text."""
    packages, armed = root / _PACKAGES, root / _ARMED
    for folder in (packages, armed):
        folder.mkdir(parents=True, exist_ok=True)
    (armed / name).write_text(text)
    for source in sorted(_SOURCE.iterdir()):
        if source.suffix in (".py", ".pth"):
            shutil.copyfile(source, packages / source.name)


def has_happened(root: Path, name: str) -> bool:
    """Whether a program was killed for that."""
    return (root / _ARMED / f"{name}.done").exists()
