"""The image of machines that boot, as layers and folders; nothing boots here."""

from pathlib import Path

import pytest

from emulator.machines.nspawn.image import (
    API_URL,
    Folder,
    MachineImage,
    MachineImages,
    PreparedImages,
    clone,
    prepare,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a root as an image checks."""
    made = tmp_path / "root"
    (made / "usr/lib/systemd").mkdir(parents=True)
    (made / "usr/lib/systemd/systemd").touch()
    return made


def test_texts_and_files_are_a_layer_over_the_root(root: Path, tmp_path: Path) -> None:
    """The API's URL is filled in; a file is the very one that was named; others may read what is there."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    image = MachineImage(
        root=root,
        files={"/usr/local/bin/program": program},
        texts={"/etc/default/program": f"URL={API_URL}/\nOTHER=1\n"},
    )
    layer = tmp_path / "layer"
    prepared = prepare(image, layer, api_url="http://192.0.2.1")
    assert prepared.layers == (layer, root)
    assert (layer / "etc/default/program").read_text() == "URL=http://192.0.2.1/\nOTHER=1\n"
    assert (layer / "usr/local/bin/program").stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in layer.rglob("*") if path.is_dir()} == {0o755}


def test_an_image_that_adds_nothing_is_its_root(root: Path, tmp_path: Path) -> None:
    """There is no empty layer."""
    assert prepare(MachineImage(root=root), tmp_path / "layer", api_url="").layers == (root,)


def test_an_instance_boots_the_image_of_its_id(root: Path, tmp_path: Path) -> None:
    """Any other id stands for the default image; each is prepared once. The description keeps all of them."""
    default, next_one = (MachineImage(root=root, texts={"/etc/version": version}) for version in "12")
    MachineImages(default=default, by_id={"ami-2": next_one}).write(tmp_path / "image.json")
    images = MachineImages.read(tmp_path / "image.json")
    assert images == MachineImages(default=default, by_id={"ami-2": next_one})
    prepared = PreparedImages(images, tmp_path / "layers", api_url="")
    found = {image_id: prepared.of(image_id).layers[0] for image_id in ("ami-1", "ami-2", "ami-3")}
    texts = {image_id: (layer / "etc/version").read_text() for image_id, layer in found.items()}
    assert texts == {"ami-1": "1", "ami-2": "2", "ami-3": "1"}
    assert prepared.of("ami-2") is prepared.of("ami-2")
    assert len(list((tmp_path / "layers").iterdir())) == 2


def test_a_machine_does_not_change_the_folder_that_others_start_from(tmp_path: Path) -> None:
    """What is changed in place is copied; what is removed or replaced is the machine's alone."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "below").mkdir(parents=True)
    (source / "below/state.db").write_text("old")
    (source / "below/blob").write_text("blob")
    clone(Folder(source=source, copied=("*.db",)), target)
    (target / "below/state.db").write_text("new")
    (target / "below/blob").unlink()
    assert (source / "below/state.db").read_text() == "old"
    assert (source / "below/blob").read_text() == "blob"
