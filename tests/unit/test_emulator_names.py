"""The emulator is told what it needs to know of the application; it has no name of it anywhere."""

import re
import subprocess

import pytest

from tests.synthesis import REPOSITORY

NAMES = re.compile(r"kubequorum|\bkq[-_]|kubernetes|kubelet|kubeadm|kube-proxy", re.IGNORECASE)
FILES = subprocess.run(
    ["git", "ls-files", "emulator"], cwd=REPOSITORY, check=True, capture_output=True, text=True
).stdout.split()


@pytest.mark.parametrize("name", FILES)
def test_no_name_of_the_application(name: str) -> None:
    """Neither in a file nor in its path, whatever kind of file it is."""
    path = REPOSITORY / name
    if path.is_file():
        text = f"{name}\n{path.read_text(encoding='utf-8')}"
        assert [line for line in text.splitlines() if NAMES.search(line)] == []
