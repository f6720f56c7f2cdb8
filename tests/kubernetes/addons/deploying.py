"""Deploys the stack Addons alone, and says what of it is there."""

from tests.deploy.deployment import Deployment


def deploy_addons(cluster: Deployment) -> None:
    """Put the cluster file's addons in force; CommandError if they do not become ready."""
    options = ("--require-approval", "never", "--progress", "events")
    cluster.run_cdk("deploy", "--exclusively", "local-Addons", *options)


def applied_addons(cluster: Deployment) -> set[str]:
    """The addons that have an inventory: they are applied, or some of their objects may still be there."""
    found = cluster.get("configmap", "-n", "kube-system", "-l", "kubequorum/addon")
    return {inventory["metadata"]["labels"]["kubequorum/addon"] for inventory in found}
