"""Sections of a cluster file about instances: masters with their etcd volumes, and worker groups."""

from typing import Literal

from pydantic import Field

from kubequorum.config.components import Kubelet
from kubequorum.config.section import Architecture, DnsLabel, InstanceType, Section, Whole
from kubequorum_node.config import WORKER_GROUP_LABEL


class EtcdVolume(Section):
    """The gp3 volume that holds a slot's etcd data."""

    size_gib: Whole = Field(
        default=20, ge=4, le=16384, description="size in GiB, 4 to 16384; etcd's database may fill half of it"
    )
    iops: Whole = Field(default=3000, ge=3000, le=80000, description="provisioned IOPS, 3000 to 80000")
    throughput_mib_per_s: Whole = Field(
        default=125, ge=125, le=2000, description="provisioned throughput in MiB/s, 125 to 2000"
    )


class Masters(Section):
    """The masters: one instance in each zone."""

    instance_type: InstanceType = Field(
        description="EC2 instance type, on Nitro, with at least 2 vCPUs and 2 GiB", examples=["m7i.large"]
    )
    architecture: Architecture = Field(
        default=Architecture.AMD64, description="processor architecture of the type: amd64 or arm64"
    )
    root_volume_gib: Whole = Field(
        default=30, ge=12, le=1024, description="size of the root volume in GiB, 12 to 1024"
    )
    etcd_volume: EtcdVolume = Field(
        default=EtcdVolume(), description="the etcd volume, which outlives the instance"
    )
    kubelet: Kubelet = Field(
        default=Kubelet(),
        description="extra settings of the masters' kubelets, merged over kubernetes.kubelet",
    )


class Taint(Section):
    """A taint that the nodes of a group register with."""

    key: str = Field(description="taint key", examples=["dedicated"])
    value: str = Field(default="", description="taint value", examples=["batch"])
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        description="NoSchedule, PreferNoSchedule or NoExecute"
    )


class WorkerGroup(Section):
    """An Auto Scaling group of workers, spread over all zones."""

    name: DnsLabel = Field(
        description="name of the group, a DNS label that differs from others in more than dashes",
        examples=["general"],
    )
    instance_types: tuple[InstanceType, ...] = Field(
        min_length=1,
        max_length=40,
        description="EC2 instance types in order of preference, 1 to 40",
        examples=[["m7i.large"]],
    )
    architecture: Architecture = Field(
        default=Architecture.AMD64, description="processor architecture of all these types: amd64 or arm64"
    )
    min_size: Whole = Field(ge=0, le=1000, description="minimum number of instances, 0 to 1000", examples=[2])
    max_size: Whole = Field(
        ge=1, le=1000, description="maximum number of instances, 1 to 1000", examples=[10]
    )
    spot_percent: Whole = Field(
        default=0,
        ge=0,
        le=100,
        description="share of spot instances in percent, 0 to 100; above 0, EC2's rebalance recommendations "
        "are followed, for which the group may exceed max_size for a while",
    )
    root_volume_gib: Whole = Field(
        default=50, ge=12, le=4096, description="size of the root volume in GiB, 12 to 4096"
    )
    labels: dict[str, str] = Field(
        default={},
        description="node labels; all values are strings: put true and numbers in quotes",
        examples=[{"workload": "batch"}],
    )
    taints: tuple[Taint, ...] = Field(default=(), description="node taints, one per key")
    kubelet: Kubelet = Field(
        default=Kubelet(),
        description="extra settings of the group's kubelets, merged over kubernetes.kubelet",
    )

    @property
    def node_labels(self) -> dict[str, str]:
        """Labels that the group's nodes have of it: its own, and the one with its name."""
        return {**self.labels, WORKER_GROUP_LABEL: self.name}

    @property
    def taint_values(self) -> dict[str, str]:
        """Taint key to `value:effect`."""
        return {taint.key: f"{taint.value}:{taint.effect}" for taint in self.taints}
