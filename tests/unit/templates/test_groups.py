"""Auto Scaling groups: zones, hooks, updates one at a time, tags."""

import re

from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from tests.synthesis import synthesise, user_data
from tests.unit.templates.common import EVERY_CLUSTER, GROUP, groups


@EVERY_CLUSTER
def test_each_master_group_is_bound_to_the_zone_of_its_volume(cluster: str) -> None:
    """A slot's group has one subnet, of the same zone as the slot's volume, and exactly one instance."""
    synthesised = synthesise(cluster)
    subnets = synthesised.templates["Network"]["Resources"]
    exports = {
        output["Export"]["Name"]: output["Value"]
        for output in synthesised.templates["Network"]["Outputs"].values()
        if "Export" in output
    }
    volumes = synthesised.templates["State"]["Resources"]
    found = groups(cluster, "ControlPlane")
    assert set(found) == {f"Master{slot.upper()}Group" for slot in synthesised.cluster.slots}
    for slot, zone in synthesised.cluster.slots.items():
        properties = found[f"Master{slot.upper()}Group"]["Properties"]
        (subnet,) = properties["VPCZoneIdentifier"]
        subnet_id = exports[subnet["Fn::ImportValue"]]["Ref"]
        assert subnets[subnet_id]["Properties"]["AvailabilityZone"] == zone
        (volume,) = [v for lid, v in volumes.items() if lid.startswith(f"EtcdVolume{slot.upper()}")]
        assert volume["Properties"]["AvailabilityZone"] == zone
        assert (properties["MinSize"], properties["MaxSize"]) == ("1", "1")


@EVERY_CLUSTER
def test_hooks_are_part_of_every_group(cluster: str) -> None:
    """A hook resource of its own would be created after the first instance."""
    synthesised = synthesise(cluster)
    assert not synthesised.resources("AWS::AutoScaling::LifecycleHook")
    for group in synthesised.resources(GROUP).values():
        hooks = {h["LifecycleHookName"]: h for h in group["Properties"]["LifecycleHookSpecificationList"]}
        assert hooks[LAUNCH_HOOK]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
        assert hooks[LAUNCH_HOOK]["DefaultResult"] == "ABANDON"
        assert hooks[TERMINATE_HOOK]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
        assert hooks[TERMINATE_HOOK]["DefaultResult"] == "CONTINUE"


@EVERY_CLUSTER
def test_instances_take_metadata_tokens_only(cluster: str) -> None:
    """IMDSv2 is required, and a pod, one hop further away, does not get the instance's role."""
    for template in synthesise(cluster).resources("AWS::EC2::LaunchTemplate").values():
        options = template["Properties"]["LaunchTemplateData"]["MetadataOptions"]
        assert options["HttpTokens"] == "required"
        assert options["HttpPutResponseHopLimit"] == 1


def test_masters_update_one_after_the_other() -> None:
    """The groups are chained a → b → c, and each update waits for the new master's signal."""
    found = groups("ha", "ControlPlane")
    chain = {
        logical_id: {d for d in group.get("DependsOn", []) if d in found}
        for logical_id, group in found.items()
    }
    assert chain == {
        "MasterAGroup": set(),
        "MasterBGroup": {"MasterAGroup"},
        "MasterCGroup": {"MasterBGroup"},
    }
    for group in found.values():
        policy = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
        assert policy["WaitOnResourceSignals"] is True
        assert policy["MaxBatchSize"] == 1
        assert policy["MinInstancesInService"] == 0
        assert {"HealthCheck", "ReplaceUnhealthy"} <= set(policy["SuspendProcesses"])


@EVERY_CLUSTER
def test_no_group_waits_at_creation(cluster: str) -> None:
    """A group with a CreationPolicy would wait for a master that waits for the next group: etcd needs two."""
    synthesised = synthesise(cluster)
    for group in synthesised.resources(GROUP).values():
        assert "CreationPolicy" not in group
    ready = synthesised.templates["ControlPlane"]["Resources"]["ControlPlaneReady"]
    signal = ready["CreationPolicy"]["ResourceSignal"]
    assert signal["Count"] == len(synthesised.cluster.slots)
    assert set(ready["DependsOn"]) == set(groups(cluster, "ControlPlane"))


@EVERY_CLUSTER
def test_instances_signal_resources_that_exist(cluster: str) -> None:
    """The logical ids in user-data are those of the template that it is in."""
    synthesised = synthesise(cluster)
    for stack in ("ControlPlane", "Workers"):
        resources = synthesised.templates[stack]["Resources"]
        for template in resources.values():
            if template["Type"] != "AWS::EC2::LaunchTemplate":
                continue
            (signals,) = re.findall(r'"signals":\[([^]]*)\]', user_data(template))
            for logical_id in signals.replace('"', "").split(","):
                assert logical_id in resources


@EVERY_CLUSTER
def test_the_autoscaler_finds_workers_and_never_masters(cluster: str) -> None:
    """Auto-discovery tags are on worker groups only, and do not go to instances."""
    enabled = "k8s.io/cluster-autoscaler/enabled"
    for group in groups(cluster, "ControlPlane").values():
        assert not [t for t in group["Properties"]["Tags"] if t["Key"].startswith("k8s.io/")]
    for group in groups(cluster, "Workers").values():
        tags = {t["Key"]: t for t in group["Properties"]["Tags"]}
        assert tags[enabled]["Value"] == "true"
        assert tags[f"k8s.io/cluster-autoscaler/{cluster}"]["Value"] == "owned"
        assert not [k for k, t in tags.items() if k.startswith("k8s.io/") and t["PropagateAtLaunch"]]


def test_tags_describe_nodes_of_a_group_scaled_to_zero() -> None:
    """Labels and taints of a group are tags that the cluster-autoscaler reads."""
    tags = {t["Key"]: t["Value"] for t in groups("ha", "Workers")["WorkersBatchGroup"]["Properties"]["Tags"]}
    template = "k8s.io/cluster-autoscaler/node-template"
    assert tags[f"{template}/label/workload"] == "batch"
    assert tags[f"{template}/taint/workload"] == "batch:NoSchedule"


@EVERY_CLUSTER
def test_spot_instances_at_risk_are_replaced_before_they_are_taken_back(cluster: str) -> None:
    """The group's capacity rebalancing; groups without spot instances have nothing to rebalance."""
    synthesised = synthesise(cluster)
    spot = {
        group.name.replace("-", ""): group.spot_percent > 0 for group in synthesised.cluster.worker_groups
    }
    found = groups(cluster, "Workers")
    assert len(found) == len(spot)
    for logical_id, group in found.items():
        (is_spot,) = {has for name, has in spot.items() if name in logical_id.lower()}
        assert group["Properties"].get("CapacityRebalance", False) is is_spot
    for group in groups(cluster, "ControlPlane").values():
        assert "CapacityRebalance" not in group["Properties"]
        assert "MixedInstancesPolicy" not in group["Properties"]
