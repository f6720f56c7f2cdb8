"""The stacks of a cluster, by what may be recreated: Network → State → ControlPlane → Workers → Addons."""

from aws_cdk import Annotations, App, DefaultStackSynthesizer, Environment, Stack, Tags

from kubequorum import tags
from kubequorum.config import Cluster, warnings_of
from kubequorum.config.names import asset_prefix, stack_name
from kubequorum.node_program import BundleBuilder
from stacks.addons import AddonsStack
from stacks.control_plane import ControlPlaneStack
from stacks.network import NetworkStack
from stacks.service_accounts import ServiceAccountsStack
from stacks.state import StateStack
from stacks.workers import WorkersStack


def add_cluster(app: App, cluster: Cluster, build_bundle: BundleBuilder) -> list[Stack]:
    """Add a cluster's stacks to an app, in the order of their dependencies.

    Args:
        app: the app.
        cluster: the cluster file, validated.
        build_bundle: builds the node program's bundle for a cluster.json.

    """
    # Even with its zones named, ec2.Vpc asks the context which zones there are.
    app.node.set_context(
        f"availability-zones:account={cluster.account}:region={cluster.region}", list(cluster.zones)
    )
    environment = Environment(account=cluster.account, region=cluster.region)

    def synthesizer(stack: str) -> DefaultStackSynthesizer:
        return DefaultStackSynthesizer(
            # One prefix per stack: instances may read the assets of their own stack only.
            bucket_prefix=asset_prefix(stack_name(cluster.name, stack)),
            # The CLI checks the bootstrap version itself; the rule would be repeated in every stack.
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
    # CloudFormation does not accept a stack without resources.
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
        # Workers cannot join before the control plane is up.
        workers.add_stack_dependency(control_plane)
        stacks.append(workers)
    if state.state.issuer is not None and cluster.service_accounts.roles:
        roles = ServiceAccountsStack(
            app,
            stack_name(cluster.name, "ServiceAccounts"),
            cluster=cluster,
            issuer=state.state.issuer,
            env=environment,
            synthesizer=synthesizer("ServiceAccounts"),
        )
        roles.add_stack_dependency(state)
        stacks.append(roles)
    addons = AddonsStack(
        app,
        stack_name(cluster.name, "Addons"),
        cluster=cluster,
        network=network,
        state=state.state,
        env=environment,
        synthesizer=synthesizer("Addons"),
    )
    # They need masters that apply them, and nodes to run on.
    for stack in stacks[2:]:
        addons.add_stack_dependency(stack)
    stacks.append(addons)
    for number, warning in enumerate(warnings_of(cluster)):
        Annotations.of(network).add_warning_v2(f"kubequorum:cluster-file-{number}", warning)
    for key, value in {**cluster.tags, tags.CLUSTER: cluster.name}.items():
        Tags.of(app).add(key, value)
    return stacks
