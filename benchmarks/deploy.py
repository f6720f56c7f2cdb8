"""A deployment from nothing into an embedded AWS, with its parts, and a `cdk diff` that finds no change."""

from collections.abc import Mapping

from benchmarks.figures import Context, Figure, Measurement
from lab import cluster_file, embedded_aws
from lab.cdk import Cdk
from lab.commands import up


def measure(context: Context) -> Mapping[str, float]:
    """Start, bootstrap and deploy as `up` does; then compare."""
    wanted = cluster_file.read(context.settings.default_cluster)
    took = up.deploy(context.settings, wanted, context.tools, context.progress)
    cdk = Cdk(
        settings=context.settings,
        toolchain=context.tools,
        embedded_aws=embedded_aws.require(context.settings),
        cluster_file=wanted.path,
    )
    with context.progress.stage("Compare (cdk diff)") as comparing:
        cdk.diff(comparing)
    return {
        "deploy_seconds": took.start + took.bootstrap + took.stacks,
        "deploy_start_seconds": took.start,
        "deploy_bootstrap_seconds": took.bootstrap,
        "deploy_stacks_seconds": took.stacks,
        "diff_seconds": comparing.seconds,
    }


MEASUREMENT = Measurement(
    figures=(
        Figure(name="deploy_seconds", unit="s", aim=60),
        Figure(name="deploy_start_seconds", unit="s", aim=None),
        Figure(name="deploy_bootstrap_seconds", unit="s", aim=None),
        Figure(name="deploy_stacks_seconds", unit="s", aim=None),
        Figure(name="diff_seconds", unit="s", aim=None),
    ),
    run=measure,
)
