"""What is refused of stacks, groups and versions."""

from typing import Any

import pytest

from kubequorum_cli.plan import KINDS, REFUSALS, kinds, rules
from kubequorum_cli.plan.bundles import BundlePair
from kubequorum_cli.plan.machines import steps_of
from kubequorum_cli.plan.versions import Versions, judge, of_masters
from kubequorum_cli.validate import Kind, Severity
from tests.kubequorum_cli.plan.recorded import GROUP, bundle, changes, masters, modified, target

_VOLUME = "AWS::EC2::Volume"


def _state(**properties: Any) -> dict[str, Any]:
    volume = {"Type": _VOLUME, "DeletionPolicy": "Retain", "Properties": properties}
    return {
        "Resources": {"Volume": volume, "Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Id": {"Value": {"Ref": "Volume"}, "Export": {"Name": "mine-State:Id"}}},
    }


def _found(old: dict[str, Any], new: dict[str, Any], *found: dict[str, Any]) -> list[str]:
    return [f.id for f in rules.state([changes(old, new, list(found), stack="mine-State")])]


def test_data_that_would_be_replaced_or_removed_are_refused() -> None:
    """A volume of another zone is another volume."""
    old, new = _state(AvailabilityZone="a"), _state(AvailabilityZone="b")
    zone = target("AvailabilityZone", recreation="Always")
    assert _found(old, new, modified("Volume", _VOLUME, zone, replacement="True")) == ["state-lost"]
    gone = {"Action": "Remove", "LogicalResourceId": "Volume", "ResourceType": _VOLUME}
    assert _found(old, {"Resources": {}}, gone) == ["state-lost"]


def test_data_that_may_be_replaced_are_refused_if_the_property_differs() -> None:
    """`Conditional` is not certain, but nobody waits to see it with the only copy of the data."""
    old, new = _state(KmsKeyId="a"), _state(KmsKeyId="b")
    risky = target("KmsKeyId", recreation="Conditionally")
    assert _found(old, new, modified("Volume", _VOLUME, risky, replacement="Conditional")) == ["state-lost"]
    referring = target("KmsKeyId", recreation="Always", dynamic=True, cause="Topic.TopicArn")
    topic = modified("Topic", "AWS::SNS::Topic", target("DisplayName"))
    change = modified("Volume", _VOLUME, referring, replacement="Conditional")
    assert _found(old, old, change, topic) == []


def test_what_changes_in_place_and_what_holds_no_data_is_not_refused() -> None:
    """Size, and a resource that is deleted with its stack."""
    assert _found(_state(Size=4), _state(Size=8), modified("Volume", _VOLUME, target("Size"))) == []
    topic = {"Action": "Remove", "LogicalResourceId": "Topic", "ResourceType": "AWS::SNS::Topic"}
    assert _found(_state(), _state(), topic) == []


