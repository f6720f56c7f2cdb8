"""EBS CSI driver: it mounts on workers only, asks the Kubernetes API who it is, and has its own volumes."""

from collections.abc import Mapping
from typing import Any

from kubequorum.addons import addon_set
from tests.synthesis import load_variant, synthesise

_CLUSTER = "volumes"


def _objects() -> dict[tuple[str, str], Mapping[str, Any]]:
    (addon,) = (each for each in addon_set(load_variant(_CLUSTER)).addons if each.name == "ebs-csi")
    return {(each["kind"], each["metadata"]["name"]): each for each in addon.objects}


def _pod(kind: str) -> dict[str, Any]:
    (found,) = (each for (of_it, _), each in _objects().items() if of_it == kind)
    pod: dict[str, Any] = found["spec"]["template"]["spec"]
    return pod


def _arguments(kind: str) -> dict[str, str]:
    """Flags of the driver itself."""
    mode, *flags = _pod(kind)["containers"][0]["args"]
    assert mode == {"DaemonSet": "node", "Deployment": "controller"}[kind]
    return dict(flag.removeprefix("--").split("=", 1) for flag in flags)


def test_nothing_of_it_mounts_on_masters() -> None:
    """The plugin is privileged, and runs on each worker whatever its taints; the controller is on masters."""
    pod = _pod("DaemonSet")
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "node-role.kubernetes.io/control-plane", "operator": "DoesNotExist"}]}
    ]
    assert pod["tolerations"] == [{"operator": "Exists"}]
    controller = _pod("Deployment")
    assert controller["nodeSelector"] == {"node-role.kubernetes.io/control-plane": ""}
    assert not [volume for volume in controller["volumes"] if "hostPath" in volume]


def test_one_container_alone_is_privileged() -> None:
    """That which mounts; the others drop what they can."""
    privileged = [
        container["name"]
        for kind in ("DaemonSet", "Deployment")
        for container in _pod(kind)["containers"]
        if container["securityContext"].get("privileged")
    ]
    assert privileged == ["ebs-plugin"]
    for container in (*_pod("DaemonSet")["containers"][1:], *_pod("Deployment")["containers"]):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_metadata_service_is_not_asked() -> None:
    """Pods do not reach it: the plugin reads its Node, the controller has its region in its environment."""
    assert _arguments("DaemonSet")["metadata-sources"] == "kubernetes"
    for kind in ("DaemonSet", "Deployment"):
        environment = {each["name"]: each.get("value") for each in _pod(kind)["containers"][0]["env"]}
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert "hostNetwork" not in _pod("DaemonSet")


def test_only_the_controller_has_the_role() -> None:
    """A plugin runs on every worker: whoever takes one over gets no right on volumes."""
    accounts = {name: each for (kind, name), each in _objects().items() if kind == "ServiceAccount"}
    have = {name for name, each in accounts.items() if each["metadata"].get("annotations")}
    assert have == {_pod("Deployment")["serviceAccountName"]} == {"ebs-csi"}
    rules = _objects()["ClusterRole", _pod("DaemonSet")["serviceAccountName"]]["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} <= {"get", "list", "watch"}


def test_volumes_get_the_tags_that_the_role_asks_for() -> None:
    """By --k8s-tag-cluster-id; and those of all other resources."""
    arguments = _arguments("Deployment")
    assert arguments["k8s-tag-cluster-id"] == "ha"
    assert "kubequorum:cluster=ha" in arguments["extra-tags"].split(",")


def test_the_role_is_bound_by_tags_of_its_own_and_keeps_off_slots() -> None:
    """Each statement that changes something has the condition that a slot's tag is not there."""
    resources = synthesise(_CLUSTER).templates["Addons"]["Resources"].values()
    (policy,) = (each for each in resources if each["Type"] == "AWS::IAM::Policy")
    reads, *changes = policy["Properties"]["PolicyDocument"]["Statement"]
    assert all(action.startswith("ec2:Describe") for action in reads["Action"])
    assert len(changes) == 4
    for statement in changes:
        nulls = statement["Condition"]["Null"]
        assert "true" in {nulls.get(f"aws:{kind}Tag/kubequorum:slot") for kind in ("Request", "Resource")}
        assert "ha" in statement["Condition"]["StringEquals"].values()
    allowed = {action for each in changes for action in _as_list(each["Action"])}
    assert allowed == {f"ec2:{verb}Volume" for verb in ("Attach", "Create", "Delete", "Detach", "Modify")} | {
        "ec2:CreateTags"
    }


def test_the_storage_class_is_encrypted_and_waits_for_the_pod() -> None:
    """In another zone than its pod's a volume is of no use."""
    found = _objects()["StorageClass", "gp3"]
    assert found["parameters"]["encrypted"] == "true"
    assert found["volumeBindingMode"] == "WaitForFirstConsumer"
    assert found["allowVolumeExpansion"] is True
    key = "storageclass.kubernetes.io/is-default-class"
    assert found["metadata"]["annotations"][key] == "true"


def test_no_machine_changes_with_it() -> None:
    """It may be turned on in a cluster that works."""
    with_it, without = synthesise(_CLUSTER).templates, synthesise("ha").templates
    assert {stack for stack, template in with_it.items() if without[stack] != template} == {"Addons"}


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
