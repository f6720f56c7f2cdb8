"""The bundle of the node program: the same bytes every time, complete, and small."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from kubequorum.node_program import build_bundle

LIMIT_BYTES = 10 * 1024 * 1024


def test_two_builds_have_the_same_bytes(tmp_path: Path) -> None:
    """Another sum would replace every machine of a cluster for nothing."""
    first = build_bundle(tmp_path / "one")
    second = build_bundle(tmp_path / "two")
    assert first.sha256 == second.sha256 == hashlib.sha256(second.path.read_bytes()).hexdigest()


def test_a_finished_bundle_is_used_again(tmp_path: Path) -> None:
    """The second synthesis does not build anew, and leaves nothing half-made behind."""
    first = build_bundle(tmp_path)
    made = first.path.stat().st_mtime_ns
    assert build_bundle(tmp_path).path.stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]


def test_the_bundle_runs_with_nothing_but_python(tmp_path: Path) -> None:
    """Unpacked, it runs in an interpreter without site-packages, and its AWS clients can be made."""
    bundle = build_bundle(tmp_path)
    assert bundle.path.stat().st_size <= LIMIT_BYTES
    program = tmp_path / "program"
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(program)
    help_text = subprocess.run(
        [sys.executable, "-I", "-S", str(program), "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert "boot" in help_text
    clients = (
        f"import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p] + [{str(program)!r}];"
        "from kubequorum_node.aws import Aws; aws = Aws('eu-central-1');"
        "print(aws.autoscaling.meta.service_model.service_name, aws.cloudformation.meta.region_name)"
    )
    printed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", clients], check=True, capture_output=True, text=True
    ).stdout
    assert printed.split() == ["autoscaling", "eu-central-1"]


def test_units_travel_with_the_program(tmp_path: Path) -> None:
    """The unit files that the supervisor installs are in the bundle."""
    with zipfile.ZipFile(build_bundle(tmp_path).path) as archive:
        assert "units/kubequorum-lifecycle.service" in archive.namelist()
        assert not [name for name in archive.namelist() if name.endswith(".pyc")]
