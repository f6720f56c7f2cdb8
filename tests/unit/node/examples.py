"""A cluster that never was, for tests of the node program."""

from kubequorum_node.aws.identity import Identity
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import (
    BackupRetention,
    ClusterDocument,
    EtcdSpec,
    SecuritySpec,
    Slot,
    VolumeShape,
)

DOCUMENT = ClusterDocument(
    cluster="ha",
    region="eu-central-1",
    stack="ha-ControlPlane",
    kubernetes_version="1.36.3",
    api_name="api.ha.kubequorum.internal",
    node_api_name="api.ha.kubequorum.internal",
    vpc_cidr="10.20.0.0/16",
    pod_cidr="10.128.0.0/14",
    service_cidr="10.96.0.0/16",
    pods_per_node=110,
    node_mask_bits=24,
    etcd=EtcdSpec(
        version="3.6.11",
        slots={
            slot: Slot(
                availability_zone=f"eu-central-1{slot}",
                etcd_name=f"etcd-{slot}.ha.kubequorum.internal",
                volume_tags={
                    "Name": f"ha etcd-{slot}",
                    "kubequorum:cluster": "ha",
                    "kubequorum:slot": slot,
                },
            )
            for slot in "abc"
        },
        quota_bytes=8 << 30,
        volume=VolumeShape(size_gib=20, iops=3000, throughput_mib_per_s=125),
        backups=BackupRetention(everything_hours=24, daily_days=30),
    ),
    security=SecuritySpec(
        pod_security="baseline",
        namespaces={"monitoring": "privileged", "payments": "restricted"},
        encrypted_resources=("secrets", "configmaps"),
        oidc_issuers=(),
    ),
)

WORKER_DOCUMENT = ClusterDocument(
    cluster="ha",
    region="eu-central-1",
    stack="ha-Workers",
    kubernetes_version="1.36.3",
    api_name="api.ha.kubequorum.internal",
    node_api_name="api.ha.kubequorum.internal",
    vpc_cidr="10.20.0.0/16",
    pod_cidr="10.128.0.0/14",
    service_cidr="10.96.0.0/16",
    pods_per_node=110,
    node_mask_bits=24,
    labels={"workload": "batch"},
    taints=({"key": "workload", "value": "batch", "effect": "NoSchedule"},),
)

CONFIG = NodeConfig(
    role="master/a",
    signals=("MasterAGroup", "ControlPlaneReady"),
    bucket="ha-state",
    etcd_volume_id="vol-0123456789abcdef0",
    hosted_zone_id="Z0123456789ABCDEFGHIJ",
    api_load_balancer_name="ha-api-0123456789abcdef.elb.eu-central-1.amazonaws.com",
    issuer="d111111abcdef8.cloudfront.net",
    issuer_bucket="ha-issuer",
)

WORKER_CONFIG = NodeConfig(role="worker/batch", signals=("WorkersBatchGroup",), bucket="ha-state")

IDENTITY = Identity(
    instance_id="i-0123456789abcdef0",
    instance_type="m7i.large",
    zone="eu-central-1a",
    address="10.20.1.5",
    architecture="amd64",
)
