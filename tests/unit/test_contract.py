"""docs/contract.md against templates and code: neither has a name that the other lacks."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from kubequorum import state_bucket, tags
from kubequorum.addons.ebs_csi import api_objects, volume_role
from kubequorum.cluster_documents import master_document
from kubequorum.config.names import STACK_NAMES, group_logical_id, load_balancer_name, stack_name
from kubequorum_cli.restore.copying import key_document
from kubequorum_cli.restore.request import Request
from kubequorum_node.addon_set import parameter_name
from kubequorum_node.addons import drift, inventory
from kubequorum_node.audit import shipping as audit
from kubequorum_node.backup import metrics, names
from kubequorum_node.backup.drill import DrillResult
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from kubequorum_node.document import METRICS_NAMESPACE, ssh_keys_parameter
from kubequorum_node.kubeadm import ca_set, cluster_configuration, encryption_keys, fixed_settings
from kubequorum_node.kubernetes import credentials, identity_proof, kubelet_settings, object_client
from kubequorum_node.restore import snapshot
from kubequorum_node.runtime import containerd
from kubequorum_node.services import SERVICES
from kubequorum_node.supply import uses
from kubequorum_node.system import program_copies
from kubequorum_node.volume import restore_request, slot_record
from tests.synthesis import REPOSITORY, synthesise

_PARAMETER = "AWS::SSM::Parameter"
PAGE = (REPOSITORY / "docs" / "contract.md").read_text(encoding="utf-8")


def _listed(heading: str) -> set[str]:
    """The names in the first column of a table."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, heading
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def _resources(stack: str, *types: str, cluster: str = "ha") -> set[str]:
    resources: dict[str, Any] = synthesise(cluster).templates[stack]["Resources"]
    return {logical_id for logical_id, resource in resources.items() if resource["Type"] in types}


def _source(*folders: str) -> str:
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    return "\n".join(path.read_text("utf-8") for path in sorted(files) if path.suffix != ".pyc")


def test_stacks() -> None:
    """All of them, with the cluster's name before them."""
    assert _listed("Stacks") == {stack_name("<cluster>", stack) for stack in STACK_NAMES}


