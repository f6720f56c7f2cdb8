"""STS sessions of roles: of instances, as EC2 opens them for its metadata service, and of web identities."""

import json
import secrets
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region

from emulator.api import patches
from emulator.interfaces.machines import Credentials

SESSION_SECONDS = 6 * 3600
"""How long an instance's credentials are valid: up to six hours (EC2 user guide, IAM roles for EC2)."""

_ROLES = patches.declare("ministack.services.iam", "_roles", why="an instance's role and its trust policy")
_USERS = patches.declare("ministack.services.iam", "_users", why="the ARN of a user who asks for a token")
_ACCESS_KEYS = patches.declare(
    "ministack.services.iam", "_access_keys", why="which user a request is signed by"
)
_SESSIONS = patches.declare(
    "ministack.services.sts", "_sessions", why="the session that a request is signed with"
)
_REGISTER = patches.declare(
    "ministack.services.sts",
    "register_session",
    parameters=("access_key", "session"),
    why="an instance's credentials are a session that signatures and policies are checked against",
)


_caller: ContextVar[str] = ContextVar("caller", default="")
"""Access key of the request that is being handled."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, as a token says it."""

    arn: str
    """Of the role, the user or the account's root; a session's own name is not in it."""
    expiration: float | None
    """When the session ends, in seconds since the epoch; None if the caller has no session."""


class RoleError(LookupError):
    """A role that an instance cannot have."""


def open_for_instance(role_name: str, *, instance_id: str) -> Credentials:
    """Open a session of the role, named after the instance, in the account and region of the caller.

    Raises:
        RoleError: there is no such role, or it does not trust ec2.amazonaws.com.
    """
    role = _ROLES.get().get(role_name)
    if role is None:
        raise RoleError(f"role {role_name} of instance {instance_id} does not exist")
    if not trusts_ec2(role.get("AssumeRolePolicyDocument") or {}):
        raise RoleError(f"role {role_name} does not trust ec2.amazonaws.com, so {instance_id} cannot have it")
    source = f"arn:aws:ec2:{get_region()}:{get_account_id()}:instance/{instance_id}"
    return open_for_role(
        role, session_name=instance_id, seconds=SESSION_SECONDS, about={"SourceInstanceArn": source}
    )


def find_role(role_arn: str) -> Mapping[str, Any] | None:
    """A role of the caller's account by its ARN."""
    role: Mapping[str, Any] | None = _ROLES.get().get(role_arn.rpartition("/")[2])
    return role if role is not None and role["Arn"] == role_arn else None


def open_for_role(
    role: Mapping[str, Any], *, session_name: str, seconds: float, about: Mapping[str, str]
) -> Credentials:
    """Open a session of a role, in the account of the caller.

    `about` is what else is recorded of it.
    """
    account_id, role_name = get_account_id(), role["RoleName"]
    expiration = time.time() + seconds
    ended = _ended()
    credentials = Credentials(
        access_key_id="ASIA" + secrets.token_hex(8).upper(),
        secret_access_key=secrets.token_urlsafe(30),
        session_token=secrets.token_urlsafe(96),
        expiration=datetime.fromtimestamp(expiration, UTC),
    )
    _REGISTER.get()(
        credentials.access_key_id,
        {
            "Arn": f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}",
            "UserId": f"{role['RoleId']}:{session_name}",
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": expiration,
            "AccountId": account_id,
            "PrincipalType": "AssumedRole",
            **about,
        },
    )
    # ministack forgets sessions that have ended, and would call their keys unknown.
    _SESSIONS.get().update(ended)
    return credentials


def expire(instance_id: str) -> int:
    """End every session of an instance now; how many there were."""
    running = [
        session
        for session in list(_SESSIONS.get().values())
        if str(session.get("SourceInstanceArn", "")).endswith(f":instance/{instance_id}")
        and session["Expiration"] > time.time()
    ]
    for session in running:
        session["Expiration"] = time.time() - 1
    return len(running)


def is_valid(access_key_id: str) -> bool:
    """Whether a session with this key has not ended."""
    session = find(access_key_id)
    return session is not None and session["Expiration"] > time.time()


def find(access_key_id: str) -> Mapping[str, Any] | None:
    """A session by its key, running or ended; None if the key belongs to none."""
    session: Mapping[str, Any] | None = _SESSIONS.get().get(access_key_id)
    return session


def source_instance_arn(access_key_id: str) -> str | None:
    """The instance that a session was opened for, None for every other caller."""
    session: Mapping[str, Any] = _SESSIONS.get().get(access_key_id) or {}
    return session.get("SourceInstanceArn")


def note_caller(access_key_id: str) -> None:
    """Remember whose request is being handled."""
    _caller.set(access_key_id)


def prolonged(seconds: float) -> str:
    """Access key with the rights of whoever's request is being handled, for so long.

    That of a role's session is a new one, as the caller's own may end earlier; other callers' do not end.
    """
    session = find(_caller.get())
    if session is None:
        return _caller.get()
    arn = str(session["Arn"])
    role = _ROLES.get().get(arn.split("/")[1])
    if role is None:
        return _caller.get()
    about = {key: session[key] for key in ("SourceInstanceArn",) if key in session}
    name = arn.rpartition("/")[2]
    return open_for_role(role, session_name=name, seconds=seconds, about=about).access_key_id


def caller() -> Caller:
    """Whose request is being handled."""
    session = find(_caller.get())
    if session is None:
        key = _ACCESS_KEYS.get().get(_caller.get())
        arn = _USERS.get()[key["UserName"]]["Arn"] if key else f"arn:aws:iam::{get_account_id()}:root"
        return Caller(arn=arn, expiration=None)
    role = _ROLES.get().get(str(session["Arn"]).split("/")[1])
    return Caller(arn=role["Arn"] if role else session["Arn"], expiration=session.get("Expiration"))


def calling_instance() -> str | None:
    """The instance whose request is being handled, None if that is another caller's."""
    arn = source_instance_arn(_caller.get())
    return arn.rpartition("/")[2] if arn else None


def trusts_ec2(trust_policy: str | Mapping[str, Any]) -> bool:
    """Whether a role's trust policy lets EC2 hand the role to instances."""
    document = json.loads(trust_policy) if isinstance(trust_policy, str) else trust_policy
    statements = document.get("Statement", [])
    return any(
        statement.get("Effect") == "Allow"
        and {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action")))
        and "ec2.amazonaws.com" in _listed((statement.get("Principal") or {}).get("Service"))
        for statement in _listed(statements)
        if isinstance(statement.get("Principal"), dict)
    )


def _ended() -> dict[str, Any]:
    return {
        key: session
        for key, session in list(_SESSIONS.get().items())
        if "SourceInstanceArn" in session and session["Expiration"] <= time.time()
    }


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
