"""Launch template and IAM role, the same for masters and workers."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import CfnTag, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from kubequorum.permissions import Permission, acknowledge_wildcards, policy_document
from kubequorum.user_data import FirstBoot, render

_ROOT_DEVICE = "/dev/xvda"
"""Root device of Debian's images."""


@dataclass(frozen=True, kw_only=True)
class InstanceShape:
    """Hardware, image and network of an instance."""

    instance_type: str
    """EC2 instance type; a group may override it."""
    image_id: str
    root_volume_gib: int
    """Size of the root volume in GiB."""
    security_group: ec2.ISecurityGroup


class InstanceTemplate(Construct):
    """A launch template and the role of its instances.

    Args:
        name: name of the instances, for tags and descriptions.
        shape: hardware, image and network.
        permissions: what the role allows.
        first_boot: values for user-data.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        shape: InstanceShape,
        permissions: Sequence[Permission],
        first_boot: FirstBoot,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description=f"Permissions of {name}",
        )
        # The template waits for the policy: an instance must not boot without its permissions.
        policy = iam.Policy(
            self,
            "Policy",
            document=policy_document(permissions),
            roles=[self.role],
        )
        acknowledge_wildcards(policy, permissions)
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[self.role.role_name])
        self.launch_template = _launch_template(self, name, shape, profile, first_boot)
        self.launch_template.node.add_dependency(policy)


def _launch_template(
    scope: Construct, name: str, shape: InstanceShape, profile: iam.CfnInstanceProfile, first_boot: FirstBoot
) -> ec2.CfnLaunchTemplate:
    template = ec2.CfnLaunchTemplate
    return template(
        scope,
        "LaunchTemplate",
        launch_template_data=template.LaunchTemplateDataProperty(
            image_id=shape.image_id,
            instance_type=shape.instance_type,
            iam_instance_profile=template.IamInstanceProfileProperty(arn=profile.attr_arn),
            security_group_ids=[shape.security_group.security_group_id],
            user_data=Fn.base64(render(first_boot)),
            metadata_options=template.MetadataOptionsProperty(
                http_endpoint="enabled",
                http_tokens="required",
                # Pods are one hop further away: the role is for the instance, not for them.
                http_put_response_hop_limit=1,
                # Keys with a slash, which Kubernetes' tags have, would make the launch fail.
                instance_metadata_tags="disabled",
            ),
            block_device_mappings=[
                template.BlockDeviceMappingProperty(
                    device_name=_ROOT_DEVICE,
                    ebs=template.EbsProperty(
                        volume_type="gp3",
                        volume_size=shape.root_volume_gib,
                        # With the account's own EBS key: the cluster's would need a grant for Auto Scaling.
                        encrypted=True,
                        delete_on_termination=True,
                    ),
                )
            ],
            monitoring=template.MonitoringProperty(enabled=True),
            tag_specifications=[
                template.TagSpecificationProperty(
                    resource_type="volume", tags=[CfnTag(key="Name", value=f"{name} root")]
                )
            ],
        ),
    )
