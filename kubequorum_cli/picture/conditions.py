"""How well things are, in one word and a few more: decisions, without asking anybody."""

from kubequorum_cli.backups.state import LATE_SECONDS
from kubequorum_cli.kubernetes.addons import Addon
from kubequorum_cli.kubernetes.nodes import Node
from kubequorum_cli.picture.model import Condition, Fact
from kubequorum_cli.picture.observation import Kubernetes
from kubequorum_cli.report import model as report
from kubequorum_cli.resources import IN_SERVICE

WELL, BUSY, BAD, UNKNOWN = Condition.WELL, Condition.BUSY, Condition.BAD, Condition.UNKNOWN

_RUNNING, _HEALTHY = "running", "Healthy"


def of_instance(
    instance: report.Instance, *, node: Node | None, kubernetes_known: bool, target: str | None
) -> Fact:
    """An instance, by its group, by EC2, by its node and by its load balancer.

    Args:
        instance: as AWS describes it.
        node: its node; None if there is none, or if nobody says.
        kubernetes_known: whether the Kubernetes API listed its nodes.
        target: the worst health that a load balancer says it has; None if it is nobody's target.
    """
    return _in_group(instance) or _in_service(node, kubernetes_known=kubernetes_known, target=target)


def _in_group(instance: report.Instance) -> Fact | None:
    """An instance that is not simply in service, by its group and by EC2."""
    leaves = instance.lifecycle_state.startswith("Terminating")
    if instance.state not in {"pending", _RUNNING} and not leaves:
        return Fact(condition=BAD, text=f"is {instance.state}")
    if instance.health != _HEALTHY:
        return Fact(condition=BAD, text="is unhealthy")
    if leaves:
        return Fact(condition=BUSY, text="leaves")
    if instance.status_checks == "impaired":
        return Fact(condition=BAD, text="is impaired")
    if instance.lifecycle_state != IN_SERVICE:
        starts = instance.lifecycle_state.startswith("Pending")
        return Fact(condition=BUSY, text="starts" if starts else instance.lifecycle_state)
    return None


def _in_service(node: Node | None, *, kubernetes_known: bool, target: str | None) -> Fact:
    if target == "unhealthy":
        return Fact(condition=BAD, text="API does not answer")
    if kubernetes_known and node is None:
        return Fact(condition=BUSY, text="no node yet")
    if node is not None and not node.ready:
        return Fact(condition=BAD, text="its node is not Ready")
    return Fact(condition=WELL, text="in service" if node is None else "in service, Ready")


def of_volume(volume: report.Volume) -> Fact:
    """The volume of a slot."""
    if volume.state == "in-use":
        return Fact(condition=WELL, text="attached")
    if volume.state == "available":
        return Fact(condition=BUSY, text="waits for a master")
    if volume.state == "creating":
        return Fact(condition=BUSY, text="is created")
    return Fact(condition=BAD, text=f"is {volume.state}")


def of_target(health: str) -> Condition:
    """A target, by the word that AWS has for its health."""
    if health == "healthy":
        return WELL
    return {"unhealthy": BAD, "unavailable": UNKNOWN}.get(health, BUSY)


def of_balancer(balancer: report.LoadBalancer) -> Fact:
    """A load balancer: it is of use as long as a target is healthy; new targets need their time."""
    healthy = sum(health == "healthy" for health in balancer.targets.values())
    text = f"{healthy} of {len(balancer.targets)} targets healthy"
    if balancer.state == "provisioning":
        return Fact(condition=BUSY, text="is created")
    if balancer.state != "active":
        return Fact(condition=BAD, text=f"is {balancer.state}")
    if not healthy:
        failed = any(of_target(health) is BAD for health in balancer.targets.values())
        return Fact(condition=BAD if failed else BUSY, text=text)
    return Fact(condition=WELL, text=text)


def of_addon(addon: Addon) -> Condition:
    """An addon, by what its inventory says."""
    return {"ready": WELL, "failed": BAD, "unknown": UNKNOWN}.get(addon.state, BUSY)


def of_kubernetes(kubernetes: Kubernetes) -> Fact:
    """The API."""
    if kubernetes.absent:
        return Fact(condition=UNKNOWN, text=f"no Kubernetes: {kubernetes.absent}")
    if kubernetes.problem:
        return Fact(condition=BAD, text=kubernetes.problem)
    ready = sum(node.ready for node in kubernetes.nodes.nodes)
    return Fact(condition=WELL, text=f"{ready} of {len(kubernetes.nodes.nodes)} nodes Ready")


def of_backups(kubernetes: Kubernetes) -> Fact:
    """Backups of etcd."""
    backups = kubernetes.backups
    if backups is None:
        return Fact(condition=UNKNOWN, text="not known")
    if backups.problem:
        return Fact(condition=UNKNOWN, text=backups.problem)
    if backups.drill_passed is False:
        return Fact(condition=BAD, text="the last restore drill failed")
    if (backups.newest_age_seconds or 0.0) > LATE_SECONDS:
        return Fact(condition=BAD, text=f"none since {backups.newest}")
    return Fact(condition=WELL, text="up to date")
