"""Asks the AWS API which connections the cluster's security groups let in."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubequorum_cli.report.model import Rule, SecurityGroup
from kubequorum_cli.resources import CLUSTER_TAG, Resources

_EVERYTHING = "-1"
"""How EC2 writes any protocol
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html)."""


def security_groups(resources: Resources) -> list[SecurityGroup]:
    """The groups with the cluster's tag, each with its rules; errors of botocore are not handled."""
    filters = [{"Name": f"tag:{CLUSTER_TAG}", "Values": [resources.target.cluster]}]
    pages = resources.client("ec2").get_paginator("describe_security_groups").paginate(Filters=filters)
    found = [
        SecurityGroup(
            id=group["GroupId"],
            inbound=sorted(
                (rule for permission in group.get("IpPermissions", []) for rule in _rules(permission)),
                key=lambda rule: (rule.protocol, rule.ports, rule.source),
            ),
        )
        for page in pages
        for group in page["SecurityGroups"]
    ]
    return sorted(found, key=lambda group: group.id)


def _rules(permission: Mapping[str, Any]) -> Iterator[Rule]:
    sources = [(pair["GroupId"], pair) for pair in permission.get("UserIdGroupPairs", [])]
    sources += [(each["CidrIp"], each) for each in permission.get("IpRanges", [])]
    first, last = permission.get("FromPort"), permission.get("ToPort")
    protocol = permission["IpProtocol"]
    for source, each in sources:
        yield Rule(
            source=source,
            protocol="all" if protocol == _EVERYTHING else protocol,
            ports="all" if first is None else str(first) if first == last else f"{first}-{last}",
            description=each.get("Description", ""),
        )
