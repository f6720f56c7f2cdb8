"""Who may connect to whom, by the rules of security groups."""

from dataclasses import replace

from development.diagrams import example
from kubequorum_cli.picture import flows
from kubequorum_cli.report.model import Rule, SecurityGroup


def test_rules_become_flows_between_roles() -> None:
    """The role of a security group is that of who wears it; equal rules of several are one flow."""
    found = {flow.reason: flow for flow in flows.find(example.well().report)}
    etcd = found["etcd clients and peers"]
    assert (etcd.sources, etcd.targets, etcd.port) == (["masters"], ["masters"], "tcp 2379-2380")
    people = found["API from an allowed range"]
    assert (people.sources, people.targets) == (["people"], ["balancer"])
    tunnel = found["pod network: VXLAN between nodes"]
    assert (tunnel.sources, tunnel.targets) == (["masters", "workers"], ["masters", "workers"])
    assert len(found) == 7


def test_a_security_group_that_nobody_wears_is_called_other() -> None:
    """As that of the endpoint for SSH."""
    report = example.well().report
    ssh = Rule(source="sg-endpoint", protocol="tcp", ports="22", description="SSH")
    everything = Rule(source="sg-endpoint", protocol="all", ports="all", description="any")
    (masters, *_) = report.security_groups
    group = SecurityGroup(id=masters.id, inbound=[ssh, everything])
    found = flows.find(replace(report, security_groups=[group]))
    assert [(flow.sources, flow.targets, flow.port) for flow in found] == [
        (["other"], ["masters"], "all"),
        (["other"], ["masters"], "tcp 22"),
    ]
