"""The bundle of the node program: the same bytes every time, complete, and small."""

import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from kubequorum.cluster_documents import master_document
from kubequorum.config import load_cluster
from kubequorum.node_program import build_bundle
from kubequorum_node import commands
from kubequorum_node.__main__ import main
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import ClusterDocument
from kubequorum_node.errors import NodeError
from kubequorum_node.log import info
from kubequorum_node.node import Node
from kubequorum_node.step import Step
from tests.synthesis import REPOSITORY

DOCUMENT = master_document(load_cluster(REPOSITORY / "clusters" / "ha.yaml"), stack="ha-ControlPlane")

LIMIT_BYTES = 10 * 1024 * 1024


def test_two_builds_have_the_same_bytes(tmp_path: Path) -> None:
    """Another checksum would replace every instance of a cluster for nothing."""
    first = build_bundle(DOCUMENT, tmp_path / "one")
    second = build_bundle(DOCUMENT, tmp_path / "two")
    assert first.sha256 == second.sha256 == hashlib.sha256(second.path.read_bytes()).hexdigest()


def test_a_finished_bundle_is_reused(tmp_path: Path) -> None:
    """The second synthesis does not build it again, and leaves no partial file behind."""
    first = build_bundle(DOCUMENT, tmp_path)
    made = first.path.stat().st_mtime_ns
    assert build_bundle(DOCUMENT, tmp_path).path.stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]


def test_the_bundle_runs_with_nothing_but_python(tmp_path: Path) -> None:
    """Unpacked, it runs in an interpreter without site-packages, and its AWS clients can be made."""
    bundle = build_bundle(DOCUMENT, tmp_path)
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
        "from kubequorum_node.aws.clients import Aws; aws = Aws('eu-central-1');"
        "names = [name for name, value in vars(Aws).items() if isinstance(value, property)];"
        "print(*(getattr(aws, name).meta.service_model.service_name for name in names))"
    )
    printed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", clients], check=True, capture_output=True, text=True
    ).stdout
    assert {"autoscaling", "cloudwatch", "ec2", "route53", "s3"} <= set(printed.split())


def test_what_the_program_reads_is_in_the_bundle(tmp_path: Path) -> None:
    """Unit files, the lock file and cluster.json are in the bundle."""
    with zipfile.ZipFile(build_bundle(DOCUMENT, tmp_path).path) as archive:
        names = archive.namelist()
        units = {path.name for path in (REPOSITORY / "userdata" / "units").iterdir()}
        assert {f"units/{name}" for name in units} <= set(names)
        assert {"files/artifacts.json", "files/audit-policy.yaml", "files/kubequorum-node"} <= set(names)
        assert ClusterDocument.from_json(archive.read("cluster.json").decode()) == DOCUMENT
        assert not [name for name in names if name.endswith(".pyc")]


def test_another_cluster_makes_another_bundle(tmp_path: Path) -> None:
    """A change of the cluster file changes the checksum, and so replaces the instances that it concerns."""
    changed = replace(DOCUMENT, pods_per_node=DOCUMENT.pods_per_node + 1)
    assert build_bundle(DOCUMENT, tmp_path).sha256 != build_bundle(changed, tmp_path).sha256


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (None, 0),
        (NodeError("no volume"), 1),
        (ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "AttachVolume"), 1),
        (EndpointConnectionError(endpoint_url="https://ec2.eu-central-1.amazonaws.com"), 1),
    ],
)
def test_a_command_reports_what_it_did_and_how_long_it_took(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: Exception | None,
    status: int,
) -> None:
    """As a person runs it: role and cluster, the step's own lines, and its end with the seconds."""

    def run(node: Node) -> None:
        info(f"volume {node.config.etcd_volume_id}")
        if failure is not None:
            raise failure

    monkeypatch.setitem(commands.COMMANDS, "attach-volume", Step("attach-volume", "…", run, True))
    config, cluster = tmp_path / "node.json", tmp_path / "cluster.json"
    config.write_text(
        NodeConfig(
            role="master/a", signals=("G",), bucket="b", etcd_volume_id="vol-1", hosted_zone_id="Z"
        ).to_json()
    )
    cluster.write_text(DOCUMENT.to_json())
    files = ["--config", str(config), "--cluster", str(cluster)]
    assert main([*files, "attach-volume"]) == status
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["kubequorum: attach-volume: master/a of cluster ha", "kubequorum: volume vol-1"]
    said = "attach-volume: done in" if failure is None else "error: attach-volume: FAILED after"
    assert re.fullmatch(rf"kubequorum: {said} \d+\.\d s.*", lines[2])
