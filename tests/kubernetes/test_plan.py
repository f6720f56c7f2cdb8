"""A plan beside a real cluster: what its masters have fixed, and what its API servers say."""

from collections.abc import Iterator

import pytest
import yaml

from kubequorum_cli.plan import make
from tests.deploy.deployment import Deployment
from tests.kubernetes.pods import run_pod
from tests.kubernetes.waiting import wait_until_nothing_is_found

pytestmark = pytest.mark.deploy

_NAME = "held"


@pytest.fixture
def worker(cluster: Deployment) -> Iterator[str]:
    """A worker with a pod without a controller, which a budget protects."""
    wait_until_nothing_is_found(cluster)
    found = sorted(set(cluster.instances()) - set(cluster.masters().values()))[0]
    run_pod(cluster, _NAME, "serve", node=found)
    cluster.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": _NAME},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": _NAME}}},
        }
    )
    yield found
    cluster.kubectl("delete", f"pod/{_NAME}", f"pdb/{_NAME}", "--grace-period=1")


def test_a_plan_beside_a_real_cluster(cluster: Deployment, worker: str) -> None:
    """A range of pods that masters would refuse, and pods that a drain of workers disturbs."""
    file = cluster.cdk.cluster_file
    other = file.with_name("other.yaml")
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["network"]["pod_cidr"] = "10.64.0.0/14"
    other.write_text(yaml.safe_dump(document), encoding="utf-8")
    for slot in cluster.slots:
        # Each API server counts its own requests; this one is of an API deprecated since 1.19.
        cluster.kubectl("get", "componentstatuses", slot=slot)
    plan = make(cluster.target, other)
    found = {(finding.id, finding.subject.id): finding.seen for finding in plan.findings}
    assert [finding.id for finding in plan.refusals] == ["setting-fixed"], plan.refusals
    assert found["setting-fixed", "network.pod_cidr"].endswith("→ 10.64.0.0/14")
    assert f"default/{_NAME}" in found["drain-blocked", f"default/{_NAME}"]
    assert f"default/{_NAME}" in found["bare-pod", f"default/{_NAME}"]
    assert any(id_ == "deprecated-api" and "componentstatuses" in api for id_, api in found)
    assert not {"unknown", "masters-unwell"} & {id_ for id_, _ in found}
    assert plan.versions.kubelets == {f"v{plan.versions.kubernetes_after}": 5}
    assert worker in {instance for step in plan.machines for instance in step.instances}
