"""Launch templates by id or name, and their versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.ec2 import store
from emulator.api.wire import ApiError


@dataclass(frozen=True, kw_only=True)
class TemplateVersion:
    """One version of a launch template."""

    template_id: str
    name: str
    version: int
    data: Mapping[str, Any]


def resolve(specification: Mapping[str, Any]) -> TemplateVersion:
    """Find the version that a LaunchTemplateSpecification names ($Default if it names none).

    Raises:
        ApiError: there is no such template or version.
    """
    template_id, name = specification.get("LaunchTemplateId"), specification.get("LaunchTemplateName")
    record = next(
        (
            template
            for template in store.launch_templates().values()
            if template["LaunchTemplateId"] == template_id
            or (not template_id and template["LaunchTemplateName"] == name)
        ),
        None,
    )
    if record is None:
        kind = ("Id", "ID") if template_id else ("Name", "with name")
        raise ApiError(
            f"InvalidLaunchTemplate{kind[0]}.NotFoundException",
            f"The specified launch template, with template {kind[1]} {template_id or name}, does not exist.",
        )
    wanted = str(specification.get("Version") or "$Default")
    number = {
        "$Default": record["DefaultVersionNumber"],
        "$Latest": record["LatestVersionNumber"],
    }.get(wanted, wanted)
    for version in record["Versions"]:
        if str(version["VersionNumber"]) == str(number):
            return TemplateVersion(
                template_id=record["LaunchTemplateId"],
                name=record["LaunchTemplateName"],
                version=int(number),
                data=version["LaunchTemplateData"] or {},
            )
    raise ApiError(
        "InvalidLaunchTemplateId.VersionNotFound",
        f"Could not find the specified version {wanted} for the launch template "
        f"with ID {record['LaunchTemplateId']}.",
    )
