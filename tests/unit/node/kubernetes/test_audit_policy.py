"""The audit policy, evaluated as the API server does; tests/api_server has the same requests on a real one.

https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy: the first rule that matches decides.
"""

from typing import Any

import pytest
import yaml

from tests.synthesis import REPOSITORY
from tests.unit.node.kubernetes.audit_requests import REQUESTS, Request

_RULES = yaml.safe_load((REPOSITORY / "userdata/files/audit-policy.yaml").read_text(encoding="utf-8"))[
    "rules"
]


def _matches(rule: dict[str, Any], request: Request) -> bool:
    if "users" in rule and request.user not in rule["users"]:
        return False
    if "userGroups" in rule and not set(rule["userGroups"]) & set(request.groups):
        return False
    if "verbs" in rule and request.verb not in rule["verbs"]:
        return False
    if "namespaces" in rule or "resources" in rule:
        return _matches_resource(rule, request)
    if "nonResourceURLs" in rule:
        return request.attributes is None and request.path in rule["nonResourceURLs"]
    return True


def _matches_resource(rule: dict[str, Any], request: Request) -> bool:
    if request.attributes is None:
        return False
    group, namespace, resource, subresource, _ = request.attributes
    if "namespaces" in rule and namespace not in rule["namespaces"]:
        return False
    full = f"{resource}/{subresource}" if subresource else resource
    return any(
        wanted["group"] == group and full in wanted["resources"] for wanted in rule.get("resources", [])
    )


def _level(rules: list[dict[str, Any]], request: Request) -> str:
    return next((str(rule["level"]) for rule in rules if _matches(rule, request)), "None")


def _wrong(rules: list[dict[str, Any]]) -> list[Request]:
    return [request for request in REQUESTS if _level(rules, request) != request.level]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: f"{r.user or 'anonymous'} {r.verb} {r.path}")
def test_level(request_: Request) -> None:
    """Each request is recorded at the level of the first rule that matches it."""
    assert _level(_RULES, request_) == request_.level


def test_the_policy_uses_nothing_that_the_evaluator_does_not_know() -> None:
    """No wildcards, and no other fields."""
    for rule in _RULES:
        assert set(rule) <= {
            "level", "users", "userGroups", "verbs", "namespaces", "resources", "nonResourceURLs",
        }  # fmt: skip
        assert "*" not in str(rule)
        assert all(set(wanted) == {"group", "resources"} for wanted in rule.get("resources", []))


def test_the_order_matters() -> None:
    """Without its first place the rule for Secrets loses those that nodes read: the table finds it."""
    secrets, *others = _RULES
    assert _wrong([secrets, *others]) == []
    quiet = {"level": "None", "userGroups": ["system:nodes"], "verbs": ["get", "list", "watch"]}
    assert any("secrets" in request.path for request in _wrong([quiet, secrets, *others]))
    assert _wrong(list(reversed(_RULES)))


@pytest.mark.parametrize("index", range(len(_RULES)))
def test_every_rule_is_needed(index: int) -> None:
    """Without any single one a request of the table is recorded otherwise; only an API server is itself."""
    rest = [rule for position, rule in enumerate(_RULES) if position != index]
    is_internal = _RULES[index].get("users") == ["system:apiserver"]
    assert _wrong(rest) or is_internal, _RULES[index]
