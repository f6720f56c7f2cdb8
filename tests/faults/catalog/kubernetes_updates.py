"""Another version of Kubernetes by `cdk deploy`: all machines replaced, with two versions in between.

Masters of both versions serve the same clients, and what belongs to one version must not come too early.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from kubequorum.versions import DEFAULT_KUBERNETES_VERSION
from kubequorum_cli.errors import CommandError
from kubequorum_node.config import SLOT_LABEL
from tests.faults.catalog.as_on_aws import one_after_the_other
from tests.faults.pool import FURTHER_IMAGES, cluster_image
from tests.faults.registry import Scene, trial
from tests.faults.watching import never

((_NEXT_IMAGE, _NEXT_VERSION),) = FURTHER_IMAGES.items()
_MINOR = DEFAULT_KUBERNETES_VERSION.rpartition(".")[0]
_TENTH = 0.1
_LOOK_SECONDS = 1.0
_STALE_SECONDS = 300.0
_VERSION = re.compile(r"^kubernetesVersion: v(\S+)$", re.MULTILINE)
_SYSTEM = ("-n", "kube-system")


@trial(
    expected="masters, what they share, then workers; nothing is ever newer than an API server",
    in_ci=True,
    aws_times=_TENTH,
    recovery_seconds=600,
)
def kubernetes_update(scene: Scene) -> None:
    """`cdk deploy` of the next minor version, which behaves like the one before, with its machine image."""
    etcd = _etcd_images(scene)
    with _nothing_is_too_early(scene), one_after_the_other(scene):
        _deploy(scene, _NEXT_VERSION, emulated=_MINOR)
    _wait_until_all_run(scene, _NEXT_VERSION)
    assert _behaves_like(scene) == _MINOR
    assert _etcd_images(scene) == etcd, "etcd's version has changed with that of Kubernetes"


@trial(expected="the old version comes back with all data, also what the new one wrote", aws_times=_TENTH)
def kubernetes_update_taken_back(scene: Scene) -> None:
    """`cdk deploy` of the version before, while the new one behaves like it."""
    if _api_servers(scene) != {_NEXT_VERSION}:
        kubernetes_update(scene)
    _deploy(scene, DEFAULT_KUBERNETES_VERSION)
    _wait_until_all_run(scene, DEFAULT_KUBERNETES_VERSION)


@trial(expected="the second, last step of an update: hardly a gap", aws_times=_TENTH)
def kubernetes_update_completed(scene: Scene) -> None:
    """`cdk deploy` without the emulated version: the control plane behaves like its own."""
    if _api_servers(scene) != {_NEXT_VERSION}:
        kubernetes_update(scene)
    _deploy(scene, _NEXT_VERSION)
    _wait_until_all_run(scene, _NEXT_VERSION)
    assert _behaves_like(scene) == _minor(_NEXT_VERSION)


@trial(
    expected="all three go back to the old version, with all data",
    in_ci=True,
    recovery_seconds=600,
)
def last_master_of_an_update_fails(scene: Scene) -> None:
    """`cdk deploy` of the next minor version; a and b run it, and the last one reports a failure."""
    cluster, old = scene.cluster, scene.cluster.master("c")
    with ThreadPoolExecutor(max_workers=1) as pool:
        deploying = pool.submit(_deploy, scene, _NEXT_VERSION, "local-ControlPlane", emulated=_MINOR)
        try:
            new = scene.successor("c", old, seconds=600)
            cluster.client("cloudformation").signal_resource(
                StackName=cluster.target.stack_name("ControlPlane"),
                LogicalResourceId="MasterCGroup",
                UniqueId=new,
                Status="FAILURE",
            )
            reason = deploying.exception()
            assert isinstance(reason, CommandError), f"the deployment succeeded: {reason!r}"
        finally:
            _write(scene, DEFAULT_KUBERNETES_VERSION)
    name = cluster.target.stack_name("ControlPlane")
    (stack,) = cluster.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack["StackStatus"]
    _wait_until_all_run(scene, DEFAULT_KUBERNETES_VERSION)


def _write(scene: Scene, version: str, *, emulated: str | None = None) -> None:
    """Write a version into the cluster file, with the machine image that has its programs."""
    image = _NEXT_IMAGE if version == _NEXT_VERSION else cluster_image()
    wanted = {"version": version, "emulated_version": emulated}
    scene.cluster.change(kubernetes=wanted, image={"amd64": image})


def _deploy(scene: Scene, version: str, *stacks: str, emulated: str | None = None) -> None:
    """Deploy a version: all stacks, or some."""
    _write(scene, version, emulated=emulated)
    options = ("--require-approval", "never", "--progress", "events")
    scene.cluster.run_cdk("deploy", *(["--exclusively", *stacks] if stacks else ["--all"]), *options)


def _behaves_like(scene: Scene) -> str:
    """The minor version as which an API server behaves, of one behind the load balancer."""
    found = json.loads(scene.cluster.kubectl("get", "--raw", "/version"))
    return f"{found['emulationMajor']}.{found['emulationMinor']}"


def _minor(version: str) -> str:
    return version.rpartition(".")[0]


def _wait_until_all_run(scene: Scene, version: str) -> None:
    """Wait until everything has a version: API servers, kubelets, kube-proxy, the cluster's configuration.

    Node objects and pods of terminated machines may be there for minutes.
    """

    def look() -> bool:
        nodes = scene.cluster.get("nodes")
        kubelets = {node["status"]["nodeInfo"]["kubeletVersion"].removeprefix("v") for node in nodes}
        return {version} == kubelets | _api_servers(scene) | {_kube_proxy(scene), _stored(scene)}

    scene.wait(look, f"everything is {version}", seconds=_STALE_SECONDS)


def _api_servers(scene: Scene) -> set[str]:
    return {_tag(image) for image in _images(scene, "kube-apiserver")}


def _etcd_images(scene: Scene) -> set[str]:
    return _images(scene, "etcd")


def _images(scene: Scene, component: str) -> set[str]:
    """The images of the masters' static pods of a component."""
    pods = scene.cluster.get("pods", *_SYSTEM, f"--selector=component={component}")
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def _kube_proxy(scene: Scene) -> str:
    (found,) = scene.cluster.get("daemonsets", *_SYSTEM, "--field-selector=metadata.name=kube-proxy")
    return _tag(found["spec"]["template"]["spec"]["containers"][0]["image"])


