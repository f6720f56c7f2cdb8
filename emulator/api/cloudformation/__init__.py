"""CloudFormation as AWS does it: the resource types, policies and stack operations that ministack lacks."""

from emulator.api.cloudformation import (
    change_sets,
    engine,
    registry,
    replies,
    signal_resource,
    stack_resources,
)
from emulator.api.cloudformation.signals import Signals
from emulator.api.cloudformation.types import (
    addresses,
    auto_scaling_group,
    bucket,
    flow_log,
    hosted_zone,
    instance_connect,
    launch_template,
    load_balancing,
    network,
    oidc_provider,
    security_group_rules,
    volume,
    wait_condition,
)
from emulator.api.context import Context


def install(context: Context) -> None:
    """Patch ministack's CloudFormation."""
    signals = Signals()
    context.on_reset(signals.reset)
    context.worker.on_close(signals.stop)
    endpoints = instance_connect.InstanceConnectEndpoint()
    context.on_reset(endpoints.forget)
    registry.register(
        [
            addresses.ElasticIp(),
            addresses.NatGateway(),
            auto_scaling_group.AutoScalingGroup(
                signals=signals, worker=context.worker, new_groups=context.new_groups
            ),
            bucket.Bucket(),
            flow_log.FlowLog(),
            hosted_zone.HostedZone(),
            endpoints,
            launch_template.LaunchTemplate(context.worker),
            load_balancing.Listener(),
            load_balancing.LoadBalancer(),
            load_balancing.TargetGroup(),
            network.Vpc(),
            oidc_provider.OidcProvider(),
            security_group_rules.SecurityGroupEgress(),
            security_group_rules.SecurityGroupIngress(),
            volume.Volume(context.worker),
            wait_condition.WaitCondition(signals=signals, time_scale=context.worker.time_scale),
        ]
    )
    security_group_rules.check_inline_rules()
    engine.install()
    signal_resource.install(signals)
    stack_resources.install()
    change_sets.install()
    replies.install(time_scale=context.worker.time_scale)
