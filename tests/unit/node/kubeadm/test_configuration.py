"""kubeadm's configuration: golden files, what must be in it whatever else changes, and kubeadm's own check.

A change that is meant: `make snapshots`, then read the difference.
"""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from kubequorum_node import image_credentials
from kubequorum_node.document import ClusterDocument
from kubequorum_node.etcd.topology import EXISTING, first_members, member_arguments
from kubequorum_node.host import Host
from kubequorum_node.kubeadm import ca_set, configuration
from kubequorum_node.kubeadm.cluster_configuration import ELLIPTIC
from kubequorum_node.kubeadm.configuration import Master
from kubequorum_node.runtime.containerd import Containerd
from tests.unit.node import examples, real
from tests.unit.node.fakes import FakeNode

assert examples.DOCUMENT.etcd is not None
SPEC = examples.DOCUMENT.etcd
MEMBERS = first_members(SPEC)
MASTER = Master(
    identity=examples.IDENTITY,
    slot="a",
    api_load_balancer_name=examples.CONFIG.api_load_balancer_name,
    service_account_issuer=examples.CONFIG.service_account_issuer,
    etcd_arguments=tuple(member_arguments(SPEC, "a", MEMBERS, cluster="ha")),
    cri_socket=Containerd.socket,
    ignored_preflight_errors=("DirAvailable--var-lib-etcd-data",),
    bootstrap_token="abcdef.0123456789abcdef",
)
OTHER = replace(
    MASTER,
    slot="b",
    etcd_arguments=tuple(member_arguments(SPEC, "b", MEMBERS, cluster="ha")),
    identity=replace(
        examples.IDENTITY, zone="eu-central-1b", address="10.20.2.7", instance_id="i-0fedcba9876543210"
    ),
)
KUBEADM = real.program("kubeadm")


class _Golden(SingleFileSnapshotExtension):
    file_extension = "yaml"
    _write_mode = WriteMode.TEXT


def _rendered(document: ClusterDocument = examples.DOCUMENT) -> dict[str, str]:
    return {
        "node": configuration.node_config(document, replace(MASTER, bootstrap_token="")),
        "shared": configuration.shared_config(document, MASTER, patches_folder="/run/patches"),
        "join": configuration.join_config(
            examples.WORKER_DOCUMENT,
            examples.IDENTITY,
            own_labels=examples.WORKER_CONFIG.labels,
            endpoint=document.api_endpoint,
            token=MASTER.bootstrap_token,
            ca_hash="sha256:" + "0" * 64,
            cri_socket=Containerd.socket,
        ),
        "ca-set": configuration.ca_set(document, folder="/run/x", algorithm=ELLIPTIC),
    }


def _documents(text: str) -> dict[str, Any]:
    documents = [json.loads(part) for part in text.split("---\n")]
    return {document["kind"]: document for document in documents}


def _arguments(component: dict[str, Any]) -> dict[str, str]:
    return {argument["name"]: argument["value"] for argument in component["extraArgs"]}


@pytest.mark.parametrize("name", ["node", "shared", "join", "ca-set"])
def test_golden(name: str, snapshot: SnapshotAssertion) -> None:
    """Kubeadm's configuration is the reviewed one."""
    assert _rendered()[name] == snapshot(extension_class=_Golden), (
        "differs from its golden file: if that is meant, run `make snapshots` and read the difference"
    )


def test_kubelets_get_credentials_of_private_registries() -> None:
    """On masters as on workers, by both flags; without such registries by none."""
    registry = ("111122223333.dkr.ecr.eu-central-1.amazonaws.com",)
    document = replace(examples.DOCUMENT, private_registries=registry)
    master = _documents(configuration.node_config(document, MASTER))["InitConfiguration"]
    join = configuration.join_config(
        replace(examples.WORKER_DOCUMENT, private_registries=registry),
        examples.IDENTITY,
        own_labels={},
        endpoint=document.api_endpoint,
        token=MASTER.bootstrap_token,
        ca_hash="sha256:" + "0" * 64,
        cri_socket=Containerd.socket,
    )
    for found in (master, _documents(join)["JoinConfiguration"]):
        flags = {each["name"]: each["value"] for each in found["nodeRegistration"]["kubeletExtraArgs"]}
        assert flags["image-credential-provider-config"] == image_credentials.CONFIG
        assert flags["image-credential-provider-bin-dir"] == image_credentials.FOLDER
    assert "image-credential-provider" not in "".join(_rendered().values())


