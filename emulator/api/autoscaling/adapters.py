"""The engine's interfaces, implemented over the emulated EC2, load balancing and EventBridge."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.api.autoscaling.interfaces import Launched, LaunchError, LaunchPlan
from emulator.api.autoscaling.model import Subnet, Template
from emulator.api.ec2 import launch, profiles, store, templates
from emulator.api.ec2.service import Ec2
from emulator.api.events import EventBus
from emulator.api.wire import ApiError


class Ec2Compute:
    """`interfaces.Compute` over EC2."""

    def __init__(self, ec2: Ec2) -> None:
        self._ec2 = ec2

    def template(self, specification: Mapping[str, Any]) -> Template:
        """Resolve a LaunchTemplateSpecification."""
        try:
            found = templates.resolve(specification)
        except ApiError as error:
            raise LaunchError(error.message) from error
        return Template(
            template_id=found.template_id, name=found.name, version=found.version, data=found.data
        )

    def subnets(self, subnet_ids: Sequence[str]) -> list[Subnet]:
        """Look subnets up."""
        known = store.subnets()
        for subnet_id in subnet_ids:
            if subnet_id not in known:
                raise LaunchError(f"The subnet ID '{subnet_id}' does not exist")
        return [
            Subnet(subnet_id=name, availability_zone=known[name]["AvailabilityZone"]) for name in subnet_ids
        ]

    def check(self, template: Template) -> None:
        """Check the instance profile, as Auto Scaling does when a group gets a template."""
        try:
            profiles.require_known(template.data.get("IamInstanceProfile"))
        except ApiError as error:
            raise LaunchError(error.message) from error

    def launch(self, plan: LaunchPlan) -> Launched:
        """Start an instance."""
        template = plan.template
        marks = {
            "aws:ec2launchtemplate:id": template.template_id,
            "aws:ec2launchtemplate:version": str(template.version),
        }
        try:
            request = launch.from_template_data(
                template.data,
                subnet_id=plan.subnet.subnet_id,
                image_id=plan.image_id,
                instance_type=plan.instance_type,
                spot=plan.spot,
                tags={**plan.tags, **marks},
            )
            record = self._ec2.instances.launch(request)
        except ApiError as error:
            raise LaunchError(error.message) from error
        return Launched(
            instance_id=record["InstanceId"],
            instance_type=record["InstanceType"],
            image_id=record["ImageId"],
        )

    def terminate(self, instance_id: str) -> None:
        """End an instance; termination protection does not apply to its group."""
        self._ec2.instances.terminate(instance_id, protected=False)


class BusEvents:
    """`interfaces.Events` over EventBridge."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def emit(self, detail_type: str, *, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
        """Publish an event of Auto Scaling."""
        self._bus.emit(source="aws.autoscaling", detail_type=detail_type, resources=resources, detail=detail)
