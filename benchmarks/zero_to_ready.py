"""From nothing to three ready masters: with the node program, and with stock kubeadm, in turns.

Both begin when the first machine is launched, and end when the API servers of all three report that they and
their etcd members are ready. Both boot the same image in the same embedded AWS. What the baseline leaves out
is what the node program is for: it takes over no volume or name, agrees on no CA set with other masters,
calls no AWS API, checks nothing, and proves nothing.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.baseline import masters
from benchmarks.environment import clean, running_cluster
from benchmarks.figures import Context, Figure, Measurement
from benchmarks.readiness import Readiness
from lab import cluster_file, embedded_aws
from lab.cdk import Cdk

_ROUNDS = 3
_LIMIT_SECONDS = 300.0


def measure(context: Context) -> Mapping[str, float]:
    """The medians of several rounds; the first to go changes, so that a cold cache hits both."""
    ways: dict[str, Callable[[Context], float]] = {
        "node program": _node_program,
        "stock kubeadm": _stock_kubeadm,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(_ROUNDS):
        for name in sorted(ways, reverse=number % 2 == 0):
            with context.progress.stage(f"Three masters, {name}, {number + 1} of {_ROUNDS}") as stage:
                with clean(context.with_machines()):
                    seconds[name].append(ways[name](context))
                stage.line(f"all ready {seconds[name][-1]:.1f} s after the first launch")
    ours, floor = (statistics.median(seconds[name]) for name in ways)
    return {
        "zero_to_ready_seconds": ours,
        "zero_to_ready_floor_seconds": floor,
        "zero_to_ready_ratio": ours / floor,
    }


def _node_program(context: Context) -> float:
    """Deploy up to the masters: network, state, control plane.

    All three are launched at once, as in the baseline: CloudFormation's waits between them are not measured.
    """
    settings = replace(context.with_machines(), new_groups="launched")
    wanted = cluster_file.read(settings.default_cluster)
    with context.progress.stage("Start the embedded AWS") as stage:
        running = embedded_aws.start(settings, wanted, stage)
    cluster = running_cluster(settings, context.scratch)
    cdk = Cdk(settings=settings, toolchain=context.tools, embedded_aws=running, cluster_file=wanted.path)
    with context.progress.stage("Bootstrap the CDK") as stage:
        cdk.bootstrap(stage)
    with Readiness(cluster) as readiness, context.progress.stage("Deploy the control plane") as stage:
        control_plane = cluster.target.stack_name("ControlPlane")
        cdk.run(["deploy", control_plane, "--require-approval", "never", "--progress", "events"], stage)
        return readiness.seconds(limit=_LIMIT_SECONDS)


def _stock_kubeadm(context: Context) -> float:
    settings = context.with_machines()
    with context.progress.stage("Start the embedded AWS") as stage:
        embedded_aws.start(settings, cluster_file.read(settings.default_cluster), stage)
    cluster = running_cluster(settings, context.scratch)
    with Readiness(cluster) as readiness:
        masters.launch(cluster)
        return readiness.seconds(limit=_LIMIT_SECONDS)


MEASUREMENT = Measurement(
    figures=(
        Figure(name="zero_to_ready_seconds", unit="s", aim=None),
        Figure(name="zero_to_ready_floor_seconds", unit="s", aim=None),
        Figure(name="zero_to_ready_ratio", unit="ratio", aim=1.3),
    ),
    run=measure,
    needs_machines=True,
)
