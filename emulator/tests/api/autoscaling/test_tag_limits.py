"""How many tags a group can have, and an instance that it launches."""

from typing import Any

from emulator.tests.api.autoscaling.site import Site
from emulator.tests.api.test_limits import refused, tags


def test_an_auto_scaling_group_has_fifty_tags(site: Site) -> None:
    """From its creation on; AWS's own do not count."""

    def of(count: int) -> list[dict[str, Any]]:
        own = [{"Key": "aws:cloudformation:stack-name", "Value": "x"}]
        return [{**tag, "PropagateAtLaunch": False} for tag in own + tags(count)]

    assert refused(lambda: site.create(MinSize=0, Tags=of(51)))[0] == "LimitExceeded"
    site.create(MinSize=0, Tags=of(50))
    more = {
        "ResourceId": site.name,
        "ResourceType": "auto-scaling-group",
        "Key": "more",
        "Value": "x",
        "PropagateAtLaunch": False,
    }
    assert refused(lambda: site.asg.create_or_update_tags(Tags=[more]))[0] == "LimitExceeded"
    assert "more" not in {tag["Key"] for tag in site.group()["Tags"]}
    site.asg.create_or_update_tags(Tags=[{**more, "Key": "key-0", "Value": "y"}])


def test_tags_of_a_group_and_its_template_come_together_in_an_instance(site: Site) -> None:
    """The template has one of its own, so the 50 of the group are one too many, and the launch fails."""
    site.create(Tags=[{**tag, "PropagateAtLaunch": True} for tag in tags(50)])
    (activity,) = site.asg.describe_scaling_activities(AutoScalingGroupName=site.name)["Activities"][:1]
    assert activity["StatusCode"] == "Failed"
    assert "number of tags" in activity["StatusMessage"]