def test_an_import_of_what_would_be_replaced_is_refused() -> None:
    """CloudFormation refuses it when the deployment has begun already."""
    network = {
        "Resources": {"Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "a"}}},
        "Outputs": {"S": {"Value": {"Ref": "Subnet"}, "Export": {"Name": "mine-Network:S"}}},
    }
    other = {"Resources": {"Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "b"}}}}
    user = {"Resources": {"G": {"Type": GROUP, "Properties": {"V": {"Fn::ImportValue": "mine-Network:S"}}}}}
    cidr = target("CidrBlock", recreation="Always")
    replaced = modified("Subnet", "AWS::EC2::Subnet", cidr, replacement="True")
    imported = changes(user, user, [])
    same = {**other, "Outputs": network["Outputs"]}
    (finding,) = rules.imports([changes(network, same, [replaced], stack="mine-Network"), imported])
    assert (finding.id, finding.subject.id) == ("network-replaced", "mine-Network")
    assert "Subnet would be replaced" in finding.seen
    assert "mine-ControlPlane import" in finding.seen
    (removed,) = rules.imports([changes(network, {**network, "Outputs": {}}, [], stack="n"), imported])
    assert "the export S would be removed" in removed.seen
    nobody = changes(user, user, [replaced], stack="mine-Network")
    assert list(rules.imports([nobody, changes({}, {}, [])])) == []


@pytest.mark.parametrize("action", ["Remove", "Modify"])
def test_a_slot_that_would_go_is_refused(action: str) -> None:
    """Removed, or replaced by a group with another name."""
    new = masters()
    change = {"Action": "Remove", "LogicalResourceId": "MasterBGroup", "ResourceType": GROUP}
    if action == "Modify":
        new["Resources"]["MasterBGroup"]["Properties"]["AutoScalingGroupName"] = "x"
        name = target("AutoScalingGroupName", recreation="Always")
        change = modified("MasterBGroup", GROUP, name, replacement="True")
    else:
        del new["Resources"]["MasterBGroup"]
    waves = steps_of([changes(masters(), new, [change])])
    (finding,) = rules.slots([step for wave in waves for step in wave])
    assert (finding.id, finding.subject.id) == ("slot-removed", "b")


@pytest.mark.parametrize(
    ("kubernetes", "etcd", "kind"),
    [
        (("1.36.3", "1.36.3"), ("3.6.14", "3.6.14"), None),
        (("1.36.3", "1.36.4"), ("3.6.8", "3.6.14"), None),
        (("1.36.4", "1.36.3"), ("3.6.14", "3.6.14"), None),
        (("1.36.3", "1.37.0"), ("3.6.14", "3.6.14"), kinds.NO_WAY_BACK),
        (("1.36.3", "1.36.3"), ("3.6.14", "3.7.0"), None),
        (("1.36.3", "1.35.9"), ("3.6.14", "3.6.14"), kinds.KUBERNETES_DOWNGRADE),
        (("1.36.3", "1.38.0"), ("3.6.14", "3.6.14"), kinds.MINOR_SKIPPED),
        (("1.36.3", "2.0.0"), ("3.6.14", "3.6.14"), kinds.MINOR_SKIPPED),
        (("1.36.3", "1.37.0"), ("3.6.14", "3.7.0"), kinds.TWO_MINORS),
        (("1.36.3", "1.36.3"), ("3.6.14", "3.8.0"), kinds.TWO_MINORS),
        (("1.36.3", "1.36.3"), ("3.6.14", "3.5.30"), kinds.ETCD_DOWNGRADE),
        (("", "1.36.3"), ("", "3.6.14"), None),
    ],
)
def test_steps_of_versions(kubernetes: tuple[str, str], etcd: tuple[str, str], kind: Kind | None) -> None:
    """One minor version at a time, of one of the two, and never back; unknown versions are not judged."""
    step = Versions(
        kubernetes_before=kubernetes[0],
        kubernetes_after=kubernetes[1],
        etcd_before=etcd[0],
        etcd_after=etcd[1],
    )
    assert [finding.id for finding in judge(step)] == ([kind.id] if kind else [])


@pytest.mark.parametrize(
    ("kubernetes", "emulated", "kind"),
    [
        (("1.36.3", "1.37.2"), ("", "1.36"), None),
        (("1.37.2", "1.36.3"), ("1.36", ""), None),
        (("1.37.2", "1.37.2"), ("1.36", ""), kinds.EMULATION_ENDS),
        (("1.37.2", "1.37.3"), ("1.36", ""), kinds.EMULATION_ENDS),
        (("1.37.2", "1.37.2"), ("1.36", "1.36"), None),
        (("1.37.2", "1.36.3"), ("", ""), kinds.KUBERNETES_DOWNGRADE),
        (("1.37.2", "1.35.9"), ("1.36", ""), kinds.KUBERNETES_DOWNGRADE),
        (("1.36.3", "1.38.0"), ("", "1.37"), kinds.MINOR_SKIPPED),
        (("1.37.2", "1.37.2"), ("", "1.36"), kinds.EMULATION_AGAIN),
        (("1.37.2", "1.38.0"), ("1.36", "1.37"), kinds.UPDATE_UNFINISHED),
        (("1.37.2", "1.38.0"), ("1.36", ""), kinds.UPDATE_UNFINISHED),
    ],
)
def test_the_two_steps_of_an_update(
    kubernetes: tuple[str, str], emulated: tuple[str, str], kind: Kind | None
) -> None:
    """While the control plane behaves like the version before there is a way back to it, and only to it."""
    step = Versions(
        kubernetes_before=kubernetes[0],
        kubernetes_after=kubernetes[1],
        emulated_before=emulated[0],
        emulated_after=emulated[1],
    )
    assert [finding.id for finding in judge(step)] == ([kind.id] if kind else [])


def test_versions_of_masters_are_those_of_their_bundles() -> None:
    """Of all that change, or of the new one if none does; not known if what they run is not found."""
    old, new = bundle("1.37.0", "3.6.14"), bundle("1.36.3", "3.6.8")
    step, *others = of_masters([BundlePair(old=old, new=new)] * 3, new, is_deployed=True)
    assert others == []
    assert (step.kubernetes_before, step.kubernetes_after) == ("1.37.0", "1.36.3")
    assert (step.etcd_before, step.etcd_after) == ("3.6.14", "3.6.8")
    assert [finding.id for finding in judge(step)] == ["kubernetes-downgrade"]
    (same,) = of_masters([], new, is_deployed=True)
    assert (same.kubernetes_before, same.etcd_before) == ("1.36.3", "3.6.8")
    for (unknown,) in (of_masters([None], new, is_deployed=True), of_masters([], new, is_deployed=False)):
        assert (unknown.kubernetes_before, unknown.etcd_before) == ("", "")
        assert (unknown.kubernetes_after, unknown.etcd_after) == ("1.36.3", "3.6.8")


def test_each_master_is_judged_by_what_it_runs() -> None:
    """An update that was interrupted after the first: going on is no downgrade for it, but for the others."""
    new = bundle("1.36.3", "3.6.14")
    first, second = (BundlePair(old=bundle(v, "3.6.14"), new=new) for v in ("1.36.1", "1.37.2"))
    found = of_masters([first, second, second, None], new, is_deployed=True)
    assert [step.kubernetes_before for step in found] == ["1.36.1", "1.37.2", ""]
    assert [f.id for step in found for f in judge(step)] == ["kubernetes-downgrade"]


def test_what_is_refused_can_be_allowed() -> None:
    """All of it, and nothing else."""
    assert set(REFUSALS) == {kind.id for kind in KINDS if kind.severity is Severity.ERROR}
    assert len({kind.id for kind in KINDS}) == len(KINDS)
    assert all(f"--allow {id_}" in kind.remedy for kind in KINDS for id_ in REFUSALS if kind.id == id_)
