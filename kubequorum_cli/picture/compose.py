"""From what AWS and Kubernetes answered to the document that is drawn; asks nobody."""

from collections.abc import Mapping

from kubequorum_cli.kubernetes.control_plane import COMPONENTS
from kubequorum_cli.kubernetes.nodes import Node
from kubequorum_cli.picture import conditions, flows, marks
from kubequorum_cli.picture.model import (
    VERSION,
    Addon,
    Balancer,
    Condition,
    Instance,
    Name,
    Part,
    Picture,
    Slot,
    Subnet,
    Target,
    Volume,
    WorkerGroup,
    Zone,
)
from kubequorum_cli.picture.observation import Kubernetes, Observation
from kubequorum_cli.picture.places import Places
from kubequorum_cli.report import model as report
from kubequorum_cli.resources import IN_SERVICE

_WORST_FIRST = ("unhealthy", "unavailable", "draining", "initial", "unused", "healthy")
_ETCD_NAME = "etcd-"


def compose(observation: Observation, places: Places) -> Picture:
    """The document.

    Args:
        observation: what was asked.
        places: where instances are; the same object for all pictures of a cluster, so that none jumps.
    """
    built, kubernetes = observation.report, observation.kubernetes
    instances = _Instances(built, kubernetes, places)
    slots = [_slot(group, built, instances) for group in built.groups if group.slot]
    workers = [_worker_group(group, instances) for group in built.groups if not group.slot]
    picture = Picture(
        version=VERSION,
        cluster=observation.cluster,
        region=observation.region,
        vpc=next((stack.outputs["VpcId"] for stack in built.stacks if "VpcId" in stack.outputs), ""),
        zones=_zones(built),
        slots=sorted(slots, key=lambda slot: slot.slot),
        worker_groups=sorted(workers, key=lambda group: group.name),
        # From outside to inside: nodes use the internal one.
        balancers=sorted(map(_balancer, built.load_balancers), key=lambda each: (not each.public, each.name)),
        names=[_name(name) for name in built.names if name.type in {"A", "AAAA", "CNAME"}],
        kubernetes=conditions.of_kubernetes(kubernetes),
        addons=[
            Addon(
                name=addon.name,
                version=addon.version,
                condition=conditions.of_addon(addon),
                text=f"{addon.state}: {addon.message}" if addon.message else addon.state,
            )
            for addon in kubernetes.addons.addons
        ],
        backups=conditions.of_backups(kubernetes),
        flows=flows.find(built),
        marks=[],
    )
    return marks.added(picture, built)


class _Instances:
    """Puts together what is known of an instance."""

    def __init__(self, built: report.Report, kubernetes: Kubernetes, places: Places) -> None:
        self._places = places
        self._kubernetes_known = not kubernetes.problem
        self._nodes: Mapping[str, Node] = {node.name: node for node in kubernetes.nodes.nodes}
        self._control_plane = kubernetes.control_plane
        self._targets: dict[str, str] = {}
        for balancer in built.load_balancers:
            for target, health in balancer.targets.items():
                id_ = target.partition(":")[0]
                self._targets[id_] = _worse(self._targets.get(id_), health)

    def of(self, group: report.Group) -> list[Instance]:
        """The instances of a group, each in its place among those in its zone."""
        placed = []
        for zone in sorted({instance.zone for instance in group.instances} | set(group.zones)):
            inside = [instance for instance in group.instances if instance.zone == zone]
            # At the first look nobody has a place: who is in service comes first.
            inside.sort(key=lambda instance: (instance.lifecycle_state != IN_SERVICE, instance.id))
            places = self._places.assign(f"{group.name} {zone}", [instance.id for instance in inside])
            found = [self._instance(each, places[each.id], master=bool(group.slot)) for each in inside]
            placed += sorted(found, key=lambda instance: instance.place)
        return placed

    def _instance(self, instance: report.Instance, place: int, *, master: bool) -> Instance:
        node = self._nodes.get(instance.id)
        fact = conditions.of_instance(
            instance,
            node=node,
            kubernetes_known=self._kubernetes_known,
            target=self._targets.get(instance.id),
        )
        return Instance(
            id=instance.id,
            zone=instance.zone,
            place=place,
            type=instance.type,
            address=instance.private_ip,
            condition=fact.condition,
            text=fact.text,
            pods=self._control_plane.pods.get(instance.id, 0) if node is not None else None,
            parts=self._parts(instance, node) if master else [],
        )

    def _parts(self, instance: report.Instance, node: Node | None) -> list[Part]:
        found = {part.name: part for part in self._control_plane.parts if part.node == instance.id}
        leaders = self._control_plane.leaders
        # What the API says of pods on a node that is silent is what it last heard.
        heard = node is not None and node.ready
        parts = []
        for name in COMPONENTS:
            part, condition = found.get(name), Condition.UNKNOWN
            if part is not None and heard:
                condition = Condition.WELL if part.ready else Condition.BAD
            leads = heard and name in leaders and leaders[name] == instance.host_name
            parts.append(Part(name=name, condition=condition, leads=leads))
        return parts


