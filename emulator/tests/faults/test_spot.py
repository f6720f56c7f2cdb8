"""Spot instances that EC2 takes back: a notice in their metadata, then the end."""

import json
import urllib.error

import pytest

from emulator.faults import FaultClient, FaultError
from emulator.tests.api.emulator import Emulator, wait_until
from emulator.tests.faults.node import Node, launch

NOTICE = "meta-data/spot/instance-action"


def test_a_spot_instance_gets_a_notice_and_is_gone(emulator: Emulator, faults: FaultClient) -> None:
    """Its state says why, whatever it does meanwhile."""
    ec2 = emulator.client("ec2")
    node = launch(emulator, spot=True)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        node.get(NOTICE)
    faults.interrupt_spot(node.instance_id)
    assert json.loads(node.get(NOTICE))["action"] == "terminate"

    def look() -> tuple[str, str]:
        (found,) = ec2.describe_instances(InstanceIds=[node.instance_id])["Reservations"][0]["Instances"]
        return found["State"]["Name"], (found.get("StateReason") or {}).get("Code", "")

    assert look()[0] == "running"
    wait_until(
        lambda: look() == ("terminated", "Server.SpotInstanceTermination"), what="the end of the instance"
    )


def test_only_spot_instances_are_taken_back(faults: FaultClient, node: Node) -> None:
    """An instance on demand, and one that does not exist."""
    for instance_id in (node.instance_id, "i-0aaaaaaaaaaaaaaaa"):
        with pytest.raises(FaultError, match=instance_id):
            faults.interrupt_spot(instance_id)
