"""IAM policies: each instance may change its own resources only."""

import re
from typing import Any

import pytest

from kubequorum_node.document import METRICS_NAMESPACE
from tests.synthesis import synthesise, user_data
from tests.unit.templates.common import EVERY_CLUSTER


@EVERY_CLUSTER
def test_instances_may_read_the_node_program_of_an_earlier_launch_template(cluster: str) -> None:
    """During an update a successor may boot from the earlier one, whose program has another key."""
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


_TAGS = ("aws:ResourceTag", "aws:RequestTag")
_NARROW = re.compile(
    r":stack/[\w-]+/\*|'/(pki|slots/[abc]|join|admin|audit/[abc]|backups|restores/(data|claims)|identity|programs)/\*'"
)
"""They end in a wildcard and are narrow anyway: a stack by its name, keys of the bucket."""
READ_ONLY = re.compile(r"^[a-z0-9]+:(Batch(Check|Get)|Describe|Get|List)")


def _statements(cluster: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (logical_id, statement)
        for logical_id, policy in synthesise(cluster).resources("AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


@EVERY_CLUSTER
def test_actions_that_change_something_are_bound_to_own_resources(cluster: str) -> None:
    """Every action that changes something names its resource, or is bound to the cluster's own by a tag."""
    for logical_id, statement in _statements(cluster):
        changing = [a for a in _as_list(statement["Action"]) if not READ_ONLY.match(a)]
        for action in changing:
            assert "*" not in action, (logical_id, action)
        if not changing or _is_bound_by_namespace(statement):
            continue
        for resource in _as_list(statement["Resource"]):
            flat = str(resource)
            assert resource != "*", (logical_id, changing)
            if "*" in flat and not _NARROW.search(flat):
                _assert_bound_by_tag(cluster, statement)


def _is_bound_by_namespace(statement: dict[str, Any]) -> bool:
    """Metrics are no resources: a condition says which may be written."""
    own = {"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}}
    return bool(statement["Action"] == "cloudwatch:PutMetricData" and statement.get("Condition") == own)


@EVERY_CLUSTER
def test_only_masters_send_metrics(cluster: str) -> None:
    """And of one namespace alone: a value in AWS's own would mislead its alarms."""
    senders = {
        logical_id
        for logical_id, statement in _statements(cluster)
        if any(action.startswith("cloudwatch:") for action in _as_list(statement["Action"]))
    }
    assert senders
    assert all(logical_id.startswith("Master") for logical_id in senders), senders


def test_an_unbound_wildcard_would_be_found() -> None:
    """The check above can fail: any volume, or any volume of the cluster."""
    volumes = {"Resource": "arn:aws:ec2:eu-central-1:1:volume/*"}
    assert not _NARROW.search(volumes["Resource"])
    with pytest.raises(KeyError):
        _assert_bound_by_tag("ha", volumes)
    metrics = {"Action": "cloudwatch:PutMetricData", "Resource": "*"}
    assert not _is_bound_by_namespace(metrics)
    assert not _is_bound_by_namespace(
        {**metrics, "Condition": {"StringEquals": {"cloudwatch:namespace": "AWS/EC2"}}}
    )
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
def test_no_master_can_request_a_restore(cluster: str) -> None:
    """Whoever can turns the cluster's data back: masters write what they make of a request, no more."""
    for logical_id, statement in _statements(cluster):
        if "s3:PutObject" not in _as_list(statement["Action"]):
            continue
        resources = [str(each) for each in _as_list(statement["Resource"]) if "/restores/" in str(each)]
        allowed = ("/restores/data/*", "/restores/claims/*")
        assert all(any(known in each for known in allowed) for each in resources), (logical_id, resources)


@EVERY_CLUSTER
def test_roles_have_no_permissions_but_those_policies(cluster: str) -> None:
    """No inline policy in a role and none of AWS: the golden files of policies show all permissions."""
    for logical_id, role in synthesise(cluster).resources("AWS::IAM::Role").items():
        assert not {"Policies", "ManagedPolicyArns"} & set(role["Properties"]), logical_id
    assert not synthesise(cluster).resources("AWS::IAM::ManagedPolicy")


@pytest.mark.parametrize("slot", ["a", "b", "c"])
def test_a_master_may_touch_its_own_slot_only(slot: str) -> None:
    """Its volume, DNS name and keys in the bucket."""
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
def test_a_master_may_report_peers_and_do_nothing_else_to_them(cluster: str) -> None:
    """Groups with the cluster's tag and a slot's: no worker's, no other cluster's."""
    slots = list(synthesise(cluster).cluster.slots)
    found = [(name, s) for name, s in _statements(cluster) if s.get("Sid") == "MasterHealth"]
    assert len(found) == len(slots)
    for logical_id, statement in found:
        assert logical_id.startswith("Master")
        assert statement["Action"] == "autoscaling:SetInstanceHealth"
        assert statement["Condition"] == {
            "StringEquals": {
                "aws:ResourceTag/kubequorum:cluster": cluster_name(cluster),
                "aws:ResourceTag/kubequorum:slot": slots,
            }
        }


def cluster_name(cluster: str) -> str:
    """The name in a cluster file."""
    return synthesise(cluster).cluster.name


@EVERY_CLUSTER
def test_a_worker_reads_join_material_and_programs_and_nothing_else_of_the_state(cluster: str) -> None:
    """Not the CA set, not the administrator's kubeconfig; and it writes nothing but its own proof."""
    for logical_id, statement in _statements(cluster):
        if not logical_id.startswith("Workers"):
            continue
        for action in _as_list(statement["Action"]):
            assert action not in {"s3:PutObject", "s3:DeleteObject"} or statement["Sid"] == "ProveIdentity"
            if action == "s3:GetObject" and statement["Sid"] not in {"ReadNodeProgram", "ReadMirror"}:
                assert re.search(r"'/(join|programs)/\*'\]\]\}$", str(statement["Resource"]))
            if action == "s3:ListBucket":
                own = {"StringLike": {"s3:prefix": "join/*"}}, {"StringEquals": {"s3:prefix": "programs/"}}
                assert statement["Condition"] in own


@EVERY_CLUSTER
def test_a_worker_asks_ec2_for_nothing(cluster: str) -> None:
    """Volumes, predecessors and stale nodes are the masters' concern."""
    asking = {
        logical_id
        for logical_id, statement in _statements(cluster)
        for action in _as_list(statement["Action"])
        if action.startswith("ec2:")
    }
    assert asking
    assert all(logical_id.startswith("Master") for logical_id in asking), asking


@EVERY_CLUSTER
def test_only_workers_read_what_workers_join_with(cluster: str) -> None:
    """Masters publish the token and do not need it."""
    readers = {
        logical_id
        for logical_id, statement in _statements(cluster)
        if "s3:GetObject" in _as_list(statement["Action"]) and "/join/*" in str(statement["Resource"])
    }
    assert readers
    assert all(logical_id.startswith("Workers") for logical_id in readers), readers


@EVERY_CLUSTER
def test_audit_logs_can_only_be_added_to(cluster: str) -> None:
    """A master writes those of its own slot; nobody reads, changes or deletes any."""
    for logical_id, statement in _statements(cluster):
        if "/audit/" in str(statement["Resource"]):
            assert _as_list(statement["Action"]) == ["s3:PutObject"]
            slot = logical_id.removeprefix("Master")[0].lower()
            assert f"/audit/{slot}/*" in str(statement["Resource"])
            assert str(statement["Resource"]).count("/audit/") == 1


@EVERY_CLUSTER
def test_no_instance_reads_the_administrators_kubeconfig(cluster: str) -> None:
    """Masters write it; people read it, with permissions of their own."""
    statements = [s for _, s in _statements(cluster) if "/admin/*" in str(s["Resource"])]
    assert statements
    assert {action for s in statements for action in _as_list(s["Action"])} == {"s3:PutObject"}


@EVERY_CLUSTER
def test_a_worker_proves_its_own_identity_only(cluster: str) -> None:
    """One object, named after the instance that its credentials are of; masters read all, and write none."""
    proofs = [(n, s) for n, s in _statements(cluster) if "/identity/" in str(s["Resource"])]
    assert any(logical_id.startswith("Master") for logical_id, _ in proofs)
    for logical_id, statement in proofs:
        if logical_id.startswith("Workers"):
            assert _as_list(statement["Action"]) == ["s3:PutObject"]
            assert str(statement["Resource"]).endswith("'/identity/${ec2:SourceInstanceARN}']]}")
        else:
            assert _as_list(statement["Action"]) == ["s3:GetObject"], logical_id
