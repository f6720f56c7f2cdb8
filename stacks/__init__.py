"""The four stacks of a cluster, by what may be thrown away: Network → State → ControlPlane → Workers."""

from aws_cdk import App, DefaultStackSynthesizer, Environment, Stack, Tags

from kubequorum import tags
from kubequorum.config import Cluster
from kubequorum.config.names import asset_prefix, stack_name
from kubequorum.node_program import BundleBuilder
from stacks.control_plane import ControlPlaneStack
from stacks.network import NetworkStack
from stacks.state import StateStack
from stacks.workers import WorkersStack


def add_cluster(app: App, cluster: Cluster, build_bundle: BundleBuilder) -> list[Stack]:
    """Add a cluster's stacks to an app, in the order in which they depend on each other.

    Args:
        app: the app.
        cluster: the cluster file, checked.
        build_bundle: makes the node program for machines with a certain cluster.json.

    """
    # Even with its zones named, ec2.Vpc asks the context which zones there are.
    app.node.set_context(
        f"availability-zones:account={cluster.account}:region={cluster.region}", list(cluster.zones)
    )
    environment = Environment(account=cluster.account, region=cluster.region)

    def synthesizer(stack: str) -> DefaultStackSynthesizer:
        return DefaultStackSynthesizer(
            # Assets by stack: machines may read those of their own, and nothing else in the bootstrap bucket.
            bucket_prefix=asset_prefix(stack_name(cluster.name, stack)),
            # The CLI checks the bootstrap version by itself; the rule would only be repeated everywhere.
            generate_bootstrap_version_rule=False,
        )

    network = NetworkStack(
        app,
        stack_name(cluster.name, "Network"),
        cluster=cluster,
        env=environment,
        synthesizer=synthesizer("Network"),
    )
    state = StateStack(
        app,
        stack_name(cluster.name, "State"),
        cluster=cluster,
        network=network,
        env=environment,
        synthesizer=synthesizer("State"),
    )
    control_plane = ControlPlaneStack(
        app,
        stack_name(cluster.name, "ControlPlane"),
        cluster=cluster,
        network=network,
        state=state,
        build_bundle=build_bundle,
        env=environment,
        synthesizer=synthesizer("ControlPlane"),
    )
    stacks: list[Stack] = [network, state, control_plane]
    # CloudFormation takes no stack without resources.
    if cluster.worker_groups:
        workers = WorkersStack(
            app,
            stack_name(cluster.name, "Workers"),
            cluster=cluster,
            network=network,
            state=state,
            build_bundle=build_bundle,
            env=environment,
            synthesizer=synthesizer("Workers"),
        )
        # Workers have nothing to join before the control plane is up.
        workers.add_stack_dependency(control_plane)
        stacks.append(workers)
    for key, value in {**cluster.tags, tags.CLUSTER: cluster.name}.items():
        Tags.of(app).add(key, value)
    return stacks
