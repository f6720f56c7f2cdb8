"""A second cluster in the same account, into which the backups of the first are restored."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import yaml

from tests.deploy.deployment import Deployment
from tests.faults.registry import Scene

_OPTIONS = ("--require-approval", "never", "--progress", "events")


@contextmanager
def another_cluster(scene: Scene, name: str) -> Iterator[Deployment]:
    """A cluster of that name with VPC and zone of its own, and no workers; nothing of it is deployed yet."""
    first = scene.cluster
    document: dict[str, Any] = yaml.safe_load(first.cdk.cluster_file.read_text(encoding="utf-8"))
    document |= {"name": name, "worker_groups": [], "dns": {"zone_name": f"{name}.kubequorum.internal"}}
    document["network"]["vpc_cidr"] = "10.78.0.0/16"
    path = first.cdk.cluster_file.with_name(f"{name}.yaml")
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    running = replace(first.cdk.embedded_aws, name=name)
    cdk = replace(first.cdk, embedded_aws=running, cluster_file=path)
    found = Deployment(cdk, folder=first.folder / name)
    try:
        yield found
    finally:
        found.run_cdk("destroy", f"{name}-ControlPlane", "--force")


def deploy(cluster: Deployment, stack: str) -> None:
    """Deploy one of its stacks, and those that it needs."""
    cluster.run_cdk("deploy", cluster.target.stack_name(stack), *_OPTIONS)


def stored(cluster: Deployment, key: str) -> str:
    """The value of a key in etcd, as it is stored: encrypted, in base64."""
    return cluster.etcdctl("get", key, "--write-out=json").partition('"value":')[2]
