"""From nothing to Kubernetes, on real machines: three masters, two workers, IAM enforced."""

import base64
import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.artifacts import ensure
from tests.deploy.deployment import deployed
from tests.kubernetes.cluster import NETPROBE, PORT, Cluster

pytestmark = pytest.mark.deploy

SLOTS = ("a", "b", "c")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """clusters/local.yaml on real machines, deployed from nothing; all its nodes are Ready."""
    with deployed(tmp_path_factory.mktemp("kubernetes"), machines="nspawn") as deployment:
        cluster = Cluster(deployment=deployment)
        cluster.wait_for_nodes(5)
        yield cluster


def test_three_etcd_members_are_healthy(cluster: Cluster) -> None:
    """Three voting members under their slots' names, each of them healthy."""
    members = json.loads(cluster.etcdctl("member", "list", "-w", "json"))["members"]
    names = {url for member in members for url in member["peerURLs"]}
    assert names == {f"https://etcd-{slot}.local.kubequorum.internal:2380" for slot in SLOTS}
    assert not [member for member in members if member.get("isLearner")]
    health = json.loads(cluster.etcdctl("endpoint", "health", "--cluster", "-w", "json"))
    assert [entry["health"] for entry in health] == [True] * 3


def test_three_api_servers_serve(cluster: Cluster) -> None:
    """An API server runs on each master, and the load balancer found all three ready."""
    servers = cluster.get("pods", "-n", "kube-system", "-l", "component=kube-apiserver")
    addresses = {cluster.deployment.master(slot)["PrivateIpAddress"] for slot in SLOTS}
    assert {server["status"]["hostIP"] for server in servers} == addresses
    elbv2 = cluster.deployment.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]

    def states() -> list[str]:
        health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        return [target["TargetHealth"]["State"] for target in health["TargetHealthDescriptions"]]

    cluster.deployment.wait_until(lambda: states() == ["healthy"] * 3, "all targets are healthy")


@pytest.mark.parametrize("component", ["kube-controller-manager", "kube-scheduler"])
def test_exactly_one_is_active(cluster: Cluster, component: str) -> None:
    """Three run, and one of them holds the lease."""
    pods = cluster.get("pods", "-n", "kube-system", "-l", f"component={component}")
    assert len(pods) == 3
    holder = cluster.kubectl(
        "get", "lease", component, "-n", "kube-system", "-o", "jsonpath={.spec.holderIdentity}"
    )
    # A component's name is its machine's host name, without the domain, and something random.
    hosts = [pod["spec"]["nodeName"].partition(".")[0] for pod in pods]
    assert holder.partition("_")[0] in hosts, holder


def test_the_stack_was_complete_after_the_masters_had_proved_themselves(cluster: Cluster) -> None:
    """Each master's health was proved before it signalled, and the stack waited for all three signals."""
    events = cluster.deployment.events("ControlPlane")
    ready = [e for e in events if e["LogicalResourceId"] == "ControlPlaneReady"]
    reasons = " ".join(e.get("ResourceStatusReason", "") for e in ready)
    for slot in SLOTS:
        instance_id = cluster.deployment.master(slot)["InstanceId"]
        assert instance_id in reasons
        console = cluster.deployment.client("ec2").get_console_output(InstanceId=instance_id, Latest=True)
        output = console["Output"]
        assert 0 < output.index("prove-health: done") < output.index("signal ControlPlaneReady: done")
    assert ready[-1]["ResourceStatus"] == "CREATE_COMPLETE"


