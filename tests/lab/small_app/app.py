"""An app with one of each thing that the command line reports, for its tests: nothing of Kubequorum's."""

import os

from aws_cdk import (
    App,
    CfnCreationPolicy,
    CfnOutput,
    CfnResourceSignal,
    CfnTag,
    CfnWaitCondition,
    Environment,
    Fn,
    Stack,
)
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53

USER_DATA = "#!/bin/sh\necho hello from the instance\n"

app = App(analytics_reporting=False)
# Named as a cluster's stacks: the program looks at no other.
stack = Stack(app, "small-Workers", env=Environment(account="000000000000", region="eu-west-1"))
zone = "eu-west-1a"
vpc = ec2.CfnVPC(stack, "Vpc", cidr_block="10.9.0.0/16")
subnet = ec2.CfnSubnet(stack, "Subnet", vpc_id=vpc.ref, cidr_block="10.9.1.0/24", availability_zone=zone)
template = ec2.CfnLaunchTemplate(
    stack,
    "Template",
    launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
        image_id="ami-0123456789abcdef0", instance_type="t3.micro", user_data=Fn.base64(USER_DATA)
    ),
)
autoscaling.CfnAutoScalingGroup(
    stack,
    "Group",
    min_size="1",
    max_size="1",
    vpc_zone_identifier=[subnet.ref],
    launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
        launch_template_id=template.ref, version=template.attr_latest_version_number
    ),
)
ec2.CfnVolume(
    stack, "Volume", availability_zone=zone, size=7, encrypted=True, tags=[CfnTag(key="Name", value="disk")]
)
names = route53.CfnHostedZone(
    stack,
    "Zone",
    name="small.internal",
    vpcs=[route53.CfnHostedZone.VPCProperty(vpc_id=vpc.ref, vpc_region="eu-west-1")],
)
route53.CfnRecordSet(
    stack,
    "Name",
    name="www.small.internal",
    type="A",
    ttl="30",
    hosted_zone_id=names.ref,
    resource_records=["10.9.1.9"],
)
CfnOutput(stack, "Greeting", value="hello")
if os.environ.get("SMALL_APP_BROKEN"):
    # Nobody signals: what CloudFormation says of it must reach the person who deploys.
    bad = Stack(app, "small-State", env=Environment(account="000000000000", region="eu-west-1"))
    CfnWaitCondition(bad, "Ready").cfn_options.creation_policy = CfnCreationPolicy(
        resource_signal=CfnResourceSignal(count=1, timeout="PT1S")
    )
app.synth()
