"""AWS's cloud-controller-manager itself, with its own role, beside a real API server and the embedded AWS.

Nodes are written here, and deleted as masters delete those that are gone.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kubequorum.addons import addon_set
from kubequorum.config import load_cluster
from kubequorum_node.addon_set import AddonSetLocation, parameter_name
from lab.artifacts import ensure
from tests.api_server.kubeconfigs import kubeconfig
from tests.api_server.servers import ADMINISTRATOR, ApiServer, running
from tests.backup.etcds import free_ports
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

_NAME = "cloud-controller-manager"
_API_BALANCERS = {"local-api"}
_SERVICES = "/api/v1/namespaces/default/services"


@contextmanager
def _program(deployment: Deployment, server: ApiServer, folder: Path) -> Iterator[None]:
    """Run it with the flags and the configuration of its pods, and the rights of their role."""
    objects = _objects(deployment)
    (folder / "cloud.conf").write_text(objects["ConfigMap"]["data"]["cloud.conf"])
    path = folder / "kubeconfig"
    path.write_text(kubeconfig(server, {"token": ADMINISTRATOR}))
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    (port,) = free_ports(1)
    arguments = [argument.replace("/etc/cloud/", f"{folder}/") for argument in container["args"]]
    arguments += [
        *(f"--{name}={path}" for name in ("kubeconfig", "authentication-kubeconfig")),
        *(f"--authorization-kubeconfig={path}", "--leader-elect=false"),
        *(f"--secure-port={port}", f"--cert-dir={folder / 'certificates'}"),
    ]
    program = ensure(["cloud-provider-aws"]).programs["aws-cloud-controller-manager"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), *arguments],
            stdout=log,
            stderr=log,
            env=_environment(deployment),
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _environment(deployment: Deployment) -> dict[str, str]:
    """The embedded AWS, and the rights of the role that its pods have."""
    credentials = deployment.session_with_rights_of("local-us-east-1-load-balancers").get_credentials()
    assert credentials is not None
    keys = credentials.get_frozen_credentials()
    return {
        "PATH": os.environ["PATH"],
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": str(deployment.target.endpoint_url),
        "AWS_ACCESS_KEY_ID": str(keys.access_key),
        "AWS_SECRET_ACCESS_KEY": str(keys.secret_key),
        "AWS_SESSION_TOKEN": str(keys.token),
    }


def _objects(deployment: Deployment) -> dict[str, Mapping[str, Any]]:
    """Its objects by their kinds, as masters apply them."""
    name = parameter_name(deployment.target.cluster)
    value = deployment.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    wanted = addon_set(load_cluster(deployment.cdk.cluster_file))
    filled = wanted.filled(AddonSetLocation.from_json(value).values)
    (addon,) = [each for each in filled.addons if each.name == _NAME]
    return {each["kind"]: each for each in addon.objects}


def _workers(deployment: Deployment) -> dict[str, str]:
    """Instance id of each worker → its zone."""
    groups = deployment.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {
        instance["InstanceId"]: instance["AvailabilityZone"]
        for group in groups
        if "Workers" in group["AutoScalingGroupName"]
        for instance in group["Instances"]
    }


def _targets(deployment: Deployment) -> dict[str, str]:
    """The state of each target of Services' load balancers; one that goes while this reads has none."""
    elb = deployment.client("elbv2")
    found: dict[str, str] = {}
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        if balancer["LoadBalancerName"] in _API_BALANCERS:
            continue
        try:
            groups = elb.describe_target_groups(LoadBalancerArn=balancer["LoadBalancerArn"])["TargetGroups"]
            for group in groups:
                health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
                found |= {
                    each["Target"]["Id"]: each["TargetHealth"]["State"]
                    for each in health["TargetHealthDescriptions"]
                }
        except (elb.exceptions.LoadBalancerNotFoundException, elb.exceptions.TargetGroupNotFoundException):
            continue
    return found


def test_a_worker_is_a_target_while_it_has_a_node(deployment: Deployment, tmp_path: Path) -> None:
    """Deleted, it is taken out, and nobody else; of a Service that is deleted nothing is left."""
    workers = _workers(deployment)
    assert len(workers) == 2
    (tmp_path / "api-server").mkdir()
    with running(tmp_path / "api-server") as server, _program(deployment, server, tmp_path):
        for name, zone in workers.items():
            node = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name},
                "spec": {"providerID": f"aws:///{zone}/{name}"},
            }
            assert server.post("/api/v1/nodes", node).status == 201
        prefix = "service.beta.kubernetes.io/aws-load-balancer"
        annotations = {f"{prefix}-type": "nlb", f"{prefix}-internal": "true"}
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "annotations": annotations},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "targetPort": 8080}]},
        }
        assert server.post(_SERVICES, service).status == 201
        deployment.wait_until(lambda: set(_targets(deployment)) == set(workers), "both workers are targets")
        leaving, staying = workers
        assert server.ask("DELETE", f"/api/v1/nodes/{leaving}").status == 200
        deployment.wait_until(
            lambda: _targets(deployment).get(leaving, "draining") == "draining", "the worker is taken out"
        )
        assert _targets(deployment)[staying] != "draining"
        assert server.ask("DELETE", f"{_SERVICES}/web").status == 200
        deployment.wait_until(lambda: not _targets(deployment), "nothing is left")
    balancers = deployment.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert {each["LoadBalancerName"] for each in balancers} == _API_BALANCERS
