"""The service of a master: which set it reads, what it refuses, and what it tells the stack that waits."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubequorum_node.addon_set import AddonSet, AddonSetError, AddonSetLocation, parameter_name, sha256_of
from kubequorum_node.addons.service import AddonService
from kubequorum_node.host import Result
from kubequorum_node.supervision.processes import Processes
from tests.unit.node import examples
from tests.unit.node.addons.masters import addon, deployment, inventory
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.kubernetes import Cluster

SET = AddonSet(addons=(addon("web", deployment("web")),))


def _put_in_force(node: FakeNode, addons: AddonSet, *, seconds: int = 0, body: bytes | None = None) -> str:
    """Deploy a set: its file, the parameter, and a resource that waits; returns its logical id."""
    content = addons.to_json().encode()
    location = AddonSetLocation(
        bucket="assets",
        key=f"ha-Addons/{sha256_of(content)}.json",
        sha256=sha256_of(content),
        stack="ha-Addons",
        signal=f"AddonsReady{sha256_of(content)[:12].upper()}",
    )
    node.aws.objects[location.key] = content if body is None else body
    written = datetime.fromtimestamp(1_800_000_000 + seconds, UTC)
    node.aws.parameters[parameter_name("ha")] = (location.to_json(), written)
    node.aws.resources[location.signal] = "CREATE_IN_PROGRESS"
    return location.signal


def _service(node: FakeNode, cluster: Cluster) -> AddonService:
    node.host.on("/usr/local/bin/kubectl", Result(0, ""))
    return AddonService(node, cluster)


def test_the_stack_is_told_once_when_all_is_ready(tmp_path: Path) -> None:
    """And hears nothing more, however often masters look."""
    node, cluster = FakeNode(tmp_path), Cluster()
    signal = _put_in_force(node, SET)
    service = _service(node, cluster)
    for _ in range(3):
        service.turn()
    assert [(s["LogicalResourceId"], s["Status"], s["StackName"]) for s in node.aws.signals] == [
        (signal, "SUCCESS", "ha-Addons")
    ]
    assert inventory(cluster, "web").holder == node.metadata.instance_id()


def test_a_set_that_is_deployed_again_is_answered_again(tmp_path: Path) -> None:
    """After a failure that was not its own; the resource that waits has the same name."""
    node, cluster = FakeNode(tmp_path), Cluster()
    cluster.refused["web"] = (422, "spec.template: Required value")
    _put_in_force(node, SET)
    service = _service(node, cluster)
    service.turn()
    cluster.refused.clear()
    _put_in_force(node, SET, seconds=600)
    service.turn()
    assert [signal["Status"] for signal in node.aws.signals] == ["FAILURE", "SUCCESS"]


def test_a_set_that_nothing_waits_for_is_not_signalled(tmp_path: Path) -> None:
    """A master that starts later finds a stack that is complete."""
    node = FakeNode(tmp_path)
    node.aws.resources[_put_in_force(node, SET)] = "CREATE_COMPLETE"
    _service(node, Cluster()).turn()
    assert not node.aws.signals


def test_the_reason_of_a_failure_is_in_the_signal(tmp_path: Path) -> None:
    """The addon comes first, and as much of the message as an id may have."""
    node, cluster = FakeNode(tmp_path), Cluster()
    cluster.refused["web"] = (422, "spec.template: Required value")
    _put_in_force(node, SET)
    _service(node, cluster).turn()
    (signal,) = node.aws.signals
    assert signal["Status"] == "FAILURE"
    assert signal["UniqueId"].startswith("web: apply Deployment apps/web: spec.template: Required")
    assert len(signal["UniqueId"]) <= 64


def test_without_a_stack_everything_is_left_alone(tmp_path: Path) -> None:
    """Also what an earlier stack has applied: its deletion deletes nothing in the cluster."""
    node, cluster = FakeNode(tmp_path), Cluster()
    service = _service(node, cluster)
    _put_in_force(node, SET)
    service.turn()
    node.aws.parameters.clear()
    before = len(cluster.requests)
    service.turn()
    assert len(cluster.requests) == before
    assert cluster.names("Deployment") == {"web"}


@pytest.mark.parametrize("body", [b"", b"{", SET.to_json().encode() + b" "])
def test_a_damaged_set_changes_nothing_and_fails_the_deploy(tmp_path: Path, body: bytes) -> None:
    """The set before stays, the deploy fails after a few looks, and a repaired set is used."""
    node, cluster = FakeNode(tmp_path), Cluster()
    service = _service(node, cluster)
    _put_in_force(node, SET)
    service.turn()
    other = AddonSet(addons=(addon("other", deployment("other")),))
    node.aws.signals.clear()
    _put_in_force(node, other, seconds=60, body=body)
    for _ in range(2):
        service.turn()
    assert not node.aws.signals
    service.turn()
    (signal,) = node.aws.signals
    assert signal["Status"] == "FAILURE"
    assert signal["UniqueId"].startswith("set of addons: s3://assets/ha-Addons/")
    assert cluster.names("Deployment") == {"web"}
    _put_in_force(node, other, seconds=120)
    service.turn()
    assert cluster.names("Deployment") == {"other"}


def test_a_missing_file_is_a_damaged_set(tmp_path: Path) -> None:
    """The deploy ends with a reason."""
    node = FakeNode(tmp_path)
    _put_in_force(node, SET)
    node.aws.objects.clear()
    service = _service(node, Cluster())
    for _ in range(3):
        service.turn()
    assert [signal["Status"] for signal in node.aws.signals] == ["FAILURE"]


def test_the_file_is_read_only_when_it_changes(tmp_path: Path) -> None:
    """A turn at rest is one request to AWS."""
    node = FakeNode(tmp_path)
    _put_in_force(node, SET)
    service = _service(node, Cluster())
    service.turn()
    before = len(node.aws.calls)
    service.turn()
    assert node.aws.calls[before:] == ["ssm:GetParameter"]


def test_aws_may_be_away(tmp_path: Path) -> None:
    """The service goes on."""
    node, cluster = FakeNode(tmp_path), Cluster()
    _put_in_force(node, SET)
    node.aws.fail("get_parameter", "InternalServerError")
    service = _service(node, cluster)
    service.turn()
    assert not cluster.objects
    service.turn()
    assert cluster.names("Deployment") == {"web"}


def test_a_plain_process_reports_ready_and_applies_nothing(tmp_path: Path) -> None:
    """As it does for itself: it has no cluster. But a damaged set fails here, too."""
    node, cluster = FakeNode(tmp_path), Cluster()
    node.supervisor = Processes([])
    _put_in_force(node, SET)
    _service(node, cluster).turn()
    assert [signal["Status"] for signal in node.aws.signals] == ["SUCCESS"]
    assert not cluster.requests


def test_a_set_of_another_version_is_refused() -> None:
    """With the remedy."""
    text = SET.to_json().replace('"version": 1\n', '"version": 3\n')
    assert text != SET.to_json()
    with pytest.raises(AddonSetError, match="deploy ControlPlane before Addons"):
        AddonSet.from_json(text)


def test_a_set_is_read_as_it_was_written() -> None:
    """Its generations, too: another master must not apply it again."""
    again = AddonSet.from_json(SET.to_json())
    assert [one.generation for one in again.addons] == [one.generation for one in SET.addons]
    changed = replace(SET.addons[0], objects=(deployment("web", image="app:2"),))
    assert changed.generation != SET.addons[0].generation
    assert json.loads(SET.to_json())["version"] == 1


@pytest.mark.parametrize("plugin", ["builtin", "calico"])
def test_a_set_for_another_pod_network_is_refused(tmp_path: Path, plugin: str) -> None:
    """Applied, it would cut off all pods; the stack that waits hears which."""
    other = "calico" if plugin == "builtin" else "web"
    node, cluster = FakeNode(tmp_path, document=replace(examples.DOCUMENT, network_plugin=plugin)), Cluster()
    _put_in_force(node, AddonSet(addons=(addon(other, deployment(other)),)))
    service = _service(node, cluster)
    for _ in range(3):
        service.turn()
    assert not cluster.objects
    ((status, reason),) = [(each["Status"], each["UniqueId"]) for each in node.aws.signals]
    assert status == "FAILURE"
    assert f"network.plugin is {plugin}, of the set {'calico' if plugin == 'builtin' else 'not'}" in reason


def test_a_set_with_the_clusters_pod_network_is_applied(tmp_path: Path) -> None:
    """As any other one."""
    node, cluster = (
        FakeNode(tmp_path, document=replace(examples.DOCUMENT, network_plugin="calico")),
        Cluster(),
    )
    _put_in_force(node, AddonSet(addons=(addon("calico", deployment("calico")),)))
    _service(node, cluster).turn()
    assert cluster.names("Deployment") == {"calico"}
