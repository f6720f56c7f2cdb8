"""The example cluster: what AWS and Kubernetes would say of it while nothing is wrong."""

from dataclasses import replace

from kubequorum_cli.backups.state import BackupState
from kubequorum_cli.kubernetes import AddonList, ControlPlane, NodeList
from kubequorum_cli.kubernetes.addons import Addon
from kubequorum_cli.kubernetes.control_plane import Part
from kubequorum_cli.kubernetes.nodes import Node
from kubequorum_cli.picture.observation import Kubernetes
from kubequorum_cli.report.model import (
    Group,
    Instance,
    LoadBalancer,
    Name,
    Report,
    Rule,
    SecurityGroup,
    Stack,
    Volume,
    Zone,
)

ZONE_OF = {"a": "eu-central-1a", "b": "eu-central-1b", "c": "eu-central-1c"}
MASTERS = {"a": "i-0a41f20d7be3c5691", "b": "i-0b83d9e1f60a2c774", "c": "i-0c5e7720b918fd3a6"}
WORKERS = {"a": "i-0d12a9c8e4f7b3052", "b": "i-0e67f3b1a0d8c9241", "c": "i-0f98c4d2e7a1b6350"}
SUCCESSOR = "i-0123b7d5e9f04c8a1"
"""What the group of slot b launches when its master is dead."""
VOLUMES = {"a": "vol-0a7d31e9c5b284f60", "b": "vol-0b19f84d2e6c7a035", "c": "vol-0c62b5e8f3d10974a"}
_SG_MASTERS, _SG_WORKERS, _SG_BALANCER = "sg-0aa1", "sg-0bb2", "sg-0cc3"
_API = "api.ha.kubequorum.internal."
_BALANCER_NAME = "ha-api-4f2c9d81e6b7a305.elb.eu-central-1.amazonaws.com."


def report() -> Report:
    """What AWS says."""
    cidrs = {"a": ("10.20.0.0/18", "10.20.192.0/20"), "b": ("10.20.64.0/18", "10.20.208.0/20")}
    cidrs["c"] = ("10.20.128.0/18", "10.20.224.0/20")
    return Report(
        stacks=[
            Stack(
                name="ha-Network",
                status="CREATE_COMPLETE",
                reason="",
                created="2027-01-08T09:00:00+00:00",
                outputs={"VpcId": "vpc-08d4f1b7a2c9e6350"},
            )
        ],
        zones=[
            Zone(
                name=ZONE_OF[slot],
                subnets={f"subnet-0{slot}1": private, f"subnet-0{slot}2": public},
                public=[f"subnet-0{slot}2"],
            )
            for slot, (private, public) in cidrs.items()
        ],
        groups=[*(_master_group(slot) for slot in ZONE_OF), _workers()],
        volumes=[
            Volume(
                id=VOLUMES[slot],
                name=f"ha etcd-{slot}",
                slot=slot,
                zone=zone,
                size_gib=20,
                encrypted=True,
                state="in-use",
                attached_to=MASTERS[slot],
            )
            for slot, zone in ZONE_OF.items()
        ],
        load_balancers=[
            LoadBalancer(
                name="ha-api",
                dns_name=_BALANCER_NAME,
                scheme="internal",
                state="active",
                targets={f"{id_}:6443": "healthy" for id_ in MASTERS.values()},
                security_groups=[_SG_BALANCER],
            )
        ],
        names=[
            Name(name=_API, type="A", values=[_BALANCER_NAME], private=True),
            *(
                Name(
                    name=f"etcd-{slot}.ha.kubequorum.internal.",
                    type="A",
                    values=[master(slot).private_ip],
                    private=True,
                )
                for slot in ZONE_OF
            ),
        ],
        security_groups=_security_groups(),
    )


