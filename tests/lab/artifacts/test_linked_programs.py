"""Programs of a root, with their libraries."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.artifacts.errors import BuildError
from lab.artifacts.image_file import Symlink
from lab.artifacts.linked_programs import closure

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the root")


def test_closure_runs_on_its_own(tmp_path: Path) -> None:
    """What closure() collects for this machine's /bin/ls is enough to run it in an otherwise empty root."""
    for path, content in closure(Path("/"), ["/bin/ls"]).items():
        target = tmp_path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Symlink):
            target.symlink_to(content.target)
        else:
            shutil.copyfile(content, target)
            target.chmod(0o755)
    result = subprocess.run(["chroot", tmp_path, "/bin/ls", "/"], capture_output=True, text=True, check=True)
    assert "usr" in result.stdout


def test_missing_program_is_named(tmp_path: Path) -> None:
    """A program that the root lacks is an error that says where its package belongs."""
    with pytest.raises(BuildError, match=r"/usr/sbin/nft is not in .*machine_root"):
        closure(tmp_path, ["/usr/sbin/nft"])
