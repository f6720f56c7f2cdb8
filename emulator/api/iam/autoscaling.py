"""Auto Scaling: the group behind a request (service authorization reference, Amazon EC2 Auto Scaling)."""

from emulator.api.autoscaling import groups
from emulator.api.iam.checks import ANY, Check, Request, tag_keys

_WITHOUT_RESOURCES = frozenset({"GetPredictiveScalingForecast"})
_BY_INSTANCE = frozenset({"SetInstanceHealth", "TerminateInstanceInAutoScalingGroup"})
_TAG_PREFIXES = ("aws:ResourceTag/", "autoscaling:ResourceTag/")


def checks(request: Request) -> list[Check] | None:
    """The checks of an Auto Scaling request."""
    if request.action.startswith("Describe") or request.action in _WITHOUT_RESOURCES:
        return [Check(resource_arn=ANY)]
    if request.action in _BY_INSTANCE:
        names = [groups.group_of_instance(request.parameter("InstanceId")) or ""]
    elif request.action in ("CreateOrUpdateTags", "DeleteTags"):
        names = _tagged_groups(request)
    else:
        names = [request.parameter("AutoScalingGroupName")]
    return [
        Check(
            resource_arn=groups.group_arn(name)
            or request.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{name or '*'}"),
            keys=tag_keys(_TAG_PREFIXES, groups.group_tags(name)),
        )
        for name in names
    ]


def _tagged_groups(request: Request) -> list[str]:
    names = []
    number = 1
    while name := request.parameter(f"Tags.member.{number}.ResourceId"):
        names.append(name)
        number += 1
    return list(dict.fromkeys(names)) or [""]
