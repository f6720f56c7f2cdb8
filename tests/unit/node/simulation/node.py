"""A simulated node as a whole."""

import json
import shutil
from typing import Any

from kubequorum_node.host import Result
from kubequorum_node.volume.slot_record import MEMBER, SlotRecord
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd
from tests.unit.node.simulation.pods import MANIFESTS, MOUNT_POINT, PODS, WAL, SimulatedPods

OWN = examples.IDENTITY.instance_id
NAME = "etcd-a.ha.kubequorum.internal"
LINK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
TARGETS = "arn:aws:elasticloadbalancing:eu-central-1:0:targetgroup/masters/1"
RECORD = "slots/a/record.json"


class SimulatedNode:
    """A host before its first boot, on which everything works; the other two masters are in service."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.log: list[str] = []
        """What has happened to the node's services, in its order."""
        self.events: list[dict[str, Any]] = []
        """Kubernetes Events that were created."""
        self.etcd = SimulatedEtcd(node, own_runs=lambda: "etcd" in self.pods.running, log=self.log)
        self.pods = SimulatedPods(node, log=self.log, etcd_started=self.etcd.own_member_started)
        self.has_file_system = False
        self.shared_version = ""
        """Of Kubernetes, which kubeadm's configuration in the cluster belongs to; empty if there is none."""
        host = node.host
        for folder in ("/run/systemd/system", "/dev/disk/by-id"):
            host.path(folder).mkdir(parents=True)
        host.path(LINK).touch()
        for quiet in ("modprobe", "sysctl", "nft", "resize2fs", "fsck.ext4"):
            host.on(quiet, None)
        host.on("mkfs.ext4", self._make_file_system)
        host.on("blkid", lambda *_: Result(0, "TYPE=ext4\n") if self.has_file_system else Result(2, ""))
        host.on("findmnt", LINK)
        host.on("mount", self._mount)
        host.on("umount", self._unmount)
        host.on("openssl", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
        host.on("/usr/local/bin/kubectl", self._kubectl)
        host.on("/usr/local/bin/kubeadm init phase upload-config", self._upload_config)
        node.aws.resources["ControlPlaneReady"] = "CREATE_IN_PROGRESS"
        host.names[NAME] = {examples.IDENTITY.address}
        for number, slot in enumerate("bc"):
            name, address = f"etcd-{slot}.ha.kubequorum.internal", f"10.20.{number}.5"
            host.names[name] = {address}
            host.statuses[f"https://{address}:6443/readyz"] = 200
            node.aws.records[f"{name}."] = address
            record = SlotRecord(
                volume=f"vol-{slot}",
                generation=1,
                instance=f"i-{slot}",
                stage=MEMBER,
                kubernetes=node.document.kubernetes_version,
            )
            node.aws.objects[f"slots/{slot}/record.json"] = record.to_json().encode()

    @classmethod
    def in_service(cls, node: FakeNode, *, data: str = "data") -> "SimulatedNode":
        """A master that has booted; what etcd's data are decides whether it runs."""
        found = cls(node)
        found.put_data(data)
        node.host.mounts.add(MOUNT_POINT)
        for pod in PODS:
            node.host.write(f"{MANIFESTS}/{pod}.yaml", "pod")
        found.pods.kubelet_runs = True
        found.pods.sync()
        record = SlotRecord(
            volume=examples.CONFIG.etcd_volume_id, generation=1, instance=OWN, stage=MEMBER, outcome="ready"
        )
        node.aws.objects[RECORD] = record.to_json().encode()
        node.aws.volume.update(State="in-use", Attachments=[{"InstanceId": OWN, "State": "attached"}])
        node.aws.target_groups = {TARGETS: "healthy"}
        return found

    def record(self) -> SlotRecord:
        """The slot's record as the bucket has it."""
        return SlotRecord.from_json(self.node.aws.objects[RECORD].decode())

    def put_data(self, data: str = "data") -> None:
        """Let the volume be one that was used before: etcd has written to it."""
        self.has_file_system = True
        self.node.host.write(WAL, data)

    def _make_file_system(self, *_: object) -> None:
        self.has_file_system = True
        shutil.rmtree(self.node.host.path(MOUNT_POINT), ignore_errors=True)

    def _mount(self, *_: object) -> None:
        assert self.has_file_system, "only a file system can be mounted"
        self.node.host.mounts.add(MOUNT_POINT)

    def _unmount(self, *_: object) -> Result:
        if "etcd" in self.pods.running:
            return Result(32, "", "target is busy")
        self.node.host.mounts.discard(MOUNT_POINT)
        self.log.append("unmounted")
        return Result(0, "")

    def _upload_config(self, *_: object) -> Result:
        self.shared_version = self.node.document.kubernetes_version
        return Result(0, "")

    def _kubectl(self, command: tuple[str, ...], stdin: str | None) -> str | None:
        if "kubeadm-config" in command:
            text = f"apiVersion: kubeadm.k8s.io/v1beta4\nkubernetesVersion: v{self.shared_version}\n"
            return json.dumps({"data": {"ClusterConfiguration": text}}) if self.shared_version else None
        if "get" in command:
            return '{"items": []}'
        if "--raw=/api/v1/namespaces/default/events" in command:
            self.events.append(json.loads(stdin or ""))
        elif "delete" in command:
            self.log.append("node removed")
        return None
