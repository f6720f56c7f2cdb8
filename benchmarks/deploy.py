"""A deployment from nothing into an embedded AWS, with its parts, and a `cdk diff` that finds no change."""

from collections.abc import Mapping

from benchmarks import sizes
from benchmarks.figures import Context, Figure, Measurement
from benchmarks.standing import become_administrator
from lab import cluster_file
from lab import embedded_aws as emulator
from lab.cdk import Cdk
from lab.commands import up


def measure(context: Context) -> Mapping[str, float]:
    """Start, bootstrap and deploy as `up` does; then compare."""
    cluster = cluster_file.read(context.settings.default_cluster)
    took = up.deploy(context.settings, cluster, context.tools, context.progress)
    cdk = Cdk(
        settings=context.settings,
        toolchain=context.tools,
        emulator=emulator.require(context.settings),
        cluster_file=cluster.path,
    )
    with context.progress.stage("Compare (cdk diff)") as comparing:
        cdk.diff(comparing)
    standing = become_administrator(context.settings, context.progress)
    return {
        **sizes.PROBE.run(standing),
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
        *sizes.PROBE.figures,
    ),
    run=measure,
)
