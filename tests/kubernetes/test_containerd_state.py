"""Images that are imported once, into a folder that every machine's containerd starts from."""

from pathlib import Path

import pytest

from emulator.machines.nspawn import Folder, MachineImage
from emulator.tests.machines.nspawn.conftest import Bench
from emulator.tests.machines.nspawn.stand_ins import node
from lab.artifacts import ensure, to_stderr
from lab.artifacts.containerd_state import import_images
from lab.artifacts.errors import ArtifactError

pytestmark = pytest.mark.artifacts

CONTAINERD = "systemd-run -q --unit=containerd -p Type=notify -p Delegate=yes /usr/local/bin/containerd"


@pytest.fixture(scope="module")
def with_pause(tmp_path_factory: pytest.TempPathFactory) -> MachineImage:
    """An image with containerd, and the pause image in its folder."""
    paths = ensure(["containerd", "runc", "image:pause", "root"], to_stderr)
    assert paths.root is not None
    folder = tmp_path_factory.mktemp("image") / "containerd"
    programs = ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
    import_images(
        folder,
        containerd=paths.programs["containerd"],
        ctr=paths.programs["ctr"],
        archives=paths.images.values(),
    )
    files = {f"/usr/local/bin/{name}": paths.programs[name] for name in programs}
    folders = {"/var/lib/containerd": Folder(source=folder, copied=("*.db",))}
    return MachineImage(root=paths.root, files=files, folders=folders)


def test_a_machine_has_the_image_without_pulling_and_runs_it(
    with_pause: MachineImage, tmp_path: Path
) -> None:
    """Containerd on the machine knows the image at once, without a pull, and runs a container of it."""
    bench = Bench(tmp_path / "state", with_pause)
    try:
        one = bench.launch(node(7))
        bench.sh(
            one, "systemd-run -q --unit=containerd -p Type=notify -p Delegate=yes /usr/local/bin/containerd"
        )
        listed = bench.sh(one, "ctr -n k8s.io images list -q")
        name = next(line for line in listed.splitlines() if "pause" in line)
        started = bench.sh(one, f"ctr -n k8s.io run --detach {name} one && ctr -n k8s.io tasks list")
        assert "RUNNING" in started
    finally:
        bench.machines.close()


def test_a_machine_does_not_change_what_others_start_from(with_pause: MachineImage, tmp_path: Path) -> None:
    """Files are shared by hard links, but what one machine removes, or writes into databases, is its own."""
    source = with_pause.folders["/var/lib/containerd"].source
    assert source is not None
    before = sorted((path, path.lstat().st_size) for path in source.rglob("*"))
    bench = Bench(tmp_path / "state", with_pause)
    try:
        one = bench.launch(node(7))
        bench.sh(one, CONTAINERD)
        bench.sh(one, "ctr -n k8s.io images rm --sync $(ctr -n k8s.io images list -q)")
        assert bench.sh(one, "ctr -n k8s.io images list -q 2>/dev/null") == ""
    finally:
        bench.machines.close()
    assert sorted((path, path.lstat().st_size) for path in source.rglob("*")) == before


def test_an_archive_that_is_none_leaves_no_folder(tmp_path: Path) -> None:
    """The error is what containerd said of it."""
    paths = ensure(["containerd"], to_stderr)
    bad = tmp_path / "bad.tar"
    bad.write_bytes(b"no archive")
    target = tmp_path / "containerd"
    with pytest.raises(ArtifactError, match="images cannot be imported"):
        import_images(
            target, containerd=paths.programs["containerd"], ctr=paths.programs["ctr"], archives=[bad]
        )
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar"]
