"""Programs on machines that are killed after a line: a module on the machine does it, from inside Python."""

import shutil
from pathlib import Path

_SOURCE = Path(__file__).with_name("killer")
_PACKAGES = "usr/lib/python3/dist-packages"
"""Where Debian's Python looks for modules, whatever its minor version."""
_ARMED = "var/lib/breaks/kill-at-line"
"""As in killer/breaks_killer.py: a file for each line, renamed by the program that is killed for it."""


def arm(root: Path, name: str, text: str) -> None:
    """Let a Python program below a machine's root that starts after this die after a line with this text."""
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