def test_nothing_of_a_slot_goes_into_the_cluster() -> None:
    """The ClusterConfiguration that masters upload is the same for all, or it would change with each boot."""
    mine, others = (
        _documents(configuration.shared_config(examples.DOCUMENT, master, patches_folder=""))
        for master in (MASTER, OTHER)
    )
    for kind in ("ClusterConfiguration", "KubeletConfiguration", "KubeProxyConfiguration"):
        assert mine[kind] == others[kind]
    assert "etcd-a" not in json.dumps(mine["ClusterConfiguration"])


def test_a_master_names_its_own_member_and_all_peers() -> None:
    """The member's name and peer URL are the slot's, whatever instance is in it."""
    cluster = _documents(_rendered()["node"])["ClusterConfiguration"]
    arguments = _arguments(cluster["etcd"]["local"])
    assert arguments["name"] == "etcd-a"
    assert arguments["initial-advertise-peer-urls"] == "https://etcd-a.ha.kubequorum.internal:2380"
    assert arguments["initial-cluster"].count("https://") == 3
    assert arguments["initial-cluster-state"] == "new"
    assert "CompactHashCheck=true" in arguments["feature-gates"]
    assert cluster["etcd"]["local"]["dataDir"] == "/var/lib/etcd/data"


def test_a_member_that_rejoins_is_configured_so() -> None:
    """After a loss etcd must not begin a cluster of its own."""
    joining = member_arguments(SPEC, "a", replace(MEMBERS, state=EXISTING), cluster="ha")
    text = configuration.node_config(examples.DOCUMENT, replace(MASTER, etcd_arguments=tuple(joining)))
    arguments = _arguments(_documents(text)["ClusterConfiguration"]["etcd"]["local"])
    assert arguments["initial-cluster-state"] == "existing"


def test_the_api_servers_certificate_has_all_its_names() -> None:
    """People's name, nodes' name, the load balancer's, and localhost."""
    document = replace(examples.DOCUMENT, node_api_name="api-internal.ha.kubequorum.internal")
    cluster = _documents(_rendered(document)["node"])["ClusterConfiguration"]
    assert cluster["apiServer"]["certSANs"] == [
        "api.ha.kubequorum.internal",
        "api-internal.ha.kubequorum.internal",
        examples.CONFIG.api_load_balancer_name,
        "127.0.0.1",
    ]


def test_tokens_name_the_issuer_that_aws_can_reach() -> None:
    """And the API server's own audience is another than AWS's; without an issuer kubeadm's defaults hold."""
    cluster = _documents(_rendered()["node"])["ClusterConfiguration"]
    arguments = _arguments(cluster["apiServer"])
    assert arguments["service-account-issuer"] == "https://d111111abcdef8.cloudfront.net"
    assert arguments["service-account-jwks-uri"] == "https://d111111abcdef8.cloudfront.net/openid/v1/jwks"
    assert arguments["api-audiences"] == "https://kubernetes.default.svc.cluster.local"
    text = configuration.node_config(examples.DOCUMENT, replace(MASTER, service_account_issuer=""))
    without = _arguments(_documents(text)["ClusterConfiguration"]["apiServer"])
    assert set(arguments) - set(without) == {
        "service-account-issuer",
        "service-account-jwks-uri",
        "api-audiences",
    }


def test_masters_register_with_their_taint() -> None:
    """Not only by the phase mark-control-plane, which comes later."""
    registration = _documents(_rendered()["node"])["InitConfiguration"]["nodeRegistration"]
    arguments = {a["name"]: a["value"] for a in registration["kubeletExtraArgs"]}
    assert arguments["register-with-taints"] == "node-role.kubernetes.io/control-plane=:NoSchedule"
    assert arguments["provider-id"] == "aws:///eu-central-1a/i-0123456789abcdef0"
    labels = arguments["node-labels"].split(",")
    assert "topology.kubernetes.io/zone=eu-central-1a" in labels
    assert "kubequorum/slot=a" in labels
    assert registration["name"] == "i-0123456789abcdef0"
    assert "cloud-provider" not in arguments


