"""Pods and workers of the cluster. It runs after test_cluster.py."""

import pytest

from kubequorum_node.config import TERMINATE_HOOK
from tests.deploy.deployment import Deployment
from tests.kubernetes.pods import PORT, available_deployment, output_of_pod, ready_pods, run_pod
from tests.kubernetes.waiting import wait_for_nodes

pytestmark = pytest.mark.deploy

_WORKERS = ("nodes", "-l", "!node-role.kubernetes.io/control-plane")


def test_pods_reach_each_other_across_zones(cluster: Deployment) -> None:
    """A pod in one zone is reached from a pod in another: by address, by Service, and by name."""
    zones = {n["metadata"]["labels"]["topology.kubernetes.io/zone"]: n for n in cluster.get(*_WORKERS)}
    near, far = (zones[zone]["metadata"]["name"] for zone in sorted(zones)[:2])
    run_pod(cluster, "server", "serve", node=near)
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "server"},
            "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": PORT}]},
        }
    )
    address = cluster.kubectl("get", "pod", "server", "-o", "jsonpath={.status.podIP}")
    assert output_of_pod(cluster, "by-address", "get", f"http://{address}:{PORT}/", node=far) == "server"
    service = cluster.kubectl("get", "service", "server", "-o", "jsonpath={.spec.clusterIP}")
    assert output_of_pod(cluster, "by-service", "get", f"http://{service}/", node=far) == "server"
    name = "server.default.svc.cluster.local"
    assert output_of_pod(cluster, "lookup", "lookup", name, node=far) == service
    assert output_of_pod(cluster, "by-name", "get", f"http://{name}/", node=far) == "server"


def test_a_new_worker_joins_by_itself(cluster: Deployment) -> None:
    """A group whose desired capacity is raised by one has one more node: here a spot instance."""
    group, autoscaling = cluster.outputs("Workers")["GroupNamegeneral"], cluster.client("autoscaling")
    (found,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    policy = found["MixedInstancesPolicy"]
    policy["InstancesDistribution"].update(OnDemandBaseCapacity=2, OnDemandPercentageAboveBaseCapacity=0)
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=group, MixedInstancesPolicy=policy, DesiredCapacity=3
    )
    wait_for_nodes(cluster, 6)


def test_a_spot_worker_is_drained_before_ec2_takes_it_back(cluster: Deployment) -> None:
    """The notice is late, its path fails at first, and a budget forbids to evict the only pod of its kind.

    When the instance is gone, what ran on it has been running elsewhere; its Node goes.
    """
    (leaving,) = [
        instance_id
        for instance_id, instance in cluster.instances().items()
        if instance.get("InstanceLifecycle") == "spot"
    ]
    others = [name for node in cluster.get(*_WORKERS) if (name := node["metadata"]["name"]) != leaving]
    cluster.kubectl("cordon", *others)
    cluster.apply(*available_deployment("web", copies=2), *available_deployment("only", copies=1))
    # The budget of the only one never allows its eviction: if it moves, it was deleted.
    cluster.kubectl("patch", "pdb", "only", "-p", '{"spec": {"minAvailable": 1}}')
    cluster.wait_until(
        lambda: ready_pods(cluster, "web") + ready_pods(cluster, "only") == [leaving] * 3, "pods are ready"
    )
    cluster.kubectl("uncordon", *others)
    cluster.faults.imds(leaving, status=503, path="spot/instance-action", times=5)
    cluster.faults.interrupt_spot(leaving, notice_seconds=90)
    seen: list[list[str]] = []

    def moved() -> bool:
        seen.append(ready_pods(cluster, "web"))
        found = [*seen[-1], *ready_pods(cluster, "only")]
        return len(found) == 3 and leaving not in found

    cluster.wait_until(moved, "the pods are ready elsewhere", seconds=90)
    assert leaving in cluster.instances(states=("running",))
    assert all(seen), seen
    (event,) = cluster.get("events", "--field-selector", "reason=SpotInterruption")
    assert event["involvedObject"]["name"] == leaving
    cluster.wait_until(
        lambda: leaving in cluster.instances(states=("terminated",)),
        "EC2 has taken the worker back",
        seconds=90,
    )
    assert cluster.faults.active() == []
    # The timer of the masters comes every five minutes.
    cluster.sh(cluster.master("a"), "systemctl start kubequorum-stale-nodes.service")
    cluster.wait_until(
        lambda: leaving not in [node["metadata"]["name"] for node in cluster.get("nodes")], "its Node is gone"
    )
    cluster.kubectl("delete", "deployment,poddisruptionbudget", "web", "only")
    wait_for_nodes(cluster, 6)
    # The group heard of the end afterwards, and would wait ten minutes for the hook of what is gone.
    autoscaling = cluster.client("autoscaling")
    (gone,) = autoscaling.describe_auto_scaling_instances(InstanceIds=[leaving])["AutoScalingInstances"]
    assert gone["LifecycleState"] == "Terminating:Wait"
    autoscaling.complete_lifecycle_action(
        AutoScalingGroupName=gone["AutoScalingGroupName"],
        LifecycleHookName=TERMINATE_HOOK,
        InstanceId=leaving,
        LifecycleActionResult="CONTINUE",
    )


def test_a_worker_is_drained_before_it_terminates(cluster: Deployment) -> None:
    """Two pods whose budget needs one available, both on the worker that goes: at all times one is ready."""
    workers = cluster.get(*_WORKERS)
    leaving, *others = [node["metadata"]["name"] for node in workers]
    cluster.kubectl("cordon", *others)
    cluster.apply(*available_deployment("web", copies=2))
    cluster.wait_until(lambda: ready_pods(cluster, "web") == [leaving] * 2, "both pods are ready")
    cluster.kubectl("uncordon", *others)
    instance_id = workers[0]["spec"]["providerID"].rpartition("/")[2]
    cluster.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=instance_id, ShouldDecrementDesiredCapacity=True
    )
    seen: list[list[str]] = []

    def moved() -> bool:
        seen.append(ready_pods(cluster, "web"))
        return len(seen[-1]) == 2 and leaving not in seen[-1]

    cluster.wait_until(moved, "both pods are ready elsewhere")
    assert all(seen), seen
    # The hook is completed at once: the console may lack what is logged after that.
    cluster.wait_until(
        lambda: instance_id not in cluster.instances(states=("running", "shutting-down")),
        "the worker is terminated",
    )
    logged = cluster.console(instance_id)
    assert logged.index("cannot be evicted yet") < logged.index("all pods are evicted")
    # The budget would delay the last workers, when all of them terminate.
    cluster.kubectl("delete", "deployment,poddisruptionbudget", "web")
