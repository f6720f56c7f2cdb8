"""Findings about volumes, load balancers and names."""

from kubequorum_cli.validate import kinds
from tests.kubequorum_cli.validate.case import case
from tests.kubequorum_cli.validate.healthy import change, drop

CASES = (
    case(kinds.VOLUME_MISSING, "vol-a", drop("volumes", "vol-a"), seen="by its record it has vol-a"),
    case(
        kinds.VOLUME_MISSING,
        "a",
        drop("volumes", "vol-a"),
        change("records", "a", volume=""),
        seen="no volume has the tags",
    ),
    case(kinds.VOLUME_FAILED, "vol-b", change("volumes", "vol-b", state="error"), seen="error"),
    case(
        kinds.VOLUME_DETACHED,
        "vol-b",
        change("volumes", "vol-b", state="available", attached_to=""),
        seen="attached to nothing, and i-b is in service",
    ),
    case(
        kinds.VOLUME_ELSEWHERE,
        "vol-b",
        change("volumes", "vol-b", attached_to="i-w1"),
        seen="attached to i-w1",
    ),
    case(
        kinds.BALANCER_NOT_ACTIVE,
        "mine-api",
        change("load_balancers", "mine-api", state="failed"),
        seen="failed",
    ),
    case(
        kinds.TARGET_MISSING,
        "mine-api",
        change("load_balancers", "mine-api", targets={"i-a:6443": "healthy", "i-b:6443": "healthy"}),
        seen="i-c, the master of slot c",
    ),
    *(
        case(
            kind,
            f"mine-api/{target}",
            lambda s, target=target, state=state: change(  # type: ignore[misc]
                "load_balancers", "mine-api", targets={**s.load_balancers.known[0].targets, target: state}
            )(s),
            seen=state,
        )
        for kind, target, state in (
            (kinds.TARGET_UNHEALTHY, "i-a:6443", "unhealthy"),
            (kinds.TARGET_UNHEALTHY, "i-a:6443", "unused"),
            (kinds.TARGET_IN_PROGRESS, "i-a:6443", "initial"),
            (kinds.TARGET_IN_PROGRESS, "i-gone:6443", "draining"),
            (kinds.TARGET_FOREIGN, "i-w1:6443", "unhealthy"),
        )
    ),
    case(
        kinds.NAME_MISSING,
        "etcd-a.mine.internal",
        drop("names", "etcd-a.mine.internal."),
        seen="10.0.0.10, i-a",
    ),
    case(kinds.NAME_MISSING, "api.mine.internal", drop("names", "api.mine.internal."), seen="no record"),
    case(
        kinds.NAME_WRONG,
        "etcd-c.mine.internal",
        change("names", "etcd-c.mine.internal.", values=["10.9.9.9"]),
        seen="10.9.9.9, and should lead to 10.0.2.10",
    ),
    case(
        kinds.NAME_WRONG,
        "api.mine.internal",
        change("names", "api.mine.internal.", values=["dualstack.other.elb.amazonaws.com."]),
        seen="other.elb",
    ),
)
