"""`break`: what goes wrong with AWS's services."""

from functools import partial
from typing import Annotated

import typer

from emulator.faults import ApiRule
from emulator.faults.rules import Lost
from kubequorum_cli.errors import UsageError
from lab.faults.options import Instance, OneInstance, OneVolume, Seconds, Times, Until, app, breaks, say

_command = partial(app.command, rich_help_panel="AWS")


@_command()
def api(
    *,
    service: Annotated[str, typer.Option(help="ec2, autoscaling, s3, route53, …")] = "*",
    operation: Annotated[str, typer.Option(help="As permissions name it: AttachVolume, GetObject, ….")] = "*",
    instance: OneInstance = None,
    role: Annotated[str | None, typer.Option(help="Only requests of this role.")] = None,
    throttled: Annotated[bool, typer.Option("--throttled", help="Answer: too many requests.")] = False,
    error: Annotated[str | None, typer.Option(help="Answer with this error code.")] = None,
    status: Annotated[int | None, typer.Option(help="And this HTTP status, e.g. 500.")] = None,
    lost: Annotated[
        Lost | None, typer.Option(help="request (not done), response (done), silently (said to be done).")
    ] = None,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that it is late.")] = 0.0,
    probability: Annotated[float, typer.Option(min=0, max=1, help="How likely it is each time.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of that chance: the same one hits the same requests.")] = 0,
    times: Until = None,
) -> None:
    """Let AWS's API fail for machines: errors, throttling, latency, lost requests and responses.

    Examples: `break api --service ec2 --throttled --probability 0.5` ·
    `break api --service s3 --error InternalError --status 500 --times 3` ·
    `break api --operation CompleteLifecycleAction --lost response --times 1`
    """
    rule = ApiRule(
        service=service,
        operation=operation,
        instance_id=instance,
        role=role,
        throttled=throttled,
        error=error,
        status=status,
        lost=lost,
        latency_seconds=latency,
        probability=probability,
        seed=seed,
        times=times,
    )
    say(breaks().api(rule))


@_command()
def imds(
    instance: Annotated[str | None, typer.Argument(help="An instance's id.", show_default="all")] = None,
    *,
    delay: Annotated[float, typer.Option(min=0, help="Seconds that each answer is late.")] = 0.0,
    status: Annotated[int | None, typer.Option(help="Answer with this HTTP status, e.g. 503.")] = None,
    path: Annotated[str, typer.Option(help="Only paths with this in them.")] = "",
    times: Until = None,
) -> None:
    """Let the metadata service of one machine, or of all, be late or answer with an error."""
    if not delay and status is None:
        raise UsageError("nothing would be wrong", remedy="give --delay, or --status, or both")
    say(breaks().imds(instance, delay_seconds=delay, status=status, path=path, times=times))


@_command()
def clock(
    instance: Instance, seconds: Annotated[float, typer.Argument(help="Negative: AWS is behind.")]
) -> None:
    """Let AWS's clock be ahead of a machine's. From 5 (S3: 15) minutes on its requests are refused."""
    say(breaks().clock(instance, seconds=seconds))


@_command("expire-credentials")
def expire_credentials(instance: Instance) -> None:
    """End the credentials that a machine has now; its metadata service has new ones."""
    breaks().expire_credentials(instance)


@_command("hold-detach")
def hold_detach(
    *,
    seconds: Seconds,
    volume: OneVolume = None,
    force_helps: Annotated[bool, typer.Option("--force-helps", help="A forced detach ends it.")] = False,
    times: Times = 1,
) -> None:
    """Let the next volume that is detached stay `detaching` for a while."""
    say(breaks().hold_detach(seconds=seconds, volume_id=volume, force_helps=force_helps, times=times))


@_command("delay-attach")
def delay_attach(*, seconds: Seconds, volume: OneVolume = None, times: Times = 1) -> None:
    """Let the next volume that is attached stay `attaching` for a while."""
    say(breaks().delay_attach(seconds=seconds, volume_id=volume, times=times))


@_command()
def impair(
    instance: Instance, *, undo: Annotated[bool, typer.Option("--undo", help="Let them pass again.")] = False
) -> None:
    """Let EC2's status checks of an instance fail: its group replaces it."""
    breaks().impair(instance, impaired=not undo)


@_command("lose-event")
def lose_event(
    *,
    detail_type: Annotated[
        str | None, typer.Option(help="As in EventBridge.", show_default="lifecycle actions")
    ] = None,
    instance: OneInstance = None,
    times: Times = 1,
) -> None:
    """Lose the next event on its way to EventBridge."""
    say(breaks().lose_event(detail_type=detail_type, instance_id=instance, times=times))


@_command("lose-completion")
def lose_completion(*, instance: OneInstance = None, times: Times = 1) -> None:
    """Answer the next CompleteLifecycleAction as if it were done, but do nothing."""
    say(breaks().lose_completion(instance_id=instance, times=times))
