"""Filters of Describe calls."""

from typing import Any

import pytest

from emulator.api.ec2 import api_interfaces, filters, store
from emulator.api.wire import ApiError
from emulator.tests.api.ec2.conftest import ZONE, Cloud
from emulator.tests.api.recording import until


def found(cloud: Cloud, **wanted: list[str]) -> list[str]:
    """Ids of the instances that match; an underscore stands for a hyphen, two for a dot."""
    entries = [
        {"Name": name.replace("__", ".").replace("_", "-"), "Values": values}
        for name, values in wanted.items()
    ]
    records = filters.select(
        store.instances().values(), entries, id_key="InstanceId", known=filters.INSTANCE_FILTERS
    )
    return [record["InstanceId"] for record in records]


def test_filters_are_anded_and_their_values_ored(cloud: Cloud) -> None:
    """State, type, zone, group and address; wildcards; nothing matches an unused value."""
    first = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    second = cloud.ec2.instances.launch(cloud.request(InstanceType="c7g.large"))["InstanceId"]
    until(lambda: cloud.state(first) == cloud.state(second) == "running")
    assert found(cloud, instance_state_name=["running", "pending"]) == [first, second]
    assert found(cloud, instance_type=["c7g.*"]) == [second]
    assert found(cloud, architecture=["arm64"], availability_zone=[ZONE]) == [second]
    assert found(cloud, architecture=["arm64"], private_ip_address=["10.0.1.4"]) == []
    assert found(cloud, instance__group_id=["sg-1"], private_ip_address=["10.0.1.?"]) == [first, second]
    [attached] = [
        entry for entry in store.volumes().values() if entry["Attachments"][0]["InstanceId"] == first
    ]
    assert found(cloud, block_device_mapping__volume_id=[attached["VolumeId"]]) == [first]


def test_tags_are_filtered_by_key_and_value(cloud: Cloud) -> None:
    """`tag:KEY` wants a value of that key, `tag-key` the key alone."""
    instance_id = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    store.set_tags(instance_id, {"role": "web", "a:b": "c"})

    def by(name: str, *values: str) -> list[str]:
        records = filters.select(
            store.instances().values(),
            [{"Name": name, "Values": list(values)}],
            id_key="InstanceId",
            known=filters.INSTANCE_FILTERS,
        )
        return [record["InstanceId"] for record in records]

    assert by("tag:role", "web", "db") == [instance_id]
    assert by("tag:role", "db") == []
    assert by("tag:a:b", "c") == [instance_id]
    assert by("tag-key", "ro*") == [instance_id]
    assert by("tag-value", "c") == [instance_id]


def test_an_unknown_filter_is_an_error_and_not_ignored(cloud: Cloud) -> None:
    """As on AWS: a mistyped filter must not return everything."""
    cloud.ec2.instances.launch(cloud.request())
    with pytest.raises(ApiError, match="The filter 'instance-status' is invalid"):
        found(cloud, instance_status=["running"])


def test_interfaces_are_those_of_instances_that_live(cloud: Cloud) -> None:
    """By instance; gone with it."""

    def interfaces(instance_id: str) -> list[dict[str, Any]]:
        wanted = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
        answer = api_interfaces.describe({"Filters": wanted})
        assert answer is not None
        listed: list[dict[str, Any]] = answer["NetworkInterfaces"]
        return listed

    instance_id = cloud.ec2.instances.launch(cloud.request())["InstanceId"]
    cloud.ec2.instances.launch(cloud.request())
    [interface] = interfaces(instance_id)
    assert (interface["PrivateIpAddress"], interface["Attachment"]["DeviceIndex"]) == ("10.0.1.4", 0)
    cloud.ec2.instances.terminate(instance_id)
    until(lambda: cloud.state(instance_id) == "terminated")
    assert interfaces(instance_id) == []
