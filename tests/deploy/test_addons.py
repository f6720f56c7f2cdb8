"""The stack Addons, deployed by the real CDK CLI; masters are processes, which report every set as ready."""

import json
from collections.abc import Iterator

import pytest

from tests.deploy.deployment import Deployment, deployed

pytestmark = pytest.mark.deploy

_MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml, deployed from nothing; each test continues from the state that it finds."""
    with deployed(tmp_path_factory.mktemp("addons")) as deployment:
        yield deployment


def _waiting(deployment: Deployment) -> str:
    """Logical id of what waits for the set in force, by the parameter that masters read."""
    name = f"/kubequorum/{deployment.target.cluster}/addons"
    value = deployment.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    signal: str = json.loads(value)["signal"]
    return signal


def test_masters_signal_each_set(deployment: Deployment) -> None:
    """With their own roles: they read the parameter and the file, and find the resource that waits."""
    assert _waiting(deployment) == ""
    manifest = deployment.cdk.cluster_file.parent / "own.yaml"
    masters = deployment.masters()
    signals = []
    for name in ("settings", "others"):
        manifest.write_text(_MANIFEST.replace("settings", name), encoding="utf-8")
        deployment.change(addons={"manifests": [{"name": "own", "file": "own.yaml"}]})
        deployment.deploy()
        signals.append(_waiting(deployment))
    received = {
        event["LogicalResourceId"]
        for event in deployment.events("Addons")
        if "Received SUCCESS signal with UniqueId addons ready" in event.get("ResourceStatusReason", "")
    }
    assert received == set(signals)
    assert len(received) == 2
    assert deployment.masters() == masters


def test_an_empty_set_is_waited_for_by_nobody(deployment: Deployment) -> None:
    """The parameter stays, and names a set without addons."""
    deployment.change(addons={"manifests": []})
    deployment.deploy()
    assert _waiting(deployment) == ""
