"""A made-up cluster in which all is well, and changes of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kubequorum_cli.backups.state import BackupState
from kubequorum_cli.kubernetes import Addon, ApiServer, Node, SystemPod
from kubequorum_cli.parts import Part, known
from kubequorum_cli.report.model import Group, Instance, LoadBalancer, Name, Stack, Volume
from kubequorum_cli.slot_records import SlotRecord
from kubequorum_cli.validate.snapshot import Clocks, Snapshot

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)
SLOTS = {"a": "10.0.0.10", "b": "10.0.1.10", "c": "10.0.2.10"}
WORKERS = {"i-w1": "10.0.0.20", "i-w2": "10.0.1.20"}
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_BALANCER = "mine-api-1234.elb.us-east-1.amazonaws.com"

Change = Callable[[Snapshot], Snapshot]


def ago(**duration: float) -> str:
    """So long before NOW, as AWS's answers have it here."""
    return (NOW - timedelta(**duration)).isoformat(timespec="seconds")


def instance(id_: str, address: str) -> Instance:
    """One in service."""
    return Instance(
        id=id_,
        zone="us-east-1a",
        type="m7i.large",
        state="running",
        lifecycle_state="InService",
        health="Healthy",
        private_ip=address,
        status_checks="ok",
        scheduled_events=[],
    )


def _group(name: str, instances: list[Instance], *, slot: str = "", worker_group: str = "") -> Group:
    size = len(instances)
    return Group(
        name=name,
        slot=slot,
        worker_group=worker_group,
        zones=["us-east-1a"],
        min_size=size,
        max_size=size,
        desired=size,
        suspended=[],
        instances=instances,
    )


def _stack(name: str, **outputs: str) -> Stack:
    return Stack(name=name, status="UPDATE_COMPLETE", reason="", created=ago(days=30), outputs=outputs)


def _volume(slot: str) -> Volume:
    return Volume(
        id=f"vol-{slot}",
        name=f"mine etcd-{slot}",
        slot=slot,
        zone="us-east-1a",
        size_gib=4,
        encrypted=True,
        state="in-use",
        attached_to=f"i-{slot}",
    )


def _name(name: str, *values: str) -> Name:
    return Name(name=f"{name}.", type="A", values=list(values), private=True)


def _node(name: str, *, slot: str = "", worker_group: str = "") -> Node:
    return Node(
        name=name,
        ready=True,
        roles=["control-plane"] if slot else [],
        version="v1.36.3",
        address="10.0.0.1",
        zone="us-east-1a",
        slot=slot,
        worker_group=worker_group,
    )


def _pod(name: str, node: str, component: str = "") -> SystemPod:
    return SystemPod(name=name, node=node, component=component, ready=True, why="")


