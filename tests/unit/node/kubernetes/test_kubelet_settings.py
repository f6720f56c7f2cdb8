"""What is kept from pods, by the host's size; the cluster file's settings; credentials of registries."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node import image_credentials
from kubequorum_node.host import Size
from kubequorum_node.kubernetes import kubelet_settings
from kubequorum_node.kubernetes.kubelet_settings import reserved
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode


@pytest.mark.parametrize(
    ("cores", "memory_mib", "pods", "cpu", "memory"),
    [
        pytest.param(1, 2048, 110, "60m", "512Mi", id="a quarter of a small host"),
        pytest.param(2, 8192, 110, "70m", "1465Mi", id="m7i.large"),
        pytest.param(4, 16384, 110, "80m", "1465Mi", id="m7i.xlarge"),
        pytest.param(16, 65536, 250, "110m", "3005Mi", id="many pods"),
    ],
)
def test_reserved(cores: int, memory_mib: int, pods: int, cpu: str, memory: str) -> None:
    """Memory follows the number of pods, processors the number of cores."""
    size = Size(cores=cores, memory_mib=memory_mib)
    assert reserved(size, pods=pods) == {"cpu": cpu, "memory": memory}


def test_the_cluster_files_settings_come_later(tmp_path: Path) -> None:
    """The kubelet reads drop-ins in the order of their names, so they may change what is reserved."""
    extra = replace(examples.DOCUMENT.extra, kubelet={"kubeReserved": {"memory": "2Gi"}})
    node = FakeNode(tmp_path, document=replace(examples.DOCUMENT, extra=extra))
    kubelet_settings.install(node)
    first, second = sorted(node.host.path(kubelet_settings.FOLDER).iterdir())
    assert json.loads(first.read_text("utf-8"))["kubeReserved"] == {"cpu": "70m", "memory": "1465Mi"}
    assert json.loads(second.read_text("utf-8"))["kubeReserved"] == {"memory": "2Gi"}


REGISTRY = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"


def _credentials(tmp_path: Path, **values: Any) -> dict[str, Any]:
    node = FakeNode(tmp_path, document=replace(examples.WORKER_DOCUMENT, **values))
    kubelet_settings.install(node)
    found: dict[str, Any] = json.loads(node.host.read(image_credentials.CONFIG) or "{}")
    return found


def test_without_registries_the_kubelet_has_no_program_for_credentials(tmp_path: Path) -> None:
    """Neither file nor flags."""
    assert _credentials(tmp_path) == {}
    assert image_credentials.flags(examples.WORKER_DOCUMENT) == []


def test_the_program_is_started_for_the_cluster_files_registries_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that has expired is not kept, and at AWS's own address the program needs no variable."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert _credentials(tmp_path, private_registries=(REGISTRY,)) == {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [
            {
                "name": "ecr-credential-provider",
                "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
                "matchImages": [REGISTRY],
                "defaultCacheDuration": "0s",
                "env": [],
            }
        ],
    }


def test_the_program_finds_aws_where_the_node_program_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the proxy, and at the image's address of AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://169.254.200.1")
    proxy = "http://proxy.example.com:3128"
    (provider,) = _credentials(tmp_path, private_registries=(REGISTRY,), https_proxy=proxy)["providers"]
    variables = {each["name"]: each["value"] for each in provider["env"]}
    assert variables["AWS_ENDPOINT_URL"] == "http://169.254.200.1"
    assert variables["HTTPS_PROXY"] == proxy
    assert "169.254.169.254" in variables["NO_PROXY"].split(",")
