"""Names of nodes that are gone: who may not register under them, and for how long."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from kubequorum_node.kubeadm import cluster_configuration
from kubequorum_node.kubernetes import revoked_nodes
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

KUBECTL = "/usr/local/bin/kubectl"
NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


def test_a_name_is_kept_until_its_certificate_has_expired() -> None:
    """Longer than the cluster signs for, however the clocks differ."""
    configuration = cluster_configuration.cluster_configuration(
        examples.DOCUMENT, api_load_balancer_name="", service_account_issuer=""
    )
    arguments = {a["name"]: a["value"] for a in configuration["controllerManager"]["extraArgs"]}
    signed = timedelta(hours=int(arguments["cluster-signing-duration"].removesuffix("h")))
    assert signed < revoked_nodes.KEPT
    known = {
        "i-0old": "2026-01-01T11:59:59Z",
        "i-0young": "2026-01-01T12:00:01Z",
        "i-0new": "2026-01-09T12:00:00Z",
        "kept-by-hand": "for ever",
    }
    assert revoked_nodes.expired(known, NOW) == ["i-0old"]


def test_names_are_added_and_old_ones_removed_in_one_change(node: FakeNode) -> None:
    """By a merge: other masters add theirs at the same time."""
    stored = {"data": {"i-0old": "2026-01-01T11:00:00Z", "i-0young": "2026-01-08T12:00:00Z"}}
    changes: list[Any] = []

    def kubectl(command: tuple[str, ...], stdin: str | None) -> str:
        if "patch" in command:
            assert "--type=merge" in command
            changes.append(json.loads(stdin or ""))
        return json.dumps(stored)

    node.host.on(KUBECTL, kubectl)
    revoked_nodes.revoke(node, ["i-0gone"], NOW)
    assert changes == [{"data": {"i-0old": None, "i-0gone": "2026-01-09T12:00:00Z"}}]


def test_an_empty_list_is_no_trouble(node: FakeNode) -> None:
    """As masters create it."""
    node.host.on(KUBECTL, lambda *_: json.dumps({"metadata": {}}))
    revoked_nodes.revoke(node, ["i-0gone"], NOW)
    assert [line for line in node.host.ran(KUBECTL) if " apply " in line] == []


def test_a_list_that_somebody_deleted_is_made_again(node: FakeNode) -> None:
    """Stale Nodes would stay otherwise."""
    node.host.on(KUBECTL, "")
    revoked_nodes.revoke(node, ["i-0gone"], NOW)
    verbs = [word for c in node.host.commands for word in c if word in {"get", "apply", "patch"}]
    assert verbs == ["get", "apply", "patch"]


def test_the_policy_concerns_registrations_by_nodes_only() -> None:
    """Masters, people and controllers may create what they like; a missing list stops nobody."""
    objects = {item["kind"]: item for item in revoked_nodes.objects()}
    spec = objects["ValidatingAdmissionPolicy"]["spec"]
    (rule,) = spec["matchConstraints"]["resourceRules"]
    assert (rule["operations"], rule["resources"]) == (["CREATE"], ["nodes"])
    assert spec["matchConditions"][0]["expression"] == "'system:nodes' in request.userInfo.groups"
    reference = objects["ValidatingAdmissionPolicyBinding"]["spec"]["paramRef"]
    assert reference == {
        "name": objects["ConfigMap"]["metadata"]["name"],
        "namespace": objects["ConfigMap"]["metadata"]["namespace"],
        "parameterNotFoundAction": "Allow",
    }
    assert "data" not in objects["ConfigMap"], "it would take the names away that masters add"