def test_a_worker_has_the_labels_and_taints_of_its_group() -> None:
    """And pins the CA."""
    join = _documents(_rendered()["join"])["JoinConfiguration"]
    arguments = {a["name"]: a["value"] for a in join["nodeRegistration"]["kubeletExtraArgs"]}
    labels = arguments["node-labels"].split(",")
    assert "workload=batch" in labels
    assert "kubequorum/worker-group=batch" in labels
    assert join["nodeRegistration"]["taints"] == [
        {"key": "workload", "value": "batch", "effect": "NoSchedule"}
    ]
    assert join["discovery"]["bootstrapToken"]["caCertHashes"] == ["sha256:" + "0" * 64]


def test_no_secret_is_in_the_nodes_own_configuration() -> None:
    """It stays on the host for later renewals; the token is only in the shared one, which is removed."""
    assert MASTER.bootstrap_token not in _rendered()["node"]


def test_an_image_repository_is_used_where_one_is_named() -> None:
    """Without one, kubeadm's own."""
    named = replace(examples.DOCUMENT, image_repository="registry.example.com/k8s")
    cluster = _documents(_rendered(named)["node"])["ClusterConfiguration"]
    assert cluster["imageRepository"] == "registry.example.com/k8s"
    assert "imageRepository" not in _documents(_rendered()["node"])["ClusterConfiguration"]


@pytest.mark.skipif(KUBEADM is None, reason="no real kubeadm: python -m lab.artifacts kubernetes-node")
@pytest.mark.parametrize("name", ["node", "shared", "join", "ca-set"])
def test_kubeadm_accepts_it(name: str, tmp_path: Path) -> None:
    """The real kubeadm finds no unknown field and no wrong value."""
    file = tmp_path / "kubeadm.yaml"
    file.write_text(_rendered()[name], encoding="utf-8")
    done = subprocess.run(
        [str(KUBEADM), "config", "validate", "--config", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stderr
    file.write_text(_rendered()[name].replace('"apiVersion"', '"apiVersoin"', 1), encoding="utf-8")
    spoiled = [str(KUBEADM), "config", "validate", "--config", str(file)]
    assert subprocess.run(spoiled, capture_output=True, check=False).returncode != 0


@pytest.mark.skipif(KUBEADM is None, reason="no real kubeadm: python -m lab.artifacts kubernetes-node")
def test_kubeadm_creates_a_ca_set(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAs with elliptic keys, a service-account key that is RSA, and the hash that workers pin."""
    monkeypatch.setattr("kubequorum_node.kubeadm.phases.PROGRAM", str(KUBEADM))
    run = Host().run
    node.host.run = run  # type: ignore[method-assign]
    made = ca_set.create(node)
    assert ca_set.CaSet.from_json(made.to_json()) == made
    assert "BEGIN EC PRIVATE KEY" in made.files["ca.key"]
    assert "BEGIN RSA PRIVATE KEY" in made.files["sa.key"]
    assert list(node.host.path("/run").iterdir()) == [], "nothing is left behind"
    node.aws.objects[ca_set.KEY] = made.to_json().encode()
    ca_set.install(node)
    assert len(ca_set.public_key_hash(node)) == len("sha256:") + 64


def test_etcd_gets_its_environment_from_the_settings() -> None:
    """A variable there is one of the container; without any, the section is left out."""
    unsafe = replace(MASTER, etcd_environment={"ETCD_UNSAFE_NO_FSYNC": "true"})
    cluster = _documents(configuration.node_config(examples.DOCUMENT, unsafe))["ClusterConfiguration"]
    assert cluster["etcd"]["local"]["extraEnvs"] == [{"name": "ETCD_UNSAFE_NO_FSYNC", "value": "true"}]
    assert "extraEnvs" not in configuration.node_config(examples.DOCUMENT, MASTER)
