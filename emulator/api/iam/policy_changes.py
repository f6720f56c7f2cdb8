"""Policies of roles: what they allow is not in effect at once, and they have a size limit."""

from collections.abc import Callable
from typing import Any

from ministack.core.iam_evaluator import parse_policy_document
from ministack.core.responses import get_account_id

from emulator.api import patches
from emulator.api.propagation import Propagation

_INLINE_BYTES = 10_240
"""Of all inline policies of a role together, without white space:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""

_Key = tuple[str, str, str]
"""Account, role, name of an inline policy or ARN of a managed one."""

_WHY = "a new permission is not in effect at once"
_IAM = "ministack.services.iam"
_EVALUATOR = "ministack.core.iam_evaluator"
_ROLES = patches.declare(_IAM, "_roles", why=_WHY)
_PUT = patches.declare(_IAM, "_put_role_policy", parameters=("p",), why=_WHY)
_ATTACH = patches.declare(_IAM, "attach_managed_policy", parameters=("entity", "policy_arn"), why=_WHY)
_ERROR = patches.declare(
    _IAM,
    "_error",
    parameters=("status", "code", "message", "ns"),
    why="a policy that is too large is refused",
)
_ACTION = "PutRolePolicy"
_ACTIONS = patches.declare(_IAM, "_IAM_HANDLERS", items={_ACTION: ("p",)}, why=_WHY)
_GATHER = patches.declare(
    _EVALUATOR, "_gather_role_policies", parameters=("role_name", "account_id"), why=_WHY
)
_MANAGED = patches.declare(
    _EVALUATOR, "_resolve_managed_policy_document", parameters=("policy_arn", "account_id"), why=_WHY
)


def install(seconds: Callable[[], float]) -> Propagation[_Key, str | None]:
    """Patch ministack's IAM; a change of a role's policies takes so many real seconds."""
    changes = Propagation[_Key, str | None](seconds)
    put = _putting(_PUT.get(), changes)
    _PUT.replace(put)
    _ACTIONS.replace_item(_ACTION, put)
    _ATTACH.replace(_attaching(_ATTACH.get(), changes))
    _GATHER.replace(_gathering(_GATHER.get(), changes))
    return changes


def _putting(original: Callable[[Any], Any], changes: Propagation[_Key, str | None]) -> Callable[[Any], Any]:
    def put_role_policy(p: Any) -> Any:
        role_name, name, document = (
            _parameter(p, key) for key in ("RoleName", "PolicyName", "PolicyDocument")
        )
        policies = dict((_ROLES.get().get(role_name) or {}).get("InlinePolicies") or {})
        size = sum(len("".join(text.split())) for text in {**policies, name: document}.values())
        if size > _INLINE_BYTES:
            return _ERROR.get()(
                409,
                "LimitExceeded",
                f"Maximum policy size of {_INLINE_BYTES} bytes exceeded for role {role_name}",
                ns="iam",
            )
        reply = original(p)
        if reply[0] < 400 and policies.get(name) != document:
            changes.changed((get_account_id(), role_name, name), before=policies.get(name))
        return reply

    return put_role_policy


def _attaching(
    original: Callable[[dict[str, Any], str], None], changes: Propagation[_Key, str | None]
) -> Callable[[dict[str, Any], str], None]:
    def attach_managed_policy(entity: dict[str, Any], policy_arn: str) -> None:
        # Users and groups go through here, too; ministack keeps the name of each under another key.
        if "RoleName" in entity and policy_arn not in entity.get("AttachedPolicies", []):
            changes.changed((get_account_id(), entity["RoleName"], policy_arn), before=None)
        original(entity, policy_arn)

    return attach_managed_policy


def _gathering(
    original: Callable[[str, str], list[Any]], changes: Propagation[_Key, str | None]
) -> Callable[[str, str], list[Any]]:
    def gather_role_policies(role_name: str, account_id: str) -> list[Any]:
        if not any(key[:2] == (account_id, role_name) for key in changes.under_way()):
            return original(role_name, account_id)
        role = _ROLES.get().get_scoped(account_id, None, role_name) or {}
        documents = [
            changes.in_effect((account_id, role_name, name), document)
            for name, document in (role.get("InlinePolicies") or {}).items()
        ]
        documents += [
            _MANAGED.get()(arn, account_id)
            for arn in role.get("AttachedPolicies", [])
            if changes.in_effect((account_id, role_name, arn), arn) is not None
        ]
        return [statements for each in documents if each and (statements := parse_policy_document(each))]

    return gather_role_policies


def _parameter(p: Any, name: str) -> str:
    value = p.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