def master(slot: str) -> Instance:
    """The master of a slot, in service."""
    third = {"a": "0", "b": "64", "c": "128"}[slot]
    return Instance(
        id=MASTERS[slot],
        zone=ZONE_OF[slot],
        type="m7i.large",
        state="running",
        lifecycle_state="InService",
        health="Healthy",
        private_ip=f"10.20.{third}.17",
        host_name=f"ip-10-20-{third}-17",
        status_checks="ok",
        scheduled_events=[],
        security_groups=[_SG_MASTERS],
    )


def _master_group(slot: str) -> Group:
    return Group(
        name=f"ha-ControlPlane-Master{slot.upper()}Group",
        slot=slot,
        worker_group="",
        zones=[ZONE_OF[slot]],
        min_size=0,
        max_size=1,
        desired=1,
        suspended=[],
        instances=[master(slot)],
    )


def _workers() -> Group:
    return Group(
        name="ha-Workers-WorkersgeneralGroup",
        slot="",
        worker_group="general",
        zones=list(ZONE_OF.values()),
        min_size=3,
        max_size=30,
        desired=3,
        suspended=[],
        instances=[
            replace(
                master(slot),
                id=id_,
                type="m7i.xlarge",
                private_ip=master(slot).private_ip.replace(".17", ".40"),
                security_groups=[_SG_WORKERS],
            )
            for slot, id_ in WORKERS.items()
        ],
    )


def _security_groups() -> list[SecurityGroup]:
    def rule(source: str, port: str, why: str) -> Rule:
        protocol, _, ports = port.partition(" ")
        return Rule(source=source, protocol=protocol, ports=ports, description=why)

    nodes = (_SG_MASTERS, _SG_WORKERS)
    tunnel = [rule(node, "udp 4789", "pod network: VXLAN between nodes") for node in nodes]
    kubelet = rule(_SG_MASTERS, "tcp 10250", "kubelet: logs, exec, health")
    return [
        SecurityGroup(
            id=_SG_MASTERS,
            inbound=[
                rule(_SG_BALANCER, "tcp 6443", "API and its health checks"),
                *(rule(node, "tcp 6443", "API through the kubernetes Service") for node in nodes),
                rule(_SG_MASTERS, "tcp 2379-2380", "etcd clients and peers"),
                kubelet,
                *tunnel,
            ],
        ),
        SecurityGroup(id=_SG_WORKERS, inbound=[kubelet, *tunnel]),
        SecurityGroup(
            id=_SG_BALANCER,
            inbound=[
                rule("10.0.0.0/8", "tcp 6443", "API from an allowed range"),
                *(rule(node, "tcp 6443", "API through the load balancer") for node in nodes),
            ],
        ),
    ]


def kubernetes() -> Kubernetes:
    """What the Kubernetes API says."""
    masters = [_node(id_, slot, roles=["control-plane"]) for slot, id_ in MASTERS.items()]
    workers = [_node(id_, slot, roles=[]) for slot, id_ in WORKERS.items()]
    names = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
    return Kubernetes(
        nodes=NodeList(nodes=[*masters, *workers]),
        addons=AddonList(
            addons=[
                Addon(name="external-dns", version="0.19.0", state="ready", message=""),
                Addon(name="metrics-server", version="0.9.0", state="ready", message=""),
            ]
        ),
        control_plane=ControlPlane(
            parts=[Part(name=name, node=id_, ready=True) for id_ in MASTERS.values() for name in names],
            leaders={
                "kube-controller-manager": master("b").host_name,
                "kube-scheduler": master("a").host_name,
            },
            pods={
                **dict.fromkeys(MASTERS.values(), 5),
                **dict(zip(WORKERS.values(), (9, 12, 7), strict=True)),
            },
        ),
        backups=BackupState(
            newest="2027-01-15T12:30:05+00:00", newest_age_seconds=4.0, full_id="1/48213", drill_passed=True
        ),
    )


def _node(id_: str, slot: str, *, roles: list[str]) -> Node:
    return Node(
        name=id_,
        ready=True,
        roles=roles,
        version="v1.36.3",
        address=master(slot).private_ip,
        zone=ZONE_OF[slot],
        slot=slot if roles else "",
        worker_group="" if roles else "general",
    )