def test_an_ordinary_kubectl_reaches_the_cluster(cluster: Cluster) -> None:
    """With the file of `kubeconfig` alone, from outside the VPC, and the API's certificate is checked."""
    printed = cluster.program("kubeconfig").stdout
    exported = printed.splitlines()[-1].removeprefix("export KUBECONFIG=")
    assert stat.S_IMODE(Path(exported).stat().st_mode) == 0o600
    kubectl = ensure(["kubernetes-node"]).programs["kubectl"]
    environment = {"KUBECONFIG": exported, "HOME": "/nonexistent"}
    nodes = subprocess.run(
        [kubectl, "get", "nodes", "--output=name"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert {name.removeprefix("node/") for name in nodes.stdout.split()} >= set(cluster.ready_nodes())
    server = yaml.safe_load(Path(exported).read_text(encoding="utf-8"))["clusters"][0]["cluster"]
    assert server["server"].startswith("https://127.0.0.1:")
    assert server["tls-server-name"] == "api.local.kubequorum.internal"
    assert "insecure-skip-tls-verify" not in server


def test_status_shows_the_nodes(cluster: Cluster) -> None:
    """All five, each Ready, three of them masters."""
    seen = json.loads(cluster.program("status", "--json").stdout)["kubernetes"]
    assert [node["ready"] for node in seen["nodes"]] == [True] * 5
    assert [node["roles"] for node in seen["nodes"]].count(["control-plane"]) == 3


def test_pods_reach_each_other_across_zones(cluster: Cluster) -> None:
    """A pod in one zone is reached from a pod in another: by address, by Service, and by name."""
    workers = cluster.workers()
    (near, near_node), (_, far_node) = sorted(workers.items())[:2]
    cluster.run_pod("server", "serve", node=near_node)
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "server"},
            "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": PORT}]},
        }
    )
    address = cluster.kubectl("get", "pod", "server", "-o", "jsonpath={.status.podIP}")
    assert cluster.ask("by-address", "get", f"http://{address}:{PORT}/", node=far_node) == "server", near
    service = cluster.kubectl("get", "service", "server", "-o", "jsonpath={.spec.clusterIP}")
    assert cluster.ask("by-service", "get", f"http://{service}/", node=far_node) == "server"
    name = "server.default.svc.cluster.local"
    assert cluster.ask("lookup", "lookup", name, node=far_node) == service
    assert cluster.ask("by-name", "get", f"http://{name}/", node=far_node) == "server"


def test_secrets_are_encrypted_at_rest(cluster: Cluster) -> None:
    """What etcd holds of a Secret is not what was written."""
    cluster.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "open-sesame"}}
    )
    stored = cluster.etcdctl("get", "/registry/secrets/default/s")
    assert "k8s:enc:" in stored
    assert "open-sesame" not in stored


def test_the_audit_log_says_who_and_never_what_a_secret_holds(cluster: Cluster) -> None:
    """The Secret of the test before: one of the API servers has logged its user, and none its content."""
    found = []
    for slot in SLOTS:
        lines = cluster.sh(slot, 'grep -h \'"resource":"secrets"\' /var/log/kubernetes/audit/*.log || true')
        assert "open-sesame" not in lines
        assert base64.b64encode(b"open-sesame").decode() not in lines
        events = [json.loads(line) for line in lines.splitlines()]
        found += [e for e in events if e["objectRef"].get("name") == "s" and e["verb"] in {"create", "patch"}]
    assert {event["user"]["username"] for event in found} == {"kubequorum-admin"}


@pytest.mark.parametrize("port", [6443, 2379, 10250, 10257, 10259])
def test_nobody_speaks_an_old_tls(cluster: Cluster, port: int) -> None:
    """API server, etcd, kubelet, controller manager and scheduler refuse TLS 1.1, and not TLS 1.2."""
    connect = f"openssl s_client -connect 127.0.0.1:{port} -cipher DEFAULT:@SECLEVEL=0 </dev/null"
    refused = "alert protocol version"
    old, new = (cluster.sh("a", f"{connect} -{version} || true") for version in ("tls1_1", "tls1_2"))
    assert "CONNECTED" in old
    assert refused in old
    assert "CONNECTED" in new
    assert refused not in new


def test_certificates_are_good_for_a_year_and_looked_after(cluster: Cluster) -> None:
    """Not for less, not for more; timers renew them, and what workers join with."""
    for name in ("apiserver.crt", "apiserver-etcd-client.crt", "etcd/server.crt", "etcd/peer.crt"):
        check = f"openssl x509 -noout -in /etc/kubernetes/pki/{name} -checkend"
        cluster.sh("a", f"{check} {364 * 86400} && ! {check} {366 * 86400}")
    timers = "kubequorum-certificates.timer kubequorum-credentials.timer"
    assert cluster.sh("a", f"systemctl is-active {timers}").split() == ["active"] * 2


