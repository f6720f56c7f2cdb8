"""What the templates must say whatever else changes: the properties that keep data and quorum."""

import re
from typing import Any

import pytest

from kubequorum.config.names import STACK_NAMES
from kubequorum.firewall import FLOWS
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from tests.synthesis import CLUSTERS, Template, synthesise, user_data

GROUP = "AWS::AutoScaling::AutoScalingGroup"

EVERY_CLUSTER = pytest.mark.parametrize("cluster", CLUSTERS)


def _groups(cluster: str, stack: str) -> dict[str, Template]:
    resources = synthesise(cluster).templates[stack]["Resources"]
    return {logical_id: r for logical_id, r in resources.items() if r["Type"] == GROUP}


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
    groups = _groups(cluster, "ControlPlane")
    assert set(groups) == {f"Master{slot.upper()}Group" for slot in synthesised.cluster.slots}
    for slot, zone in synthesised.cluster.slots.items():
        properties = groups[f"Master{slot.upper()}Group"]["Properties"]
        (subnet,) = properties["VPCZoneIdentifier"]
        subnet_id = exports[subnet["Fn::ImportValue"]]["Ref"]
        assert subnets[subnet_id]["Properties"]["AvailabilityZone"] == zone
        (volume,) = [v for lid, v in volumes.items() if lid.startswith(f"EtcdVolume{slot.upper()}")]
        assert volume["Properties"]["AvailabilityZone"] == zone
        assert (properties["MinSize"], properties["MaxSize"]) == ("1", "1")


@EVERY_CLUSTER
def test_hooks_are_in_every_group_from_birth(cluster: str) -> None:
    """Both hooks stand in the group itself; a hook resource would be made after the first instance."""
    synthesised = synthesise(cluster)
    assert not synthesised.resources("AWS::AutoScaling::LifecycleHook")
    for group in synthesised.resources(GROUP).values():
        hooks = {h["LifecycleHookName"]: h for h in group["Properties"]["LifecycleHookSpecificationList"]}
        assert hooks[LAUNCH_HOOK]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
        assert hooks[LAUNCH_HOOK]["DefaultResult"] == "ABANDON"
        assert hooks[TERMINATE_HOOK]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
        assert hooks[TERMINATE_HOOK]["DefaultResult"] == "CONTINUE"


@EVERY_CLUSTER
def test_machines_may_read_the_node_program_of_an_earlier_launch_template(cluster: str) -> None:
    """Amid an update a dead master's successor boots from the earlier one, whose program has another key."""
    synthesised = synthesise(cluster)
    for stack in {"ControlPlane", "Workers"} & set(synthesised.templates):
        resources = synthesised.templates[stack]["Resources"].values()
        prefix = f"{synthesised.cluster.name}-{stack}/"
        readable = [
            statement["Resource"]
            for resource in resources
            if resource["Type"] == "AWS::IAM::Policy"
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]
            if statement.get("Sid") == "ReadNodeProgram"
        ]
        assert readable
        assert all(arn.endswith(f":::{_bucket(arn)}/{prefix}*") for arn in readable)
        for template in (r for r in resources if r["Type"] == "AWS::EC2::LaunchTemplate"):
            assert re.search(rf"^KEY={prefix}[0-9a-f]{{64}}\.zip$", user_data(template), re.MULTILINE)


def _bucket(arn: str) -> str:
    return arn.rpartition(":")[2].partition("/")[0]


@EVERY_CLUSTER
def test_everything_in_state_is_kept(cluster: str) -> None:
    """Every resource of the State stack that holds data survives deletion and replacement."""
    for logical_id, resource in synthesise(cluster).templates["State"]["Resources"].items():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            continue
        assert resource["DeletionPolicy"] == "Retain", logical_id
        assert resource["UpdateReplacePolicy"] == "Retain", logical_id


STATE_LOGICAL_IDS = {
    "Key": "AWS::KMS::Key",
    "StateBucket": "AWS::S3::Bucket",
    "StateBucketPolicy610A9BB0": "AWS::S3::BucketPolicy",
    "EtcdVolumeA": "AWS::EC2::Volume",
    "EtcdVolumeB": "AWS::EC2::Volume",
    "EtcdVolumeC": "AWS::EC2::Volume",
    "Zone": "AWS::Route53::HostedZone",
}
"""Written down by hand and never to change: another id is another, empty volume."""


@pytest.mark.parametrize("cluster", ["local", "ha"])
def test_logical_ids_in_state_do_not_change(cluster: str) -> None:
    """CloudFormation knows a volume by its logical id alone."""
    resources = synthesise(cluster).templates["State"]["Resources"]
    assert {logical_id: r["Type"] for logical_id, r in resources.items()} == STATE_LOGICAL_IDS


