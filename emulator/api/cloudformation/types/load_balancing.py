"""Load balancers, target groups and listeners, through their own API."""

from typing import Any

from emulator.api.calls import call
from emulator.api.cloudformation import parameters
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.types.values import delete_unless_gone

_MAX_NAME_LENGTH = 32


def _request(operation: str, properties: Properties, **more: Any) -> dict[str, Any]:
    return parameters.for_operation("elbv2", operation, {**properties, **more})


def _attributes(properties: Properties, name: str) -> list[dict[str, str]]:
    return [{"Key": item["Key"], "Value": str(item["Value"])} for item in properties.get(name) or []]


def _retag(arn: str, *, old: Properties, new: Properties) -> None:
    before = {tag["Key"]: str(tag["Value"]) for tag in old.get("Tags") or []}
    after = {tag["Key"]: str(tag["Value"]) for tag in new.get("Tags") or []}
    if gone := sorted(before.keys() - after.keys()):
        call("elbv2", "remove_tags", ResourceArns=[arn], TagKeys=gone)
    changed = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    if changed:
        call("elbv2", "add_tags", ResourceArns=[arn], Tags=changed)


class LoadBalancer(ResourceType):
    """AWS::ElasticLoadBalancingV2::LoadBalancer."""

    name = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    replaced_by = ("Name", "Scheme", "Type")
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it with its attributes."""
        name = resource.properties.get("Name") or resource.generated_name(max_length=_MAX_NAME_LENGTH)
        balancer = call(
            "elbv2",
            "create_load_balancer",
            **_request("CreateLoadBalancer", resource.properties, Name=name),
        )["LoadBalancers"][0]
        self._set_attributes(balancer["LoadBalancerArn"], resource.properties)
        return self._provisioned(balancer["LoadBalancerArn"])

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its subnets, groups, address type, attributes and tags."""
        new = resource.properties
        for name, operation in (
            ("Subnets", "set_subnets"),
            ("SubnetMappings", "set_subnets"),
            ("SecurityGroups", "set_security_groups"),
            ("IpAddressType", "set_ip_address_type"),
        ):
            if name in new and new[name] != old.get(name):
                call("elbv2", operation, LoadBalancerArn=physical_id, **{name: new[name]})
        self._set_attributes(physical_id, new)
        _retag(physical_id, old=old, new=new)
        return self._provisioned(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it with its listeners."""
        del properties
        delete_unless_gone(
            "elbv2", "delete_load_balancer", gone=("LoadBalancerNotFound",), LoadBalancerArn=physical_id
        )

    @staticmethod
    def _set_attributes(arn: str, properties: Properties) -> None:
        if attributes := _attributes(properties, "LoadBalancerAttributes"):
            call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=attributes)

    @staticmethod
    def _provisioned(arn: str) -> Provisioned:
        balancer = call("elbv2", "describe_load_balancers", LoadBalancerArns=[arn])["LoadBalancers"][0]
        return Provisioned(
            arn,
            {
                "LoadBalancerArn": arn,
                "LoadBalancerName": balancer["LoadBalancerName"],
                "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
                "DNSName": balancer["DNSName"],
                "CanonicalHostedZoneID": balancer["CanonicalHostedZoneId"],
                "SecurityGroups": balancer.get("SecurityGroups", []),
            },
        )


class TargetGroup(ResourceType):
    """AWS::ElasticLoadBalancingV2::TargetGroup."""

    name = "AWS::ElasticLoadBalancingV2::TargetGroup"
    replaced_by = ("IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId")
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it with its attributes and targets."""
        properties = resource.properties
        name = properties.get("Name") or resource.generated_name(max_length=_MAX_NAME_LENGTH)
        group = call("elbv2", "create_target_group", **_request("CreateTargetGroup", properties, Name=name))
        arn = group["TargetGroups"][0]["TargetGroupArn"]
        self._set_attributes(arn, properties)
        if properties.get("Targets"):
            request = _request("RegisterTargets", properties, TargetGroupArn=arn)
            call("elbv2", "register_targets", **request)
        return self._provisioned(arn)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its health check, attributes, targets and tags."""
        new = resource.properties
        call("elbv2", "modify_target_group", **_request("ModifyTargetGroup", new, TargetGroupArn=physical_id))
        self._set_attributes(physical_id, new)
        before, after = old.get("Targets") or [], new.get("Targets") or []
        for operation, api_name, targets in (
            ("deregister_targets", "DeregisterTargets", [t for t in before if t not in after]),
            ("register_targets", "RegisterTargets", [t for t in after if t not in before]),
        ):
            if targets:
                call(
                    "elbv2", operation, **_request(api_name, {}, TargetGroupArn=physical_id, Targets=targets)
                )
        _retag(physical_id, old=old, new=new)
        return self._provisioned(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it; one that a listener uses refuses."""
        del properties
        delete_unless_gone(
            "elbv2", "delete_target_group", gone=("TargetGroupNotFound",), TargetGroupArn=physical_id
        )

    @staticmethod
    def _set_attributes(arn: str, properties: Properties) -> None:
        if attributes := _attributes(properties, "TargetGroupAttributes"):
            call("elbv2", "modify_target_group_attributes", TargetGroupArn=arn, Attributes=attributes)

    @staticmethod
    def _provisioned(arn: str) -> Provisioned:
        group = call("elbv2", "describe_target_groups", TargetGroupArns=[arn])["TargetGroups"][0]
        return Provisioned(
            arn,
            {
                "TargetGroupArn": arn,
                "TargetGroupName": group["TargetGroupName"],
                "TargetGroupFullName": arn.rpartition(":")[2],
                "LoadBalancerArns": group.get("LoadBalancerArns", []),
            },
        )


class Listener(ResourceType):
    """AWS::ElasticLoadBalancingV2::Listener."""

    name = "AWS::ElasticLoadBalancingV2::Listener"
    replaced_by = ("LoadBalancerArn",)
    tag_property = "Tags"

    def create(self, resource: Resource) -> Provisioned:
        """Create it."""
        listener = call("elbv2", "create_listener", **_request("CreateListener", resource.properties))
        return self._provisioned(listener["Listeners"][0]["ListenerArn"])

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change its port, protocol, actions and tags."""
        call(
            "elbv2",
            "modify_listener",
            **_request("ModifyListener", resource.properties, ListenerArn=physical_id),
        )
        _retag(physical_id, old=old, new=resource.properties)
        return self._provisioned(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        del properties
        delete_unless_gone("elbv2", "delete_listener", gone=("ListenerNotFound",), ListenerArn=physical_id)

    @staticmethod
    def _provisioned(arn: str) -> Provisioned:
        return Provisioned(arn, {"ListenerArn": arn})
