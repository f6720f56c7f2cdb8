"""Wait conditions and SignalResource."""

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Stack, wait_until


def _created(stack: Stack, logical_id: str) -> bool:
    return any(status == "CREATE_COMPLETE" for status, _ in stack.events(logical_id))


def test_stack_waits_for_every_signal(stack: Stack, template: Template) -> None:
    """The stack is complete after the third signal, not before; a repeated one does not count twice."""
    stack.begin_create(template("waiting"), Timeout="PT1H")
    for unique_id in ("i-1", "i-2", "i-2"):
        stack.signal("AReady", unique_id)
    assert stack.status == "CREATE_IN_PROGRESS"
    stack.signal("AReady", "i-3")
    assert stack.wait() == "CREATE_COMPLETE"
    received = [reason for _, reason in stack.events("AReady") if reason.startswith("Received")]
    assert received == [f"Received SUCCESS signal with UniqueId i-{number}" for number in (1, 2, 3)]


def test_everything_else_is_made_while_a_condition_waits(stack: Stack, template: Template) -> None:
    """What does not depend on the wait condition is there before it is over, whatever its name."""
    stack.begin_create(template("waiting"), Count="1", Timeout="PT1H")
    wait_until(lambda: _created(stack, "Later"), what="the parameter")
    assert stack.status == "CREATE_IN_PROGRESS"
    stack.signal("AReady", "i-1")
    assert stack.wait() == "CREATE_COMPLETE"


def test_failure_signal_fails_the_stack_at_once(stack: Stack, template: Template) -> None:
    """A FAILURE signal ends the wait; its unique id, which may carry a reason, is in the event."""
    stack.begin_create(template("waiting"), Timeout="PT1H")
    stack.signal("AReady", "i-1.no-volume", "FAILURE")
    assert stack.wait() == "ROLLBACK_COMPLETE"
    failures = [reason for status, reason in stack.events("AReady") if status == "CREATE_FAILED"]
    assert failures == ["Received FAILURE signal with UniqueId i-1.no-volume"]


def test_missing_signals_fail_the_stack_after_the_timeout(stack: Stack, template: Template) -> None:
    """The event counts what is missing."""
    stack.begin_create(template("waiting"), Timeout="PT1M")
    stack.signal("AReady", "i-1")
    assert stack.wait() == "ROLLBACK_COMPLETE"
    failures = [reason for status, reason in stack.events("AReady") if status == "CREATE_FAILED"]
    assert failures == ["Failed to receive 2 resource signal(s) within the specified duration"]


def test_complete_resource_takes_no_signal(stack: Stack, template: Template) -> None:
    """Neither a resource that is done nor one that does not exist can be signalled."""
    stack.begin_create(template("waiting"), Count="1", Timeout="PT1H")
    with pytest.raises(ClientError, match="Other does not exist"):
        stack.signal("Other", "i-1")
    stack.signal("AReady", "i-1")
    assert stack.wait() == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="can not be signaled"):
        stack.signal("AReady", "i-2")


def test_unknown_status_is_refused(stack: Stack, template: Template) -> None:
    """Only SUCCESS and FAILURE are signals."""
    stack.begin_create(template("waiting"), Count="1", Timeout="PT1H")
    with pytest.raises(ClientError, match=r"SUCCESS, FAILURE"):
        stack.signal("AReady", "i-1", "MAYBE")
    stack.signal("AReady", "i-1")
    stack.wait()
