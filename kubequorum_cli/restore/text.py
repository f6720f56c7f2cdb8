"""A plan and its result in words."""

from collections.abc import Iterator
from datetime import datetime

from kubequorum_cli.restore.plan import Plan
from kubequorum_cli.restore.request import Request, Restored


def plan_lines(plan: Plan, *, number: int, now: datetime) -> Iterator[str]:
    """What would be done, and what that costs."""
    full = plan.full
    yield f"Restore {number}:"
    yield (
        f"  from       full snapshot {full.point}, written {time(full.written)}, "
        f"{full.size_bytes >> 10} KiB, and {len(plan.logs)} log objects"
    )
    yield f"  up to      {plan.point}, received {time(plan.seen)}{', or a newer one' if plan.latest else ''}"
    yield f"  lost       what was written after that, in the last {ago(now, plan.seen)}{_kept(plan)}"
    if plan.stopped:
        yield f"  DAMAGED    nothing newer can be had: {plan.stopped}"
    if plan.point.generation != plan.newest.generation:
        yield (
            f"  OLDER DATA generation {plan.newest.generation} is the newest: all of it is turned back. It "
            "stays among the backups"
        )
    above = plan.point.revision + plan.bump_revision
    yield f"  revisions  continue above {above}: whoever watches, lists again"
    yield "  masters    all; the API does not answer meanwhile. Their present data are kept on the volumes"
    yield "  workers    stay; those that joined after that time are replaced"
    yield "  outside    what Kubernetes made in AWS (volumes, load balancers) stays as it is: docs/backups.md"


def copy_lines(bucket: str, *, with_ca: bool) -> Iterator[str]:
    """What is different when the backups are another cluster's."""
    yield f"  OTHER DATA they are of the cluster with s3://{bucket}, and replace all data of this one"
    yield "  left out   its Nodes, leases, attached volumes, bootstrap tokens and certificate requests"
    if with_ca:
        yield (
            "  CA SET     comes along: kubeconfigs, certificates and tokens of each cluster are valid in the "
            "other"
        )
    else:
        yield "  CA set     stays this cluster's: certificates and tokens of the other are not valid here"
    yield "  Secrets    are the other's; its key comes along, and they are encrypted with this cluster's then"
    yield "  WORKLOADS  of the other run here, too, once there are workers: see docs/backups.md before"


def result_lines(request: Request, restored: Restored | None) -> Iterator[str]:
    """What was restored in the end."""
    if restored is None:
        return
    point = f"{request.generation}/{restored.revision}"
    seen = "" if restored.seen is None else f", received {time(restored.seen)}"
    yield f"restored {point}{seen}, from {restored.full}"
    if restored.revision < request.revision:
        yield (
            f"LESS THAN WANTED: {request.revision - restored.revision} revisions up to "
            f"{request.generation}/{request.revision} could not be had: "
            f"{restored.left_out or 'they are missing'}"
        )
    elif restored.left_out:
        yield f"could not be used: {restored.left_out}"


def time(when: datetime) -> str:
    """A moment for people."""
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def ago(now: datetime, when: datetime) -> str:
    """How long ago that was."""
    seconds = max(0.0, (now - when).total_seconds())
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _kept(plan: Plan) -> str:
    if plan.latest or plan.point.generation != plan.newest.generation:
        return ""
    more = plan.newest.revision - plan.point.revision
    return f". The backups have at least {more} revisions of it, and keep them" if more > 0 else ""
