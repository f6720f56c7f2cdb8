"""From answers of AWS and Kubernetes to the document that is drawn."""

from dataclasses import replace

import pytest

from development.diagrams import example
from kubequorum_cli.kubernetes import NodeList
from kubequorum_cli.picture.model import Condition
from kubequorum_cli.picture.observation import Observation
from kubequorum_cli.report.model import Instance, Volume
from tests.kubequorum_cli.picture.states import (
    MASTER_DEAD,
    WELL,
    WITHOUT_KUBERNETES,
    instance,
    picture,
    slot,
)


def _with(observation: Observation, id_: str, **values: object) -> Observation:
    """The same, with other values of one instance."""
    groups = [
        replace(
            group,
            instances=[replace(i, **values) if i.id == id_ else i for i in group.instances],  # type: ignore[arg-type]
        )
        for group in observation.report.groups
    ]
    return replace(observation, report=replace(observation.report, groups=groups))


def test_a_cluster_that_is_well_has_everything_in_its_place() -> None:
    """Zones are columns, a slot has its zone, volume and name, workers are not among masters."""
    assert [zone.name for zone in WELL.zones] == list(example.ZONE_OF.values())
    assert [subnet.public for subnet in WELL.zones[0].subnets] == [True, False]
    assert {each.slot: each.zone for each in WELL.slots} == example.ZONE_OF
    master = slot(WELL, "b")
    assert master.volume is not None
    assert (master.volume.id, master.volume.attached_to) == (example.VOLUMES["b"], example.MASTERS["b"])
    assert (master.name, master.name_address) == ("etcd-b.ha.kubequorum.internal", "10.20.64.17")
    (group,) = WELL.worker_groups
    assert [each.id for each in group.instances] == list(example.WORKERS.values())
    assert [each.pods for each in group.instances] == [9, 12, 7]
    assert WELL.marks == []


def test_leaders_are_those_that_hold_the_lease() -> None:
    """One of each kind; etcd and the API server have none."""
    leading = {
        (each.slot, part.name)
        for each in WELL.slots
        for i in each.instances
        for part in i.parts
        if part.leads
    }
    assert leading == {("a", "kube-scheduler"), ("b", "kube-controller-manager")}


@pytest.mark.parametrize(
    ("values", "condition", "text"),
    [
        ({}, Condition.WELL, "in service, Ready"),
        ({"lifecycle_state": "Pending:Wait", "state": "pending"}, Condition.BUSY, "starts"),
        ({"lifecycle_state": "Terminating:Wait"}, Condition.BUSY, "leaves"),
        ({"lifecycle_state": "Terminating:Wait", "state": "terminated"}, Condition.BUSY, "leaves"),
        ({"lifecycle_state": "Standby"}, Condition.BUSY, "Standby"),
        ({"state": "gone"}, Condition.BAD, "is gone"),
        ({"state": "stopped"}, Condition.BAD, "is stopped"),
        ({"health": "Unhealthy"}, Condition.BAD, "is unhealthy"),
        ({"status_checks": "impaired"}, Condition.BAD, "is impaired"),
    ],
)
def test_conditions_of_an_instance(values: dict[str, object], condition: Condition, text: str) -> None:
    """By its group and by EC2; each with its words."""
    shown = instance(picture(_with(example.well(), example.WORKERS["a"], **values)), example.WORKERS["a"])
    assert (shown.condition, shown.text) == (condition, text)


def test_a_master_whose_api_is_silent_is_not_well() -> None:
    """Although its group and EC2 have not noticed: the worst that a load balancer says of it counts."""
    before = example.well()
    (balancer,) = before.report.load_balancers
    public = replace(balancer, name="ha-api-public", targets=dict.fromkeys(balancer.targets, "healthy"))
    silent = replace(balancer, targets={**balancer.targets, f"{example.MASTERS['c']}:6443": "unhealthy"})
    report = replace(before.report, load_balancers=[silent, public])
    shown = picture(replace(before, report=report))
    assert instance(shown, example.MASTERS["c"]).text == "API does not answer"
    assert instance(shown, example.MASTERS["a"]).condition is Condition.WELL
    (mark,) = shown.marks
    assert (mark.kind, mark.subject) == ("instance", example.MASTERS["c"])
    assert mark.remedy == "docs/operations/master-down.md"


def test_a_node_that_is_silent_says_nothing_of_its_parts() -> None:
    """What the API server last heard of them is not how they are."""
    before = example.well()
    nodes = [replace(node, ready=node.name != example.MASTERS["b"]) for node in before.kubernetes.nodes.nodes]
    shown = picture(replace(before, kubernetes=replace(before.kubernetes, nodes=NodeList(nodes=nodes))))
    silent = instance(shown, example.MASTERS["b"])
    assert silent.text == "its node is not Ready"
    assert {part.condition for part in silent.parts} == {Condition.UNKNOWN}
    assert not any(part.leads for part in silent.parts)


def test_an_instance_without_a_node_is_not_called_well() -> None:
    """If Kubernetes answers; if it does not, nothing is said of nodes."""
    before = example.well()
    listed = replace(before.kubernetes, nodes=NodeList())
    shown = picture(replace(before, kubernetes=listed))
    assert instance(shown, example.WORKERS["a"]).text == "no node yet"
    silent = replace(before.kubernetes, nodes=NodeList(problem="nobody answers"))
    shown = picture(replace(before, kubernetes=silent))
    assert instance(shown, example.WORKERS["a"]).text == "in service"
    assert shown.kubernetes.condition is Condition.BAD
    assert [mark.kind for mark in shown.marks] == ["kubernetes"]


