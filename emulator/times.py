"""How long AWS takes for what a client cannot see happen: one table, in emulated seconds.

`quick`: at once, where AWS's documentation promises nothing; for work on one machine.
`aws`: as AWS really is. What is built on `quick` alone breaks there: an update ends the next instance while
the load balancer still waits for the last one, a server stops while connections still come.
"""

from dataclasses import dataclass, fields, replace

PROFILES = ("quick", "aws")


@dataclass(frozen=True, kw_only=True)
class Times:
    """Waits of the emulated AWS. The defaults are `quick`."""

    target_registration: float = 0.0
    """A new target is `initial` (Elb.RegistrationInProgress) for this long before it is checked at all."""
    new_target_needs_threshold: bool = False
    """Whether a new target becomes healthy by its group's healthy threshold, or by its first success."""
    deregistered_target: float = 0.0
    """How long the balancer goes on sending new connections to a target that was deregistered."""
    unhealthy_target: float = 0.0
    """How long it goes on with one that was healthy and failed its checks. What is open is cut after that."""
    termination_waits_for_draining: bool = False
    """Whether an instance is in `Terminating`, where no hook can be completed, until its targets drained."""
    status_check: float = 0.0
    """From the moment a machine is dead until EC2's status checks say so."""
    group_notices: float = 0.0
    """From then, or from the end of an instance in EC2, until its Auto Scaling group acts on it."""
    name_change: float = 0.0
    """A change of Route 53 is PENDING for this long, and name servers answer as before it."""
    absent_name: float = 0.0
    """How long the name server of a VPC keeps that a name of a private zone does not exist."""
    new_profile: float = 0.0
    """How long EC2 and Auto Scaling do not know a new instance profile. CloudFormation waits for as long."""
    new_permission: float = 0.0
    """How long a role is refused what a new or changed policy allows it."""
    addresses_come_back: bool = False
    """Whether a new instance gets the lowest free address of its subnet, which may be a dead one's."""


QUICK = Times()


def profile(name: str, *, factor: float = 1.0) -> Times:
    """The times of a profile; `factor` shortens or stretches all durations of `aws`, for tests.

    Raises:
        ValueError: there is no such profile, or the factor is not above 0.
    """
    if name not in PROFILES:
        raise ValueError(f"there are no times {name!r}: choose one of {', '.join(PROFILES)}")
    if factor <= 0:
        raise ValueError(f"the factor of times must be above 0, not {factor}")
    if name == "quick":
        return QUICK
    durations = {each.name: getattr(_AWS, each.name) * factor for each in fields(_AWS) if each.type is float}
    return replace(_AWS, **durations)


_AWS = Times(
    # "3-5 minutes (180 and 300 seconds)": AWS support, quoted on 2023-09-20 in issue 1834 of
    # aws-load-balancer-controller on GitHub. Then come the checks.
    target_registration=240.0,
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
    new_target_needs_threshold=True,
    # Measured: https://github.com/aws/containers-roadmap/issues/470, about 120 s after DeregisterTargets and
    # 30 to 40 s after `unhealthy`.
    deregistered_target=120.0,
    unhealthy_target=40.0,
    # Status WaitingForELBConnectionDraining of an activity:
    # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html
    termination_waits_for_draining=True,
    # Run every minute, and StatusCheckFailed takes several failures:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
    status_check=180.0,
    # Health checks of a group are periodic:
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
    group_notices=60.0,
    # "Changes generally propagate to all Route 53 name servers managing the hosted zone within 60 seconds":
    # https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
    name_change=60.0,
    # 900 s in public zones, 300 s in private ones through the VPC's resolver:
    # https://github.com/aws/aws-app-mesh-roadmap/issues/221
    absent_name=300.0,
    # Created at 08:13:06, refused to Auto Scaling at 08:13:09, accepted at 08:13:40 (CloudTrail):
    # https://github.com/eksctl-io/eksctl/issues/8039
    new_profile=30.0,
    # IAM is eventually consistent, and says no number:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency).
    # Measured: about 4 s, https://ferkakta.dev/iam-eventual-consistency-is-four-seconds; this is a bad day.
    new_permission=10.0,
    # An address is released when its instance is terminated, and is then a free one like others:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
    addresses_come_back=True,
)
