"""Golden files: every template, and apart from them every kind of user-data and IAM policy.

Policies and user-data have files of their own; templates have a marker in their place. Those of masters
differ by slot only, which a test shows, so slot a stands for all.

After an intended change: `make snapshots`, then read the difference.
"""

import copy
import json
import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.synthesis import CLUSTERS, Template, stacks_of, synthesise, user_data

HOW_TO_UPDATE = (
    "differs from its golden file: if that is intended, run `make snapshots` and read the difference"
)
EVERY_CLUSTER = pytest.mark.parametrize("cluster", CLUSTERS)
POLICY, LAUNCH_TEMPLATE = "AWS::IAM::Policy", "AWS::EC2::LaunchTemplate"


class _Script(SingleFileSnapshotExtension):
    file_extension = "sh"
    _write_mode = WriteMode.TEXT


def _owners(cluster: str, resource_type: str) -> dict[str, Template]:
    """Resources of a type by the name of what they belong to, such as `MasterA` or `Workersgeneral`."""
    found = synthesise(cluster).resources(resource_type)
    return {re.split(r"Instance|Vpc", logical_id)[0]: resource for logical_id, resource in found.items()}


def _shown(owners: dict[str, Template]) -> dict[str, Template]:
    """One for each kind: slot a for all masters."""
    return {name: value for name, value in owners.items() if not re.fullmatch("Master[BC]", name)}


def _policy(resource: Template) -> dict[str, Any]:
    document: dict[str, Any] = resource["Properties"]["PolicyDocument"]
    return document


def _for_any_slot(text: str, *, slot: str, zone: str) -> str:
    """A text about a slot with everything that names the slot replaced; what names another slot stays."""
    upper = slot.upper()
    for pattern, replacement in (
        (rf"EtcdVolume{upper}Id\b", "EtcdVolume<SLOT>Id"),
        (rf"\bMaster{upper}Group\b", "Master<SLOT>Group"),
        (rf"\betcd-{slot}\b", "etcd-<slot>"),
        (rf"\bslots/{slot}/", "slots/<slot>/"),
        (rf"\baudit/{slot}/", "audit/<slot>/"),
        (rf"\bmaster/{slot}\b", "master/<slot>"),
        (rf'(kubequorum:slot": )"{slot}"', r'\1"<slot>"'),
        (rf'(AvailabilityZone": )"{re.escape(zone)}"', r'\1"<zone>"'),
    ):
        text = re.sub(pattern, replacement, text)
    return text


@pytest.mark.parametrize(
    ("cluster", "stack"),
    [
        *stacks_of(*CLUSTERS),
        ("service-account-roles", "ServiceAccounts"),
        ("external-dns", "Addons"),
        ("load-balancers", "Addons"),
        ("autoscaled", "Addons"),
        ("volumes", "Addons"),
    ],
)
def test_template(cluster: str, stack: str, snapshot: SnapshotAssertion) -> None:
    """A stack's template is the one that was last reviewed."""
    template = copy.deepcopy(synthesise(cluster).templates[stack])
    for resource in template["Resources"].values():
        if resource["Type"] == POLICY:
            resource["Properties"]["PolicyDocument"] = "see test_policy"
        if resource["Type"] == LAUNCH_TEMPLATE:
            resource["Properties"]["LaunchTemplateData"]["UserData"] = "see test_user_data"
    golden = snapshot(extension_class=JSONSnapshotExtension)
    assert template == golden, f"{cluster}-{stack} {HOW_TO_UPDATE}"


@EVERY_CLUSTER
def test_user_data(cluster: str, snapshot: SnapshotAssertion) -> None:
    """The user-data of every kind of instance is the one that was last reviewed."""
    templates = _shown(_owners(cluster, LAUNCH_TEMPLATE))
    assert "MasterA" in templates
    for name, template in templates.items():
        assert user_data(template) == snapshot(name=name, extension_class=_Script), (
            f"user-data of {name} {HOW_TO_UPDATE}"
        )


@EVERY_CLUSTER
def test_policy(cluster: str, snapshot: SnapshotAssertion) -> None:
    """The permissions of every kind of instance are those that were last reviewed."""
    policies = _shown(_owners(cluster, POLICY))
    assert "MasterA" in policies
    for name, policy in policies.items():
        golden = snapshot(name=name, extension_class=JSONSnapshotExtension)
        assert _policy(policy) == golden, f"policy of {name} {HOW_TO_UPDATE}"


@pytest.mark.parametrize("cluster", ["ha", "local"])
def test_masters_differ_by_slot_only(cluster: str) -> None:
    """Policy and user-data of b and c are those of a, with another slot."""
    slots = synthesise(cluster).cluster.slots
    for texts in (
        {name: json.dumps(_policy(policy)) for name, policy in _owners(cluster, POLICY).items()},
        {name: user_data(template) for name, template in _owners(cluster, LAUNCH_TEMPLATE).items()},
    ):
        neutral = {
            _for_any_slot(texts[f"Master{slot.upper()}"], slot=slot, zone=zone)
            for slot, zone in slots.items()
        }
        assert len(slots) == 3
        assert len(neutral) == 1, neutral


def test_a_policy_for_another_slot_would_be_found() -> None:
    """The check above can fail: a master of slot b that may attach the volume of slot c."""
    text = json.dumps(_policy(_owners("ha", POLICY)["MasterB"]))
    wrong = text.replace("EtcdVolumeBId", "EtcdVolumeCId")
    assert wrong != text
    zone = "eu-central-1b"
    assert _for_any_slot(wrong, slot="b", zone=zone) != _for_any_slot(text, slot="b", zone=zone)
