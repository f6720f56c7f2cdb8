"""Instance profiles as EC2 knows them: a new one only some time after IAM does."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.api import patches
from emulator.api.context import Context
from emulator.api.propagation import Propagation
from emulator.api.wire import ApiError

_LOOKUP = patches.declare(
    "ministack.services.iam",
    "_lookup_instance_profile",
    parameters=("name", "arn"),
    why="a launch names an existing instance profile, and a machine asks for its role",
)
_WHY = "EC2 does not know a new instance profile at once"
_CREATE = patches.declare("ministack.services.iam", "_create_instance_profile", parameters=("p",), why=_WHY)
_ACTION = "CreateInstanceProfile"
_ACTIONS = patches.declare("ministack.services.iam", "_IAM_HANDLERS", items={_ACTION: ("p",)}, why=_WHY)

Reference = Mapping[str, str] | None
"""Arn or Name of a profile; None or empty for an instance without one."""

_new: list[Propagation[str, bool]] = []
"""By id of the profile: whether EC2 knew it."""


def install(context: Context) -> None:
    """Let new profiles become known as late as the times say."""
    new = Propagation[str, bool](lambda: context.times().new_profile * context.worker.time_scale)
    _new[:] = [new]
    context.on_reset(new.forget)
    create = _noting(_CREATE.get(), new)
    _CREATE.replace(create)
    _ACTIONS.replace_item(_ACTION, create)


def find(reference: Reference) -> Mapping[str, Any] | None:
    """Resolve an instance profile, whether EC2 knows it yet or not.

    Raises:
        ApiError: it does not exist.
    """
    if not reference or not (reference.get("Arn") or reference.get("Name")):
        return None
    found = _look_up(reference)
    if found is None:
        raise _unknown(reference)
    return found


def require_known(reference: Reference) -> None:
    """Check that a launch may use a profile.

    Raises:
        ApiError: it does not exist, or EC2 does not know it yet; EC2 says the same of both.
    """
    if reference and find(reference) and unknown_for(reference) > 0:
        raise _unknown(reference)


def unknown_for(reference: Reference) -> float:
    """For how many real seconds EC2 will not know a new profile yet; 0 for any other, existing or not."""
    found = _look_up(reference or {})
    if found is None:
        return 0.0
    return max((new.remaining(found["InstanceProfileId"]) for new in _new), default=0.0)


def _noting(original: Callable[[Any], Any], new: Propagation[str, bool]) -> Callable[[Any], Any]:
    def create(p: Any) -> Any:
        reply = original(p)
        if reply[0] < 400:
            given = p["InstanceProfileName"]
            found = _LOOKUP.get()(name=given[0] if isinstance(given, list) else given, arn="")
            new.changed(found["InstanceProfileId"], before=False)
        return reply

    return create


def _look_up(reference: Mapping[str, str]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = _LOOKUP.get()(
        name=reference.get("Name") or "", arn=reference.get("Arn") or ""
    )
    return found


def _unknown(reference: Mapping[str, str]) -> ApiError:
    arn, name = reference.get("Arn") or "", reference.get("Name") or ""
    kind, value = ("arn", arn) if arn else ("name", name)
    return ApiError(
        "InvalidParameterValue",
        f"Value ({value}) for parameter iamInstanceProfile.{kind} is invalid. "
        f"Invalid IAM Instance Profile {'ARN' if arn else 'name'}",
    )
