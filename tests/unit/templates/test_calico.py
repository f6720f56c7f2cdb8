"""Calico's objects: what they must say whatever else changes."""

import hashlib
import json
from typing import Any

import pytest

from kubequorum.addons import addon_set
from kubequorum.config.names import NETWORK_ADDONS
from kubequorum.versions import CALICO_KINDS
from kubequorum_node.addon_set import Addon
from kubequorum_node.document import BUILT_IN_NETWORK, CALICO
from kubequorum_node.kubernetes.kubelet import CALICO_DAEMON_SET
from tests.synthesis import VARIANTS, load_variant, synthesise


def _calico(variant: str = "calico") -> Addon:
    (found,) = (addon for addon in addon_set(load_variant(variant)).addons if addon.name == CALICO)
    return found


def _one(kind: str, name: str = "", *, addon: Addon | None = None) -> dict[str, Any]:
    (found,) = (
        each
        for each in (addon or _calico()).objects
        if each["kind"] == kind and name in ("", each["metadata"]["name"])
    )
    return dict(found)


def _pod(kind: str) -> dict[str, Any]:
    return dict(_one(kind)["spec"]["template"]["spec"])


def test_a_cluster_with_the_built_in_network_has_none() -> None:
    """It is what a file that says nothing has."""
    assert CALICO in NETWORK_ADDONS
    assert load_variant("ha").network.plugin == BUILT_IN_NETWORK
    assert CALICO not in {addon.name for addon in addon_set(load_variant("ha")).addons}


@pytest.mark.parametrize(("variant", "version"), [("calico", "3.32.1"), ("calico-local", "3.28.5")])
def test_its_kinds_are_upstreams_file(variant: str, version: str) -> None:
    """Of the version of its programs, by its sum."""
    found = _calico(variant)
    (package,) = found.packages
    assert package.url.endswith(f"/v{version}/manifests/crds.yaml")
    assert (found.version, package.sha256) == (version, CALICO_KINDS[version])
    text = json.dumps([dict(each) for each in found.objects])
    assert text.count(f":v{version}") == 3


def test_pods_have_the_addresses_of_the_cluster_file() -> None:
    """Nodes get blocks as large as those of the built-in network, and all traffic between them is in VXLAN.

    On the port that security groups let through.
    """
    network = load_variant("calico").network
    pool = _one("IPPool")["spec"]
    assert (pool["cidr"], pool["vxlanMode"], pool["ipipMode"]) == (str(network.pod_cidr), "Always", "Never")
    document = json.loads(json.dumps(pool))
    assert document["natOutgoing"] is True
    assert 2 ** (32 - pool["blockSize"]) >= 2 * network.pods_per_node
    port = _one("FelixConfiguration")["spec"]["vxlanPort"]
    groups = synthesise("calico").resources("AWS::EC2::SecurityGroupIngress").values()
    udp = {rule["Properties"]["FromPort"] for rule in groups if rule["Properties"]["IpProtocol"] == "udp"}
    assert udp == {port}


def test_its_pods_start_where_there_is_no_network_yet() -> None:
    """On any node, whatever its taints; its name is the one that workers ask for."""
    daemon_set = _one("DaemonSet")
    assert CALICO_DAEMON_SET.endswith(f"/kube-system/daemonsets/{daemon_set['metadata']['name']}")
    pod = _pod("DaemonSet")
    assert pod["hostNetwork"] is True
    assert {"operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]
    assert {"operator": "Exists", "effect": "NoExecute"} in pod["tolerations"]
    assert pod["priorityClassName"] == "system-node-critical"


def test_only_calico_node_itself_is_privileged() -> None:
    """The installer writes files; the controllers have no rights on their host."""
    installer = _pod("DaemonSet")["initContainers"][0]["securityContext"]
    assert installer["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in installer
    assert _pod("DaemonSet")["containers"][0]["securityContext"] == {"privileged": True}
    assert not _pod("Deployment").get("hostNetwork")
    controllers = _pod("Deployment")["containers"][0]["securityContext"]
    assert controllers["runAsNonRoot"] is True


def test_a_change_of_the_cni_configuration_reaches_nodes() -> None:
    """The installer reads it when its pod starts."""
    template = _one("DaemonSet")["spec"]["template"]
    text = _one("ConfigMap")["data"]["cni_network_config"]
    assert json.loads(text)["plugins"][0]["ipam"] == {"type": "calico-ipam"}
    digest = template["metadata"]["annotations"]["kubequorum/config-sha256"]
    assert digest == hashlib.sha256(text.encode()).hexdigest()


def test_images_come_from_the_clusters_registry() -> None:
    """If it has one of its own."""
    cluster = load_variant("calico")
    own = cluster.model_copy(
        update={
            "kubernetes": cluster.kubernetes.model_copy(update={"image_repository": "registry.example.com/k"})
        }
    )
    (found,) = (addon for addon in addon_set(own).addons if addon.name == CALICO)
    pod = _one("DaemonSet", addon=found)["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example.com/k/calico/node:v3.32.1"
    default = _pod("DaemonSet")["containers"][0]["image"]
    assert default == "quay.io/calico/node:v3.32.1"


def test_no_role_may_change_kinds_or_workloads() -> None:
    """Upstream's may delete kinds, for a migration of Calico's data."""
    roles = [each for each in _calico().objects if each["kind"] in {"ClusterRole", "Role"}]
    for role in roles:
        for rule in role["rules"]:
            writes = set(rule["verbs"]) - {"get", "list", "watch"}
            groups = set(rule["apiGroups"])
            assert not writes or groups <= {"", "crd.projectcalico.org"}, role["metadata"]["name"]
            assert "*" not in rule["verbs"]
            assert not writes or "*" not in rule["resources"]
            assert "secrets" not in rule["resources"]


def test_what_it_writes_about_nodes_and_pods_is_confined() -> None:
    """For exactly those of its accounts that may write a status."""
    policy = _one("ValidatingAdmissionPolicy")["spec"]
    (condition,) = policy["matchConditions"]
    roles = {each["metadata"]["name"]: each for each in _calico().objects if each["kind"] == "ClusterRole"}
    for name, role in roles.items():
        writes = any(
            resource.endswith("/status") and rule["apiGroups"] == [""]
            for rule in role["rules"]
            for resource in rule["resources"]
        )
        assert (f"'system:serviceaccount:kube-system:{name}'" in condition["expression"]) == writes
    assert policy["failurePolicy"] == "Fail"
    assert set(VARIANTS) >= {"calico", "calico-local"}
