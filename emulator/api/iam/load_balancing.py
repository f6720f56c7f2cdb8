"""Load balancing: which resources an action touches, their tags, and those that a new one is given.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
"""

from typing import Any

from emulator.api.iam.checks import ANY, Check, Request, tag_keys
from emulator.api.load_balancing import store

_TAG_PREFIXES = ("aws:ResourceTag/", "elasticloadbalancing:ResourceTag/")
_NAMED_BY = ("LoadBalancerArn", "TargetGroupArn", "ListenerArn")
"""Parameters that name the resource of an action."""
_TAGGING = ("AddTags", "RemoveTags")
_BALANCER_KINDS = {"network": "net", "gateway": "gwy"}


def checks(request: Request) -> list[Check] | None:
    """The checks of a request; None leaves them to ministack."""
    action = request.action
    if action.startswith("Describe"):
        return [Check(resource_arn=ANY)]
    asked = _requested_tags(request)
    if action in _TAGGING:
        keys = {"aws:TagKeys": request.numbered("TagKeys")} if action == "RemoveTags" else asked
        return [_on(arn, **keys) for arn in request.numbered("ResourceArns")]
    if action == "CreateListener":
        balancer = request.parameter("LoadBalancerArn")
        listener = f"{balancer.replace(':loadbalancer/', ':listener/')}/*"
        return [_on(balancer, **asked), *_tags_of_new(request, listener, asked)]
    if (new := _new(request)) is not None:
        return [Check(resource_arn=new, keys=asked), *_tags_of_new(request, new, asked)]
    named = next((arn for name in _NAMED_BY if (arn := request.parameter(name))), None)
    return [_on(named, **asked)] if named else None


def _new(request: Request) -> str | None:
    """The ARN of what is created, as far as it is known before."""
    name = request.parameter("Name")
    if request.action == "CreateTargetGroup":
        return request.arn("elasticloadbalancing", f"targetgroup/{name}/*")
    if request.action == "CreateLoadBalancer":
        kind = _BALANCER_KINDS.get(request.parameter("Type"), "app")
        return request.arn("elasticloadbalancing", f"loadbalancer/{kind}/{name}/*")
    return None


def _tags_of_new(request: Request, arn: str, asked: dict[str, Any]) -> list[Check]:
    """Tags on what is created need a permission of their own.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html
    """
    if not asked:
        return []
    keys = {**asked, "elasticloadbalancing:CreateAction": request.action}
    return [Check(action="elasticloadbalancing:AddTags", resource_arn=arn, keys=keys)]


def _requested_tags(request: Request) -> dict[str, Any]:
    tags: dict[str, str] = {}
    number = 1
    while key := request.parameter(f"Tags.member.{number}.Key"):
        tags[key] = request.parameter(f"Tags.member.{number}.Value")
        number += 1
    if not tags:
        return {}
    return {**tag_keys(("aws:RequestTag/",), tags), "aws:TagKeys": list(tags)}


def _on(arn: str, **keys: Any) -> Check:
    tags = {entry["Key"]: str(entry["Value"]) for entry in store.TAGS.get().get(arn) or ()}
    return Check(resource_arn=arn, keys={**tag_keys(_TAG_PREFIXES, tags), **keys})
