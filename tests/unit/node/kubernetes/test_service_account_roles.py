"""The admission policy for service accounts' roles: when it is applied; tests/api_server has what it does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.kubernetes import service_account_roles, shared_objects
from kubequorum_node.kubernetes.service_account_roles import NAME
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

_KUBECTL = "/usr/local/bin/kubectl"


def _sent(node: FakeNode) -> dict[str, list[str]]:
    """Verb of kubectl to the names of the objects that it gets."""
    node.host.on(_KUBECTL, '{"items": []}')
    shared_objects.apply(node, seconds=1)
    return {
        verb: [item["metadata"]["name"] for item in json.loads(text)["items"]]
        for command, text in zip(node.host.commands, node.host.inputs, strict=True)
        for verb in ("apply", "delete")
        if verb in command and text
    }


def test_masters_apply_the_policy_with_what_else_they_share(node: FakeNode) -> None:
    """The policy and its binding, and nothing is deleted."""
    sent = _sent(node)
    assert sent["apply"].count(NAME) == 2
    assert "delete" not in sent


def test_without_an_issuer_it_is_removed(tmp_path: Path) -> None:
    """No role could be had; a pod must not wait for one."""
    sent = _sent(FakeNode(tmp_path, config=replace(examples.CONFIG, issuer="", issuer_bucket="")))
    assert sent["delete"] == [NAME, NAME]
    assert NAME not in sent["apply"]


def _environment(node: FakeNode) -> str:
    policy: dict[str, Any] = service_account_roles.objects(node)[0]
    return next(str(v["expression"]) for v in policy["spec"]["variables"] if v["name"] == "environment")


def test_the_endpoint_of_an_image_is_handed_on(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods call AWS where the node program does; without one, or with an empty one, at its own address."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://169.254.200.1")
    assert "'AWS_ENDPOINT_URL': \"http://169.254.200.1\"" in _environment(node)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    assert "AWS_ENDPOINT_URL" not in _environment(node)