def test_logical_ids() -> None:
    """All resources with data, and all that instances signal."""
    of_issuer = ("AWS::CloudFront::Distribution", "AWS::IAM::OIDCProvider")
    of_data = ("AWS::EC2::Volume", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Route53::HostedZone")
    data = _resources("State", *of_data, *of_issuer)
    signalled = _resources(
        "ControlPlane", "AWS::AutoScaling::AutoScalingGroup", "AWS::CloudFormation::WaitCondition"
    )
    parameters = _resources("Addons", _PARAMETER) | _resources("Network", _PARAMETER, cluster="ssh")
    workers = group_logical_id("example").replace("Example", "<Group>")
    assert _listed("Logical ids") == {*data, *signalled, *parameters, workers}
    assert _resources("Workers", "AWS::AutoScaling::AutoScalingGroup") == {
        group_logical_id(group.name) for group in synthesise("ha").cluster.worker_groups
    }


def _outputs(stack: str) -> dict[str, Any]:
    variants = [synthesise(name).templates.get(stack, {}) for name in ("service-account-roles", "ssh")]
    return {name: output for each in variants for name, output in each.get("Outputs", {}).items()}


def test_exports() -> None:
    """Of all stacks: State's have names of our own, Network's are the CDK's."""
    outputs = [output for stack in STACK_NAMES for output in _outputs(stack).values() if "Export" in output]
    exported = {output["Export"]["Name"].replace("ha-", "<cluster>-", 1) for output in outputs}
    assert {name.partition(":")[0] for name in exported} == {"<cluster>-Network", "<cluster>-State"}
    assert _listed("Exports") == exported


def test_outputs() -> None:
    """All that are no exports, in every stack."""
    others = {
        name for stack in STACK_NAMES for name, output in _outputs(stack).items() if "Export" not in output
    }
    groups = synthesise("ha").cluster.worker_groups
    of_groups = {f"GroupName{group.name.replace('-', '')}" for group in groups}
    of_roles = {"RoleArnShopOrders", "RoleArnShopQueueReader"}
    assert of_groups | of_roles <= others
    placeholders = {"GroupName<group>", "RoleArn<Namespace><Name>"}
    assert _listed("Outputs") == others - of_groups - of_roles | placeholders


def test_tags() -> None:
    """All keys that IAM conditions and controllers match."""
    own = {tags.CLUSTER, tags.SLOT, tags.WORKER_GROUP, "Name"}
    assert _listed("Tags") == {
        *own,
        *(tags.SUBNET_FOR_INTERNAL_LOAD_BALANCERS, tags.SUBNET_FOR_PUBLIC_LOAD_BALANCERS),
        tags.kubernetes_cluster("<cluster>"),
        *(tags.AUTOSCALER_PREFIX, volume_role.MADE_BY_DRIVER, volume_role.CLUSTER_NAME),
    }
    conditions = {
        key.partition("/")[2]
        for policy in synthesise("ha").resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for key in statement.get("Condition", {}).get("StringEquals", {})
        if key.startswith(("aws:ResourceTag/", "aws:RequestTag/"))
    }
    assert conditions == own
    names = {
        volume["Name"] for volume in map(_tags_of, synthesise("ha").resources("AWS::EC2::Volume").values())
    }
    assert names == {f"ha etcd-{slot}" for slot in "abc"}


def _tags_of(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}


def test_hooks() -> None:
    """Of every group."""
    groups = synthesise("ha").resources("AWS::AutoScaling::AutoScalingGroup").values()
    names = {
        hook["LifecycleHookName"]
        for group in groups
        for hook in group["Properties"]["LifecycleHookSpecificationList"]
    }
    assert _listed("Auto Scaling") == names == {LAUNCH_HOOK, TERMINATE_HOOK}


def test_parameters() -> None:
    """The one that masters read, and the one that all instances read."""
    found = {each["Properties"]["Name"] for each in synthesise("ssh").resources(_PARAMETER).values()}
    assert found == {parameter_name("ha"), ssh_keys_parameter("ha")}
    assert _listed("Parameters of Systems Manager") == {n.replace("/ha/", "/<cluster>/") for n in found}


def test_addons_in_the_cluster() -> None:
    """What objects of addons are known by."""
    assert _listed("Addons in the cluster") == {
        inventory._PREFIX,
        inventory.LABEL,
        drift.IGNORE,
        *(object_client.FIELD_MANAGER, api_objects.STORAGE_CLASS),
    }


def test_keys_in_the_bucket() -> None:
    """One below each prefix that policies allow, and as the node program writes it."""
    listed = _listed("Keys in the state bucket")
    prefixes = {
        f"{value.partition('/')[0]}/"
        for name, value in vars(state_bucket).items()
        if name.endswith("_PREFIX") and name.isupper()
    }
    assert {f"{name.partition('/')[0]}/" for name in listed} == prefixes
    written = {ca_set.KEY, fixed_settings.KEY, credentials.JOIN_KEY, credentials.ADMIN_KEY}
    of_backups = {names.generation_key(1), names.full(1, 2), names.log(1, 2), names.hole(1, 2)}
    shown = {f"{1:06}": "<generation>", f"{2:020}": "<revision>"}
    for digits, shown_as in shown.items():
        of_backups = {key.replace(digits, shown_as) for key in of_backups}
    of_restore = (restore_request.key(1), restore_request.claim_key(1), snapshot.snapshot_key(1))
    of_restores = {key.replace(f"{1:06}", "<number>") for key in of_restore}
    assert listed - written - of_backups - of_restores == {
        "slots/<slot>/record.json",
        uses.key("<slot>"),
        program_copies.key("<sha256>"),
        f"{encryption_keys.PREFIX}<hash>.json",
        f"{state_bucket.RESTORE_SOURCES_PREFIX}<number>-<time>/backups/",
        f"{identity_proof.PREFIX}<ARN of an instance>",
        f"{names.DRILLS}<time>-<slot>.json",
        f"{audit.PREFIX}<slot>/<year>/<month>/<day>/<time>-<instance>-<file>-<offset>.jsonl.gz",
    }
    assert written | of_backups | of_restores <= listed
    assert 'f"slots/{slot}/record.json"' in _source("userdata/kubequorum_node")


def test_fields_of_json_in_the_bucket() -> None:
    """All fields that are written, and the version where there is one."""
    section = PAGE.partition("\n## JSON in the state bucket\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    listed = {
        key.strip(" `"): (set(re.findall(r"`(\w+)`", cell)), "`version` (1)" in cell) for key, cell in rows
    }
    request = Request(number=1, generation=1, revision=1, or_newer=True, bump_revision=1, to="", requested="")
    written = {
        "restores/requests/<number>.json": request.to_json(),
        ca_set.KEY: ca_set.CaSet(files={}, encryption_key="").to_json(),
        "slots/<slot>/record.json": slot_record.SlotRecord(
            volume="", generation=1, instance="", stage=""
        ).to_json(),
        uses.key("<slot>"): uses.to_json({}),
        fixed_settings.KEY: fixed_settings.to_json({}),
        f"{encryption_keys.PREFIX}<hash>.json": key_document("", bucket=""),
        credentials.JOIN_KEY: credentials.JoinMaterial(
            token="", ca="", ca_hash="", endpoint="", expires="", kubernetes=""
        ).to_json(),
    }
    documents = {key: json.loads(text) for key, text in written.items()}
    assert listed == {key: (set(found), found.get("version") == 1) for key, found in documents.items()}


def test_metrics() -> None:
    """All that masters send."""
    drill = DrillResult(passed=True, at="2027-01-15T12:00:00+00:00", by="a", generation=1)
    measured = metrics.Measurement(backup_age=1, full_age=1, full_bytes=1)
    sent = {each.name for each in metrics.metrics(measured, drill, now=datetime.now(UTC))}
    assert _listed("CloudWatch") == {METRICS_NAMESPACE, *sent}


def test_token_of_the_etcd_cluster() -> None:
    """A flag of every member, with the cluster's name."""
    document = master_document(synthesise("ha").cluster, stack="ha-ControlPlane")
    assert _listed("etcd") == {"initial-cluster-token"}
    assert ("initial-cluster-token", "ha") in cluster_configuration.etcd_arguments(document)


def test_units() -> None:
    """Every unit that somebody may name: a timer where there is one, else the service."""
    own = {f"{service.unit}.{'timer' if service.timer else 'service'}" for service in SERVICES}
    files = {path.name for path in (REPOSITORY / "userdata" / "units").iterdir()}
    assert _listed("Units on a host") == own | files


def test_names() -> None:
    """DNS names and load balancers, as the cluster file makes them."""
    cluster = synthesise("public-zone").cluster
    names = {cluster.api_name, cluster.node_api_name, *map(cluster.etcd_name, cluster.slots)}
    assert _listed("DNS names") == {name.replace(cluster.dns.zone_name, "<zone>") for name in names}
    assert _listed("Load balancers") == {
        load_balancer_name("<cluster>", public=public) for public in (False, True)
    }


def test_what_is_on_the_page_is_in_the_code() -> None:
    """Names of the node program: each is still there."""
    source = _source("userdata")
    for heading in ("Keys in etcd", "Nodes", "Files on a host"):
        for name in _listed(heading):
            assert name in source, name
    assert cluster_configuration.DATA_FOLDER in _listed("Files on a host")
    assert {containerd.DROP_INS, kubelet_settings.FOLDER} <= _listed("Files on a host")
