"""What EC2 announces: it takes spot instances back, recommends to replace them, and schedules events."""

import json
import urllib.error
from datetime import UTC, datetime

import pytest

from emulator.faults import FaultClient, FaultError
from emulator.tests.api.emulator import TIME_SCALE, Emulator, wait_until
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


def test_a_notice_may_be_late(emulator: Emulator, faults: FaultClient) -> None:
    """It says when the end is; until then there is no such path."""
    node = launch(emulator, spot=True)
    faults.interrupt_spot(node.instance_id, notice_seconds=30)
    end = datetime.strptime(json.loads(node.get(NOTICE))["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    # Emulated seconds are shorter here, and EC2's times have no fractions.
    assert -1 <= (end - datetime.now(UTC)).total_seconds() <= 30 * TIME_SCALE + 1


def test_a_notice_that_cannot_be_read(emulator: Emulator, faults: FaultClient) -> None:
    """Its path fails for a while, other paths do not."""
    node = launch(emulator, spot=True)
    faults.interrupt_spot(node.instance_id)
    faults.imds(node.instance_id, status=503, path="spot/instance-action", times=1)
    with pytest.raises(urllib.error.HTTPError, match="503"):
        node.get(NOTICE)
    assert json.loads(node.get(NOTICE))["action"] == "terminate"


def test_a_rebalance_recommendation_is_in_the_metadata(
    emulator: Emulator, faults: FaultClient, node: Node
) -> None:
    """Of a spot instance; in no group it has no other effect."""
    spot = launch(emulator, spot=True)
    path = "meta-data/events/recommendations/rebalance"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        spot.get(path)
    faults.recommend_rebalance(spot.instance_id)
    assert list(json.loads(spot.get(path))) == ["noticeTime"]
    with pytest.raises(FaultError, match=node.instance_id):
        faults.recommend_rebalance(node.instance_id)


def test_a_scheduled_event_is_announced(emulator: Emulator, faults: FaultClient, node: Node) -> None:
    """By EC2 and in the metadata of any instance; without one the list there is empty."""
    path, ec2 = "meta-data/events/maintenance/scheduled", emulator.client("ec2")
    assert json.loads(node.get(path)) == []
    faults.schedule_event(node.instance_id, code="system-reboot", in_seconds=3600)
    (found,) = json.loads(node.get(path))
    assert (found["Code"], found["State"]) == ("system-reboot", "active")
    (status,) = ec2.describe_instance_status(InstanceIds=[node.instance_id])["InstanceStatuses"]
    (event,) = status["Events"]
    assert (event["Code"], event["InstanceEventId"]) == ("system-reboot", found["EventId"])
    assert f"{event['NotBefore']:%-d %b %Y %H:%M:%S GMT}" == found["NotBefore"]
