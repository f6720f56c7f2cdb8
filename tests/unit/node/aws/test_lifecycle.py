"""Reports to group and stack, checked against botocore's models of the API."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from kubequorum_node.aws import lifecycle
from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.imds import Metadata
from kubequorum_node.config import NodeConfig
from tests.unit.node import examples
from tests.unit.node.aws.stubbed_api import INSTANCE, StubbedApi
from tests.unit.node.fakes import FakeClock

CONFIG = examples.CONFIG


class _Metadata(Metadata):
    def __init__(self) -> None:
        super().__init__("http://unused.invalid")

    def instance_id(self) -> str:
        return INSTANCE


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubbedApi]:
    """Stubbed clients that refuse any call not announced; waiting takes no time."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws = Aws(examples.DOCUMENT.region)
    with Stubber(aws.autoscaling) as autoscaling, Stubber(aws.cloudformation) as cloudformation:
        yield StubbedApi(aws, [], autoscaling, cloudformation)


def _lifecycle(api: StubbedApi, *, config: NodeConfig = CONFIG) -> lifecycle.Lifecycle:
    return lifecycle.Lifecycle(
        config,
        examples.DOCUMENT,
        aws=api.aws,
        metadata=_Metadata(),
        clock=FakeClock(),
        power_off=lambda: api.powered_off.append(True),
    )


def test_ready_completes_the_hook_and_signals_what_waits(api: StubbedApi) -> None:
    """At creation the group is complete already and only the WaitCondition gets a signal."""
    api.describes_instance()
    api.completes("launch")
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady")
    _lifecycle(api).report_ready()
    api.done()


def test_an_update_gets_its_signal(api: StubbedApi) -> None:
    """During a rolling update the group waits, and the WaitCondition, complete for long, does not."""
    api.describes_instance()
    api.completes("launch")
    api.shows("MasterAGroup", "UPDATE_IN_PROGRESS")
    api.is_signalled("MasterAGroup")
    api.shows("ControlPlaneReady", "CREATE_COMPLETE")
    _lifecycle(api).report_ready()
    api.done()


def test_a_stack_that_has_not_reached_the_resource_is_waited_for(api: StubbedApi) -> None:
    """A master may be ready before CloudFormation has begun to wait."""
    api.describes_instance()
    api.completes("launch")
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.cloudformation.add_client_error(
        "describe_stack_resource", "ValidationError", "Resource ControlPlaneReady does not exist"
    )
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady")
    _lifecycle(api).report_ready()
    api.done()


def test_a_completed_hook_is_not_an_error(api: StubbedApi) -> None:
    """A boot that is repeated finds no open action, and goes on."""
    api.describes_instance()
    api.autoscaling.add_client_error(
        "complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found"
    )
    _lifecycle(api).complete_terminate_hook()
    api.done()


def test_a_failed_boot_signals_the_reason_and_abandons_the_launch(api: StubbedApi) -> None:
    """The reason stands in the signal's id, as far as it goes; then the launch is abandoned."""
    reason = "bad checksum of kubelet: https://dl.k8s.io/x/kubelet has sha256 0000"
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled(
        "ControlPlaneReady", "FAILURE", f"{INSTANCE} bad checksum of kubelet: https://dl.k8s.io/x"
    )
    api.describes_instance()
    api.completes("launch", "ABANDON")
    _lifecycle(api).report_failed(reason)
    api.done()


def test_a_failed_boot_unblocks_a_creation_that_waits_for_it(api: StubbedApi) -> None:
    """CloudFormation may wait for this instance before it reaches the resource that takes the failure."""
    failure = f"{INSTANCE} disk on fire"
    not_there = ("describe_stack_resource", "ValidationError", "Resource ControlPlaneReady does not exist")
    api.shows("MasterAGroup", "CREATE_IN_PROGRESS")
    api.cloudformation.add_client_error("signal_resource", "ValidationError", "it cannot be signaled")
    api.cloudformation.add_client_error(*not_there)
    api.shows("MasterAGroup", "CREATE_IN_PROGRESS")
    api.describes_instance()
    api.completes("launch", "CONTINUE")
    api.cloudformation.add_client_error(*not_there)
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady", "FAILURE", failure)
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "ValidationError", "No active action")
    api.is_reported_unhealthy()
    _lifecycle(api).report_failed("disk on fire")
    api.done()


def test_a_failed_boot_after_a_completed_hook_is_replaced(api: StubbedApi) -> None:
    """There is no launch left to abandon: the instance is reported as unhealthy."""
    api.shows("MasterAGroup", "CREATE_COMPLETE")
    api.shows("ControlPlaneReady", "CREATE_IN_PROGRESS")
    api.is_signalled("ControlPlaneReady", "FAILURE", f"{INSTANCE} disk on fire")
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "ValidationError", "No active action")
    api.is_reported_unhealthy()
    _lifecycle(api).report_failed("disk on fire")
    api.done()
    assert api.powered_off == []


def test_a_worker_powers_off_instead(api: StubbedApi) -> None:
    """It may report nobody unhealthy; its group replaces an instance that does not run."""
    (group,) = examples.WORKER_CONFIG.signals
    api.shows(group, "CREATE_COMPLETE")
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "ValidationError", "No active action")
    _lifecycle(api, config=examples.WORKER_CONFIG).report_failed("disk on fire")
    api.done()
    assert api.powered_off == [True]


def test_a_failed_signal_does_not_prevent_the_replacement(api: StubbedApi) -> None:
    """CloudFormation cannot be reached: the launch is abandoned nevertheless."""
    for _ in CONFIG.signals:
        api.cloudformation.add_client_error("describe_stack_resource", "AccessDenied", "no", 403)
    api.describes_instance()
    api.completes("launch", "ABANDON")
    _lifecycle(api).report_failed("disk on fire")
    api.done()


def test_the_reason_in_a_signal_is_plain_and_short() -> None:
    """No line break, nothing but ASCII, and not more than the API takes."""
    made = lifecycle.failure_id(INSTANCE, "no\nquorum → wait " + "x" * 80)
    assert made.startswith(f"{INSTANCE} no quorum ? wait xxx")
    assert len(made) == 64


def test_an_instance_outside_a_group_completes_nothing(api: StubbedApi) -> None:
    """An instance that a person launched has no hook."""
    api.describes_instance(groups=())
    _lifecycle(api).complete_terminate_hook()
    api.done()


def test_a_missing_permission_is_an_error(api: StubbedApi) -> None:
    """AccessDenied is not mistaken for a hook that is complete."""
    api.describes_instance()
    api.autoscaling.add_client_error("complete_lifecycle_action", "AccessDenied", "not authorized", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        _lifecycle(api).complete_terminate_hook()
