"""Services of type LoadBalancer on real machines: AWS's cloud-controller-manager, with its own role."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.cluster import MachineError
from tests.deploy.deployment import Deployment
from tests.kubernetes.addons.names import ANNOTATION, DOMAIN, records_of
from tests.kubernetes.pods import PORT, available_deployment, ready_pods
from tests.kubernetes.waiting import worker_names

pytestmark = pytest.mark.deploy

_WORKERS = 2
_BALANCER_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"
_NAME = f"web.{DOMAIN}"
_API_BALANCERS = ["local-api"]
_COPIES = 2


@pytest.fixture(scope="module", autouse=True)
def _pods(cluster: Deployment) -> Iterator[None]:
    """Pods that serve over HTTP."""
    cluster.apply(*available_deployment("web", copies=_COPIES))
    cluster.wait_until(lambda: len(ready_pods(cluster, "web")) == _COPIES, "pods are ready")
    yield
    cluster.kubectl("delete", "deployment,poddisruptionbudget", "web")


def _service(**annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "annotations": {
                ANNOTATION: _NAME,
                **{f"{_BALANCER_ANNOTATION}-{name}": value for name, value in annotations.items()},
            },
        },
        "spec": {
            "type": "LoadBalancer",
            "selector": {"app": "web"},
            "ports": [{"port": 80, "targetPort": PORT}],
        },
    }


def _instance_state(cluster: Deployment, instance: str) -> str:
    (found,) = cluster.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    return str(found["Instances"][0]["State"]["Name"])


def _balancers(cluster: Deployment) -> dict[str, dict[str, Any]]:
    """The load balancers of Services, by their names in DNS."""
    found = cluster.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return {each["DNSName"]: each for each in found if each["LoadBalancerName"] not in _API_BALANCERS}


def _targets(cluster: Deployment, balancer_arn: str) -> dict[str, str]:
    """The state of each target of a load balancer with one target group."""
    elb = cluster.client("elbv2")
    (group,) = elb.describe_target_groups(LoadBalancerArn=balancer_arn)["TargetGroups"]
    assert (group["HealthCheckProtocol"], group["HealthCheckPath"]) == ("HTTP", "/healthz")
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in health}


def _answer(cluster: Deployment, host: str) -> str:
    """What a client in the VPC gets from a load balancer; empty if it gets nothing."""
    try:
        return cluster.sh(cluster.master("a"), f"curl -sS --max-time 5 http://{host}/").strip()
    except MachineError:
        return ""


def _node_ports_open(cluster: Deployment) -> list[str]:
    """Descriptions of the rules that open workers to load balancers."""
    groups = cluster.client("ec2").describe_security_groups()["SecurityGroups"]
    return [
        each["Description"]
        for group in groups
        for permission in group["IpPermissions"]
        for each in permission["IpRanges"]
        if "nlb" in each.get("Description", "")
    ]


def _status(cluster: Deployment) -> str:
    service = json.loads(cluster.kubectl("get", "service", "web", "-o", "json"))
    ingress = service["status"].get("loadBalancer", {}).get("ingress") or [{}]
    return str(ingress[0].get("hostname", ""))


def test_nodes_are_initialised_without_it(cluster: Deployment) -> None:
    """Provider id, zone and region are their own, and none waits with a taint for a cloud provider."""
    for node in cluster.get("nodes"):
        name, labels = node["metadata"]["name"], node["metadata"]["labels"]
        zone = labels["topology.kubernetes.io/zone"]
        assert node["spec"]["providerID"] == f"aws:///{zone}/{name}"
        assert labels["topology.kubernetes.io/region"] == "us-east-1"
        assert not [t for t in node["spec"].get("taints", []) if "cloudprovider" in t["key"]]


def test_a_service_gets_a_network_load_balancer(cluster: Deployment) -> None:
    """Its targets are the workers, which are checked, and a client of it reaches pods."""
    cluster.apply(_service(type="nlb", internal="true", **{"cross-zone-load-balancing-enabled": "true"}))
    cluster.wait_until(lambda: bool(_status(cluster)), "the Service has a load balancer")
    host = _status(cluster)
    balancer = _balancers(cluster)[host]
    assert (balancer["Type"], balancer["Scheme"]) == ("network", "internal")
    arn = balancer["LoadBalancerArn"]
    workers = worker_names(cluster)
    assert len(workers) == _WORKERS
    cluster.wait_until(
        lambda: _targets(cluster, arn) == dict.fromkeys(workers, "healthy"), "all workers are healthy targets"
    )
    pods = {pod["metadata"]["name"] for pod in cluster.get("pods", "-l", "app=web")}
    seen: set[str] = set()

    def all_seen() -> bool:
        seen.add(_answer(cluster, host))
        return pods <= seen

    cluster.wait_until(all_seen, "a client reaches all pods")
    assert seen <= pods | {""}
    # Only then: a name server remembers for minutes that a name does not exist.
    cluster.wait_until(
        lambda: (f"{_NAME}.", "A") in records_of(cluster), "external-dns has given it its name"
    )
    cluster.wait_until(lambda: _answer(cluster, _NAME) in pods, "a client reaches a pod by that name")
    assert _node_ports_open(cluster)


def test_a_worker_that_leaves_is_no_target_any_more(cluster: Deployment) -> None:
    """When masters have removed the Node of its instance; its successor is one, and clients are served.

    In between the balancer knows that it is gone.
    """
    (host,) = _balancers(cluster)
    arn = _balancers(cluster)[host]["LoadBalancerArn"]
    leaving = worker_names(cluster).pop()
    cluster.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=leaving, ShouldDecrementDesiredCapacity=False
    )
    cluster.wait_until(
        lambda: _instance_state(cluster, leaving) == "terminated", "the worker's instance is terminated"
    )
    assert _targets(cluster, arn).get(leaving) != "healthy"
    cluster.wait_until(lambda: bool(_answer(cluster, host)), "a client is served")
    # By a timer every five minutes, too.
    cluster.sh(cluster.master("a"), "kubequorum-node remove-stale-nodes")

    def replaced() -> bool:
        targets = _targets(cluster, arn)
        registered = {one: state for one, state in targets.items() if state != "draining"}
        return len(registered) == _WORKERS and registered == dict.fromkeys(worker_names(cluster), "healthy")

    cluster.wait_until(replaced, "its successor is a healthy target, and it is none")
    assert leaving not in worker_names(cluster)
    cluster.wait_until(lambda: bool(_answer(cluster, host)), "a client is served")


def test_what_it_made_goes_with_the_service(cluster: Deployment) -> None:
    """Load balancer, target group and rules; the API's own stay."""
    before = cluster.client("elbv2").describe_target_groups()["TargetGroups"]
    cluster.kubectl("delete", "service", "web", "--wait=true", "--timeout=60s")
    assert not _balancers(cluster)
    after = cluster.client("elbv2").describe_target_groups()["TargetGroups"]
    assert len(after) == len(before) - 1
    assert not _node_ports_open(cluster)
    names = {
        each["LoadBalancerName"]
        for each in cluster.client("elbv2").describe_load_balancers()["LoadBalancers"]
    }
    assert names == set(_API_BALANCERS)
    cluster.wait_until(lambda: (f"{_NAME}.", "A") not in records_of(cluster), "its name is gone")


def test_without_the_annotation_aws_refuses(cluster: Deployment) -> None:
    """A Classic Load Balancer is not among its rights: the Service says so, and nothing is made."""
    cluster.apply(_service())

    def refused() -> bool:
        events = cluster.get("events", "--field-selector", "reason=SyncLoadBalancerFailed")
        return any("not authorized" in event["message"] for event in events)

    cluster.wait_until(refused, "an event says that AWS refuses")
    assert not _balancers(cluster)
    cluster.kubectl("delete", "service", "web", "--wait=true", "--timeout=60s")
