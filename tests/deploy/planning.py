"""What a plan says beside what the deployment then does, by the records of the embedded AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kubequorum_cli.plan import Plan, make
from tests.deploy.deployment import Deployment

_GROUP = "AWS::AutoScaling::AutoScalingGroup"
_STACKS = ("ControlPlane", "Workers")


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """What has happened to machines."""

    order: list[str]
    """Slots and worker groups whose instances were replaced one after the other, as CloudFormation began."""
    ended: set[str]
    """Instances that Auto Scaling terminated, by its activities; of a group that is gone, all."""
    launched: Mapping[str, int]
    """Slot or worker group to how many instances it launched."""


def planned(plan: Plan) -> Rolled:
    """The same of a plan."""
    return Rolled(
        order=[step.slot or step.worker_group for step in plan.machines if step.action == "roll"],
        ended={instance for step in plan.machines for instance in step.instances},
        launched={step.slot or step.worker_group: step.launches for step in plan.machines if step.launches},
    )


def plan_and_deploy(deployment: Deployment) -> tuple[Plan, Rolled]:
    """Plan the cluster file as it is now, deploy it, and look at what that did."""
    deployment.forget_groups()
    plan = make(deployment.target, deployment.cdk.cluster_file)
    assert plan.refusals == []
    before = {str(g["AutoScalingGroupName"]): g for g in deployment.all_groups()}
    seen = {stack: len(deployment.events(stack)) for stack in _STACKS}
    since = datetime.now(UTC)
    deployment.deploy()
    deployment.forget_groups()
    after = {str(g["AutoScalingGroupName"]): g for g in deployment.all_groups()}
    ended = {str(i["InstanceId"]) for name, g in before.items() if name not in after for i in g["Instances"]}
    launched: dict[str, int] = {}
    for name, group in after.items():
        activities = [a for a in deployment.activities(name) if a["StartTime"] >= since]
        ended |= {
            a["Description"].rpartition(" ")[2] for a in activities if "Terminating" in a["Description"]
        }
        if count := sum("Launching" in activity["Description"] for activity in activities):
            launched[_who(group)] = count
    rolled = [
        _who(after[event["PhysicalResourceId"]])
        for stack in _STACKS
        for event in deployment.events(stack)[seen[stack] :]
        if event["ResourceType"] == _GROUP
        and "Rolling update initiated" in event.get("ResourceStatusReason", "")
    ]
    return plan, Rolled(order=rolled, ended=ended, launched=launched)


def _who(group: Mapping[str, object]) -> str:
    listed = group["Tags"]
    assert isinstance(listed, list)
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    return str(tags.get("kubequorum:slot") or tags["kubequorum:worker-group"])
