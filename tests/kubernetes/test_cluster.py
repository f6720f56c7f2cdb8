"""From nothing to Kubernetes on real machines: three masters, two workers, IAM enforced."""

import base64
import json
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.artifacts import ensure
from lab.cluster import problems
from tests.deploy.deployment import Deployment
from tests.kubernetes.waiting import ready_nodes
from tests.lab.program import Program

pytestmark = pytest.mark.deploy


def test_three_etcd_members_are_healthy(cluster: Deployment) -> None:
    """Three voting members with their slots' names, all of them healthy."""
    members = cluster.etcd_members()
    assert {slot: member["peerURLs"] for slot, member in members.items()} == {
        slot: [f"https://etcd-{slot}.local.kubequorum.internal:2380"] for slot in ("a", "b", "c")
    }
    assert problems(cluster) == []


def test_three_api_servers_serve(cluster: Deployment) -> None:
    """An API server runs on each master, and the load balancer regards all three as healthy."""
    servers = cluster.get("pods", "-n", "kube-system", "-l", "component=kube-apiserver")
    addresses = {cluster.described_master(slot)["PrivateIpAddress"] for slot in cluster.slots}
    assert {server["status"]["hostIP"] for server in servers} == addresses
    elbv2 = cluster.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]

    def states() -> list[str]:
        health = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        return [target["TargetHealth"]["State"] for target in health["TargetHealthDescriptions"]]

    cluster.wait_until(lambda: states() == ["healthy"] * 3, "all targets are healthy")


def test_no_host_has_all_of_the_clusters_dns(cluster: Deployment) -> None:
    """Two replicas of CoreDNS, also when the first of them was placed while there was one host only."""

    def hosts() -> list[str]:
        pods = cluster.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-dns")
        ready = [
            pod["spec"]["nodeName"]
            for pod in pods
            for condition in pod["status"].get("conditions", [])
            if condition["type"] == "Ready" and condition["status"] == "True"
        ]
        return sorted(ready)

    cluster.wait_until(lambda: len(hosts()) == 2, "two replicas of CoreDNS are Ready")
    assert len(set(hosts())) == 2


@pytest.mark.parametrize("component", ["kube-controller-manager", "kube-scheduler"])
def test_exactly_one_is_active(cluster: Deployment, component: str) -> None:
    """Three run, and one of them holds the lease."""
    pods = cluster.get("pods", "-n", "kube-system", "-l", f"component={component}")
    assert len(pods) == 3
    holder = cluster.kubectl(
        "get", "lease", component, "-n", "kube-system", "-o", "jsonpath={.spec.holderIdentity}"
    )
    assert {pod["spec"]["nodeName"] for pod in pods} == set(cluster.masters().values())
    # A component's identity is its host's own name, without the domain, and a random part.
    names = [cluster.described_master(slot)["PrivateDnsName"] for slot in cluster.slots]
    assert holder.partition("_")[0] in [name.partition(".")[0] for name in names], holder


def test_the_stack_completed_after_every_master_had_proved_its_health(cluster: Deployment) -> None:
    """Each master proved its health before it signalled, and the stack waited for all three signals."""
    events = cluster.events("ControlPlane")
    ready = [e for e in events if e["LogicalResourceId"] == "ControlPlaneReady"]
    reasons = " ".join(e.get("ResourceStatusReason", "") for e in ready)
    for instance_id in cluster.masters().values():
        assert instance_id in reasons
        output = cluster.console(instance_id)
        assert 0 < output.index("prove-health: done") < output.index("signal ControlPlaneReady: done")
    assert ready[-1]["ResourceStatus"] == "CREATE_COMPLETE"


def test_an_ordinary_kubectl_reaches_the_cluster(cluster: Deployment, program: Program) -> None:
    """With the file of `kubeconfig` alone, from outside the VPC, and the API's certificate is verified."""
    printed = program("kubeconfig").stdout
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
    assert {name.removeprefix("node/") for name in nodes.stdout.split()} >= set(ready_nodes(cluster))
    server = yaml.safe_load(Path(exported).read_text(encoding="utf-8"))["clusters"][0]["cluster"]
    assert server["server"].startswith("https://127.0.0.1:")
    assert server["tls-server-name"] == "api.local.kubequorum.internal"
    assert "insecure-skip-tls-verify" not in server


def test_the_command_line_runs_kubectl(cluster: Deployment, program: Program) -> None:
    """`kubectl` of the command line lists the nodes, and ends with kubectl's own status."""
    listed = program("kubectl", "get", "nodes", "--output=name")
    assert {name.removeprefix("node/") for name in listed.stdout.split()} >= set(ready_nodes(cluster))
    assert program("kubectl", "get", "nonsense").returncode == 1