def test_the_clusters_kubelet_configuration_has_nothing_of_local_machines(cluster: Cluster) -> None:
    """What only a container needs stands in a drop-in of the machine, and did not get into the cluster."""
    drop_ins = cluster.sh("a", "cat /etc/kubernetes/kubelet.conf.d/*.conf")
    assert yaml.safe_load(drop_ins)["failCgroupV1"] is False
    shared = cluster.kubectl(
        "get", "configmap", "kubelet-config", "-n", "kube-system", "-o", "jsonpath={.data.kubelet}"
    )
    configuration = yaml.safe_load(shared)
    assert configuration["cgroupDriver"] == "systemd"
    assert "failCgroupV1" not in configuration


def test_one_more_worker_joins_by_itself(cluster: Cluster) -> None:
    """A group whose desired capacity is raised by one has one more node, with nobody's help."""
    group = cluster.deployment.outputs("Workers")["GroupNamegeneral"]
    cluster.deployment.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=group, DesiredCapacity=3
    )
    cluster.wait_for_nodes(6)


def test_a_worker_moves_its_pods_before_it_goes(cluster: Cluster) -> None:
    """Two pods of which one must always be well, both on the node that goes: at every look one is ready."""
    workers = cluster.get("nodes", "-l", "!node-role.kubernetes.io/control-plane")
    leaving, *others = [node["metadata"]["name"] for node in workers]
    cluster.kubectl("cordon", *others)
    cluster.apply(*_kept_well("web", copies=2))
    cluster.deployment.wait_until(lambda: _ready_pods(cluster, "web") == [leaving] * 2, "both pods are ready")
    cluster.kubectl("uncordon", *others)
    instance_id = workers[0]["spec"]["providerID"].rpartition("/")[2]
    cluster.deployment.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=instance_id, ShouldDecrementDesiredCapacity=True
    )
    seen: list[list[str]] = []

    def moved() -> bool:
        seen.append(_ready_pods(cluster, "web"))
        return len(seen[-1]) == 2 and leaving not in seen[-1]

    cluster.deployment.wait_until(moved, "both pods are ready elsewhere")
    assert all(seen), seen
    cluster.deployment.wait_until(
        lambda: "has let go" in _console(cluster, instance_id), "the worker lets go"
    )
    said = _console(cluster, instance_id)
    assert said.index("may not move now") < said.index("all pods have moved") < said.index("has let go")
    # The budget would hold the last workers, when all of them go.
    cluster.kubectl("delete", "deployment,poddisruptionbudget", "web")


def _console(cluster: Cluster, instance_id: str) -> str:
    answer = cluster.deployment.client("ec2").get_console_output(InstanceId=instance_id, Latest=True)
    output: str = answer["Output"]
    return output


def _kept_well(name: str, *, copies: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Deployment whose pods take some seconds to be ready, and a budget that lets one go at a time."""
    labels = {"matchLabels": {"app": name}}
    container = {
        "name": "netprobe",
        "image": NETPROBE,
        "imagePullPolicy": "Never",
        "args": ["serve"],
        "readinessProbe": {
            "httpGet": {"path": "/", "port": PORT},
            "initialDelaySeconds": 5,
            "periodSeconds": 1,
        },
    }
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": copies, "selector": labels, "template": template},
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": copies - 1, "selector": labels},
    }
    return deployment, budget


def _ready_pods(cluster: Cluster, name: str) -> list[str]:
    """The node of each ready pod."""
    return [
        pod["spec"]["nodeName"]
        for pod in cluster.get("pods", "-l", f"app={name}")
        if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
    ]


def test_data_outlives_all_machines(cluster: Cluster) -> None:
    """After `cdk destroy` of ControlPlane and Workers a deploy brings the same cluster back with its data."""
    cluster.kubectl("create", "configmap", "kept", "--from-literal=answer=42")
    uid = cluster.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    members = _members(cluster)
    cluster.deployment.run("destroy", "local-Workers", "local-ControlPlane", "--force")
    cluster.deployment.deploy()
    assert cluster.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.answer}") == "42"
    assert cluster.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}") == uid
    assert _members(cluster) == members


def _members(cluster: Cluster) -> set[tuple[int, str, tuple[str, ...]]]:
    """Ids, names and peer URLs of etcd's members: what stays when their machines do not."""
    members = json.loads(cluster.etcdctl("member", "list", "-w", "json"))["members"]
    return {(member["ID"], member["name"], tuple(member["peerURLs"])) for member in members}
