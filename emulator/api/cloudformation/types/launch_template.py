"""Launch templates: a limit that EC2 checks, and versions that a rollback takes back."""

import base64
import binascii
from typing import Any

from emulator.api import patches
from emulator.api.cloudformation import operation
from emulator.api.cloudformation.registry import (
    Properties,
    Provisioned,
    Resource,
    ResourceType,
    provisioner,
)
from emulator.api.ec2 import profiles
from emulator.api.worker import Worker

_TEMPLATES = patches.declare(
    "ministack.services.ec2", "_launch_templates", why="a rollback takes the failed version back"
)
_MAX_USER_DATA_BYTES = 16384
"""EC2 user guide: "User data is limited to 16 KB, in raw form, before it is base64-encoded"."""
_CREATE = provisioner("_ec2_launch_template_create", "logical_id", "props", "stack_name")
_UPDATE = provisioner(
    "_ec2_launch_template_update", "physical_id", "old_props", "new_props", "stack_name", "logical_id"
)
_DELETE = provisioner("_ec2_launch_template_delete", "physical_id", "props")


class LaunchTemplate(ResourceType):
    """AWS::EC2::LaunchTemplate: ministack's, with checks and rollback."""

    name = "AWS::EC2::LaunchTemplate"
    replaced_by = ("LaunchTemplateName",)

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def create(self, resource: Resource) -> Provisioned:
        """Create it with its first version.

        Raises:
            ValueError: the user data is too long, or no base64.
        """
        _check_user_data(resource.properties)
        self._await_profile(resource.properties)
        return Provisioned(*_CREATE.get()(resource.logical_id, resource.properties, resource.stack_name))

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Add a version; in a rollback, take back the one that failed, so that nothing is outdated after it.

        Raises:
            ValueError: the user data is too long, or no base64.
        """
        if operation.running(resource.stack_name).status == operation.ROLLING_BACK:
            return self._take_back(physical_id)
        _check_user_data(resource.properties)
        self._await_profile(resource.properties)
        return Provisioned(
            *_UPDATE.get()(physical_id, old, resource.properties, resource.stack_name, resource.logical_id)
        )

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        _DELETE.get()(physical_id, properties)

    def _await_profile(self, properties: Properties) -> None:
        """CloudFormation waits at the instance profile: https://github.com/hashicorp/terraform/issues/15341.

        That is here, as resources are made one after the other: several new profiles cost one wait.
        """
        reference = (properties.get("LaunchTemplateData") or {}).get("IamInstanceProfile")
        while (seconds := profiles.unknown_for(reference)) > 0:
            if not self._worker.sleep(seconds / self._worker.time_scale):
                return

    @staticmethod
    def _take_back(template_id: str) -> Provisioned:
        template: dict[str, Any] = _TEMPLATES.get()[template_id]
        template["Versions"].pop()
        template["LatestVersionNumber"] = template["Versions"][-1]["VersionNumber"]
        return Provisioned(
            template_id,
            {
                "LaunchTemplateId": template_id,
                "LaunchTemplateName": template["LaunchTemplateName"],
                "DefaultVersionNumber": str(template["DefaultVersionNumber"]),
                "LatestVersionNumber": str(template["LatestVersionNumber"]),
            },
        )


def _check_user_data(properties: Properties) -> None:
    encoded = (properties.get("LaunchTemplateData") or {}).get("UserData")
    if not encoded:
        return
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError(
            "Invalid BASE64 encoding of user data. (Service: Ec2, Status Code: 400, "
            "Error Code: InvalidUserData.Malformed)"
        ) from None
    if size > _MAX_USER_DATA_BYTES:
        raise ValueError(
            f"User data is limited to {_MAX_USER_DATA_BYTES} bytes, not {size}. "
            "(Service: Ec2, Status Code: 400, Error Code: InvalidUserData.Malformed)"
        )
