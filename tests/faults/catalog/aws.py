"""The AWS API, the metadata service and EventBridge fail while a master is replaced."""

from emulator.faults import ApiRule
from tests.faults.registry import Scene, trial

_RETRIED = "the successor retries until AWS answers"
_SLOW_SECONDS = 800.0


def _replaced_under(scene: Scene, *rules: ApiRule) -> None:
    """Replace a master while requests to the AWS API fail by these rules."""
    faults = scene.cluster.faults
    ids = [faults.api(rule) for rule in rules]
    slot = scene.cluster.follower()
    took = scene.wait_until_replaced(slot, scene.terminate(slot), seconds=_SLOW_SECONDS)
    hit = scene.effects(*ids)
    scene.note(f"in service after {took:.0f} s and {hit} failed or late requests")
    for fault_id in ids:
        faults.clear(fault_id)
    assert hit > 0, "no request met the fault"


@trial(expected=_RETRIED, points=("s3", "ec2", "route53", "autoscaling", "cloudformation"))
def api_errors(scene: Scene, service: str) -> None:
    """Half of the requests to a service fail with InternalError."""
    _replaced_under(
        scene, ApiRule(service=service, error="InternalError", status=500, probability=0.5, seed=7)
    )


@trial(expected=_RETRIED, points=("s3", "ec2", "route53", "autoscaling"))
def api_throttled(scene: Scene, service: str) -> None:
    """Two of three requests to a service are throttled."""
    _replaced_under(scene, ApiRule(service=service, throttled=True, probability=0.67, seed=7))


@trial(expected=_RETRIED, in_ci=True)
def api_errors_everywhere(scene: Scene) -> None:
    """A third of all requests, to any service: errors, throttling and lost responses in turn."""
    _replaced_under(
        scene,
        ApiRule(error="InternalError", status=500, probability=0.12, seed=1),
        ApiRule(throttled=True, probability=0.12, seed=2),
        ApiRule(lost="response", probability=0.12, seed=3),
    )


@trial(expected="a slower replacement")
def api_slow(scene: Scene) -> None:
    """Every request takes two seconds longer."""
    _replaced_under(scene, ApiRule(latency_seconds=2.0))


@trial(expected="a slower replacement")
def imds_slow(scene: Scene) -> None:
    """The metadata service of every machine answers after three seconds, and three times with 503."""
    faults = scene.cluster.faults
    # A request meets the first fault that applies to it.
    refusals = faults.imds(delay_seconds=3.0, status=503, times=3)
    delay = faults.imds(delay_seconds=3.0)
    slot = scene.cluster.follower()
    took = scene.wait_until_replaced(slot, scene.terminate(slot), seconds=_SLOW_SECONDS)
    scene.note(f"in service after {took:.0f} s")
    active = {active.fault_id for active in faults.active()}
    assert refusals not in active, "fewer than three requests were refused"
    assert scene.effects(delay) > 0, "no request was late"


@trial(expected="no delay: machines poll their metadata service instead of waiting for events")
def lifecycle_events_lost(scene: Scene) -> None:
    """EventBridge loses the events of a termination and of a launch."""
    lost = scene.cluster.faults.lose_event(times=2)
    slot = scene.cluster.follower()
    scene.wait_until_replaced(slot, scene.terminate(slot))
    assert scene.effects(lost) > 0, "no event was lost"
    scene.cluster.faults.clear_all()


@trial(expected="the predecessor or its successor completes the hook again")
def completion_of_the_termination_lost(scene: Scene) -> None:
    """AWS accepts the predecessor's CompleteLifecycleAction, but drops it."""
    slot = scene.cluster.follower()
    lost = scene.cluster.faults.lose_completion(instance_id=scene.cluster.master(slot))
    took = scene.wait_until_replaced(slot, scene.terminate(slot), seconds=600)
    scene.note(f"in service after {took:.0f} s")
    assert scene.effects(lost) > 0, "no completion was lost"


@trial(expected="the successor completes the hook again")
def completion_of_the_launch_lost(scene: Scene) -> None:
    """AWS accepts the successor's CompleteLifecycleAction, but drops it."""
    slot = scene.cluster.follower()
    old = scene.terminate(slot)
    lost = scene.cluster.faults.lose_completion(instance_id=scene.successor(slot, old))
    took = scene.wait_until_replaced(slot, old, seconds=600)
    scene.note(f"in service after {took:.0f} s")
    assert scene.effects(lost) > 0, "no completion was lost"
