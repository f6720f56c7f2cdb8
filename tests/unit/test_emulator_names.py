"""The emulator gets what it must know of the application as settings; it names the application nowhere."""

import re
import subprocess

import pytest

from tests.synthesis import REPOSITORY

NAMES = re.compile(
    r"kubequorum|\bkq[-_]|kubernetes|kubelet|kubeadm|kube-proxy|etcd|k8s|containerd|quorum|masters?(?![a-z])",
    re.IGNORECASE,
)
EXCEPTIONS = re.compile(r"\blink set \S+ master\b|KMSMasterKeyID|\bhostmaster\b")
"""Words of other fields: of a Linux bridge, of KMS, of an SOA record."""
FILES = subprocess.run(
    ["git", "ls-files", "emulator"], cwd=REPOSITORY, check=True, capture_output=True, text=True
).stdout.split()


@pytest.mark.parametrize("name", FILES)
def test_no_name_of_the_application(name: str) -> None:
    """Neither in a file nor in its path, whatever kind of file it is."""
    path = REPOSITORY / name
    if path.is_file():
        text = f"{name}\n{path.read_text(encoding='utf-8')}"
        assert [line for line in text.splitlines() if NAMES.search(EXCEPTIONS.sub("", line))] == []