def test_a_command_runs_on_a_machine(cluster: Deployment, program: Program) -> None:
    """As root, with its words and its status: on the master of a slot, and on any node by its name."""
    asked = program("ssh", "b", "--", "sh", "-c", "echo $(id -u) 'two  spaces'; hostname; exit 3")
    assert asked.returncode == 3
    shown = cluster.sh(cluster.master("b"), "hostname").strip()
    assert asked.stdout.splitlines() == ["0 two  spaces", shown]
    (worker, *_) = cluster.get("nodes", "-l", "!node-role.kubernetes.io/control-plane")
    name = worker["metadata"]["name"]
    listed = program("ssh", name, "--", "ls /var/lib/kubelet | grep -x pki")
    assert listed.stdout == "pki\n"
    refused = program("ssh", "z", "--", "true")
    assert refused.returncode == 1
    assert "it is no slot (a, b, c)" in refused.stderr
    backups = program("ssh", "a", "--", "kubequorum-node", "list-backups")
    assert backups.returncode == 0, backups.stderr


def test_status_shows_the_nodes(program: Program) -> None:
    """All five, each Ready, three of them masters."""
    nodes = json.loads(program("status", "--json").stdout)["kubernetes"]["nodes"]
    assert [node["ready"] for node in nodes] == [True] * 5
    assert [node["roles"] for node in nodes].count(["control-plane"]) == 3


def test_secrets_are_encrypted_at_rest(cluster: Deployment) -> None:
    """The value that etcd stores for a Secret is not the value that was written."""
    cluster.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "open-sesame"}}
    )
    stored = cluster.etcdctl("get", "/registry/secrets/default/s")
    assert "k8s:enc:" in stored
    assert "open-sesame" not in stored


def test_the_audit_log_has_the_user_and_never_the_content_of_a_secret(cluster: Deployment) -> None:
    """The Secret of the previous test: an API server has logged its user, and none its content."""
    found = []
    for instance_id in cluster.masters().values():
        grep = 'grep -h \'"resource":"secrets"\' /var/log/kubernetes/audit/*.log || true'
        lines = cluster.sh(instance_id, grep)
        assert "open-sesame" not in lines
        assert base64.b64encode(b"open-sesame").decode() not in lines
        events = [json.loads(line) for line in lines.splitlines()]
        found += [e for e in events if e["objectRef"].get("name") == "s" and e["verb"] in {"create", "patch"}]
    assert {event["user"]["username"] for event in found} == {"kubernetes-admin"}


@pytest.mark.parametrize("port", [6443, 2379, 10250, 10257, 10259])
def test_old_tls_versions_are_refused(cluster: Deployment, port: int) -> None:
    """etcd, kubelet, controller manager and scheduler take TLS 1.3 only, the API server also 1.2."""
    refused = "alert protocol version"
    printed = {version: _tls(cluster, port, f"-{version}") for version in ("tls1_1", "tls1_2", "tls1_3")}
    assert all("CONNECTED" in text for text in printed.values())
    assert [version for version, text in printed.items() if refused in text] == (
        ["tls1_1"] if port == 6443 else ["tls1_1", "tls1_2"]
    )


def test_weak_ciphers_are_refused(cluster: Deployment) -> None:
    """Of TLS 1.2 the API server takes those that are authenticated and forward secret."""
    for cipher, is_strong in (
        ("ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("ECDHE-ECDSA-AES128-SHA", False),
        ("ECDHE-ECDSA-AES256-SHA", False),
    ):
        printed = _tls(cluster, 6443, f"-tls1_2 -cipher {cipher}:@SECLEVEL=0")
        assert ("handshake failure" not in printed) is is_strong, (cipher, printed)
        assert (f"Cipher is {cipher}" in printed) is is_strong


def _tls(cluster: Deployment, port: int, options: str) -> str:
    """What openssl prints about a connection to a port of a master."""
    default = "" if "-cipher" in options else "-cipher DEFAULT:@SECLEVEL=0"
    command = f"openssl s_client -connect 127.0.0.1:{port} {default} {options}"
    return cluster.sh(cluster.master("a"), f"{command} </dev/null 2>&1 || true")


def test_certificates_are_valid_for_a_year_and_renewed(cluster: Deployment) -> None:
    """Neither shorter nor longer; timers renew them, and the credentials with which workers join."""
    master = cluster.master("a")
    for name in ("apiserver.crt", "apiserver-etcd-client.crt", "etcd/server.crt", "etcd/peer.crt"):
        check = f"openssl x509 -noout -in /etc/kubernetes/pki/{name} -checkend"
        cluster.sh(master, f"{check} {364 * 86400} && ! {check} {366 * 86400}")
    timers = "kubequorum-certificates.timer kubequorum-credentials.timer"
    assert cluster.sh(master, f"systemctl is-active {timers}").split() == ["active"] * 2


def test_the_shared_kubelet_configuration_has_no_settings_of_local_machines(cluster: Deployment) -> None:
    """What only a container needs is in a drop-in on the machine, and not in the cluster's configuration."""
    drop_in = cluster.sh(cluster.master("a"), "cat /etc/kubernetes/kubelet.conf.d/90-local-machine.conf")
    assert yaml.safe_load(drop_in)["failCgroupV1"] is False
    shared = cluster.kubectl(
        "get", "configmap", "kubelet-config", "-n", "kube-system", "-o", "jsonpath={.data.kubelet}"
    )
    configuration = yaml.safe_load(shared)
    assert configuration["cgroupDriver"] == "systemd"
    assert "failCgroupV1" not in configuration