def healthy() -> Snapshot:
    """Three masters and two workers, a month old."""
    groups = {f"Master{slot.upper()}GroupName": f"group-{slot}" for slot in SLOTS}
    masters = [_group(f"group-{s}", [instance(f"i-{s}", address)], slot=s) for s, address in SLOTS.items()]
    workers = [instance(id_, address) for id_, address in WORKERS.items()]
    return Snapshot(
        cluster="mine",
        stacks=known(
            [
                _stack("mine-Network"),
                _stack("mine-State"),
                _stack("mine-ControlPlane", ApiEndpoint="https://api.mine.internal:6443", **groups),
                _stack("mine-Workers"),
            ]
        ),
        resources=known({"AWS::AutoScaling::AutoScalingGroup": [*groups.values(), "group-general"]}),
        groups=known([*masters, _group("group-general", workers, worker_group="general")]),
        waiting_since=known({}),
        volumes=known([_volume(slot) for slot in SLOTS]),
        load_balancers=known(
            [
                LoadBalancer(
                    name="mine-api",
                    dns_name=_BALANCER,
                    scheme="internal",
                    state="active",
                    targets={f"i-{slot}:6443": "healthy" for slot in SLOTS},
                )
            ]
        ),
        names=known(
            [
                _name("api.mine.internal", f"dualstack.{_BALANCER}."),
                *(_name(f"etcd-{slot}.mine.internal", address) for slot, address in SLOTS.items()),
            ]
        ),
        records=known(
            {
                s: SlotRecord(instance=f"i-{s}", outcome="ready", volume=f"vol-{s}", stage="member")
                for s in SLOTS
            }
        ),
        backups=known(
            BackupState(
                newest=ago(seconds=5),
                newest_age_seconds=5.0,
                full_id="1/4711",
                full_written=ago(minutes=4),
                full_size_bytes=1 << 20,
                drill=ago(hours=20),
                drill_passed=True,
            )
        ),
        clocks=known(Clocks(own=NOW + timedelta(seconds=1), aws=NOW)),
        api=known(
            ApiServer(
                version="v1.36.3",
                failed_checks=[],
                clock=NOW - timedelta(seconds=1),
                certificate_ends=NOW + timedelta(days=300),
            )
        ),
        credentials_end=known({"administrator": NOW + timedelta(hours=23), "ca": NOW + timedelta(days=3000)}),
        nodes=known(
            [
                *(_node(f"i-{slot}", slot=slot) for slot in SLOTS),
                *(_node(id_, worker_group="general") for id_ in WORKERS),
            ]
        ),
        pods=known(
            [
                *(_pod(f"{each}-i-{slot}", f"i-{slot}", each) for slot in SLOTS for each in COMPONENTS),
                _pod("coredns-1", "i-w1"),
            ]
        ),
        addons=known([Addon(name="metrics-server", version="1", state="ready", message="")]),
        taken=NOW,
    )


def parts(**values: object) -> Change:
    """Other parts."""
    new: dict[str, Any] = {name: known(value) for name, value in values.items()}
    return lambda snapshot: replace(snapshot, **new)


def unread(name: str, problem: str = "AccessDenied") -> Change:
    """A part that cannot be read."""
    new: dict[str, Any] = {name: Part(problem=problem)}
    return lambda snapshot: replace(snapshot, **new)


def change(part: str, key: str, **values: Any) -> Change:
    """Other fields of an element of a list, by its name, id or slot; of a single value with an empty key."""

    def changed(snapshot: Snapshot) -> Snapshot:
        old = getattr(snapshot, part).known
        if not key:
            return parts(**{part: replace(old, **values)})(snapshot)
        if isinstance(old, Mapping):
            return parts(**{part: {**old, key: replace(old[key], **values)}})(snapshot)
        assert [each for each in old if key in _keys(each)], key
        new = [replace(each, **values) if key in _keys(each) else each for each in old]
        return parts(**{part: new})(snapshot)

    return changed


def drop(part: str, key: str) -> Change:
    """Without an element of a list."""

    def dropped(snapshot: Snapshot) -> Snapshot:
        old = getattr(snapshot, part).known
        new = [each for each in old if key not in _keys(each)]
        assert len(new) < len(old), key
        return parts(**{part: new})(snapshot)

    return dropped


def an_instance(id_: str, **values: Any) -> Change:
    """Other fields of an instance."""

    def changed(snapshot: Snapshot) -> Snapshot:
        (group,) = [g for g in snapshot.groups.known if id_ in [each.id for each in g.instances]]
        new = [replace(each, **values) if each.id == id_ else each for each in group.instances]
        return change("groups", group.name, instances=new)(snapshot)

    return changed


def without_instance(id_: str) -> Change:
    """Its group has lost it, and wants as many as before."""

    def changed(snapshot: Snapshot) -> Snapshot:
        (group,) = [g for g in snapshot.groups.known if id_ in [each.id for each in g.instances]]
        left = [each for each in group.instances if each.id != id_]
        return change("groups", group.name, instances=left)(snapshot)

    return changed


def _keys(element: Any) -> set[str]:
    return {getattr(element, name) for name in ("id", "name") if hasattr(element, name)}
