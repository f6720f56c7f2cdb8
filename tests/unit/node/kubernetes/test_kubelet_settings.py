"""What is kept from pods, by the host's size."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

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
