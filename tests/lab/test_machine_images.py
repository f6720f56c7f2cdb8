"""Machine images are read when the embedded AWS starts: a later `up` cannot have others."""

import dataclasses
from pathlib import Path

import pytest

from kubequorum_cli.errors import CommandError
from lab import embedded_aws
from lab.cluster_file import ClusterFile
from lab.commands import up
from lab.embedded_aws import EmbeddedAws
from lab.settings import Settings

_CLUSTER = ClusterFile(
    path=Path("/cluster.yaml"),
    name="small",
    account="000000000000",
    region="us-east-1",
    kubernetes="",
    addon_images=(),
)
_RUNNING = EmbeddedAws(
    pid=1,
    port=1,
    name="small",
    account="000000000000",
    region="us-east-1",
    cluster_file="/cluster.yaml",
    machines="nspawn",
    images={"ami-1": "1.37.2"},
)


@pytest.fixture(autouse=True)
def _healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmbeddedAws, "is_healthy", lambda _: True)
    monkeypatch.setattr(embedded_aws, "find", lambda _: _RUNNING)


def _asked(images: dict[str, str], kubernetes: str) -> EmbeddedAws | None:
    return up._running(Settings(further_images=images), dataclasses.replace(_CLUSTER, kubernetes=kubernetes))


@pytest.mark.parametrize(
    ("images", "kubernetes"),
    [({}, ""), ({"ami-1": "1.37.2"}, "1.36.3"), ({}, "1.37.2"), ({}, "1.36.4")],
    ids=["none", "the same", "a version that an image has", "a version that is downloaded"],
)
def test_what_machines_have_can_be_deployed(images: dict[str, str], kubernetes: str) -> None:
    """With or without the variable of the first `up`."""
    assert _asked(images, kubernetes) == _RUNNING


@pytest.mark.parametrize("images", [{"ami-2": "1.37.2"}, {"ami-1": "1.36.3"}])
def test_images_that_are_asked_for_later_are_refused(images: dict[str, str]) -> None:
    """Machines with their id would have another version."""
    (image_id,) = images
    with pytest.raises(CommandError, match=f"no image with Kubernetes .* as {image_id}") as caught:
        _asked(images, "")
    assert "make down" in str(caught.value.remedy)


def test_a_version_that_no_image_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first master would not boot."""
    monkeypatch.setattr(embedded_aws, "find", lambda _: dataclasses.replace(_RUNNING, images={}))
    with pytest.raises(CommandError, match=r"no image with Kubernetes 1\.37\.2"):
        _asked({}, "1.37.2")
    monkeypatch.setattr(
        embedded_aws, "find", lambda _: dataclasses.replace(_RUNNING, images={}, machines="process")
    )
    assert _asked({}, "1.37.2") is not None
