"""Images that cannot be made here: what a mirror must have, and what is said when it has not."""

import dataclasses
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from lab.artifacts import Settings
from lab.artifacts.errors import ArtifactError, MissingImagesError
from lab.artifacts.image_catalog import IMAGES
from lab.artifacts.image_file import write_image
from lab.artifacts.mirrored_images import archive_path, mirrored_archives
from lab.artifacts.plan import make_plan
from lab.artifacts.store import Store

_IMAGE = IMAGES["cluster-autoscaler"]
_REFERENCE = _IMAGE.references[0]


def _archive(mirror: Path, *, reference: str = _REFERENCE) -> Path:
    """An image in a mirror, in the place of `_IMAGE`."""
    path = mirror / archive_path(_REFERENCE)
    path.parent.mkdir(parents=True)
    program = mirror / "program"
    program.write_text("program")
    write_image(path, references=[reference], files={"/x": program}, entrypoint=["/x"], architecture="amd64")
    return path


def test_the_place_in_a_mirror_is_that_of_the_image() -> None:
    """Registry and path as folders, the tag as the file."""
    assert archive_path("registry.example.com:5000/a/b:v1.2") == "registry.example.com:5000/a/b/v1.2.tar"


def test_images_that_are_made_here_need_no_mirror() -> None:
    """Others are not looked for."""
    made = [image for image in IMAGES.values() if not image.is_mirrored]
    assert made
    assert mirrored_archives(made, None) == {}


@pytest.mark.parametrize(
    ("mirror", "said"),
    [
        (None, "no mirror is named"),
        ("http://mirror.example.com", "images are read from a folder only"),
        ("/nowhere", "the mirror /nowhere lacks them"),
    ],
)
def test_what_is_missing_is_named_with_the_remedies(mirror: str | None, said: str) -> None:
    """The image, where to put it, and which addon to turn off."""
    with pytest.raises(MissingImagesError) as caught:
        mirrored_archives(IMAGES.values(), mirror)
    assert said in caught.value.why
    assert _REFERENCE in caught.value.why
    assert "registry.k8s.io/autoscaling/cluster-autoscaler/v" in caught.value.remedy
    assert "addons.cluster_autoscaler.enabled: false" in caught.value.remedy
    assert "KUBEQUORUM_ARTIFACT_MIRROR" in caught.value.remedy


def test_an_archive_is_found(tmp_path: Path) -> None:
    """As an OCI archive, and as `docker save` writes it; a mirror may be an address of a file."""
    path = _archive(tmp_path)
    assert mirrored_archives([_IMAGE], str(tmp_path)) == {_IMAGE.name: path}
    assert mirrored_archives([_IMAGE], f"file://{tmp_path}") == {_IMAGE.name: path}
    _write(path, "manifest.json", json.dumps([{"RepoTags": [_REFERENCE]}]))
    assert mirrored_archives([_IMAGE], str(tmp_path)) == {_IMAGE.name: path}


@pytest.mark.parametrize(
    ("member", "text", "said"),
    [
        (
            "manifest.json",
            '[{"RepoTags": ["example.com/x:1"]}]',
            f"has example.com/x:1 instead of {_REFERENCE}",
        ),
        ("manifest.json", '[{"RepoTags": null}]', "has no image with a name"),
        ("manifest.json", "[", "is not the archive of an image"),
        ("index.json", "[]", "is not the archive of an image"),
        ("other", "", "has no image with a name"),
    ],
)
def test_another_image_in_its_place_is_refused(tmp_path: Path, member: str, text: str, said: str) -> None:
    """It would be imported under its own name, and pods would wait for theirs."""
    path = _archive(tmp_path)
    _write(path, member, text)
    with pytest.raises(ArtifactError, match=re.escape(said)) as caught:
        mirrored_archives([_IMAGE], str(tmp_path))
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    """Such as an error page of a registry."""
    _archive(tmp_path).write_text("<html>")
    with pytest.raises(ArtifactError, match="is not the archive of an image"):
        mirrored_archives([_IMAGE], str(tmp_path))


def test_it_stays_in_the_mirror_and_is_known_by_its_content(tmp_path: Path) -> None:
    """Nothing is copied; another content is another key, and so another golden folder."""
    mirror = tmp_path / "mirror"
    path = _archive(mirror)
    settings = dataclasses.replace(
        Settings.from_environment({"XDG_CACHE_HOME": "/x"}), cache_dir=tmp_path, mirror=str(mirror)
    )
    plan = make_plan([f"image:{_IMAGE.name}"])

    def provided() -> tuple[Path, str]:
        store = Store(settings)
        paths = store.paths(store.ensure(plan))
        return paths.images[_IMAGE.name], paths.image_keys[_IMAGE.name]

    first = provided()
    assert first[0] == path
    _write(path, "manifest.json", json.dumps([{"RepoTags": [_REFERENCE]}]))
    assert provided()[1] != first[1]
    path.unlink()
    with pytest.raises(MissingImagesError):
        provided()


def _write(path: Path, member: str, text: str) -> None:
    """Replace an archive by one with a single member."""
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(text.encode())
        archive.addfile(info, io.BytesIO(text.encode()))