def test_a_dead_master_keeps_its_place_and_its_successor_gets_the_other() -> None:
    """The volume waits, attached to nobody; the mark names the page that helps."""
    dead, starts = (instance(MASTER_DEAD, id_) for id_ in (example.MASTERS["b"], example.SUCCESSOR))
    assert (dead.place, dead.condition) == (0, Condition.BAD)
    assert (starts.place, starts.condition) == (1, Condition.BUSY)
    volume = slot(MASTER_DEAD, "b").volume
    assert volume is not None
    assert (volume.attached_to, volume.condition, volume.text) == ("", Condition.BUSY, "waits for a master")
    assert [mark.subject for mark in MASTER_DEAD.marks] == [example.MASTERS["b"]]


def test_of_a_lost_volume_and_its_replacement_the_attached_one_is_drawn() -> None:
    """Both have the slot's name."""
    before = example.well()
    lost = Volume(
        id="vol-lost",
        name="ha etcd-a",
        slot="a",
        zone="eu-central-1a",
        size_gib=20,
        encrypted=True,
        state="available",
        attached_to="",
    )
    shown = picture(replace(before, report=replace(before.report, volumes=[lost, *before.report.volumes])))
    volume = slot(shown, "a").volume
    assert volume is not None
    assert volume.id == example.VOLUMES["a"]


def test_without_kubernetes_nothing_is_invented() -> None:
    """Parts are not known, pods are not counted, and it is no problem that a person must solve."""
    assert WITHOUT_KUBERNETES.kubernetes.condition is Condition.UNKNOWN
    assert "kind `process`" in WITHOUT_KUBERNETES.kubernetes.text
    master = instance(WITHOUT_KUBERNETES, example.MASTERS["a"])
    assert {part.condition for part in master.parts} == {Condition.UNKNOWN}
    assert master.pods is None
    assert (master.condition, WITHOUT_KUBERNETES.marks) == (Condition.WELL, [])


def test_what_is_announced_comes_after_what_is_wrong() -> None:
    """A scheduled event is no failure; the page has what is wrong first."""
    event = "instance-reboot not before 2027-01-20 10:00 UTC: reboot"
    scheduled = _with(example.master_dead(), example.WORKERS["a"], scheduled_events=[event])
    marks = picture(scheduled).marks
    assert [mark.condition for mark in marks] == [Condition.BAD, Condition.BUSY]
    assert event in marks[1].text


def test_an_empty_slot_is_a_problem() -> None:
    """A group of one with none, for example while its launches fail."""
    before = example.well()
    empty: list[Instance] = []
    groups = [
        replace(group, instances=empty) if group.slot == "c" else group for group in before.report.groups
    ]
    (mark,) = picture(replace(before, report=replace(before.report, groups=groups))).marks
    assert mark.text == "no instance in slot c"


def test_equal_states_give_equal_documents() -> None:
    """Else the history would be full of moments in which nothing happened."""
    later = example.well()
    backups = later.kubernetes.backups
    assert backups is not None
    backups = replace(backups, newest="2027-01-15T12:31:05+00:00", newest_age_seconds=7.0)
    assert picture(replace(later, kubernetes=replace(later.kubernetes, backups=backups))) == WELL


@pytest.mark.parametrize(
    ("healths", "condition", "text"),
    [
        (("healthy", "unhealthy", "draining"), Condition.WELL, "1 of 3 targets healthy"),
        (("initial", "unhealthy", "initial"), Condition.BAD, "0 of 3 targets healthy"),
        (("initial", "initial", "initial"), Condition.BUSY, "0 of 3 targets healthy"),
        ((), Condition.BUSY, "0 of 0 targets healthy"),
    ],
)
def test_conditions_of_a_load_balancer(healths: tuple[str, ...], condition: Condition, text: str) -> None:
    """One healthy target is enough; without any it is a matter of time, unless one has failed."""
    before = example.well()
    (balancer,) = before.report.load_balancers
    targets = {f"{id_}:6443": health for id_, health in zip(example.MASTERS.values(), healths, strict=False)}
    report = replace(before.report, load_balancers=[replace(balancer, targets=targets)])
    (shown,) = picture(replace(before, report=report)).balancers
    assert (shown.condition, shown.text) == (condition, text)
    assert any(mark.kind == "balancer" for mark in picture(replace(before, report=report)).marks) is (
        condition is Condition.BAD
    )


def test_people_meet_the_public_load_balancer_first() -> None:
    """It is drawn above the internal one, which nodes use."""
    before = example.well()
    (internal,) = before.report.load_balancers
    public = replace(internal, name="ha-api-public", scheme="internet-facing")
    shown = picture(replace(before, report=replace(before.report, load_balancers=[internal, public])))
    assert [(each.name, each.public) for each in shown.balancers] == [
        ("ha-api-public", True),
        ("ha-api", False),
    ]


def test_a_zone_without_a_known_subnet_has_a_column_if_something_is_in_it() -> None:
    """Subnets are asked for seldom: a new zone must not hide its instances."""
    before = example.well()
    shown = picture(replace(before, report=replace(before.report, zones=before.report.zones[:1])))
    assert [(zone.name, len(zone.subnets)) for zone in shown.zones] == [
        ("eu-central-1a", 2),
        ("eu-central-1b", 0),
        ("eu-central-1c", 0),
    ]