def _worse(one: str | None, other: str) -> str:
    """Of two healths the one that is worse."""
    if one is None:
        return other
    rank = {health: number for number, health in enumerate(_WORST_FIRST)}
    return min(one, other, key=lambda health: rank.get(health, len(rank)))


def _zones(built: report.Report) -> list[Zone]:
    """Those with subnets, and any other that something is in: it must have a place."""
    zones = {zone.name: _zone(zone) for zone in built.zones}
    for group in built.groups:
        for name in (*group.zones, *(instance.zone for instance in group.instances)):
            zones.setdefault(name, Zone(name=name, subnets=[]))
    return [zone for _, zone in sorted(zones.items())]


def _zone(zone: report.Zone) -> Zone:
    subnets = [Subnet(id=id_, cidr=cidr, public=id_ in zone.public) for id_, cidr in zone.subnets.items()]
    return Zone(name=zone.name, subnets=sorted(subnets, key=lambda subnet: (not subnet.public, subnet.id)))


def _slot(group: report.Group, built: report.Report, instances: _Instances) -> Slot:
    record = next((name for name in built.names if name.name.startswith(f"{_ETCD_NAME}{group.slot}.")), None)
    return Slot(
        slot=group.slot,
        zone=group.zones[0] if group.zones else "",
        group=group.name,
        instances=instances.of(group),
        volume=_volume(group.slot, built.volumes),
        name=record.name.rstrip(".") if record else "",
        name_address=", ".join(record.values) if record else "",
    )


def _volume(slot: str, volumes: list[report.Volume]) -> Volume | None:
    # Of a lost volume and the one in its place, the one that a master has.
    own = [volume for volume in volumes if volume.slot == slot]
    volume = max(own, key=lambda volume: volume.state == "in-use", default=None)
    if volume is None:
        return None
    fact = conditions.of_volume(volume)
    return Volume(
        id=volume.id,
        size_gib=volume.size_gib,
        encrypted=volume.encrypted,
        attached_to=volume.attached_to,
        condition=fact.condition,
        text=fact.text,
    )


def _worker_group(group: report.Group, instances: _Instances) -> WorkerGroup:
    return WorkerGroup(
        name=group.worker_group or group.name,
        group=group.name,
        zones=group.zones,
        min_size=group.min_size,
        desired=group.desired,
        max_size=group.max_size,
        instances=instances.of(group),
    )


def _balancer(balancer: report.LoadBalancer) -> Balancer:
    fact = conditions.of_balancer(balancer)
    return Balancer(
        name=balancer.name,
        public=balancer.scheme == "internet-facing",
        condition=fact.condition,
        text=fact.text,
        targets=[
            Target(instance=target.partition(":")[0], condition=conditions.of_target(health), text=health)
            for target, health in sorted(balancer.targets.items())
        ],
    )


def _name(name: report.Name) -> Name:
    return Name(name=name.name.rstrip("."), value=", ".join(value.rstrip(".") for value in name.values))
