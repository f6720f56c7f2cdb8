"""Workers that joined after the moment that was restored: the cluster does not know them any more.

A kubelet registers its Node object once, when it starts (kubernetes pkg/kubelet/kubelet_node_status.go,
registerWithAPIServer), so one whose object was turned back never comes back, while its pods still run.
"""

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import find_access, look
from kubequorum_cli.resources import IN_SERVICE, Resources


def replace_unknown(resources: Resources) -> list[str]:
    """Have the workers replaced that are in service and have no Node object; their ids.

    Raises:
        CommandError: the nodes cannot be listed.
    """
    found = look(find_access(resources.target))
    if found.problem:
        raise CommandError(
            "workers that the restored cluster does not know cannot be found",
            why=found.problem,
            remedy="run this again: ./kubequorum restore",
        )
    known = {node.address for node in found.nodes}
    masters = set(resources.groups.values())
    workers = [
        str(instance["InstanceId"])
        for group in resources.all_groups()
        if group["AutoScalingGroupName"] not in masters
        for instance in group["Instances"]
        if instance["LifecycleState"] == IN_SERVICE
    ]
    described = resources.instances_by_id(workers)
    unknown = [id_ for id_, instance in described.items() if instance.get("PrivateIpAddress") not in known]
    for instance_id in unknown:
        resources.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=False
        )
    return unknown