def test_one_zone_has_the_ids_of_slot_a() -> None:
    """A cluster of one zone keeps what it has when it grows to three."""
    resources = synthesise("dev").templates["State"]["Resources"]
    grown = {k: v for k, v in STATE_LOGICAL_IDS.items() if not k.startswith(("EtcdVolumeB", "EtcdVolumeC"))}
    assert {logical_id: r["Type"] for logical_id, r in resources.items()} == grown


@EVERY_CLUSTER
def test_export_names_of_state_do_not_change(cluster: str) -> None:
    """What the control plane imports has names of our own choice."""
    synthesised = synthesise(cluster)
    exports = {output["Export"]["Name"] for output in synthesised.templates["State"]["Outputs"].values()}
    names = [
        "KeyArn",
        "StateBucketArn",
        "ZoneId",
        *(f"EtcdVolume{s.upper()}Id" for s in synthesised.cluster.slots),
    ]
    assert exports == {f"{cluster}-State:{name}" for name in names}


@EVERY_CLUSTER
def test_volumes_and_roots_are_encrypted(cluster: str) -> None:
    """No volume is without encryption."""
    synthesised = synthesise(cluster)
    for volume in synthesised.resources("AWS::EC2::Volume").values():
        assert volume["Properties"]["Encrypted"] is True
        assert volume["Properties"]["VolumeType"] == "gp3"
        assert "KmsKeyId" in volume["Properties"]
    for template in synthesised.resources("AWS::EC2::LaunchTemplate").values():
        for mapping in template["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]:
            assert mapping["Ebs"]["Encrypted"] is True


@EVERY_CLUSTER
def test_instances_take_metadata_tokens_only(cluster: str) -> None:
    """IMDSv2 is required, and a pod, one hop further away, does not get the machine's role."""
    for template in synthesise(cluster).resources("AWS::EC2::LaunchTemplate").values():
        options = template["Properties"]["LaunchTemplateData"]["MetadataOptions"]
        assert options["HttpTokens"] == "required"
        assert options["HttpPutResponseHopLimit"] == 1


def test_masters_update_one_after_the_other() -> None:
    """The groups are chained a → b → c, and each update waits for the new master's signal."""
    groups = _groups("ha", "ControlPlane")
    chain = {
        logical_id: {d for d in group.get("DependsOn", []) if d in groups}
        for logical_id, group in groups.items()
    }
    assert chain == {
        "MasterAGroup": set(),
        "MasterBGroup": {"MasterAGroup"},
        "MasterCGroup": {"MasterBGroup"},
    }
    for group in groups.values():
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
    assert set(ready["DependsOn"]) == set(_groups(cluster, "ControlPlane"))


@EVERY_CLUSTER
def test_machines_signal_resources_that_exist(cluster: str) -> None:
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


_TAGS = ("aws:ResourceTag", "aws:RequestTag")
_NARROW = re.compile(r":stack/[\w-]+/\*|'/(pki|slots/[abc]|join|admin)/\*'")
"""A wildcard ends them, and they are narrow all the same: a stack by its name, keys of the bucket."""
READ_ONLY = re.compile(r"^[a-z0-9]+:(Describe|Get|List)")


def _statements(cluster: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (logical_id, statement)
        for logical_id, policy in synthesise(cluster).resources("AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


@EVERY_CLUSTER
def test_nothing_is_changed_on_any_resource(cluster: str) -> None:
    """Every action that changes something names its resource, or is bound to the cluster's own by a tag."""
    for logical_id, statement in _statements(cluster):
        changing = [a for a in _as_list(statement["Action"]) if not READ_ONLY.match(a)]
        for action in changing:
            assert "*" not in action, (logical_id, action)
        if not changing:
            continue
        for resource in _as_list(statement["Resource"]):
            flat = str(resource)
            assert resource != "*", (logical_id, changing)
            if "*" in flat and not _NARROW.search(flat):
                _assert_bound_by_tag(cluster, statement)


def test_a_wildcard_that_nothing_binds_would_be_found() -> None:
    """The check above can fail: a volume of anybody's, or of anybody's in the cluster."""
    volumes = {"Resource": "arn:aws:ec2:eu-central-1:1:volume/*"}
    assert not _NARROW.search(volumes["Resource"])
    with pytest.raises(KeyError):
        _assert_bound_by_tag("ha", volumes)
    of_the_cluster = {"StringEquals": {"aws:ResourceTag/kubequorum:cluster": "ha"}}
    with pytest.raises(AssertionError):
        _assert_bound_by_tag("ha", {**volumes, "Condition": of_the_cluster})


def _assert_bound_by_tag(cluster: str, statement: dict[str, Any]) -> None:
    """The cluster's tag, and the slot's or the worker group's: on what there is, or on what is made."""
    tags = statement["Condition"]["StringEquals"]
    prefixes = [p for p in _TAGS if tags.get(f"{p}/kubequorum:cluster") == cluster]
    own = {f"{p}/kubequorum:{owner}" for p in prefixes for owner in ("slot", "worker-group")}
    assert own & set(tags), statement


@EVERY_CLUSTER
def test_roles_have_no_permissions_but_those_policies(cluster: str) -> None:
    """No policy hides in a role, and none is AWS's own: the golden files of policies have all of them."""
    for logical_id, role in synthesise(cluster).resources("AWS::IAM::Role").items():
        assert not {"Policies", "ManagedPolicyArns"} & set(role["Properties"]), logical_id
    assert not synthesise(cluster).resources("AWS::IAM::ManagedPolicy")


@pytest.mark.parametrize("slot", ["a", "b", "c"])
def test_a_master_may_touch_its_own_slot_only(slot: str) -> None:
    """Volume, name and keys in the bucket are the slot's own."""
    by_sid = {
        statement["Sid"]: statement
        for logical_id, statement in _statements("ha")
        if logical_id.startswith(f"Master{slot.upper()}")
    }
    others = {"a", "b", "c"} - {slot}
    assert f"ha-State:EtcdVolume{slot.upper()}Id" in str(by_sid["OwnVolume"]["Resource"])
    assert (
        by_sid["OwnVolumeToOwnInstances"]["Condition"]["StringEquals"]["aws:ResourceTag/kubequorum:slot"]
        == slot
    )
    names = by_sid["OwnName"]["Condition"]["ForAllValues:StringEquals"]
    assert names["route53:ChangeResourceRecordSetsNormalizedRecordNames"] == [
        f"etcd-{slot}.ha.kubequorum.internal"
    ]
    written = str(by_sid["WriteOwnState"]["Resource"])
    assert f"/slots/{slot}/*" in written
    for other in others:
        assert f"/slots/{other}" not in written
        assert f"EtcdVolume{other.upper()}" not in str(by_sid)


@EVERY_CLUSTER
def test_a_worker_reads_join_material_and_nothing_else_of_the_state(cluster: str) -> None:
    """Not the CA set, not the administrator's kubeconfig; and it writes nothing."""
    for logical_id, statement in _statements(cluster):
        if not logical_id.startswith("Workers"):
            continue
        for action in _as_list(statement["Action"]):
            assert action != "s3:PutObject", logical_id
            if action == "s3:GetObject" and statement["Sid"] == "ReadJoinMaterial":
                assert str(statement["Resource"]).endswith("'/join/*']]}")
            if action == "s3:ListBucket":
                assert statement["Condition"] == {"StringLike": {"s3:prefix": "join/*"}}


@EVERY_CLUSTER
def test_only_workers_read_what_workers_join_with(cluster: str) -> None:
    """Masters publish the token, and have no use for it."""
    readers = {
        logical_id
        for logical_id, statement in _statements(cluster)
        if "s3:GetObject" in _as_list(statement["Action"]) and "/join/*" in str(statement["Resource"])
    }
    assert readers
    assert all(logical_id.startswith("Workers") for logical_id in readers), readers


@EVERY_CLUSTER
def test_no_machine_reads_the_administrators_kubeconfig(cluster: str) -> None:
    """Masters write it, and only people whom IAM lets read it do."""
    statements = [s for _, s in _statements(cluster) if "/admin/*" in str(s["Resource"])]
    assert statements
    assert {action for s in statements for action in _as_list(s["Action"])} == {"s3:PutObject"}


@EVERY_CLUSTER
def test_the_firewall_has_the_flows_of_the_table_and_no_more(cluster: str) -> None:
    """Each ingress rule comes from the table or from the cluster file, and says why it exists."""
    synthesised = synthesise(cluster)
    reasons = {flow.reason for flow in FLOWS}
    rules = synthesised.resources("AWS::EC2::SecurityGroupIngress")
    pairs = sum(len(flow.sources) * len(flow.targets) for flow in FLOWS)
    assert len(rules) == pairs
    assert {rule["Properties"]["Description"] for rule in rules.values()} == reasons
    allowed = {str(cidr) for cidr in synthesised.cluster.api.allowed_cidrs}
    for logical_id, group in synthesised.resources("AWS::EC2::SecurityGroup").items():
        inline = {rule["CidrIp"] for rule in group["Properties"].get("SecurityGroupIngress", [])}
        assert inline == (allowed if logical_id.startswith("FirewallLoadBalancer") else set())


@EVERY_CLUSTER
def test_masters_open_connections_to_the_outside_at_one_port(cluster: str) -> None:
    """HTTPS for AWS's APIs, programs and images; the load balancer opens none but to masters."""
    groups = synthesise(cluster).resources("AWS::EC2::SecurityGroup")
    egress = {
        name: [
            (rule["CidrIp"], rule.get("FromPort"), rule.get("ToPort"))
            for logical_id, group in groups.items()
            if logical_id.startswith(f"Firewall{name}")
            for rule in group["Properties"].get("SecurityGroupEgress", [])
        ]
        for name in ("Masters", "LoadBalancer")
    }
    assert egress == {"Masters": [("0.0.0.0/0", 443, 443)], "LoadBalancer": []}


@EVERY_CLUSTER
def test_refused_traffic_is_logged(cluster: str) -> None:
    """The VPC's flow log keeps what security groups refuse, for a month."""
    synthesised = synthesise(cluster)
    (flow_log,) = synthesised.resources("AWS::EC2::FlowLog").values()
    (vpc,) = synthesised.resources("AWS::EC2::VPC")
    assert flow_log["Properties"]["ResourceId"] == {"Ref": vpc}
    assert flow_log["Properties"]["TrafficType"] == "REJECT"
    (log_group,) = synthesised.resources("AWS::Logs::LogGroup").values()
    assert log_group["Properties"]["RetentionInDays"] == 30


@EVERY_CLUSTER
def test_the_load_balancer_asks_for_readiness(cluster: str) -> None:
    """An API server gets traffic when /readyz says 200, and the client's address is not kept."""
    for group in synthesise(cluster).resources("AWS::ElasticLoadBalancingV2::TargetGroup").values():
        properties = group["Properties"]
        assert properties["HealthCheckProtocol"] == "HTTPS"
        assert properties["HealthCheckPath"] == "/readyz"
        assert properties["Matcher"] == {"HttpCode": "200"}
        attributes = {a["Key"]: a["Value"] for a in properties["TargetGroupAttributes"]}
        assert attributes["preserve_client_ip.enabled"] == "false"


@EVERY_CLUSTER
def test_the_autoscaler_finds_workers_and_never_masters(cluster: str) -> None:
    """Auto-discovery tags are on worker groups only, and do not go to instances."""
    enabled = "k8s.io/cluster-autoscaler/enabled"
    for group in _groups(cluster, "ControlPlane").values():
        assert not [t for t in group["Properties"]["Tags"] if t["Key"].startswith("k8s.io/")]
    for group in _groups(cluster, "Workers").values():
        tags = {t["Key"]: t for t in group["Properties"]["Tags"]}
        assert tags[enabled]["Value"] == "true"
        assert tags[f"k8s.io/cluster-autoscaler/{cluster}"]["Value"] == "owned"
        assert not [k for k, t in tags.items() if k.startswith("k8s.io/") and t["PropagateAtLaunch"]]


def test_a_group_scaled_to_zero_says_what_its_nodes_look_like() -> None:
    """Labels and taints of a group are tags that the autoscaler reads."""
    tags = {t["Key"]: t["Value"] for t in _groups("ha", "Workers")["WorkersBatchGroup"]["Properties"]["Tags"]}
    template = "k8s.io/cluster-autoscaler/node-template"
    assert tags[f"{template}/label/workload"] == "batch"
    assert tags[f"{template}/taint/workload"] == "batch:NoSchedule"


def test_state_is_protected_against_deletion() -> None:
    """Only the State stack refuses to be deleted: the others may be thrown away."""
    from pathlib import Path

    from aws_cdk import App

    from kubequorum.config import load_cluster
    from kubequorum.node_program import Bundle
    from stacks import add_cluster
    from tests.synthesis import REPOSITORY

    app = App(analytics_reporting=False)
    cluster = load_cluster(REPOSITORY / "clusters" / "local.yaml")
    stacks = add_cluster(app, cluster, lambda _: Bundle(Path(__file__), "0" * 64))
    protected = [stack.stack_name for stack in stacks if stack.termination_protection]
    assert protected == ["local-State"]
    assert [stack.stack_name for stack in stacks] == [f"local-{name}" for name in STACK_NAMES]


def test_a_public_api_has_an_internal_load_balancer_too() -> None:
    """The nodes' way to the API never leaves the VPC."""
    balancers = synthesise("ha").resources("AWS::ElasticLoadBalancingV2::LoadBalancer")
    schemes = {b["Properties"]["Name"]: b["Properties"]["Scheme"] for b in balancers.values()}
    assert schemes == {"ha-api": "internal", "ha-api-public": "internet-facing"}
    for group in _groups("ha", "ControlPlane").values():
        assert len(group["Properties"]["TargetGroupARNs"]) == 2


def test_the_ca_set_is_written_once() -> None:
    """The bucket refuses a PutObject below pki/ that does not say If-None-Match."""
    (policy,) = synthesise("ha").resources("AWS::S3::BucketPolicy").values()
    (statement,) = [
        s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s.get("Sid") == "CaSetIsWrittenOnce"
    ]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert str(statement["Resource"]).count("/pki/*") == 1
