"""What the containers of both kinds of pods have in common: images, resources, environment and probes."""

from typing import Any

from kubequorum.addons import workload
from kubequorum.addons.objects import arguments
from kubequorum.config import Cluster

_REGISTRY = "public.ecr.aws"
_HELPERS = {
    "csi-provisioner": "v6.3.0-eksbuild.4",
    "csi-attacher": "v4.12.0-eksbuild.5",
    "csi-resizer": "v2.2.1-eksbuild.3",
    "csi-node-driver-registrar": "v2.17.0-eksbuild.5",
    "livenessprobe": "v2.19.0-eksbuild.5",
}
"""Tags of the images that version 1.64.0 of the driver goes with."""
_HEALTH_PORT = 9808
PLUGIN_RESOURCES = {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"memory": "256Mi"}}
HELPER_RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "32Mi"}}
NO_METADATA = {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"}
"""Pods do not reach the metadata service: nothing should wait for it."""


def driver_image(cluster: Cluster) -> str:
    """The driver's own image."""
    path = "ebs-csi-driver/aws-ebs-csi-driver"
    return workload.image(cluster, cluster.addons.ebs_csi, path, registry=_REGISTRY)


def helper_image(cluster: Cluster, name: str) -> str:
    """The image of a container that runs beside the driver's."""
    return f"{cluster.kubernetes.image_repository or _REGISTRY}/csi-components/{name}:{_HELPERS[name]}"


def probed(*, timeout_seconds: int) -> dict[str, Any]:
    """Port and probes of the driver's container; the one below answers them."""
    probe = {"httpGet": {"path": "/healthz", "port": "healthz"}, "timeoutSeconds": timeout_seconds}
    return {
        "ports": [{"name": "healthz", "containerPort": _HEALTH_PORT, "protocol": "TCP"}],
        "livenessProbe": {**probe, "initialDelaySeconds": 10, "periodSeconds": 10, "failureThreshold": 10},
        "readinessProbe": {**probe, "periodSeconds": 5, "failureThreshold": 3},
    }


def liveness_probe(
    cluster: Cluster, socket_volume: str, security: dict[str, Any], **flags: str
) -> dict[str, Any]:
    """The container that asks the driver over its socket whether it is well."""
    return {
        "name": "liveness-probe",
        "image": helper_image(cluster, "livenessprobe"),
        "args": arguments({"csi-address": "/csi/csi.sock", **flags}, {}),
        "resources": HELPER_RESOURCES,
        "securityContext": security,
        "volumeMounts": [{"name": socket_volume, "mountPath": "/csi"}],
    }
