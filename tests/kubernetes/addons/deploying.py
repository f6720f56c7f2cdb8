"""Deploys the stack Addons alone."""

from tests.deploy.deployment import Deployment


def deploy_addons(cluster: Deployment) -> None:
    """Put the cluster file's addons in force; CommandError if they do not become ready."""
    options = ("--require-approval", "never", "--progress", "events")
    cluster.run_cdk("deploy", "--exclusively", "local-Addons", *options)