def _stored(scene: Scene) -> str:
    """The version of kubeadm's configuration in the cluster."""
    (found,) = scene.cluster.get("configmaps", *_SYSTEM, "--field-selector=metadata.name=kubeadm-config")
    (version,) = _VERSION.findall(found["data"]["ClusterConfiguration"])
    return str(version)


def _tag(image: str) -> str:
    return image.rpartition(":")[2].removeprefix("v")


def _nothing_is_too_early(scene: Scene) -> AbstractContextManager[None]:
    """Look whether kube-proxy or a worker is ever newer than an API server."""

    def look() -> Iterator[str]:
        # The Node of a terminated master may be there for minutes.
        present = set(scene.cluster.masters().values())
        masters, workers = set[str](), set[str]()
        for node in scene.cluster.get("nodes"):
            version = node["status"]["nodeInfo"]["kubeletVersion"]
            if node["metadata"]["name"] in present:
                masters.add(version)
            elif SLOT_LABEL not in node["metadata"]["labels"]:
                workers.add(version)
        if f"v{DEFAULT_KUBERNETES_VERSION}" in masters:
            if _kube_proxy(scene) == _NEXT_VERSION:
                yield "kube-proxy is newer than an API server"
            if f"v{_NEXT_VERSION}" in workers:
                yield "a worker is newer than an API server"

    return never(look, pause_seconds=_LOOK_SECONDS)
