"""RBAC of the approver: no more than it needs."""

from kubequorum_node.kubernetes import approver_role


def test_every_role_is_bound_once() -> None:
    """To its own user, in its own scope."""
    items = approver_role.objects()
    roles = {(i["kind"], i["metadata"]["name"]) for i in items if "rules" in i}
    bound = [(i["roleRef"]["kind"], i["roleRef"]["name"]) for i in items if "roleRef" in i]
    assert sorted(bound) == sorted(roles)
    for item in items:
        assert ("namespace" in item["metadata"]) == (not item["kind"].startswith("Cluster"))


def test_it_decides_about_kubelets_and_nothing_else() -> None:
    """It reads requests, answers those of two signers, and writes Events; it reads no Secret and no Node."""
    rules = [rule for item in approver_role.objects() for rule in item.get("rules", [])]
    allowed = {
        (resource, verb): rule.get("resourceNames")
        for rule in rules
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    signers = ["kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"]
    assert allowed == {
        ("certificatesigningrequests", "get"): None,
        ("certificatesigningrequests", "list"): None,
        ("certificatesigningrequests", "watch"): None,
        ("certificatesigningrequests/approval", "update"): None,
        ("signers", "approve"): signers,
        ("events", "create"): None,
    }
